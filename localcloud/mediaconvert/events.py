"""The events of a job, in the shape of the user guide's "List of MediaConvert EventBridge events".

NEW_WARNING is never told: nothing that the emulator does ends in one of the service's warnings.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from .job import PHASES, Job, OutputResult
from .media_info import MediaInfo, Stream

SOURCE: Final = "aws.mediaconvert"
DETAIL_TYPE: Final = "MediaConvert Job State Change"

PutEvent = Callable[[str, str, Mapping[str, Any], Sequence[str]], None]
"""Puts `(source, detail type, detail, resources)` on the account's default bus."""

_log = logging.getLogger("localcloud.mediaconvert")
_VIDEO_CODECS: Final = {"h264": "H_264", "hevc": "H_265", "mpeg2video": "MPEG2", "av1": "AV1"}


class JobEvents:
    """Tells what happens to jobs."""

    def __init__(self, put_event: PutEvent, account_id: str, clock: Callable[[], float]) -> None:
        self._put_event = put_event
        self._account_id = account_id
        self._clock = clock

    def state(self, job: Job) -> None:
        """PROGRESSING, COMPLETE, CANCELED or ERROR, as the job now stands."""
        detail: dict[str, Any] = {}
        if job.error is not None:
            detail = {"errorCode": job.error[0], "errorMessage": job.error[1]}
        if job.status == "COMPLETE":
            detail = {"warnings": [], "outputGroupDetails": _group_details(job)}
        self._tell(job, job.status, detail)

    def input_information(self, job: Job, uri: str, media: MediaInfo) -> None:
        """What was found in the input."""
        details = {
            "id": 1,
            "uri": uri,
            "video": [_video(media.video)] if media.video else [],
            "audio": [_audio(stream) for stream in media.audio],
        }
        self._tell(job, "INPUT_INFORMATION", {"inputDetails": [details]})

    def status_update(self, job: Job) -> None:
        """How far the job is."""
        assert job.phase is not None
        now = PHASES.index(job.phase)
        phases = {
            phase: (
                {"status": "COMPLETE", "percentComplete": 100}
                if index < now
                else {"status": "PROGRESSING" if index == now else "PENDING"}
            )
            for index, phase in enumerate(PHASES)
        }
        progress = {
            "phaseProgress": phases,
            "jobPercentComplete": job.percent,
            "currentPhase": job.phase,
            "retryCount": 0,
        }
        self._tell(job, "STATUS_UPDATE", {"framesDecoded": job.frames, "jobProgress": progress})

    def _tell(self, job: Job, status: str, more: Mapping[str, Any]) -> None:
        detail = {
            "timestamp": int(self._clock() * 1000),
            "accountId": self._account_id,
            "queue": job.queue,
            "jobId": job.id,
            "status": status,
            "userMetadata": dict(job.user_metadata),
            **more,
        }
        try:
            self._put_event(SOURCE, DETAIL_TYPE, detail, [job.arn])
        except Exception:  # noqa: BLE001 (a bus that refuses an event must not end the queue)
            _log.exception("the event %s of job %s was lost", status, job.id)


def _group_details(job: Job) -> list[dict[str, Any]]:
    details = []
    for group in job.groups:
        shown: dict[str, Any] = {
            "outputDetails": [_output(output) for output in group.outputs],
            "type": group.type,
        }
        if group.playlists:
            shown["playlistFilePaths"] = list(group.playlists)
        details.append(shown)
    return details


def _output(output: OutputResult) -> dict[str, Any]:
    shown = output.details()
    if output.file_paths:
        shown["outputFilePaths"] = list(output.file_paths)
    return shown


def _video(stream: Stream) -> dict[str, Any]:
    rate = stream.frame_rate
    return {
        "bitDepth": int(stream.raw.get("bits_per_raw_sample", 8)),
        "codec": _VIDEO_CODECS.get(stream.codec, stream.codec.upper()),
        "fourCC": stream.raw.get("codec_tag_string", ""),
        "frameRate": round(float(rate), 3) if rate else 0,
        "height": stream.height,
        "interlaceMode": "INTERLACED" if stream.interlaced else "PROGRESSIVE",
        "sar": f"{stream.sample_aspect.numerator}:{stream.sample_aspect.denominator}",
        "standard": "UNSPECIFIED",
        "streamId": stream.index + 1,
        "width": stream.width,
    }


def _audio(stream: Stream) -> dict[str, Any]:
    return {
        "channels": stream.channels,
        "codec": stream.codec.upper(),
        "language": stream.language.upper(),
        "sampleRate": int(stream.raw.get("sample_rate", 0)),
        "streamId": stream.index + 1,
    }
