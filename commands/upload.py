"""Sends a film in parts straight to the storage, each with its own digest and its own retries."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from commands.service_api import Api, CommandError

PARTS_AT_ONCE = 3
"""Together with the fixed part size this bounds memory: three parts of 16 MiB."""

ATTEMPTS = 5
"""With doubling pauses this outlasts half a minute without a network."""

FIRST_PAUSE_SECONDS = 1.0

DEFAULT_SCHEME = "cbcs"
"""The one that every DRM system decrypts."""

Progress = Callable[[int, int], None]
"""Called with bytes sent and bytes in all."""


@dataclass(frozen=True)
class CaptionFile:
    """A WebVTT or SubRip file that goes with the film."""

    language: str
    """BCP 47, such as `en` or `pt-BR`."""
    path: Path

    @classmethod
    def named(cls, given: str) -> CaptionFile:
        """From `en=film.en.vtt`; CommandError."""
        language, equals, path = given.partition("=")
        if not equals or not language or not path:
            raise CommandError(f"{given}: name captions by language, such as en=film.en.vtt")
        return cls(language, Path(path))

    def text(self) -> str:
        """The file's text; CommandError."""
        try:
            return self.path.read_text(encoding="utf-8-sig")
        except OSError as error:
            raise CommandError(f"{self.path}: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise CommandError(f"{self.path}: is not UTF-8; save it as UTF-8") from error


@dataclass(frozen=True)
class Episode:
    """Which episode of which series a film is."""

    series: str
    season: int
    episode: int

    @classmethod
    def named(cls, series: str | None, season: int | None, episode: int | None) -> Episode | None:
        """From what was given of the three; None for a film; CommandError when one is missing."""
        if series is None and season is None and episode is None:
            return None
        if series is None or season is None or episode is None:
            raise CommandError('an episode needs all three: SERIES="The series" SEASON=1 EPISODE=2')
        return cls(series, season, episode)

    def __str__(self) -> str:
        return f"{self.series} S{self.season} E{self.episode}"


@dataclass(frozen=True)
class Upload:
    """An upload that the service waits for."""

    asset_id: str
    part_size_bytes: int
    part_count: int


class Uploader:
    """Uploads one file."""

    def __init__(
        self, api: Api, http: httpx.Client, pause: Callable[[float], None] = time.sleep
    ) -> None:
        self._api = api
        self._http = http
        self._pause = pause

    def send(
        self,
        path: Path,
        title: str,
        progress: Progress,
        *,
        captions: Sequence[CaptionFile] = (),
        scheme: str = DEFAULT_SCHEME,
        episode: Episode | None = None,
        rating: int | None = None,
    ) -> str:
        """Upload a file as a film, its captions first; the asset's id. CommandError."""
        texts = [(one.language, one.text()) for one in captions]
        try:
            size = path.stat().st_size
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror}") from error
        place = {} if episode is None else {"episode_of": dataclasses.asdict(episode)}
        age = {} if rating is None else {"maturity": rating}
        film = {"name": title, "file_name": path.name, "size_bytes": size, "scheme": scheme}
        answer = self._api.post("/v1/uploads", {**film, **place, **age})
        upload = Upload(answer["asset_id"], answer["part_size_bytes"], answer["part_count"])
        for language, text in texts:
            address = f"/v1/uploads/{upload.asset_id}/captions/{quote(language, safe='')}"
            self._api.put(address, {"label": language, "text": text})
        parts = self._send_parts(path, upload, size, progress)
        self._api.post(f"/v1/uploads/{upload.asset_id}/complete", {"parts": parts})
        return upload.asset_id

    def _send_parts(
        self, path: Path, upload: Upload, size: int, progress: Progress
    ) -> list[dict[str, Any]]:
        sent = 0
        parts = []
        pool = ThreadPoolExecutor(PARTS_AT_ONCE)
        try:
            send = partial(self._send_part, path, upload)
            for part in pool.map(send, range(1, upload.part_count + 1)):
                parts.append(part)
                sent = min(size, sent + upload.part_size_bytes)
                progress(sent, size)
        finally:
            pool.shutdown(cancel_futures=True)
        return parts

    def _send_part(self, path: Path, upload: Upload, number: int) -> dict[str, Any]:
        content = _read_part(path, upload, number)
        sha256 = base64.b64encode(hashlib.sha256(content).digest()).decode("ascii")
        reason = ""
        for attempt in range(ATTEMPTS):
            if attempt:
                self._pause(FIRST_PAUSE_SECONDS * 2 ** (attempt - 1))
            # Signed anew each time: a signature may be what was refused.
            signed = self._sign(upload, number, sha256)
            try:
                answer = self._http.put(signed["url"], headers=signed["headers"], content=content)
            except httpx.HTTPError as error:
                reason = str(error) or type(error).__name__
                continue
            if answer.is_success:
                return {"part_number": number, "etag": answer.headers["etag"], "sha256": sha256}
            reason = f"the storage answered {answer.status_code}"
        raise CommandError(
            f"part {number} of {upload.part_count} could not be sent: {reason.splitlines()[0]}"
        )

    def _sign(self, upload: Upload, number: int, sha256: str) -> dict[str, Any]:
        answer = self._api.post(
            f"/v1/uploads/{upload.asset_id}/parts",
            {"parts": [{"part_number": number, "sha256": sha256}]},
        )
        return dict(answer["parts"][0])


def _read_part(path: Path, upload: Upload, number: int) -> bytes:
    try:
        with path.open("rb") as file:
            file.seek((number - 1) * upload.part_size_bytes)
            return file.read(upload.part_size_bytes)
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}") from error
