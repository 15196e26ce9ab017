"""Decides what an app that is not ours may do as somebody, by asking them, and remembers it."""
