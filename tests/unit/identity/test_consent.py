"""An app that is not ours gets in only where the account's owner says so, knowing what for."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from identity.accounts.domain import WrongPasswordError
from identity.accounts.letters import Letters
from identity.accounts.sign_in import PasswordCheck
from identity.consent.apps import Apps
from identity.consent.domain import CONSENT_LIFE
from identity.consent.routes import AppRoutes, consent
from identity.consent.service import Deciding
from identity.mfa.check import CodeCheck, Owner, OwnerCheck
from identity.oauth.errors import InvalidGrantError, InvalidScopeError
from identity.passkeys.challenges import Challenges
from identity.passkeys.domain import StaleCeremonyError
from identity.routes import authorize
from kernel.events.identity import AppStopped
from tests.fakes.accounts import FakeAnnouncements, FakeLimits, FakeMembers, OpenSeal
from tests.fakes.identity import PlainPasswords
from tests.fakes.mfa import FakeFactors
from tests.fakes.passkeys import FakeCeremonies
from tests.unit.identity.scripts import runs_only_our_own
from tests.unit.identity.test_oauth_routes import request
from tests.unit.identity.test_sign_in import (
    CHALLENGE,
    ISSUER,
    ORIGIN,
    PARTNER,
    VERIFIER,
    Server,
    claims_of,
)

ASKED = {
    "response_type": "code",
    "client_id": "film-club",
    "redirect_uri": "https://club.example/callback",
    "scope": "openid email member",
    "state": "s",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}
ADA = {"email": "ada@example.com", "password": "correct horse"}


@dataclass
class Club(Server):
    """A server that a partner's app sends people to."""

    ceremonies: FakeCeremonies = field(default_factory=FakeCeremonies)

    @property
    def deciding(self) -> Deciding:
        return Deciding(self.accounts, self.consents, self.admission, self.clock)

    @property
    def apps(self) -> Apps:
        check = PasswordCheck(
            FakeMembers(self.accounts),
            PlainPasswords(),
            FakeLimits(),
            FakeAnnouncements(),
            self.clock,
        )
        codes = CodeCheck(
            FakeFactors(),
            OpenSeal(),
            FakeLimits(),
            FakeAnnouncements(),
            Letters(OpenSeal()),
            self.clock,
        )
        challenges = Challenges(self.ceremonies, self.clock)
        return Apps(
            OwnerCheck(check, codes, challenges),
            self.accounts,
            challenges,
            self.consents,
            self.held,
            self.grants,
            self.clock,
        )

    def sign_in(self, **changes: str) -> dict[str, Any]:
        """What the sign-in form answers."""
        form = {**ASKED, **ADA, **changes}
        return authorize(self.authorization, ISSUER, ORIGIN)(request("POST", "/authorize", form))

    def decide(
        self, page: dict[str, Any], decision: str = "allow", **changes: str
    ) -> dict[str, Any]:
        """What the form on a consent page answers."""
        form = {**fields(page), "decision": decision, **changes}
        return consent(self.deciding, ISSUER, ORIGIN)(request("POST", "/consent", form))

    def tokens_for(self, answer: dict[str, Any]) -> dict[str, Any]:
        return self.exchange(
            sent(answer)["code"],
            client_id="film-club",
            redirect_uri=ASKED["redirect_uri"],
            code_verifier=VERIFIER,
        )


def fields(page: dict[str, Any]) -> dict[str, str]:
    hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page["body"])
    return {name: unescape(value) for name, value in hidden}


def sent(answer: dict[str, Any]) -> dict[str, str]:
    """What the client's address is told."""
    assert answer["statusCode"] == 303, answer
    address = urlsplit(answer["headers"]["location"])
    assert f"{address.scheme}://{address.netloc}{address.path}" == ASKED["redirect_uri"]
    return {name: values[0] for name, values in parse_qs(address.query).items()}


@pytest.fixture
def club(now: datetime) -> Club:
    club = Club(now)
    club.registration.create_account(ADA["email"], ADA["password"], ("member", "staff"))
    return club


