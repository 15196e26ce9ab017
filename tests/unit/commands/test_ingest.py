"""`make ingest` as a person meets it: progress, refusals and mistakes, one line each."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from commands.ingest import ingest, main
from commands.markers import Markers
from commands.service_api import CommandError, Service, find_service
from commands.sign_in import SignIn, SignInError, sign_in_form
from commands.upload import Episode

SERVICE = Service("http://site.test", "staff@example.test", "correct horse")
PAGE = """<form action="/search"><input name="q"></form>
<form method="post" action="authorize"><input type="hidden" name="state" value="{state}">
<input type="hidden" name="redirect_uri" value="{redirect}"><input name="email" value="">
<input type="password" name="password"><button name="go" value="1">Go</button></form>"""


class FakeService:
    """A service with one member of staff, in memory."""

    def __init__(self) -> None:
        self.parts: dict[int, bytes] = {}
        self.begun: list[dict[str, Any]] = []
        self.completed: list[dict[str, Any]] = []
        self.marked: dict[str, Any] = {}
        self.part_size = 4
        self.refuse_parts = 0
        self.refreshed = 0
        self.token_life = 600
        self.states: list[dict[str, Any]] = [
            state("processing", [("probe", "done"), ("transcode", "running")], 40),
            state("processing", [("probe", "done"), ("transcode", "running")], 80),
            state("ready", [("probe", "done"), ("transcode", "done")], 100),
        ]

    def __call__(self, request: httpx.Request) -> httpx.Response:
        route = getattr(self, f"{request.method.lower()}_{request.url.host.split('.')[0]}")
        answer: httpx.Response = route(request)
        return answer

    def get_site(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path == "/config.json":
            return httpx.Response(200, json={"issuer": "http://auth.test"})
        assert request.headers["authorization"].startswith("Bearer access-")
        if path == "/v1/titles":
            series = {"kind": "series", "title_id": "srs_1", "name": "A series"}
            film = {"kind": "film", "asset_id": "ast_1", "title_id": "ttl_1", "name": "A film"}
            titles = [series, film]
            return httpx.Response(200, json={"titles": titles})
        return httpx.Response(200, json=self.states.pop(0))

    def post_site(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        if request.url.path == "/v1/uploads":
            self.begun.append(body)
            count = -(-body["size_bytes"] // self.part_size)
            made = {"asset_id": "ast_1", "part_size_bytes": self.part_size, "part_count": count}
            return httpx.Response(201, json=made)
        if request.url.path.endswith("/parts"):
            (part,) = body["parts"]
            url = f"http://storage.test/{part['part_number']}"
            signed = {**part, "url": url, "headers": {"x-amz-checksum-sha256": part["sha256"]}}
            return httpx.Response(200, json={"parts": [signed]})
        self.completed = body["parts"]
        return httpx.Response(200, json={"asset_id": "ast_1"})

    def put_storage(self, request: httpx.Request) -> httpx.Response:
        if self.refuse_parts:
            self.refuse_parts -= 1
            return httpx.Response(503)
        digest = base64.b64encode(hashlib.sha256(request.content).digest()).decode()
        assert request.headers["x-amz-checksum-sha256"] == digest
        number = int(request.url.path.strip("/"))
        self.parts[number] = request.content
        return httpx.Response(200, headers={"etag": f'"{number}"'})

    def put_site(self, request: httpx.Request) -> httpx.Response:
        self.marked[request.url.path] = json.loads(request.content)
        return httpx.Response(200, json={})

    def get_auth(self, request: httpx.Request) -> httpx.Response:
        self.challenge = request.url.params["code_challenge"]
        page = PAGE.format(
            state=request.url.params["state"], redirect=request.url.params["redirect_uri"]
        )
        return httpx.Response(200, text=page)

    def post_auth(self, request: httpx.Request) -> httpx.Response:
        form = {name: values[0] for name, values in parse_qs(request.content.decode()).items()}
        if request.url.path == "/authorize":
            if form["password"] != SERVICE.password:
                return httpx.Response(401, text="<p>No.</p>")
            location = f"{form['redirect_uri']}?code=c&state={form['state']}"
            return httpx.Response(303, headers={"location": location})
        if form["grant_type"] == "authorization_code":
            digest = hashlib.sha256(form["code_verifier"].encode()).digest()
            assert base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == self.challenge
        else:
            self.refreshed += 1
        granted = {"access_token": f"access-{self.refreshed}", "refresh_token": "r"}
        return httpx.Response(200, json={**granted, "expires_in": self.token_life})


def state(
    status: str,
    steps: list[tuple[str, str]],
    percent: int | None = None,
    failure: dict[str, str] | None = None,
) -> dict[str, Any]:
    return {
        "status": status,
        "steps": [{"name": "upload", "status": "done"}]
        + [{"name": name, "status": done} for name, done in steps],
        "progress_percent": percent,
        "failure": failure,
    }


@pytest.fixture
def service() -> FakeService:
    return FakeService()


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "film.mp4"
    path.write_bytes(b"0123456789")
    return path


Run = Callable[..., list[str]]


@pytest.fixture
def run(service: FakeService, film: Path) -> Run:
    def go(who: Service = SERVICE, path: Path = film, title: str = "A film") -> list[str]:
        said: list[str] = []
        with httpx.Client(transport=httpx.MockTransport(service)) as http:
            ingest(path, title, who, http, said.append, pause=lambda _seconds: None)
        return said

    return go


def test_a_film_is_sent_in_parts_and_followed_until_it_can_be_watched(
    run: Run, service: FakeService
) -> None:
    said = run()

    assert service.parts == {1: b"0123", 2: b"4567", 3: b"89"}
    assert [part["part_number"] for part in service.completed] == [1, 2, 3]
    assert re.fullmatch(r"reference  [0-9a-f]{32}", said.pop(3))
    assert said == [
        "upload     40 %",
        "upload     80 %",
        "upload     100 %",
        "probe      done",
        "transcode  40 %",
        "transcode  80 %",
        "transcode  done",
        "published  A film (ttl_1): watch it at http://site.test",
    ]


@pytest.mark.parametrize("episode", [None, Episode("The Tide", 1, 2)])
def test_an_episode_says_its_place_and_a_film_none(
    service: FakeService, film: Path, episode: Episode | None
) -> None:
    with httpx.Client(transport=httpx.MockTransport(service)) as http:
        ingest(film, "A film", SERVICE, http, print, pause=lambda _seconds: None, episode=episode)

    (begun,) = service.begun
    expected = None if episode is None else {"series": "The Tide", "season": 1, "episode": 2}
    assert begun.get("episode_of") == expected


@pytest.mark.parametrize("rating", [None, 0, 12])
def test_a_film_says_its_rating_if_it_has_one(
    service: FakeService, film: Path, rating: int | None
) -> None:
    with httpx.Client(transport=httpx.MockTransport(service)) as http:
        ingest(film, "A film", SERVICE, http, print, pause=lambda _seconds: None, rating=rating)

    (begun,) = service.begun
    assert begun.get("maturity") == rating


@pytest.mark.parametrize(
    ("intro", "credits_at", "marked"),
    [
        ("0:30-1:15.5", "1:32:05", {"intro": (30, 75.5), "credits_at_seconds": 5525}),
        ("4-20", None, {"intro": (4, 20), "credits_at_seconds": None}),
        (None, "75", {"intro": None, "credits_at_seconds": 75}),
        (None, None, None),
    ],
)
def test_a_film_is_marked_once_it_is_published(
    service: FakeService,
    film: Path,
    intro: str | None,
    credits_at: str | None,
    marked: dict[str, Any] | None,
) -> None:
    markers = Markers.named(intro, credits_at)
    with httpx.Client(transport=httpx.MockTransport(service)) as http:
        ingest(film, "A film", SERVICE, http, print, pause=lambda _seconds: None, markers=markers)

    if marked is not None and marked["intro"] is not None:
        starts_at, ends_at = marked["intro"]
        marked = {
            **marked,
            "intro": {"starts_at_seconds": starts_at, "ends_at_seconds": ends_at},
        }
    assert service.marked == ({} if marked is None else {"/v1/titles/ttl_1/markers": marked})


def test_a_part_that_the_storage_refuses_is_sent_again(run: Run, service: FakeService) -> None:
    service.refuse_parts = 3

    run()

    assert len(service.parts) == 3


def test_a_storage_that_never_answers_ends_in_one_line(run: Run, service: FakeService) -> None:
    service.refuse_parts = 1000

    with pytest.raises(CommandError, match=r"part 1 of 3 could not be sent: .* answered 503"):
        run()


def test_a_refused_film_ends_with_its_reason_and_what_to_do(run: Run, service: FakeService) -> None:
    failure = {"code": "not_a_film", "message": "Not a film.", "what_to_do": "Upload another."}
    service.states = [state("refused", [("probe", "failed")], failure=failure)]

    with pytest.raises(CommandError, match=r"^refused: Not a film\. Upload another\.$"):
        run()


def test_a_token_is_renewed_before_it_ends(run: Run, service: FakeService) -> None:
    service.token_life = 30

    run()

    assert service.refreshed > 0


def test_a_wrong_password_says_so(run: Run) -> None:
    with pytest.raises(CommandError, match=r"wrong e-mail or password for staff@example\.test"):
        run(Service(SERVICE.site, SERVICE.email, "wrong"))


def test_an_answer_to_another_request_is_not_believed() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(200, text=PAGE.format(state="s", redirect="r"))
        location = "http://127.0.0.1:1/callback?code=c&state=another"
        return httpx.Response(303, headers={"location": location})

    with (
        httpx.Client(transport=httpx.MockTransport(answer)) as http,
        pytest.raises(SignInError, match="somebody else's"),
    ):
        SignIn("http://auth.test", http).with_password("e", "p")


def test_the_form_is_the_one_that_asks_for_a_password() -> None:
    form = sign_in_form(PAGE.format(state="s&amp;t", redirect="r"))

    assert form is not None
    assert form.action == "authorize"
    assert form.fields == {"state": "s&t", "redirect_uri": "r", "email": "", "password": ""}


def no_service(_request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("refused")


def test_a_service_that_is_not_running_is_one_line(film: Path) -> None:
    with (
        httpx.Client(transport=httpx.MockTransport(no_service)) as http,
        pytest.raises(CommandError, match=r"no service answers at http://site\.test"),
    ):
        ingest(film, "A film", SERVICE, http, print)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["/nowhere/film.mp4", "A film"], "/nowhere/film.mp4 does not exist"),
        (["/", "A film"], "/ is not a file"),
        ([__file__, " "], "name the film"),
        ([__file__, "A film", "--series", "The Tide"], "an episode needs all three"),
        ([__file__, "A film", "--season=1", "--episode=2"], "an episode needs all three"),
        ([__file__, "A film", "--intro", "0:30"], "from and to, such as 0:30-1:15"),
        ([__file__, "A film", "--intro", "0:30-later"], "write a moment as 1:15, or in seconds"),
        ([__file__, "A film", "--credits", "1:75"], "write a moment as 1:15, or in seconds"),
    ],
)
def test_a_mistake_ends_in_one_line_and_no_traceback(
    capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    assert main(arguments) == 1

    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert said in error
    assert error.count("\n") == 1


def test_the_service_is_found_where_make_run_left_it(tmp_path: Path) -> None:
    staff = {"email": "s@example.test", "password": "p", "totp_secret": "S"}
    ready = {"web": "http://localhost:9999", "accounts": {"staff": staff}}
    (tmp_path / "ready.json").write_text(json.dumps(ready))

    assert find_service({"DATA_DIR": str(tmp_path)}) == Service(
        "http://localhost:9999", "s@example.test", "p", "S"
    )
    assert find_service({"DATA_DIR": str(tmp_path)}, "https://x.test/").site == "https://x.test"
    overridden = {"DATA_DIR": str(tmp_path), "MARQUEE_EMAIL": "me", "MARQUEE_PASSWORD": "mine"}
    assert find_service(overridden) == Service("http://localhost:9999", "me", "mine")
    with_app = {**overridden, "MARQUEE_TOTP_SECRET": "my own"}
    assert find_service(with_app).totp_secret == "my own"
    with pytest.raises(CommandError):
        find_service({"DATA_DIR": str(tmp_path), "MARQUEE_EMAIL": "me"})


def test_nobody_to_sign_in_as_says_what_to_set(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="MARQUEE_EMAIL"):
        find_service({"DATA_DIR": str(tmp_path)})
