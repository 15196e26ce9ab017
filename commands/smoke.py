"""The viewer's path against a running service, one line per step.

    python -m commands.smoke --environment dev      the environment's public origin, from cdk.json
    python -m commands.smoke                        the service that DATA_DIR/ready.json names

Signs in as MARQUEE_EMAIL with MARQUEE_PASSWORD and, for staff, MARQUEE_TOTP_SECRET (or as the
local demo's staff), plays the first title as a browser would, and ends the play. It changes nothing
else. Exit code 0 when every step held, 1 at the first that did not.
"""

from __future__ import annotations

import argparse
import base64
import os
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin

import httpx

from commands.mpd import Track, tracks
from commands.service_api import TIMEOUT, Api, CommandError, find_service
from commands.settings import EnvironmentSettings

DEVICE = {"family": "shaka", "drm": "clearkey", "max_height": None}
"""The only player and system whose licences this service gives by itself."""


class StepError(Exception):
    """What did not hold, in one line."""


@dataclass
class Steps:
    """Says each step's name, then how it went and how long it took."""

    say: Callable[[str], None] = print
    clock: Callable[[], float] = time.monotonic
    held: int = field(default=0, init=False)

    @contextmanager
    def step(self, name: str) -> Iterator[list[str]]:
        """Run one step; what it appends to the list is said behind its name."""
        found: list[str] = []
        began = self.clock()
        try:
            yield found
        except (CommandError, StepError, httpx.HTTPError) as error:
            self.say(f"FAIL  {name}: {error}")
            raise StepError(name) from error
        self.held += 1
        elapsed = f"{self.clock() - began:.2f} s"
        self.say(f"ok    {name}: {', '.join([*found, elapsed])}")


class Viewer:
    """A browser's part: signed-in requests, and cookies sent where their path says."""

    def __init__(self, site: str, http: httpx.Client, api: Api) -> None:
        self._site = site
        self._http = http
        self._api = api

    def start(self, title_id: str) -> tuple[dict[str, Any], str]:
        """Start a play: the answer, and the Cookie header that opens its folder."""
        answer = self._http.post(
            f"{self._site}/v1/playback/start",
            json={"title_id": title_id, "device": DEVICE},
            headers=self._authorization(),
        )
        body = expect(answer, 200).json()
        # By hand: a jar keeps Secure cookies from loopback, where browsers do not, and would send
        # them over HTTPS where the walk wants to be refused.
        cookies = [one.split(";")[0] for one in answer.headers.get_list("set-cookie")]
        self._http.cookies.clear()
        return body, "; ".join(cookies)

    def fetch(self, path: str, cookies: str) -> httpx.Response:
        """A file of the edge."""
        headers = {"cookie": cookies} if cookies else {}
        return self._http.get(urljoin(self._site, path), headers=headers)

    def licence(self, drm: dict[str, Any], kids: list[str]) -> dict[str, Any]:
        """Ask for keys as Encrypted Media Extensions do (W3C EME, 9.1.3)."""
        answer = self._http.post(
            urljoin(self._site, drm["licence_url"]),
            json={"kids": kids, "type": "temporary"},
            headers={"x-marquee-licence-token": drm["licence_token"]},
        )
        body: dict[str, Any] = expect(answer, 200).json()
        return body

    def may_tell(self, where: str) -> str | None:
        """The origin whose pages may send beacons there, as a browser asks for this site's."""
        asking = {
            "origin": self._site,
            "access-control-request-method": "POST",
            "access-control-request-headers": "authorization,content-type,traceparent",
        }
        answer = self._http.options(where, headers=asking)
        allowed: str | None = answer.headers.get("access-control-allow-origin")
        return allowed

    def tell_nothing(self, where: str, *, signed_in: bool = True) -> httpx.Response:
        """A beacon that holds none: whoever may send one is told that it is missing."""
        headers = self._authorization() if signed_in else {}
        return self._http.post(where, json={}, headers=headers)

    def end(self, session_id: str) -> None:
        """End the play."""
        url = f"{self._site}/v1/playback/sessions/{session_id}"
        expect(self._http.delete(url, headers=self._authorization()), 204)

    def _authorization(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self._api.tokens.access_token()}"}