def test_somebody_else_s_app_is_asked_about_before_it_gets_a_code(club: Club) -> None:
    page = club.sign_in()

    assert page["statusCode"] == 200
    for word in ("Film Club", "ada@example.com", "club.example", "Watch as you", "e-mail address"):
        assert word in page["body"]
    assert club.grants.codes == {}

    tokens = club.tokens_for(club.decide(page))
    assert claims_of(tokens["access_token"])["client_id"] == "film-club"


def test_the_page_asks_for_no_more_than_the_app_does(club: Club) -> None:
    page = club.sign_in(scope="openid")

    assert "e-mail address" not in page["body"]
    assert "Watch as you" not in page["body"]


def test_an_app_that_asks_who_somebody_is_cannot_watch_as_them(club: Club) -> None:
    page = club.sign_in(scope="openid email")
    tokens = club.tokens_for(club.decide(page))

    assert "Watch as you" not in page["body"]
    assert tokens["scope"] == claims_of(tokens["access_token"])["scope"] == "openid email"
    assert claims_of(tokens["id_token"])["email"] == ADA["email"]
    (allowed,) = club.consents.allowed.values()
    assert allowed.scopes == {"openid", "email"}
    renewed = club.refresh(tokens["refresh_token"], "film-club")
    assert claims_of(renewed["access_token"])["scope"] == "openid email"


@pytest.mark.parametrize("scope", ["email", "films", "Member"])
def test_an_app_that_asks_for_nothing_that_there_is_gets_nothing(club: Club, scope: str) -> None:
    assert sent(club.sign_in(scope=scope))["error"] == "invalid_scope"
    assert club.consents.asked == {}


def test_a_client_that_names_no_scope_asks_for_what_members_do(club: Club) -> None:
    page = club.sign_in(scope="")

    assert "Watch as you" in page["body"]
    assert club.tokens_for(club.decide(page))["scope"] == "member"


def test_what_was_allowed_is_not_asked_again_and_more_is(club: Club) -> None:
    club.decide(club.sign_in(scope="openid member"))

    assert sent(club.sign_in(scope="openid member"))["code"]
    assert club.sign_in(scope="openid email member")["statusCode"] == 200


def test_what_was_not_allowed_is_told_to_the_app_and_asked_again(club: Club) -> None:
    assert sent(club.decide(club.sign_in(), "deny"))["error"] == "access_denied"
    assert club.sign_in()["statusCode"] == 200


def test_our_own_clients_are_asked_about_only_when_they_want_it(club: Club) -> None:
    ours = {"client_id": "web", "redirect_uri": f"{ORIGIN}/callback"}

    assert club.sign_in(**ours)["statusCode"] == 303
    page = club.sign_in(**ours, prompt="consent")["body"]
    assert "Let Web use" in page
    assert "not part of Marquee" not in page


def test_an_app_can_have_what_was_allowed_asked_again(club: Club) -> None:
    club.decide(club.sign_in())

    assert club.sign_in(prompt="login consent")["statusCode"] == 200


@pytest.mark.parametrize("prompt", ["login", "select_account", ""])
def test_everybody_signs_in_each_time_so_that_there_is_nothing_more_to_ask(
    club: Club, prompt: str
) -> None:
    club.decide(club.sign_in())

    page = authorize(club.authorization, ISSUER, ORIGIN)(
        request("GET", "/authorize", {**ASKED, **({"prompt": prompt} if prompt else {})})
    )

    assert 'name="password"' in page["body"]


def test_without_a_page_nobody_is_signed_in(club: Club) -> None:
    club.decide(club.sign_in())

    answer = authorize(club.authorization, ISSUER, ORIGIN)(
        request("GET", "/authorize", {**ASKED, "prompt": "none"})
    )

    assert sent(answer)["error"] == "login_required"
    assert sent(answer)["state"] == "s"


def test_an_answer_serves_once(club: Club) -> None:
    page = club.sign_in()
    club.decide(page)

    again = club.decide(page)

    assert (again["statusCode"], "location" in again["headers"]) == (400, False)


