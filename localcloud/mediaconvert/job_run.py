"""Does the work of one job: read, probe, get keys, encode, package, write.

Raises JobFailedError or JobCancelledError; whoever calls it keeps the job's state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from . import media_info, webvtt
from .captions import write_captions
from .cpix import ContentKey
from .encode import encode_command
from .errors import (
    CAPTIONS_UNREADABLE,
    INPUT_UNREADABLE,
    SETTINGS_UNSUPPORTED,
    SOURCE_READ,
    UNKNOWN,
    JobFailedError,
)
from .finishing import finish_group
from .job import GroupResult, OutputResult, Phase
from .media_info import MediaInfo
from .packaging import package_command
from .picture import Geometry
from .plan import CmafGroup, FileGroup, FrameCapture, JobPlan, S3Location
from .preparation import Preparation, PreparedGroup, Preparer, file_name
from .processes import Processes
from .speke import KeyProvider, fetch_keys
from .storage import RoleStorage
from .trick_play import write_thumbnails
from .webvtt import Captions, NotWebVttError

MISSING_SECONDS: Final = 1.0
"""An encode this much shorter than the source says the source's end is not there."""
ENCODED: Final = "encoded"
"""Where, in the job's folder, ffmpeg writes."""
_ENCODER_REFUSED: Final = "Error while opening encoder"


@dataclass(frozen=True)
class Reports:
    """Whom to tell how it goes."""

    phase: Callable[[Phase], None]
    media: Callable[[MediaInfo], None]
    progress: Callable[[float, int | None], None]
    """Share of the current phase (0 to 1), and frames so far."""


class JobRun:
    """One job at work, in a folder of its own."""

    def __init__(
        self, plan: JobPlan, role_arn: str, storage: RoleStorage, provider: KeyProvider
    ) -> None:
        self._plan = plan
        self._role_arn = role_arn
        self._storage = storage
        self._provider = provider

    def run(self, folder: Path, processes: Processes, reports: Reports) -> tuple[GroupResult, ...]:
        """The results, group by group in the plan's order, once everything is written."""
        encoded = folder / ENCODED
        encoded.mkdir(parents=True)
        reports.phase("PROBING")
        source = folder / "source"
        self._storage.fetch(self._plan.source.location, source)
        media = self._probe(source, processes)
        reports.media(media)
        keys = self._fetch_keys()
        captions = self._fetch_captions(folder)
        prepared = Preparer(self._plan, media, encoded, keys).prepare(source)
        reports.phase("TRANSCODING")
        self._encode(prepared, media, processes, reports)
        durations = {
            track.file: _duration(track.file, processes)
            for group in prepared.cmaf.values()
            for track in group.tracks
        }
        _check_whole(media, [durations[file] for file in prepared.geometry])
        for index, group in prepared.cmaf.items():
            self._package(group, durations, captions, folder / str(index), processes)
        reports.phase("UPLOADING")
        files, results = self._outputs(folder, prepared, durations, processes)
        for done, (file, location) in enumerate(files):
            processes.check()
            reports.progress(done / len(files), None)
            self._storage.store(file, location)
        return results

    def _probe(self, source: Path, processes: Processes) -> MediaInfo:
        media = media_info.parse(processes.run(media_info.probe_command(source)).output)
        if media is None:
            raise JobFailedError(
                INPUT_UNREADABLE,
                f"Unable to open input file [{self._plan.source.location.url}]: "
                "[Failed probe/open: [No parser found for container]]",
            )
        return media

    def _fetch_captions(self, folder: Path) -> Mapping[str, Captions]:
        found: dict[str, Captions] = {}
        for number, (name, location) in enumerate(self._plan.source.caption_files.items()):
            file = folder / f"captions-{number}"
            self._storage.fetch(location, file)
            try:
                found[name] = webvtt.read(file.read_text(encoding="utf-8"))
            except (UnicodeDecodeError, NotWebVttError) as error:
                raise JobFailedError(
                    CAPTIONS_UNREADABLE, f"Unable to read captions [{location.url}]: {error}"
                ) from error
        return found

    def _fetch_keys(self) -> Mapping[int, tuple[ContentKey, ...]]:
        return {
            index: fetch_keys(group.encryption, self._role_arn, self._provider)
            for index, group in enumerate(self._plan.groups)
            if isinstance(group, CmafGroup) and group.encryption is not None
        }

    def _encode(
        self, prepared: Preparation, media: MediaInfo, processes: Processes, reports: Reports
    ) -> None:
        total = media.duration or media.video_duration

        def on_line(line: str) -> None:
            name, _, value = line.partition("=")
            if name == "out_time_us" and value.isdigit() and total:
                reports.progress(int(value) / 1e6 / total, None)
            elif name == "frame" and value.isdigit():
                reports.progress(0, int(value))

        for tiles in prepared.encode.tiles:
            tiles.pattern.parent.mkdir()
        ended = processes.run(encode_command(prepared.encode), on_line)
        if ended.exit_code:
            refused = _ENCODER_REFUSED in ended.complaint
            raise JobFailedError(
                SETTINGS_UNSUPPORTED if refused else UNKNOWN,
                f"Unexpected transcoding error: {ended.complaint.strip()}",
            )

    def _package(
        self,
        prepared: PreparedGroup,
        durations: Mapping[Path, float],
        captions: Mapping[str, Captions],
        folder: Path,
        processes: Processes,
    ) -> None:
        folder.mkdir()
        command = package_command(prepared.group, prepared.tracks, prepared.segment_seconds, folder)
        ended = processes.run(command)
        if ended.exit_code:
            raise JobFailedError(UNKNOWN, f"Unexpected packaging error: {ended.complaint.strip()}")
        finish_group(prepared, durations, folder)
        length = max(durations[track.file] for track in prepared.tracks)
        write_captions(prepared, captions, length, folder)
        write_thumbnails(prepared, length, folder)

    def _outputs(
        self,
        folder: Path,
        prepared: Preparation,
        durations: Mapping[Path, float],
        processes: Processes,
    ) -> tuple[list[tuple[Path, S3Location]], tuple[GroupResult, ...]]:
        results: list[GroupResult] = []
        files: list[tuple[Path, S3Location]] = []
        for index, group in enumerate(self._plan.groups):
            if isinstance(group, CmafGroup):
                written = _manifests_last(folder / str(index))
                result = _cmaf_result(prepared.cmaf[index], prepared.geometry, durations)
            else:
                written, result = _file_result(group, folder / ENCODED, processes)
            files += [(file, _location(group.destination, file.name)) for file in written]
            results.append(result)
        return files, tuple(results)


