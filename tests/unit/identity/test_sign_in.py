"""Signing in by authorization code and PKCE, and every way in which it is refused."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from identity.accounts.domain import WrongPasswordError
from identity.accounts.letters import Letters
from identity.accounts.sign_in import PasswordCheck
from identity.devices.service import Registry
from identity.domain import EmailTakenError, Proven
from identity.mfa.domain import SecondStepNeededError, TwoStepIsOnError, seal_context
from identity.oauth.clients import clients, partner
from identity.oauth.devices import Polling
from identity.oauth.dpop import Proofs
from identity.oauth.errors import (
    InvalidGrantError,
    InvalidRequestError,
    InvalidScopeError,
    LoginRequiredError,
    RequestNotSupportedError,
    RequestUriNotSupportedError,
    SecondStepRequiredError,
    UnknownClientError,
    UnsupportedGrantTypeError,
    UnsupportedResponseTypeError,
)
from identity.oauth.es256 import OpenSslSignatures
from identity.oauth.tokens import Tokens
from identity.service import Admission, Authorization, Registration
from kernel.errors import InvalidInputError, NotFoundError
from kernel.events.identity import MfaEnabled, OperatorAccountMade
from tests.fakes.accounts import FakeAnnouncements, FakeLimits, FakeMembers, OpenSeal
from tests.fakes.devices import FakeDevices
from tests.fakes.identity import (
    FakeAccounts,
    FakeConsents,
    FakeDeviceGrants,
    FakeGrants,
    FakeSeenProofs,
    FakeTickets,
    LocalSigner,
    PlainPasswords,
)
from tests.fakes.mfa import FakeFactors, FakePendingSteps

ISSUER = "https://auth.example"
ORIGIN = "https://watch.example"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest())[:43].decode()
REQUEST = {
    "response_type": "code",
    "client_id": "web",
    "redirect_uri": f"{ORIGIN}/callback",
    "scope": "openid member",
    "state": "s",
    "nonce": "n",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}
PARTNER = partner(
    "film-club", "Film Club", "https://club.example/callback", "https://club.example/"
)
SIGNER = LocalSigner()
SECRET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


@dataclass
class Server:
    """The services over the same fakes, with a clock that tests move."""

    now: datetime
    accounts: FakeAccounts = field(default_factory=FakeAccounts)
    grants: FakeGrants = field(default_factory=FakeGrants)
    devices: FakeDeviceGrants = field(default_factory=FakeDeviceGrants)
    tickets: FakeTickets = field(default_factory=FakeTickets)
    seen: FakeSeenProofs = field(default_factory=FakeSeenProofs)
    limits: FakeLimits = field(default_factory=FakeLimits)
    announcements: FakeAnnouncements = field(default_factory=FakeAnnouncements)
    made: FakeAnnouncements = field(default_factory=FakeAnnouncements)
    consents: FakeConsents = field(default_factory=FakeConsents)
    held: FakeDevices = field(init=False)
    factors: FakeFactors = field(init=False)

    def __post_init__(self) -> None:
        self.factors = FakeFactors(self.accounts)
        self.held = FakeDevices(self.grants, self.accounts)

    def clock(self) -> datetime:
        return self.now

    @property
    def registration(self) -> Registration:
        seal = OpenSeal()
        return Registration(
            self.accounts,
            PlainPasswords(),
            self.factors,
            seal,
            Letters(seal),
            self.made,
            self.clock,
        )

    @property
    def authorization(self) -> Authorization:
        check = PasswordCheck(
            FakeMembers(self.accounts),
            PlainPasswords(),
            FakeLimits(),
            FakeAnnouncements(),
            self.clock,
        )
        return Authorization(check, FakePendingSteps(), self.admission, self.clock)

    @property
    def admission(self) -> Admission:
        known = clients(ORIGIN, ISSUER, [PARTNER])
        return Admission(self.grants, FakeAnnouncements(), known, self.clock, self.consents)

    @property
    def registry(self) -> Registry:
        return Registry(self.held, Letters(OpenSeal()), FakeLimits(), self.clock)

    @property
    def tokens(self) -> Tokens:
        return Tokens(
            accounts=self.accounts,
            grants=self.grants,
            consents=self.consents,
            devices=Polling(self.devices, self.clock),
            proofs=Proofs(OpenSslSignatures(), self.seen, self.clock),
            announcements=self.announcements,
            registry=self.registry,
            limits=self.limits,
            signer=SIGNER,
            access_signers=SIGNER,
            clients=clients(ORIGIN, ISSUER, [PARTNER]),
            issuer=ISSUER,
            clock=self.clock,
        )

    def code(self, **changes: str) -> str:
        request = self.authorization.request({**REQUEST, **changes})
        account = ("ada@example.com", "correct horse")
        return self.authorization.sign_in(request, *account, "192.0.2.1").code

    def code_by(self, methods: str, **changes: str) -> str:
        """A code for who has proven that much."""
        admission = self.authorization.admission
        (account,) = self.accounts.accounts.values()
        proven = Proven(account, self.clock())
        return admission.admit(admission.request({**REQUEST, **changes}), proven, methods).code

    def exchange(self, code: str, **changes: str) -> dict[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "client_id": "web",
            "redirect_uri": REQUEST["redirect_uri"],
            "code_verifier": VERIFIER,
        }
        return self.tokens.exchange({**form, **changes})

    def refresh(
        self, token: str, client_id: str = "web", *, proof: str | None = None, scope: str = ""
    ) -> dict[str, Any]:
        form = {
            "grant_type": "refresh_token",
            "refresh_token": token,
            "client_id": client_id,
            "scope": scope,
        }
        return self.tokens.exchange(form, proof)


@pytest.fixture
def server(now: datetime) -> Server:
    server = Server(now)
    server.registration.create_account("Ada@Example.com", "correct horse", ("member",))
    return server


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def claims_of(token: str) -> dict[str, Any]:
    return json.loads(decoded(token.split(".")[1]))


def test_a_code_and_its_verifier_become_an_access_token_of_flat_claims(server: Server) -> None:
    answer = server.exchange(server.code())

    claims = claims_of(answer["access_token"])
    assert claims["iss"] == ISSUER
    assert claims["aud"] == "marquee"
    assert claims["scope"] == answer["scope"] == "openid member"
    assert claims["exp"] - claims["iat"] == answer["expires_in"] == 600
    assert claims["sub"].startswith("acc_")
    assert claims["profile"].startswith("prf_")
    assert claims["device"].startswith("dev_")
    assert all(isinstance(value, str | int) for value in claims.values())


def test_the_id_token_names_the_client_and_repeats_its_nonce(server: Server) -> None:
    answer = server.exchange(server.code(scope="openid email member"))

    claims = claims_of(answer["id_token"])
    assert (claims["aud"], claims["nonce"], claims["email"]) == ("web", "n", "ada@example.com")
    assert claims["email_verified"] is True
    assert claims["sid"] == claims_of(answer["access_token"])["sid"]


def test_who_signed_in_is_told_only_to_a_client_that_asks(server: Server) -> None:
    assert "id_token" not in server.exchange(server.code(scope="member"))
    assert "email" not in claims_of(server.exchange(server.code())["id_token"])


def test_tokens_verify_with_the_published_key_and_name_it(server: Server) -> None:
    token = server.exchange(server.code())["access_token"]

    signed, _, signature = token.rpartition(".")
    modulus, exponent = (
        int.from_bytes(decoded(SIGNER.published[name]), "big") for name in ("n", "e")
    )
    published = rsa.RSAPublicNumbers(exponent, modulus).public_key()
    published.verify(decoded(signature), signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    header = json.loads(decoded(signed.split(".")[0]))
    assert header == {"alg": "RS256", "kid": SIGNER.key_id, "typ": "at+jwt"}


def test_a_code_serves_once(server: Server) -> None:
    code = server.code()
    server.exchange(code)

    with pytest.raises(InvalidGrantError):
        server.exchange(code)


def test_a_code_expires_after_a_minute(server: Server) -> None:
    code = server.code()
    server.now += timedelta(seconds=60)

    with pytest.raises(InvalidGrantError):
        server.exchange(code)


@pytest.mark.parametrize(
    "wrong",
    [
        {"code_verifier": "w" * 43},
        {"code_verifier": "short"},
        {"code_verifier": ""},
        {"client_id": "cli"},
        {"redirect_uri": f"{ORIGIN}/elsewhere"},
        {"code": "never-issued"},
    ],
)
def test_a_code_is_refused_to_whoever_did_not_ask_for_it(
    server: Server, wrong: dict[str, str]
) -> None:
    code = server.code()

    with pytest.raises(InvalidGrantError):
        server.exchange(**{"code": code, **wrong})


def test_the_form_must_be_complete_and_of_a_known_grant(server: Server) -> None:
    with pytest.raises(InvalidRequestError):
        server.tokens.exchange({"grant_type": "authorization_code", "client_id": "web"})
    with pytest.raises(UnsupportedGrantTypeError):
        server.tokens.exchange({"grant_type": "password"})


@pytest.mark.parametrize(
    "change",
    [
        {"client_id": "somebody"},
        {"redirect_uri": "https://evil.example/callback"},
        {"redirect_uri": f"{ORIGIN}/callback/../evil"},
        {"client_id": "cli", "redirect_uri": "http://127.0.0.1:80@evil.example/callback"},
        {"client_id": "cli", "redirect_uri": "http://localhost:9000/callback"},
    ],
)
def test_nothing_is_ever_redirected_to_an_address_that_is_not_the_clients(
    server: Server, change: dict[str, str]
) -> None:
    with pytest.raises(UnknownClientError):
        server.authorization.request({**REQUEST, **change})


def test_a_native_client_listens_on_any_loopback_port(server: Server) -> None:
    asked = {**REQUEST, "client_id": "cli", "redirect_uri": "http://127.0.0.1:43211/callback"}

    assert server.authorization.request(asked).redirect_uri.endswith(":43211/callback")


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"response_type": "token"}, UnsupportedResponseTypeError),
        ({"code_challenge_method": "plain"}, InvalidRequestError),
        ({"code_challenge": ""}, InvalidRequestError),
        ({"code_challenge": "x" * 44}, InvalidRequestError),
        ({"dpop_jkt": "short"}, InvalidRequestError),
        ({"response_mode": "fragment"}, InvalidRequestError),
        ({"state": "x" * 513}, InvalidRequestError),
        ({"prompt": "none"}, LoginRequiredError),
        ({"prompt": "none login"}, InvalidRequestError),
        ({"prompt": "create"}, InvalidRequestError),
        ({"max_age": "-1"}, InvalidRequestError),
        ({"max_age": "soon"}, InvalidRequestError),
        ({"max_age": "9" * 10}, InvalidRequestError),
        ({"request": "e30.e30."}, RequestNotSupportedError),
        ({"request_uri": "https://evil.example/"}, RequestUriNotSupportedError),
    ],
)
def test_only_the_code_flow_with_a_hashed_challenge_is_offered(
    server: Server, change: dict[str, str], error: type[Exception]
) -> None:
    with pytest.raises(error):
        server.authorization.request({**REQUEST, **change})


@pytest.mark.parametrize(
    ("email", "password"),
    [("ada@example.com", "wrong horse"), ("bob@example.com", "correct horse"), ("", "")],
)
def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(
    server: Server, email: str, password: str
) -> None:
    request = server.authorization.request(REQUEST)

    with pytest.raises(WrongPasswordError, match="That e-mail and password do not match"):
        server.authorization.sign_in(request, email, password, "192.0.2.1")


def test_staff_access_is_refused_to_who_does_not_hold_it(server: Server) -> None:
    with pytest.raises(InvalidScopeError):
        server.code(scope="member staff")


@pytest.fixture
def staff(now: datetime) -> Server:
    server = Server(now)
    server.registration.create_account("ada@example.com", "correct horse", ("member", "staff"))
    return server


BY_TWO_FACTORS = ("pwd otp mfa", "pwd mfa", "pop user mfa")


@pytest.mark.parametrize("methods", BY_TWO_FACTORS)
def test_staff_get_it_by_two_factors_and_only_when_the_client_asks(
    staff: Server, methods: str
) -> None:
    wanted = staff.exchange(staff.code_by(methods, scope="member staff"))
    not_wanted = staff.exchange(staff.code_by(methods, scope="member"))

    assert (wanted["scope"], not_wanted["scope"]) == ("member staff", "member")
    assert staff.refresh(wanted["refresh_token"])["scope"] == "member staff"


@pytest.mark.parametrize("methods", ["pwd", "", "pop", "pwd otp", "mfaa", "pwd-mfa"])
def test_staff_do_not_get_it_by_one_factor(staff: Server, methods: str) -> None:
    with pytest.raises(SecondStepRequiredError):
        staff.code_by(methods, scope="member staff")
    assert staff.exchange(staff.code_by(methods, scope="member"))["scope"] == "member"


def test_what_was_granted_for_one_factor_before_is_lost_at_the_exchange_and_at_the_renewal(
    staff: Server,
) -> None:
    by_two = "pwd otp mfa"
    code = staff.code_by(by_two, scope="member staff")
    (kept,) = staff.grants.codes.values()
    staff.grants.codes[kept.code_digest] = dataclasses.replace(kept, methods="pwd")
    refresh = staff.exchange(staff.code_by(by_two, scope="member staff"))["refresh_token"]
    staff.grants.families = {
        family_id: dataclasses.replace(family, methods="pwd")
        for family_id, family in staff.grants.families.items()
    }

    assert staff.exchange(code)["scope"] == "member"
    assert staff.refresh(refresh)["scope"] == "member"


def test_an_operator_hands_over_the_secret_of_an_app_with_the_account(server: Server) -> None:
    made = server.registration.create_account(
        "eve@example.com", "correct horse", ("member", "staff"), SECRET
    )

    request = server.authorization.request(REQUEST)
    with pytest.raises(SecondStepNeededError):
        server.authorization.sign_in(request, "eve@example.com", "correct horse", "192.0.2.1")
    kept = server.factors.app(made.account_id)
    assert kept is not None
    assert OpenSeal().open(kept.sealed_secret, seal_context(made.account_id)) == {"secret": SECRET}


def test_an_account_without_an_app_is_given_one_once_and_its_owner_hears_of_it(
    server: Server,
) -> None:
    server.registration.give_app("Ada@example.com", SECRET.lower())

    with pytest.raises(SecondStepNeededError):
        server.code()
    assert [type(told) for told in server.factors.told] == [MfaEnabled]
    with pytest.raises(TwoStepIsOnError):
        server.registration.give_app("ada@example.com", SECRET)
    with pytest.raises(NotFoundError):
        server.registration.give_app("bob@example.com", SECRET)


@pytest.mark.parametrize("secret", ["A" * 24, "A" * 105, "01189998819991197253", "ä" * 32])
def test_a_secret_that_is_none_is_refused(server: Server, secret: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        server.registration.create_account("eve@example.com", "long enough", ("member",), secret)
    assert refused.value.facts["field"] == "totp_secret"
    with pytest.raises(InvalidInputError):
        server.registration.give_app("ada@example.com", secret)


def test_a_refresh_token_is_followed_by_the_next_of_the_same_device(server: Server) -> None:
    first = server.exchange(server.code())

    second = server.refresh(first["refresh_token"])

    assert second["refresh_token"] != first["refresh_token"]
    devices = {claims_of(answer["access_token"])["device"] for answer in (first, second)}
    assert len(devices) == 1


def test_a_refresh_token_is_refused_to_another_client_and_after_its_time(server: Server) -> None:
    token = server.exchange(server.code())["refresh_token"]

    with pytest.raises(InvalidGrantError):
        server.refresh(token, client_id="cli")
    server.now += timedelta(days=31)
    with pytest.raises(InvalidGrantError):
        server.refresh(token)


def test_an_address_has_one_account_however_it_is_written(server: Server) -> None:
    with pytest.raises(EmailTakenError):
        server.registration.create_account(" ADA@example.COM ", "another one", ("member",))


def test_an_account_that_an_operator_makes_is_told_of_whether_it_is_new_or_not(
    server: Server,
) -> None:
    with pytest.raises(EmailTakenError):
        server.registration.create_account("ada@example.com", "another one", ("member",))

    (account_id,) = server.accounts.accounts
    assert [event.subject for event in server.made.told] == [account_id] * 2
    assert {type(event) for event in server.made.told} == {OperatorAccountMade}


@pytest.mark.parametrize(
    ("email", "password", "scopes", "field"),
    [
        ("nobody", "long enough", ("member",), "email"),
        ("a@b.example", "short", ("member",), "password"),
        ("a@b.example", "x" * 129, ("member",), "password"),
        ("a@b.example", "long enough", ("member", "root"), "scopes"),
        ("a@b.example", "long enough", ("staff",), "scopes"),
    ],
)
def test_an_account_that_cannot_be_made_says_which_field(
    server: Server, email: str, password: str, scopes: tuple[str, ...], field: str
) -> None:
    make: Callable[..., Any] = server.registration.create_account

    with pytest.raises(InvalidInputError) as refused:
        make(email, password, scopes)
    assert refused.value.facts["field"] == field


def test_a_new_password_ends_codes_and_refresh_tokens_that_were_given_out_before(
    server: Server,
) -> None:
    code = server.code()
    refresh = server.exchange(server.code())["refresh_token"]
    (account,) = server.accounts.accounts.values()
    server.now += timedelta(milliseconds=5)
    ended = dataclasses.replace(account, sessions_from=server.now)
    server.accounts.accounts[account.account_id] = ended

    for attempt in (lambda: server.exchange(code), lambda: server.refresh(refresh)):
        with pytest.raises(InvalidGrantError):
            attempt()
    server.now += timedelta(milliseconds=5)
    assert server.exchange(server.code())["refresh_token"]


def test_an_account_that_is_being_deleted_gets_no_token(server: Server) -> None:
    refresh = server.exchange(server.code())["refresh_token"]
    (account,) = server.accounts.accounts.values()
    closing = dataclasses.replace(account, deletion_due=server.now + timedelta(days=14))
    server.accounts.accounts[account.account_id] = closing

    with pytest.raises(InvalidGrantError):
        server.refresh(refresh)