@pytest.mark.parametrize(
    "changes",
    [
        {"ticket": "t" * 43},
        {"ticket": ""},
        {"scope": "openid"},
        {"state": "another"},
        {"code_challenge": "c" * 43},
        {"client_id": "web", "redirect_uri": f"{ORIGIN}/callback"},
        {"decision": ""},
        {"redirect_uri": "https://evil.example/callback"},
    ],
)
def test_an_answer_to_what_nobody_was_asked_is_none(club: Club, changes: dict[str, str]) -> None:
    answer = club.decide(club.sign_in(), **changes)

    assert answer["statusCode"] == 400
    assert "location" not in answer["headers"]
    assert "evil.example" not in answer["body"]
    assert club.consents.allowed == {}


def test_an_answer_that_comes_too_late_is_none(club: Club) -> None:
    page = club.sign_in()
    club.now += CONSENT_LIFE

    assert club.decide(page)["statusCode"] == 400
    assert club.consents.allowed == {}


def test_an_answer_after_the_account_ended_its_sign_ins_is_none(club: Club) -> None:
    page = club.sign_in()
    club.now += timedelta(seconds=1)
    (account,) = club.accounts.accounts.values()
    FakeMembers(club.accounts).change_password(account, "plain:another", [], club.now)

    assert club.decide(page)["statusCode"] == 400


def test_an_app_that_wants_a_new_sign_in_does_not_get_one_that_waited(club: Club) -> None:
    quick, slow = club.sign_in(max_age="60"), club.sign_in(max_age="60")

    club.now += timedelta(seconds=60)
    assert sent(club.decide(quick))["code"]
    club.now += timedelta(seconds=1)
    late = club.decide(slow)

    assert (late["statusCode"], "Sign in again" in late["body"]) == (400, True)


def test_the_id_token_says_when_the_password_was_given_not_when_the_answer_was(club: Club) -> None:
    page, began = club.sign_in(), club.now
    club.now += timedelta(minutes=5)

    tokens = club.tokens_for(club.decide(page))

    assert claims_of(tokens["id_token"])["auth_time"] == int(began.timestamp())
    assert claims_of(tokens["access_token"])["auth_time"] == int(began.timestamp())


@pytest.mark.parametrize("origin", ["https://evil.example", "null", ORIGIN])
def test_another_site_answers_for_nobody(club: Club, origin: str) -> None:
    form = {**fields(club.sign_in()), "decision": "allow"}

    answer = consent(club.deciding, ISSUER, ORIGIN)(
        request("POST", "/consent", form, origin=origin)
    )

    assert answer["statusCode"] == 403
    assert club.consents.allowed == {}


def test_the_page_runs_only_ours_is_framed_by_nobody_and_leads_to_the_app_alone(
    club: Club,
) -> None:
    page = club.sign_in()

    assert runs_only_our_own(page)
    policy = page["headers"]["content-security-policy"]

    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    target = policy.partition("form-action ")[2].partition(";")[0].split()
    assert target == ["'self'", ORIGIN, "http://127.0.0.1:*", "https://club.example"]


def test_what_an_app_is_called_is_no_markup(club: Club) -> None:
    assert "<b>" not in club.sign_in(state="<b>")["body"]


def test_staff_access_is_for_our_own_clients(club: Club) -> None:
    with pytest.raises(InvalidScopeError):
        club.authorization.request({**ASKED, "scope": "member staff"})


def test_an_app_that_is_stopped_is_signed_out_and_has_to_ask_again(club: Club) -> None:
    tokens = club.tokens_for(club.decide(club.sign_in()))
    ours = club.exchange(club.code())
    secret = club.apps.enter(Owner(ADA["email"], ADA["password"], "192.0.2.1"))
    (allowed,) = club.apps.shown(secret)

    club.apps.withdraw(secret, allowed.client_id)

    assert club.apps.shown(secret) == []
    assert [type(told).detail_type for told in club.consents.told] == ["AppAllowed", "AppStopped"]
    assert club.consents.told[0].client_id == "film-club"
    with pytest.raises(InvalidGrantError):
        club.refresh(tokens["refresh_token"], "film-club")
    assert club.refresh(ours["refresh_token"])["access_token"]
    assert club.sign_in()["statusCode"] == 200, "it asks again"