def expect(answer: httpx.Response, status: int) -> httpx.Response:
    """The answer when it has that status; StepError with the service's own words otherwise."""
    if answer.status_code == status:
        return answer
    try:
        parsed = answer.json()
        said = parsed.get("detail") or parsed.get("message") or ""
    except (AttributeError, ValueError):
        said = ""
    raise StepError(f"answered {answer.status_code}. {said}".rstrip())


def walk(site: str, http: httpx.Client, sign_in: Callable[[], Api], steps: Steps) -> None:
    """The whole path; StepError with the name of the step that did not hold."""
    with steps.step("page") as found:
        page = expect(http.get(f"{site}/"), 200)
        if "content-security-policy" not in page.headers:
            raise StepError("comes without a content security policy")
        found.append(f"{len(page.content)} bytes")
    with steps.step("sign in"):
        api = sign_in()
    viewer = Viewer(site, http, api)
    with steps.step("titles") as found:
        listed = api.get("/v1/titles")["titles"]
        # A series is not played; its episodes are.
        titles = [title for title in listed if title["kind"] != "series"]
        if not titles:
            raise StepError("there is nothing to watch: ingest a film first")
        found.append(f"{len(titles)} in the catalogue")
    with steps.step("start") as found:
        play, cookies = viewer.start(titles[0]["title_id"])
        found.append(play["title"]["name"])
    _watch(viewer, play, cookies, steps)
    _tell(viewer, site, play["beacons_url"], steps)
    with steps.step("end"):
        viewer.end(play["session_id"])


def _watch(viewer: Viewer, play: dict[str, Any], cookies: str, steps: Steps) -> None:
    manifest_url = play["manifest_url"]
    with steps.step("edge refuses without a signature") as found:
        status = viewer.fetch(manifest_url, "").status_code
        if status != 403:
            raise StepError(f"answered {status}")
        found.append("403")
    with steps.step("manifest") as found:
        manifest = expect(viewer.fetch(manifest_url, cookies), 200)
        every = tracks(manifest.text)
        if not every:
            raise StepError("names no track")
        found.append(f"{len(every)} tracks")
    with steps.step("segments") as found:
        for track in _one_of_each_kind(every):
            for path in (track.initialization, track.first_segment):
                answer = viewer.fetch(urljoin(manifest_url, path), cookies)
                expect(answer, 200)
                if not answer.content:
                    raise StepError(f"{path} is empty")
            found.append(f"{track.kind} {len(answer.content)} bytes")
    with steps.step("licence") as found:
        kids = sorted({_kid_text(track.kid) for track in every if track.kid})
        keys = viewer.licence(play["drm"], kids)["keys"]
        if {key["kid"] for key in keys} != set(kids):
            raise StepError(f"gave {len(keys)} of {len(kids)} keys")
        found.append(f"{len(keys)} keys")


def _tell(viewer: Viewer, site: str, where: str, steps: Steps) -> None:
    """Up to a beacon that would be kept: that would be a place that nobody reached."""
    with steps.step("beacons") as found:
        allowed = viewer.may_tell(where)
        if allowed != site:
            raise StepError(f"pages of {allowed or 'no origin'} may send them")
        expect(viewer.tell_nothing(where, signed_in=False), 401)
        expect(viewer.tell_nothing(where), 400)
        found.append("taken of who is signed in")


def _one_of_each_kind(every: list[Track]) -> list[Track]:
    return list({track.kind: track for track in every}.values())


def _kid_text(kid: str) -> str:
    """A key id as ClearKey's JSON spells it: base64url of its 16 bytes, without padding."""
    return base64.urlsafe_b64encode(uuid.UUID(kid).bytes).rstrip(b"=").decode()


def main() -> int:
    """Walk the path; 1 when a step did not hold."""
    parser = argparse.ArgumentParser(description="The viewer's path against a running service.")
    parser.add_argument("--environment", help="an environment of cdk.json; else the local service")
    arguments = parser.parse_args()
    steps = Steps()
    try:
        site = None
        if arguments.environment:
            site = str(EnvironmentSettings(arguments.environment).get("public_origin"))
        service = find_service(os.environ, site)
        with httpx.Client(timeout=TIMEOUT) as http:
            walk(service.site, http, lambda: Api(service, http), steps)
    except (CommandError, LookupError) as error:
        print(error, file=sys.stderr)
        return 1
    except StepError:
        return 1
    print(f"{service.site} plays: {steps.held} steps held.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
