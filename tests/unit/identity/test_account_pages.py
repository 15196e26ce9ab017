"""The account pages as a browser meets them."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from identity.accounts.export_routes import export_page
from kernel.errors import UnavailableError
from kernel.events.identity import (
    EmailChangeRequested,
    EmailVerificationRequested,
    PasswordResetRequested,
)
from stacks.identity_accounts import ACCOUNT_ROUTES, EXPORT_ROUTES
from tests.unit.identity.accounts_server import (
    HERE,
    ISSUER,
    ORIGIN,
    PASSWORD,
    Desk,
    challenge_in,
)
from tests.unit.identity.scripts import runs_only_our_own
from tests.unit.identity.test_sign_in import REQUEST, claims_of

ADA = "ada@example.com"
CHOSEN = "a staple of batteries"


@pytest.fixture
def desk(now: datetime) -> Desk:
    return Desk(now)


def ask(
    desk: Desk, method: str, path: str, fields: dict[str, str] | None = None, **headers: str
) -> Any:
    sent = urlencode(fields or {})
    event = {
        "rawPath": path,
        "rawQueryString": "" if method == "POST" else sent,
        "body": sent if method == "POST" else None,
        "headers": {name.replace("_", "-"): value for name, value in headers.items()},
        "requestContext": {"http": {"method": method, "sourceIp": HERE}},
    }
    if path == "/account/export":
        return export_page(desk.export, ISSUER, ORIGIN)(event)
    return desk.pages.answer(event)


FORMS = [
    "/sign-up",
    "/verify",
    "/forgot-password",
    "/reset-password",
    "/account/password",
    "/account/email",
    "/account/email/confirm",
    "/account/export",
    "/account/delete",
]


def test_signing_up_ends_in_the_app_with_a_code(desk: Desk) -> None:
    shown = ask(desk, "GET", "/sign-up", REQUEST)
    assert f'value="{REQUEST["code_challenge"]}"' in shown["body"]
    fields = {**REQUEST, "email": ADA, "new_password": CHOSEN}
    asked = ask(desk, "POST", "/sign-up", fields, accept_language="de")
    letter = desk.told_last(EmailVerificationRequested)
    code = desk.sealed_in(EmailVerificationRequested)["code"]
    assert letter.language == "de"
    assert code not in asked["body"]

    secret = challenge_in(asked["body"])
    done = ask(desk, "POST", "/verify", {**REQUEST, "challenge": secret, "code": code})

    target = urlsplit(done["headers"]["location"])
    sent = parse_qs(target.query)
    assert done["statusCode"] == 303
    assert f"{target.scheme}://{target.netloc}" == ORIGIN
    assert (sent["state"], sent["iss"]) == (["s"], [ISSUER])
    assert len(desk.grants.codes) == 1
    assert "code" in sent


def test_a_known_and_an_unknown_address_get_the_same_pages(desk: Desk) -> None:
    desk.member()
    for path, fields in (
        ("/sign-up", {"new_password": CHOSEN}),
        ("/forgot-password", {}),
    ):
        pages = []
        for email in (ADA, "nobody@example.com"):
            answer = ask(desk, "POST", path, {**fields, "email": email})
            secret = challenge_in(answer["body"])
            pages.append((answer["statusCode"], answer["body"].replace(secret, "")))
        assert pages[0] == pages[1], path


def test_a_reset_goes_on_at_the_sign_in_page(desk: Desk) -> None:
    desk.member()
    asked = ask(desk, "POST", "/forgot-password", {**REQUEST, "email": ADA})
    code = desk.sealed_in(PasswordResetRequested)["code"]
    fields = {"challenge": challenge_in(asked["body"]), "code": code, "new_password": CHOSEN}

    done = ask(desk, "POST", "/reset-password", {**REQUEST, **fields})

    assert done["statusCode"] == 303
    location = urlsplit(done["headers"]["location"])
    assert f"{location.scheme}://{location.netloc}{location.path}" == f"{ISSUER}/authorize"
    assert parse_qs(location.query)["state"] == ["s"]


def test_a_mistake_shows_the_form_again_with_all_but_passwords(desk: Desk) -> None:
    answer = ask(desk, "POST", "/sign-up", {**REQUEST, "email": ADA, "new_password": "password1"})

    assert answer["statusCode"] == 422
    assert 'role="alert"' in answer["body"]
    assert f'value="{ADA}"' in answer["body"]
    assert "password1" not in answer["body"]
    assert f'value="{REQUEST["code_challenge"]}"' in answer["body"]


def test_a_wrong_code_leaves_the_page_where_it_was(desk: Desk) -> None:
    asked = ask(desk, "POST", "/sign-up", {"email": ADA, "new_password": CHOSEN})
    secret = challenge_in(asked["body"])

    answer = ask(desk, "POST", "/verify", {"challenge": secret, "code": "2222-2222"})

    assert answer["statusCode"] == 401
    assert challenge_in(answer["body"]) == secret


def test_too_many_attempts_are_told_when_to_come_back(desk: Desk) -> None:
    for _ in range(3):
        assert ask(desk, "POST", "/forgot-password", {"email": ADA})["statusCode"] == 200

    answer = ask(desk, "POST", "/forgot-password", {"email": ADA})

    assert answer["statusCode"] == 429
    assert answer["headers"]["retry-after"] == "600"
    assert "Try again in 10 minutes." in answer["body"]


@pytest.mark.parametrize("path", FORMS)
@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": ORIGIN},
        {"origin": ISSUER, "sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
    ],
)
def test_a_form_that_another_site_posts_does_nothing(
    desk: Desk, path: str, headers: dict[str, str]
) -> None:
    ada = desk.member()
    fields = {
        "email": ADA,
        "password": PASSWORD,
        "new_password": CHOSEN,
        "new_email": "e@x.example",
    }

    answer = ask(desk, "POST", path, fields, **headers)

    assert answer["statusCode"] == 403
    assert desk.current(ada) == ada
    assert desk.work.done == {}


@pytest.mark.parametrize(
    "path",
    [path for path in FORMS if path not in ("/verify", "/reset-password", "/account/email/confirm")]
    + ["/account"],
)
def test_every_page_runs_nothing_but_ours_and_nobody_may_frame_it(desk: Desk, path: str) -> None:
    answer = ask(desk, "GET", path)

    policy = answer["headers"]["content-security-policy"]
    assert answer["statusCode"] == 200
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer["headers"]["x-frame-options"] == "DENY"
    assert answer["headers"]["cache-control"] == "no-store"
    assert runs_only_our_own(answer)


@pytest.mark.parametrize("path", FORMS)
def test_what_was_sent_is_never_html_of_the_page(desk: Desk, path: str) -> None:
    hostile = '"><script>alert(1)</script>'
    names = ("email", "new_email", "challenge", "code", "password", "new_password")

    answer = ask(desk, "POST", path, {**REQUEST, "state": hostile, **dict.fromkeys(names, hostile)})

    assert answer["statusCode"] >= 400
    assert runs_only_our_own(answer)


def test_a_link_of_somebody_else_is_shown_nothing_to_fill_in(desk: Desk) -> None:
    foreign = {**REQUEST, "redirect_uri": "https://evil.example/callback"}

    for method, path in (("GET", "/sign-up"), ("POST", "/verify"), ("GET", "/forgot-password")):
        answer = ask(desk, method, path, foreign)
        assert answer["statusCode"] == 400
        assert "<form" not in answer["body"]
        assert "location" not in answer["headers"]


def test_an_owner_changes_their_address(desk: Desk) -> None:
    ada = desk.member()
    fields = {"email": ADA, "password": PASSWORD, "new_email": "ada@new.example"}
    asked = ask(desk, "POST", "/account/email", fields)
    code = desk.sealed_in(EmailChangeRequested)["code"]

    answer = ask(
        desk,
        "POST",
        "/account/email/confirm",
        {"challenge": challenge_in(asked["body"]), "code": code},
    )

    assert answer["statusCode"] == 200
    assert desk.current(ada).email == "ada@new.example"


def test_an_owner_changes_their_password(desk: Desk) -> None:
    desk.member()
    fields = {"email": ADA, "password": PASSWORD, "new_password": CHOSEN}

    assert ask(desk, "POST", "/account/password", fields)["statusCode"] == 200

    assert desk.check.account(ADA, CHOSEN, HERE)


def test_an_owner_downloads_what_is_held_of_them(desk: Desk) -> None:
    ada = desk.member()

    answer = ask(desk, "POST", "/account/export", {"email": ADA, "password": PASSWORD})

    assert answer["headers"]["content-disposition"].startswith("attachment")
    held = json.loads(answer["body"])
    assert held["account_id"] == ada.account_id
    assert held["billing"] == [{"plan_name": "basic"}]
    assert answer["headers"]["cache-control"] == "no-store"


def test_the_other_domains_are_asked_with_a_token_that_is_good_for_nothing_else(
    desk: Desk,
) -> None:
    ada = desk.member()

    ask(desk, "POST", "/account/export", {"email": ADA, "password": PASSWORD})

    (token,) = desk.elsewhere.tokens
    claims = claims_of(token)
    assert (claims["scope"], claims["sub"], claims["aud"]) == ("export", ada.account_id, "marquee")
    assert claims["profiles"] == ada.profile_id
    assert claims["exp"] - claims["iat"] == 60


def test_a_part_that_is_missing_makes_no_export(desk: Desk) -> None:
    desk.member()
    desk.elsewhere.out_of_reach = True

    answer = ask(desk, "POST", "/account/export", {"email": ADA, "password": PASSWORD})

    assert answer["statusCode"] == 503
    assert "content-disposition" not in answer["headers"]
    assert "Not all of your data" in answer["body"]


def test_nobody_is_asked_before_the_password_is_right(desk: Desk) -> None:
    desk.member()

    ask(desk, "POST", "/account/export", {"email": ADA, "password": "wrong"})

    assert desk.elsewhere.tokens == []


def test_an_owner_deletes_their_account_and_hears_until_when_it_comes_back(desk: Desk) -> None:
    desk.member()

    answer = ask(desk, "POST", "/account/delete", {"email": ADA, "password": PASSWORD})

    assert answer["statusCode"] == 200
    assert "2026-11-15" in answer["body"]


@pytest.mark.parametrize("path", FORMS)
def test_nothing_goes_on_when_attempts_cannot_be_counted(desk: Desk, path: str) -> None:
    class Uncountable:
        def take(self, *_: object) -> None:
            raise UnavailableError("That could not be counted. Try again.")

        def give_back(self, *_: object) -> None:
            raise AssertionError("nothing was taken")

    ada = desk.member()
    broken = Desk(desk.now)
    broken.members.accounts = desk.members.accounts
    for part in (broken.check, broken.sign_up.codes):
        object.__setattr__(part, "limits", Uncountable())
    fields = {
        "email": ADA,
        "password": PASSWORD,
        "new_password": CHOSEN,
        "new_email": "e@x.example",
    }

    answer = ask(broken, "POST", path, {**fields, "challenge": "c", "code": "2222-2222"})

    assert answer["statusCode"] == 503
    assert broken.work.done["verify"] == broken.work.done["answer"] == 0
    assert desk.current(ada) == ada


def test_the_desk_answers_every_route_that_the_stack_has(desk: Desk) -> None:
    shown = {
        route.split(" ")[1]
        for route in (*ACCOUNT_ROUTES, *EXPORT_ROUTES)
        if route.startswith("GET")
    }
    taken = {
        route.split(" ")[1]
        for route in (*ACCOUNT_ROUTES, *EXPORT_ROUTES)
        if route.startswith("POST")
    }
    for path in shown:
        assert ask(desk, "GET", path)["statusCode"] == 200
    for path in taken:
        assert ask(desk, "POST", path)["statusCode"] in (200, 401, 422)
    assert taken == set(FORMS)
