"""Remembers how far each profile has watched, and where it goes on."""
