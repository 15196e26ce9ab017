"""Decides what staff see of somebody's account, and stops and frees it."""