def stopped(club: Club) -> None:
    """Have the owner stop Film Club."""
    secret = club.apps.enter(Owner(ADA["email"], ADA["password"], "192.0.2.1"))
    club.apps.withdraw(secret, "film-club")


def test_a_code_that_an_app_has_not_used_is_worth_nothing_once_it_is_stopped(club: Club) -> None:
    answer = club.decide(club.sign_in())
    stopped(club)

    with pytest.raises(InvalidGrantError):
        club.tokens_for(answer)

    assert club.grants.families == {}
    assert club.held.devices == {}, "nor is there a device of it"


def test_a_code_is_worth_nothing_for_more_than_was_allowed_again_since(club: Club) -> None:
    answer = club.decide(club.sign_in())
    stopped(club)
    club.decide(club.sign_in(scope="openid"))

    with pytest.raises(InvalidGrantError):
        club.tokens_for(answer)


def test_a_sign_in_that_began_while_its_app_was_stopped_is_not_renewed(club: Club) -> None:
    """The list of what had to end was read before it was there."""
    tokens = club.tokens_for(club.decide(club.sign_in()))
    (account_id,) = club.accounts.accounts
    told = AppStopped(sequence=1, account_id=account_id, client_id="film-club")
    club.consents.withdraw(told, club.now)

    with pytest.raises(InvalidGrantError):
        club.refresh(tokens["refresh_token"], "film-club")


def test_for_our_own_clients_no_consent_is_read(club: Club) -> None:
    tokens = club.exchange(club.code())
    club.refresh(tokens["refresh_token"])

    assert club.consents.reads == 0


def test_only_the_owner_sees_and_stops_apps(club: Club) -> None:
    club.decide(club.sign_in())

    with pytest.raises(WrongPasswordError):
        club.apps.enter(Owner(ADA["email"], "wrong", "192.0.2.1"))
    for secret in ("", "s" * 43):
        with pytest.raises(StaleCeremonyError):
            club.apps.withdraw(secret, "film-club")
    assert len(club.consents.allowed) == 1


def test_a_page_of_apps_is_over_with_the_account_s_sign_ins(club: Club) -> None:
    """Whoever had the old password has the page no longer."""
    club.decide(club.sign_in())
    secret = club.apps.enter(Owner(ADA["email"], ADA["password"], "192.0.2.1"))
    (account,) = club.accounts.accounts.values()
    FakeMembers(club.accounts).change_password(account, account.password_hash, [], club.now)

    with pytest.raises(StaleCeremonyError, match="Try again"):
        club.apps.shown(secret)
    with pytest.raises(StaleCeremonyError):
        club.apps.withdraw(secret, "film-club")
    assert len(club.consents.allowed) == 1


def test_the_pages_of_apps_lead_from_the_password_to_the_list_and_back(club: Club) -> None:
    club.decide(club.sign_in())
    answering = AppRoutes(club.apps, {"film-club": PARTNER.name}, ISSUER, ORIGIN).answer

    door = answering(request("GET", "/account/apps", ""))
    inside = answering(request("POST", "/account/apps", ADA))
    foreign = answering(
        request("POST", "/account/apps/withdraw", fields(inside), origin="https://evil.example")
    )
    kept = len(club.consents.allowed)
    done = answering(request("POST", "/account/apps/withdraw", fields(inside)))
    wrong = answering(request("POST", "/account/apps", {**ADA, "password": "wrong"}))

    assert 'name="password"' in door["body"]
    assert "Film Club" in inside["body"]
    assert (foreign["statusCode"], kept) == (403, 1)
    assert "No app but ours" in done["body"]
    assert wrong["statusCode"] == 401


def test_a_partner_s_refusals_reach_the_partner(club: Club) -> None:
    answer = authorize(club.authorization, ISSUER, ORIGIN)(
        request("GET", "/authorize", urlencode({**ASKED, "max_age": "soon"}))
    )

    assert sent(answer)["error"] == "invalid_request"
