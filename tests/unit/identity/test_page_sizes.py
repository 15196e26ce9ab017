"""Every page of the issuer's opens at once, on a bad network and a television, too."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from identity import pages
from identity.accounts import pages as accounts
from identity.confirmation.domain import PASSKEY_NEEDED
from identity.confirmation.pages import confirm_page
from identity.confirmation.routes import FORMS
from identity.consent.domain import ConsentNeededError
from identity.consent.pages import consent_page
from identity.mfa import pages as mfa
from identity.oauth.device_grants import DeviceGrant
from identity.oauth.device_pages import approval_page, code_page
from identity.oauth.qr import qr_svg
from tests.unit.identity.passkeys_server import PasskeyDesk
from tests.unit.identity.test_passkey_pages import PROVEN, ask
from tests.unit.identity.test_sign_in import PARTNER

MOST_BYTES = 12_000
"""What a server sends before the first acknowledgement is ten segments, 14 600 bytes (RFC 6928,
section 2); headers take up to two thousand of them. What does not fit waits for another way there
and back, and our pages do not come compressed."""

ASKED = {
    "response_type": "code",
    "client_id": "film-club",
    "redirect_uri": "https://club.example/callback",
    "scope": "openid email member",
    "state": "s" * 64,
    "nonce": "n" * 64,
    "code_challenge": "c" * 43,
    "code_challenge_method": "S256",
}
APP = "otpauth://totp/Marquee:ada.lovelace@example.com?secret=" + "A" * 32 + "&issuer=Marquee"


def every_page(now: datetime) -> Iterator[tuple[str, str]]:
    """Names and HTML, each as full as people meet it."""
    yield "sign in", pages.sign_in_page(ASKED, email="ada@example.com", problem="Wrong." * 20)
    yield "account", accounts.account("https://marquee.example").html({})
    for module in (accounts, mfa):
        for name, form in vars(module).items():
            if isinstance(form, accounts.FormPage):
                yield name, form.html(ASKED, {"challenge": "c" * 43, "step": "s" * 43})
    yield "set up", mfa.set_up_page(qr_svg(APP), "A" * 32, {"step": "s" * 43})
    desk = PasskeyDesk(now)
    desk.member()
    desk.added()
    yield "passkeys", ask(desk, "POST /account/passkeys", PROVEN)["body"]
    for change, form in FORMS.items():
        proven = form.confirmed("ada@example.com")
        yield f"confirm {change}", confirm_page(form, PASSKEY_NEEDED)
        yield f"confirmed {change}", proven.html({}, {"confirmation": "c" * 43})
    yield "recovery codes", mfa.recovery_page(["AAAA-BBBB-CCCC-DDDD"] * 10, "https://x.example")
    yield "staff", mfa.staff_page(ASKED)
    needed = ConsentNeededError("t" * 43, "ada@example.com", PARTNER, ASKED["scope"])
    yield "consent", consent_page(ASKED, needed)
    yield "code", code_page("WDJB-MJHT", problem="Wrong." * 20)
    yield "approval", approval_page(waiting(now), "TV", "t" * 43, now, is_near=True)


def waiting(now: datetime) -> DeviceGrant:
    until = now + timedelta(minutes=10)
    return DeviceGrant("d", "WDJBMJHT", "tv", "member", "n" * 64, "192.0.2.1", now, until)


def test_a_page_with_its_style_and_scripts_arrives_in_one_round_trip(now: datetime) -> None:
    sizes = {name: len(html.encode()) for name, html in every_page(now)}
    scripted = [name for name in sizes if name.startswith("confirm ")]
    for name in ("sign in", "passkeys", *scripted):
        sizes[name] += len(pages.PASSKEY_SCRIPT.encode())

    assert {name: size for name, size in sizes.items() if size > MOST_BYTES} == {}
    assert len(sizes) > 20
