"""Decides which content keys protect a film, and hands them to the encryptor: never in the clear
at rest, always the same for the same content and key id."""
