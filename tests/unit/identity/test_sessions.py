"""What becomes of tokens: told about, taken back, signed out of."""

from __future__ import annotations

import dataclasses
import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from identity.oauth import jwt
from identity.oauth.clients import clients
from identity.oauth.errors import (
    InsufficientScopeError,
    InvalidClientError,
    InvalidGrantError,
    InvalidRequestError,
    InvalidTokenError,
)
from identity.oauth.sessions import NOT_ACTIVE, Introspection, SigningOut, TokenReader
from identity.profiles.domain import Profile
from tests.fakes.identity import LocalSigner
from tests.proving import DeviceKey
from tests.unit.identity.test_sign_in import ISSUER, ORIGIN, PARTNER, SIGNER, Server, claims_of

STRANGER = LocalSigner()


class Home(Server):
    """A server whose tokens are asked about."""

    @property
    def reader(self) -> TokenReader:
        return TokenReader(SIGNER, ISSUER, self.clock)

    @property
    def introspection(self) -> Introspection:
        return Introspection(
            self.accounts,
            self.grants,
            self.reader,
            self.limits,
            self.announcements,
            self.clock,
        )

    @property
    def signing_out(self) -> SigningOut:
        return SigningOut(self.grants, self.reader, clients(ORIGIN, ISSUER, [PARTNER]), self.clock)

    def told(self, token: str) -> dict[str, Any]:
        return self.introspection.introspect({"token": token})


@pytest.fixture
def home(now: datetime) -> Home:
    home = Home(now)
    home.registration.create_account("ada@example.com", "correct horse", ("member",))
    return home


@pytest.fixture
def tokens(home: Home) -> dict[str, Any]:
    return home.exchange(home.code(scope="openid email member"))


def forged(token: str, signer: LocalSigner = SIGNER, header: Any = None, **claims: Any) -> str:
    """The same token with other claims or another header, signed by somebody."""
    said = {**claims_of(token), **claims}
    kept = {name: value for name, value in said.items() if value is not None}
    head = {"alg": "RS256", "kid": SIGNER.key_id, "typ": "at+jwt", **(header or {})}
    parts = (jwt.base64url(json.dumps(part).encode()) for part in (head, kept))
    signed = ".".join(parts).encode()
    return jwt.assembled(signed, signer.sign(signed))


def test_a_resource_server_is_told_what_an_access_token_says(
    home: Home, tokens: dict[str, Any]
) -> None:
    told = home.told(tokens["access_token"])

    assert told == {"active": True, "token_type": "Bearer", **claims_of(tokens["access_token"])}


def test_a_resource_server_is_told_of_a_refresh_token_and_its_key(home: Home) -> None:
    token = home.exchange(home.code())["refresh_token"]
    bound = home.refresh(token, proof=DeviceKey().proof(f"{ISSUER}/token", home.now))

    told = home.told(bound["refresh_token"])

    assert told["active"]
    assert told["scope"] == "openid member"
    assert set(told["cnf"]) == {"jkt"}
    assert home.told(token) == NOT_ACTIVE, "it is spent"


@pytest.mark.parametrize(
    ("signer", "header", "claims"),
    [
        (STRANGER, {}, {}),
        (STRANGER, {"kid": STRANGER.key_id}, {}),
        (SIGNER, {"alg": "none"}, {}),
        (SIGNER, {"alg": "HS256"}, {}),
        (SIGNER, {"kid": None}, {}),
        (SIGNER, {"typ": "JWT"}, {}),
        (SIGNER, {}, {"iss": "https://evil.example"}),
        (SIGNER, {}, {"aud": "web"}),
        (SIGNER, {}, {"exp": None}),
        (SIGNER, {}, {"exp": "never"}),
        (SIGNER, {}, {"exp": 1}),
        (SIGNER, {}, {"sid": None}),
        (SIGNER, {}, {"sid": "fam_other"}),
        (SIGNER, {}, {"sub": "acc_other"}),
    ],
)
def test_a_token_that_is_wrong_in_one_thing_is_not_active(
    home: Home, tokens: dict[str, Any], signer: LocalSigner, header: Any, claims: Any
) -> None:
    token = forged(tokens["access_token"], signer, header, **claims)

    assert home.told(token) == NOT_ACTIVE
    with pytest.raises(InvalidTokenError):
        home.introspection.userinfo(token)