def _check_whole(media: MediaInfo, durations: Iterable[float]) -> None:
    shortest = min(durations, default=media.video_duration)
    if shortest < media.video_duration - MISSING_SECONDS:
        raise JobFailedError(
            SOURCE_READ,
            f"Unable to read from the input: it ends after {shortest:.2f} of "
            f"{media.video_duration:.2f} seconds. Unexpected end of file",
        )


def _duration(file: Path, processes: Processes) -> float:
    media = media_info.parse(processes.run(media_info.probe_command(file)).output)
    return (media.duration if media else None) or 0.0


def _manifests_last(folder: Path) -> list[Path]:
    """A manifest in the bucket means that what it names is there."""
    return sorted(folder.iterdir(), key=lambda file: (file.suffix in (".mpd", ".m3u8"), file))


def _location(destination: S3Location, name: str) -> S3Location:
    folder = destination.key.rpartition("/")
    return S3Location(destination.bucket, f"{folder[0]}{folder[1]}{name}")


def _cmaf_result(
    prepared: PreparedGroup, geometry: Mapping[Path, Geometry], durations: Mapping[Path, float]
) -> GroupResult:
    outputs = []
    for track in prepared.tracks:
        picture = geometry.get(track.file)
        duration = round(durations[track.file] * 1000)
        outputs.append(
            OutputResult(duration)
            if picture is None
            else OutputResult(duration, picture.width, picture.height)
        )
    longest = max((round(durations[track.file] * 1000) for track in prepared.tracks), default=0)
    outputs += [OutputResult(longest) for _ in prepared.group.captions]
    playlists = tuple(f"{prepared.group.destination.url}{suffix}" for suffix in (".mpd", ".m3u8"))
    return GroupResult("CMAF_GROUP", tuple(outputs), playlists)


def _file_result(
    group: FileGroup, encoded: Path, processes: Processes
) -> tuple[list[Path], GroupResult]:
    files: list[Path] = []
    outputs: list[OutputResult] = []
    for output in group.outputs:
        if isinstance(output, FrameCapture):
            found = sorted(encoded.glob(f"{group.base}{output.modifier}.*.{output.extension}"))
            duration = None
        else:
            found = [encoded / file_name(group, output)]
            duration = round(_duration(found[0], processes) * 1000)
        files += found
        # Of a series of captures the service names the last one only.
        paths = tuple(_location(group.destination, file.name).url for file in found[-1:])
        outputs.append(OutputResult(duration, file_paths=paths))
    return files, GroupResult("FILE_GROUP", tuple(outputs))
