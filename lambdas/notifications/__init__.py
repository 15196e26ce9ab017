"""Decides what people are told by mail, in which words and language, and tells it once."""
