"""Decides what staff see of somebody's account, and what they may do to it."""
