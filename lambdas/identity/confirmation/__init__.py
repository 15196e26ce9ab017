"""Decides whether somebody who changes an account holds one of its passkeys, there and then."""