def test_the_same_token_signed_anew_is_active(home: Home, tokens: dict[str, Any]) -> None:
    """The forgeries above fail for what they changed, and for nothing else."""
    assert home.told(forged(tokens["access_token"]))["active"]


@pytest.mark.parametrize("token", ["x", "a.b.c", "..", "e30.e30.", "é.é.é", "W10.W10.AA"])
def test_what_is_no_token_is_not_active(home: Home, token: str) -> None:
    assert home.told(token) == NOT_ACTIVE


def test_a_signature_of_another_length_or_beyond_the_modulus_is_wrong(
    tokens: dict[str, Any],
) -> None:
    head, payload, _ = tokens["access_token"].split(".")

    for signature in (b"", b"\xff" * 256, b"\x01" * 255, b"\x00" * 256):
        token = jwt.taken_apart(f"{head}.{payload}.{jwt.base64url(signature)}")
        assert token is not None
        assert not jwt.is_signed_by(token, SIGNER.published)


def test_tokens_are_not_active_when_their_time_is_over(home: Home, tokens: dict[str, Any]) -> None:
    home.now += timedelta(minutes=10)
    assert home.told(tokens["access_token"]) == NOT_ACTIVE
    assert home.told(tokens["refresh_token"])["active"]

    home.now += timedelta(days=30)
    assert home.told(tokens["refresh_token"]) == NOT_ACTIVE


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
def test_a_token_given_back_ends_all_tokens_of_its_sign_in(
    home: Home, tokens: dict[str, Any], kind: str
) -> None:
    home.signing_out.revoke({"client_id": "web", "token": tokens[kind]})

    assert home.told(tokens["access_token"]) == NOT_ACTIVE
    assert home.told(tokens["refresh_token"]) == NOT_ACTIVE
    with pytest.raises(InvalidTokenError):
        home.introspection.userinfo(tokens["access_token"])


def test_a_refresh_token_is_not_active_once_whom_it_watches_as_was_deleted(
    home: Home, tokens: dict[str, Any]
) -> None:
    (account,) = home.accounts.accounts.values()
    others = (Profile("prf_another", "Mia"),)
    home.accounts.accounts[account.account_id] = dataclasses.replace(account, profiles=others)

    assert home.told(tokens["refresh_token"]) == NOT_ACTIVE
    with pytest.raises(InvalidGrantError):
        home.refresh(tokens["refresh_token"])


def test_an_unknown_token_is_passed_over_and_another_clients_is_refused(
    home: Home, tokens: dict[str, Any]
) -> None:
    assert not home.signing_out.revoke({"client_id": "cli", "token": "unknown"})
    for token in (tokens["access_token"], tokens["refresh_token"]):
        with pytest.raises(InvalidGrantError, match="another client"):
            home.signing_out.revoke({"client_id": "cli", "token": token})

    assert home.told(tokens["refresh_token"])["active"]


def test_giving_back_needs_a_client_and_a_token(home: Home) -> None:
    with pytest.raises(InvalidClientError):
        home.signing_out.revoke({"client_id": "somebody", "token": "t"})
    with pytest.raises(InvalidRequestError):
        home.signing_out.revoke({"client_id": "web"})


def test_a_client_learns_who_signed_in_as_far_as_it_was_allowed(
    home: Home, tokens: dict[str, Any]
) -> None:
    (account,) = home.accounts.accounts
    little = home.exchange(home.code(scope="openid member"))["access_token"]
    nothing = home.exchange(home.code(scope="member"))["access_token"]

    told = home.introspection.userinfo(tokens["access_token"])

    assert told == {"sub": account, "email": "ada@example.com", "email_verified": True}
    assert home.introspection.userinfo(little) == {"sub": account}
    with pytest.raises(InsufficientScopeError):
        home.introspection.userinfo(nothing)


