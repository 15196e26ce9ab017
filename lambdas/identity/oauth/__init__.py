"""Decides what a client gets once somebody has signed in, and for how long: OAuth 2.1, OIDC."""
