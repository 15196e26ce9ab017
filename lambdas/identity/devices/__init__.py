"""Which devices an account is used on, how many may be its own, and which are signed in."""
