"""Tokens of our own fail closed on every missing, altered or expired part."""

from __future__ import annotations

import base64
import json
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel import tokens
from kernel.tokens import ExpiredTokenError, MacKey, TokenError, UnknownKeyError
from tests.unit.playback.fakes import SECRET

NOW = datetime.fromisoformat("2026-11-01T12:00:00+00:00")
LATER = NOW + timedelta(seconds=120)
RING = {SECRET.key_id: SECRET}
TOKEN = tokens.make("licence", {"session": "ses_1"}, LATER, SECRET)


def signed_by_us(claims: object) -> str:
    text = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    signed = f"v1.{SECRET.key_id}.{text}"
    mac = base64.urlsafe_b64encode(SECRET.mac("licence", signed)).rstrip(b"=").decode()
    return f"{signed}.{mac}"


def test_a_token_gives_its_claims_back_to_the_same_purpose() -> None:
    claims = tokens.read("licence", TOKEN, NOW, RING)

    assert claims == {"session": "ses_1", "exp": int(LATER.timestamp())}


def test_a_token_made_for_one_purpose_is_refused_for_another() -> None:
    with pytest.raises(TokenError):
        tokens.read("ticket", TOKEN, NOW, RING)


@given(position=st.integers(0, len(TOKEN) - 1), character=st.characters())
def test_a_token_with_any_character_changed_is_refused(position: int, character: str) -> None:
    altered = TOKEN[:position] + character + TOKEN[position + 1 :]

    if altered != TOKEN:
        with pytest.raises(TokenError):
            tokens.read("licence", altered, NOW, RING)


@given(st.integers(0, len(TOKEN) - 1))
def test_a_token_cut_short_is_refused(length: int) -> None:
    with pytest.raises(TokenError):
        tokens.read("licence", TOKEN[:length], NOW, RING)


@given(st.text(min_size=1, max_size=20))
def test_a_token_with_anything_appended_is_refused(tail: str) -> None:
    with pytest.raises(TokenError):
        tokens.read("licence", TOKEN + tail, NOW, RING)


@given(st.text())
def test_no_text_that_we_did_not_sign_is_a_token(text: str) -> None:
    with pytest.raises(TokenError):
        tokens.read("licence", text, NOW, RING)


@given(
    st.dictionaries(
        st.text(max_size=10).filter(lambda name: name != "exp"),
        st.one_of(st.text(max_size=20), st.integers(), st.lists(st.text(max_size=5), max_size=3)),
        max_size=5,
    )
)
def test_any_claims_travel_unchanged(claims: dict[str, object]) -> None:
    token = tokens.make("licence", claims, LATER, SECRET)

    assert tokens.read("licence", token, NOW, RING) == {**claims, "exp": int(LATER.timestamp())}


def test_a_token_ends_with_its_last_second() -> None:
    tokens.read("licence", TOKEN, LATER - timedelta(seconds=1), RING)

    with pytest.raises(ExpiredTokenError):
        tokens.read("licence", TOKEN, LATER, RING)


@pytest.mark.parametrize(
    "claims",
    [{}, {"exp": None}, {"exp": "9999999999"}, {"exp": 9e12}, {"exp": True}, [], "text", None],
)
def test_a_token_of_ours_without_an_expiry_is_refused(claims: object) -> None:
    with pytest.raises(TokenError):
        tokens.read("licence", signed_by_us(claims), NOW, RING)


def test_a_token_of_another_secret_names_a_key_we_do_not_have() -> None:
    stranger = MacKey(b"another secret of enough length!!")

    with pytest.raises(UnknownKeyError):
        tokens.read("licence", TOKEN, NOW, {stranger.key_id: stranger})


def test_a_secret_that_borrows_our_key_id_is_refused() -> None:
    stranger = MacKey(b"another secret of enough length!!")

    with pytest.raises(TokenError):
        tokens.read("licence", TOKEN, NOW, {SECRET.key_id: stranger})


def test_a_short_secret_makes_no_tokens() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        MacKey(b"short")


def test_a_secret_never_prints_itself() -> None:
    assert SECRET.secret.decode() not in repr(SECRET)
