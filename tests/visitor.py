"""A person at the issuer's pages, without a browser: signs in, and lets devices in or not."""

from __future__ import annotations

import random
from html import unescape
from re import search
from typing import Any

import httpx

from commands.sign_in import sign_in_form
from tests.cloud import RunningCloud


def another_address() -> str:
    """A loopback address of one's own: what is limited for one visitor is not for another."""
    return f"127.{random.randint(1, 254)}.{random.randint(1, 254)}.{random.randint(1, 254)}"


class Visitor:
    """One person with one browser, from an address that nobody else has."""

    def __init__(self, cloud: RunningCloud, kind: str = "member") -> None:
        self.account: dict[str, Any] = cloud.ready["accounts"][kind]
        transport = httpx.HTTPTransport(local_address=another_address())
        self.http = httpx.Client(transport=transport, base_url=cloud.issuer, timeout=30)

    def sign_in(self, address: str) -> str:
        """Fill in the page at an address; where it leads then."""
        page = self.http.get(address)
        form = sign_in_form(page.text)
        assert form is not None, page.text
        filled = {
            **form.fields,
            "email": self.account["email"],
            "password": self.account["password"],
        }
        answer = self.http.post(page.url.join(form.action), data=filled)
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    def enter(self, user_code: str) -> httpx.Response:
        """Type a code on the device page."""
        return self.http.post("/device", data={"user_code": user_code})

    def visit_of(self, answer: httpx.Response) -> dict[str, str]:
        """The cookie that a browser would send back: it takes this machine for secure, httpx
        does not."""
        assert answer.status_code == 303, answer.text
        return {"cookie": answer.headers["set-cookie"].partition(";")[0]}

    def asked_about(self, address: str) -> tuple[httpx.Response, dict[str, str]]:
        """The page that asks about the device under an address with its code, and the cookie."""
        typed = search(r"user_code=([A-Z-]+)", address)
        assert typed is not None, address
        entered = self.enter(typed[1])
        cookie = self.visit_of(entered)
        back = self.sign_in(entered.headers["location"])
        return self.http.get(back, headers=cookie), cookie

    def decide(self, address: str, decision: str = "approve") -> httpx.Response:
        """Let the device in, or `deny` it."""
        page, cookie = self.asked_about(address)
        return self.http.post(
            "/device/approve",
            data={"ticket": ticket_of(page.text), "decision": decision},
            headers=cookie,
        )


def ticket_of(page: str) -> str:
    """The hidden field that makes the form ours."""
    found = search(r'name="ticket" value="([^"]+)"', page)
    assert found is not None, page
    return unescape(found[1])
