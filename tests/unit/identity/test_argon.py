"""Passwords are hashed by Argon2id with the parameters that were chosen for a small function."""

from __future__ import annotations

from identity.argon import MEMORY_KIB, PARALLELISM, TIME_COST, Argon2Passwords

OWASP = {1: 47_104, 2: 19_456, 3: 12_288, 4: 9_216, 5: 7_168}
"""Password Storage Cheat Sheet, Argon2id: KiB of memory by passes, in one lane."""


def test_a_password_matches_its_own_hash_and_no_other() -> None:
    passwords = Argon2Passwords()
    hashed = passwords.hash("correct horse")

    assert hashed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert passwords.matches(hashed, "correct horse")
    assert not passwords.matches(hashed, "wrong horse")


def test_nobody_has_a_password_that_matches() -> None:
    assert not Argon2Passwords().matches(None, "nobody has this password")


def test_the_parameters_are_at_least_what_owasp_recommends() -> None:
    assert PARALLELISM == 1
    assert OWASP[min(TIME_COST, max(OWASP))] <= MEMORY_KIB


def test_a_hash_of_weaker_parameters_is_outdated_and_one_of_ours_is_not() -> None:
    passwords = Argon2Passwords()
    weaker = "$argon2id$v=19$m=9216,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$" + "A" * 43

    assert passwords.is_outdated(weaker)
    assert not passwords.is_outdated(passwords.hash("correct horse"))
