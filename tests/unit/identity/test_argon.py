"""Passwords are hashed by Argon2id with the parameters that were chosen for a small function."""

from __future__ import annotations

from identity.argon import Argon2Passwords


def test_a_password_matches_its_own_hash_and_no_other() -> None:
    passwords = Argon2Passwords()
    hashed = passwords.hash("correct horse")

    assert hashed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert passwords.matches(hashed, "correct horse")
    assert not passwords.matches(hashed, "wrong horse")


def test_nobody_has_a_password_that_matches() -> None:
    assert not Argon2Passwords().matches(None, "nobody has this password")
