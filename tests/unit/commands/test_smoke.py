"""The viewer's path as a command walks it: what it needs of a service, and where it stops."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest

from commands.mpd import tracks
from commands.service_api import Api
from commands.smoke import StepError, Steps, walk

KID = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
KID_TEXT = "Dx4tPEtaaXiHlqW0w9Lh8A"
MPD = f"""<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" xmlns:cenc="urn:mpeg:cenc:2013"><Period>
<AdaptationSet contentType="video">
  <SegmentTemplate initialization="v$RepresentationID$init.cmfv" startNumber="1"
    media="v$RepresentationID$_$Number%09d$.cmfv"/>
  <ContentProtection schemeIdUri="urn:mpeg:dash:mp4protection:2011" cenc:default_KID="{KID}"/>
  <Representation id="540"/><Representation id="720"/>
</AdaptationSet>
<AdaptationSet mimeType="audio/mp4">
  <Representation id="a"><SegmentTemplate initialization="ainit.cmfa" media="a_$Number$.cmfa"
    startNumber="7"/></Representation>
</AdaptationSet></Period></MPD>"""

Answers = dict[str, httpx.Response]


def test_a_manifests_first_files_are_found_wherever_its_templates_stand() -> None:
    video, _, audio = tracks(MPD)

    assert (video.kind, video.initialization, video.first_segment, video.kid) == (
        "video",
        "v540init.cmfv",
        "v540_000000001.cmfv",
        KID,
    )
    assert (audio.kind, audio.first_segment, audio.kid) == ("audio", "a_7.cmfa", None)


def test_what_is_no_manifest_names_no_track() -> None:
    assert tracks("<html>") == []
    assert tracks("<MPD xmlns='urn:mpeg:dash:schema:mpd:2011'/>") == []


def good_answers() -> Answers:
    play = {
        "session_id": "ses_1",
        "manifest_url": "/m/ast_1/v1/film.mpd",
        "title": {"name": "A Film"},
        "drm": {"licence_url": "/licence", "licence_token": "t"},
        "beacons_url": "https://beacons.example.com/v1/beacons",
    }
    cookies = [("set-cookie", "CloudFront-Policy=p; Path=/m/ast_1/; Secure")]
    return {
        "GET /": httpx.Response(200, text="page", headers={"content-security-policy": "x"}),
        "POST /v1/playback/start": httpx.Response(200, json=play, headers=cookies),
        "GET /m/ast_1/v1/film.mpd": httpx.Response(200, text=MPD),
        "POST /licence": httpx.Response(200, json={"keys": [{"kid": KID_TEXT, "k": "k"}]}),
        "OPTIONS /v1/beacons": httpx.Response(
            204, headers={"access-control-allow-origin": "https://watch.example.com"}
        ),
        "POST /v1/beacons": httpx.Response(400),
        "DELETE /v1/playback/sessions/ses_1": httpx.Response(204),
    }


SHELF = ({"title_id": "srs_1", "kind": "series"}, {"title_id": "ttl_1", "kind": "episode"})


def run(
    answers: Answers, *, signed: bool = True, guarded: bool = True, titles: Any = SHELF
) -> list[str]:
    """What the walk said; files of the edge need the cookie, and beacons a token, unless told
    otherwise."""

    def answer(request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path.startswith("/m/"):
            if signed and request.headers.get("cookie") != "CloudFront-Policy=p":
                return httpx.Response(403)
            return answers.get(f"GET {path}", httpx.Response(200, content=b"bytes"))
        asks_for_token = guarded and f"{request.method} {path}" == "POST /v1/beacons"
        if asks_for_token and "authorization" not in request.headers:
            return httpx.Response(401)
        if path == "/v1/playback/start":
            assert json.loads(request.content)["title_id"] == "ttl_1"
        return answers[f"{request.method} {path}"]

    api = SimpleNamespace(
        tokens=SimpleNamespace(access_token=lambda: "token"),
        get=lambda _path: {"titles": list(titles)},
    )
    said: list[str] = []
    steps = Steps(say=said.append, clock=lambda: 0.0)
    with httpx.Client(transport=httpx.MockTransport(answer)) as http:
        try:
            walk("https://watch.example.com", http, lambda: cast(Api, api), steps)
        except StepError as stopped:
            said.append(f"stopped at {stopped}")
    return said


def test_a_service_that_plays_holds_every_step() -> None:
    said = run(good_answers())

    assert [line.split(":")[0] for line in said] == [
        f"ok    {step}"
        for step in (
            "page",
            "sign in",
            "titles",
            "start",
            "edge refuses without a signature",
            "manifest",
            "segments",
            "licence",
            "beacons",
            "end",
        )
    ]


def changed(route: str, answer: httpx.Response) -> Answers:
    return {**good_answers(), route: answer}


@pytest.mark.parametrize(
    ("broken", "step", "why"),
    [
        (lambda: run(changed("GET /", httpx.Response(200))), "page", "content security policy"),
        (lambda: run(good_answers(), titles=()), "titles", "nothing to watch"),
        (
            lambda: run(
                changed(
                    "POST /v1/playback/start",
                    httpx.Response(403, json={"detail": "No licence for your device."}),
                )
            ),
            "start",
            "answered 403. No licence for your device.",
        ),
        (lambda: run(good_answers(), guarded=False), "beacons", "answered 400"),
        (
            lambda: run(changed("OPTIONS /v1/beacons", httpx.Response(204))),
            "beacons",
            "pages of no origin may send them",
        ),
        (lambda: run(good_answers(), signed=False), "edge refuses without a signature", "200"),
        (
            lambda: run(changed("GET /m/ast_1/v1/film.mpd", httpx.Response(200, text="<html>"))),
            "manifest",
            "names no track",
        ),
        (
            lambda: run(changed("GET /m/ast_1/v1/a_7.cmfa", httpx.Response(404))),
            "segments",
            "answered 404",
        ),
        (
            lambda: run(changed("POST /licence", httpx.Response(200, json={"keys": []}))),
            "licence",
            "gave 0 of 1 keys",
        ),
    ],
)
def test_the_walk_stops_at_the_step_that_did_not_hold(
    broken: Callable[[], list[str]], step: str, why: str
) -> None:
    said = broken()

    assert said[-1] == f"stopped at {step}"
    assert said[-2].startswith(f"FAIL  {step}: ")
    assert why in said[-2]


def test_a_problems_own_words_are_what_is_said() -> None:
    body = json.dumps({"message": "Forbidden"})
    said = run(changed("POST /v1/playback/start", httpx.Response(403, text=body)))

    assert said[-2] == "FAIL  start: answered 403. Forbidden"
