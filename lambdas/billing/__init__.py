"""Decides which plan an account has, and what that plan allows."""
