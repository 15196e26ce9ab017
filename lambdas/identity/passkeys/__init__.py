"""Decides whether a passkey is an account's own: what its owner signs in with, typing nothing."""