def test_nothing_is_told_of_an_account_that_is_gone(home: Home, tokens: dict[str, Any]) -> None:
    home.accounts.accounts.clear()

    assert home.told(tokens["access_token"]) == home.told(tokens["refresh_token"]) == NOT_ACTIVE
    with pytest.raises(InvalidTokenError):
        home.introspection.userinfo(tokens["access_token"])


def test_nothing_is_told_of_sign_ins_that_the_account_ended(
    home: Home, tokens: dict[str, Any]
) -> None:
    home.accounts.accounts = {
        key: dataclasses.replace(account, sessions_from=home.now)
        for key, account in home.accounts.accounts.items()
    }

    assert home.told(tokens["access_token"]) == home.told(tokens["refresh_token"]) == NOT_ACTIVE
    with pytest.raises(InvalidTokenError):
        home.introspection.userinfo(tokens["access_token"])


def test_signing_out_ends_the_sign_in_and_leads_back_to_the_client(
    home: Home, tokens: dict[str, Any]
) -> None:
    home.now += timedelta(days=1)

    target = home.signing_out.sign_out(
        {
            "id_token_hint": tokens["id_token"],
            "post_logout_redirect_uri": f"{ORIGIN}/",
            "state": "a&b",
        }
    )

    assert target == f"{ORIGIN}/?state=a%26b"
    assert home.told(tokens["refresh_token"]) == NOT_ACTIVE


@pytest.mark.parametrize(
    "wrong",
    [
        {"post_logout_redirect_uri": "https://evil.example/"},
        {"post_logout_redirect_uri": f"{ORIGIN}.evil.example/"},
        {"post_logout_redirect_uri": f"{ORIGIN}/elsewhere"},
        {"client_id": "cli"},
        {"client_id": "cli", "post_logout_redirect_uri": f"{ORIGIN}/"},
        {"id_token_hint": "not.a.token"},
    ],
)
def test_signing_out_leads_nowhere_else_and_then_ends_nothing(
    home: Home, tokens: dict[str, Any], wrong: dict[str, str]
) -> None:
    with pytest.raises(InvalidRequestError):
        home.signing_out.sign_out({"id_token_hint": tokens["id_token"], **wrong})

    assert home.told(tokens["refresh_token"])["active"]


def test_an_access_token_or_a_forgery_is_no_hint(home: Home, tokens: dict[str, Any]) -> None:
    for hint in (
        tokens["access_token"],
        forged(tokens["id_token"], STRANGER, {"typ": "JWT"}),
    ):
        with pytest.raises(InvalidRequestError):
            home.signing_out.sign_out({"id_token_hint": hint})


def test_without_a_client_nobody_is_sent_anywhere(home: Home) -> None:
    back = {"post_logout_redirect_uri": f"{ORIGIN}/"}

    with pytest.raises(InvalidRequestError):
        home.signing_out.sign_out(back)
    assert home.signing_out.sign_out({**back, "client_id": "web"}) == f"{ORIGIN}/"
    assert home.signing_out.sign_out({}) is None


def test_each_client_leads_home_and_never_to_anothers(home: Home) -> None:
    def leads(client_id: str, target: str) -> str | None:
        return home.signing_out.sign_out(
            {"client_id": client_id, "post_logout_redirect_uri": target, "state": "a b"}
        )

    assert leads("film-club", "https://club.example/") == "https://club.example/?state=a+b"
    for client_id, target in (
        ("web", "https://club.example/"),
        ("film-club", f"{ORIGIN}/"),
        ("film-club", "https://club.example/elsewhere"),
        ("tv", "https://club.example/"),
        ("nobody", "https://club.example/"),
    ):
        with pytest.raises(InvalidRequestError):
            leads(client_id, target)
