"""Players that are not ours, unmodified, play what the service answers them."""

from __future__ import annotations

import functools
import http.server
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.clear_clip import clear_clip
from tests.cloud import ROOT, Person, eventually
from tests.e2e.viewer import PATIENCE_SECONDS, Viewer
from tests.films import Ingested

MODULES = ROOT / "web" / "node_modules"
PAGE = "<!doctype html><title>Another player</title><video muted playsinline></video>"

HLS_JS = """({ licence, token, manifest }) => {
    // The segments carry other systems' boxes, which Chromium's ClearKey does not read: ask by id.
    const byKeyId = (_type, _data, { decryptdata }) => {
        const kid = btoa(String.fromCharCode(...decryptdata.keyId));
        const kids = [kid.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "")];
        return {
            initDataType: "keyids",
            initData: new TextEncoder().encode(JSON.stringify({ kids })).buffer,
        };
    };
    const hls = new Hls({
        emeEnabled: true,
        drmSystems: { "org.w3.clearkey": { licenseUrl: licence, generateRequest: byKeyId } },
        licenseXhrSetup: (request) => request.setRequestHeader("X-Marquee-Licence-Token", token),
    });
    window.complaints = [];
    hls.on(Hls.Events.ERROR, (_, { fatal, details }) => fatal && complaints.push(details));
    hls.loadSource(manifest);
    hls.attachMedia(document.querySelector("video"));
    // Not awaited: it waits for ever where a licence is refused.
    document.querySelector("video").play().catch(() => undefined);
}"""

DASH_JS = """({ licence, token, manifest }) => {
    const player = dashjs.MediaPlayer().create();
    window.complaints = [];
    player.on("error", ({ error }) => complaints.push(error.message));
    player.initialize(document.querySelector("video"), manifest, true);
    player.setProtectionData({
        "org.w3.clearkey": {
            serverURL: licence,
            httpRequestHeaders: { "X-Marquee-Licence-Token": token },
        },
    });
}"""


@pytest.fixture
def bare_page(viewer: Viewer) -> Page:
    """A page of the same origin without our app: it carries the play's cookies."""
    address = f"{viewer.cloud.web}/another-player.html"
    viewer.page.route(address, lambda route: route.fulfill(body=PAGE, content_type="text/html"))
    viewer.page.goto(address)
    return viewer.page


def plays(page: Page, seconds: float = 2.0) -> None:
    """The picture moves on, and nobody complains."""

    def moved() -> bool:
        complaints = page.evaluate("() => window.complaints ?? []")
        assert complaints == []
        return float(page.evaluate("() => document.querySelector('video').currentTime")) >= seconds

    eventually(moved, PATIENCE_SECONDS, f"{seconds} s of film")
    assert page.evaluate("() => document.querySelector('video').webkitDecodedFrameCount") > 0


SHAKA = """async ({ licence, token, manifest }) => {
    shaka.polyfill.installAll();
    const player = new shaka.Player();
    window.complaints = [];
    player.addEventListener("error", ({ detail }) => complaints.push(detail.code));
    await player.attach(document.querySelector("video"));
    player.configure({ drm: { servers: { "org.w3.clearkey": new URL(licence, location).href } } });
    player.getNetworkingEngine().registerRequestFilter((type, request) => {
        if (type !== shaka.net.NetworkingEngine.RequestType.LICENSE) return;
        request.headers["X-Marquee-Licence-Token"] = token;
    });
    await player.load(manifest);
    document.querySelector("video").play().catch(() => undefined);
}"""


@pytest.fixture(params=["cbcs by cookies", "cenc by cookies", "cbcs by a token"])
def kind(request: pytest.FixtureRequest) -> str:
    """How the film is encrypted, and what opens its files."""
    return str(request.param)


@pytest.fixture
def film(request: pytest.FixtureRequest, kind: str) -> Ingested:
    name = "ingested" if kind.startswith("cbcs") else "ingested_as_cenc"
    found: Ingested = request.getfixturevalue(name)
    return found


@pytest.fixture
def carrier(kind: str) -> str:
    return "token" if kind.endswith("token") else "cookie"


def begin(
    page: Page, member: Person, film: Ingested, family: str, script: str, carrier: str
) -> None:
    play = member.play(film.title_id, family, carrier)
    assert bool(play.cookies) == (carrier == "cookie")
    page.context.add_cookies(
        [
            {"name": name, "value": value, "url": f"{page.url.rpartition('/')[0]}{play.folder}"}
            for name, value in play.cookies.items()
        ]
    )
    drm = play.answer["drm"]
    given = {
        "licence": drm["licence_url"],
        "token": drm["licence_token"],
        "manifest": play.answer["manifest_url"],
    }
    page.evaluate(script, given)


def test_hls_js_plays_on_hls(bare_page: Page, member: Person, film: Ingested, carrier: str) -> None:
    bare_page.add_script_tag(path=MODULES / "hls.js" / "dist" / "hls.min.js")

    begin(bare_page, member, film, "hls.js", HLS_JS, carrier)

    plays(bare_page)


def test_dash_js_plays_on_dash(
    bare_page: Page, member: Person, film: Ingested, carrier: str
) -> None:
    bare_page.add_script_tag(
        path=MODULES / "dashjs" / "dist" / "modern" / "umd" / "dash.all.min.js"
    )

    begin(bare_page, member, film, "dash.js", DASH_JS, carrier)

    plays(bare_page)


def test_shaka_by_itself_plays_on_dash(
    bare_page: Page, member: Person, film: Ingested, carrier: str
) -> None:
    bare_page.add_script_tag(path=MODULES / "shaka-player" / "dist" / "shaka-player.compiled.js")

    begin(bare_page, member, film, "shaka", SHAKA, carrier)

    plays(bare_page)


def test_our_player_plays_a_film_in_cenc(viewer: Viewer, ingested_as_cenc: Ingested) -> None:
    viewer.sign_in()

    player = viewer.play(ingested_as_cenc.title_id).start()

    player.runs_on(1.0)
    assert player.facts()["encrypted"]


@pytest.fixture(scope="module")
def clear_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A plain server of a clip in the clear, with a page that has a video element."""
    folder: Path = clear_clip(tmp_path_factory.mktemp("clear"))
    (folder / "index.html").write_text(PAGE)
    serve: Callable[..., Any] = functools.partial(QuietFiles, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), serve) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class QuietFiles(http.server.SimpleHTTPRequestHandler):
    """Static files, with the types of HLS."""

    extensions_map = {  # noqa: RUF012 (the base class's name for it)
        **http.server.SimpleHTTPRequestHandler.extensions_map,
        ".m3u8": "application/vnd.apple.mpegurl",
        ".cmfv": "video/mp4",
        ".cmfa": "audio/mp4",
    }

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 (the base's)
        """Nothing: tests read standard error."""


def test_chromium_by_itself_plays_hls_in_the_clear(viewer: Viewer, clear_address: str) -> None:
    viewer.page.goto(f"{clear_address}/index.html")

    viewer.page.evaluate(
        """() => {
            const video = document.querySelector("video");
            video.src = "main.m3u8";
            video.play().catch(() => undefined);
        }"""
    )

    plays(viewer.page)
