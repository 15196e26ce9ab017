from __future__ import annotations

import base64
import copy
import io
import subprocess
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from botocore.exceptions import ClientError

from localcloud.mediaconvert import MediaConvert
from localcloud.mediaconvert.tools import FFMPEG
from localcloud.wire import HttpRequest, HttpResponse

WIDEVINE = "edef8ba9-79d6-4ace-a3c8-27dcd51d21ed"
PLAYREADY = "9a04f079-9840-4286-ab92-e65be0885f95"
FAIRPLAY = "94ce86fb-07ff-4f43-adb8-93d2fa968ca2"
ROLE = "arn:aws:iam::123456789012:role/transcode"
SOURCE = "s3://mezzanine/uploads/ast_1/source"
CPIX = "{urn:dashif:org:cpix}"
PSKC = "{urn:ietf:params:xml:ns:keyprov:pskc}"
DEADLINE_SECONDS = 60


class FakeS3:
    """Objects in memory, with buckets that may be denied."""

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str], bytes] = {}
        self.types: dict[tuple[str, str], str] = {}
        self.order: list[str] = []
        self.denied: set[str] = set()
        self.reading = threading.Event()

    def _check(self, bucket: str, key: str, *, needs_object: bool) -> None:
        if bucket in self.denied:
            raise ClientError({"Error": {"Code": "403"}}, "HeadObject")
        if needs_object and (bucket, key) not in self.objects:
            raise ClientError({"Error": {"Code": "404"}}, "HeadObject")

    def head_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803 (boto3's)
        self._check(Bucket, Key, needs_object=True)
        return {
            "ETag": '"etag-1"',
            "ContentLength": len(self.objects[Bucket, Key]),
            "LastModified": datetime(2026, 11, 22, tzinfo=UTC),
            "ContentType": "video/mp4",
        }

    def download_fileobj(self, bucket: str, key: str, target: io.BufferedWriter) -> None:
        self.reading.set()
        self._check(bucket, key, needs_object=True)
        target.write(self.objects[bucket, key])

    def upload_file(self, name: str, bucket: str, key: str, ExtraArgs: dict[str, str]) -> None:  # noqa: N803 (boto3's)
        self._check(bucket, key, needs_object=False)
        self.objects[bucket, key] = Path(name).read_bytes()
        self.types[bucket, key] = ExtraArgs["ContentType"]
        self.order.append(key)

    def under(self, bucket: str, prefix: str) -> dict[str, bytes]:
        return {
            key.removeprefix(prefix): body
            for (found, key), body in self.objects.items()
            if found == bucket and key.startswith(prefix)
        }


def pssh_box(system: str, kid: uuid.UUID) -> bytes:
    body = b"\0\0\0\0" + uuid.UUID(system).bytes + (16).to_bytes(4, "big") + kid.bytes
    return (len(body) + 8).to_bytes(4, "big") + b"pssh" + body


class FakeKeyServer:
    """Fills in a CPIX request the way a SPEKE v2.0 key server does."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str, Sequence[tuple[str, str]], bytes]] = []
        self.keys: dict[str, bytes] = {}
        self.status = 200
        self.headers: tuple[tuple[str, str], ...] = (
            ("X-Speke-Version", "2.0"),
            ("X-Speke-User-Agent", "fake"),
        )
        self.spoil: Callable[[ET.Element], None] = lambda _: None

    def __call__(
        self, url: str, role_arn: str, headers: Sequence[tuple[str, str]], body: bytes
    ) -> HttpResponse:
        self.requests.append((url, role_arn, headers, body))
        root = ET.fromstring(body)
        for key in root.iter(f"{CPIX}ContentKey"):
            kid = key.attrib["kid"]
            self.keys[kid] = uuid.uuid5(uuid.NAMESPACE_URL, kid).bytes
            secret = ET.SubElement(ET.SubElement(key, f"{CPIX}Data"), f"{PSKC}Secret")
            ET.SubElement(secret, f"{PSKC}PlainValue").text = encoded(self.keys[kid])
        for system in root.iter(f"{CPIX}DRMSystem"):
            name = system.attrib["systemId"]
            owner = uuid.UUID(system.attrib["kid"])
            box = pssh_box(name, owner)
            for element in system:
                if element.tag == f"{CPIX}PSSH":
                    element.text = encoded(box)
                elif element.tag == f"{CPIX}ContentProtectionData":
                    inside = f'<pssh xmlns="urn:mpeg:cenc:2013">{encoded(box)}</pssh>'
                    element.text = encoded(inside.encode())
                else:
                    tag = "KEY" if element.get("playlist") == "media" else "SESSION-KEY"
                    line = f'#EXT-X-{tag}:METHOD=SAMPLE-AES,URI="skd://{owner}",KEYFORMAT="{name}"'
                    element.text = encoded(line.encode())
        self.spoil(root)
        return HttpResponse(self.status, self.headers, ET.tostring(root))


def encoded(value: bytes) -> str:
    return base64.b64encode(value).decode()


class FakeCaller:
    def __init__(self, s3: FakeS3) -> None:
        self._s3 = s3

    def s3_client(self) -> Any:
        return self._s3


class Cloud:
    """The service with everything around it faked, and short ways to ask it."""

    def __init__(self, work_dir: Path) -> None:
        self.s3 = FakeS3()
        self.key_server = FakeKeyServer()
        self.events: list[tuple[str, str, Mapping[str, Any], Sequence[str]]] = []
        self.now = 1_700_000_000.0
        self.work_dir = work_dir
        self.roles: list[str] = []
        self.role_fault: ClientError | None = None
        self._event = threading.Condition()
        self.service = MediaConvert(
            "eu-west-1",
            "123456789012",
            s3_for_role=self._s3_for_role,
            key_provider=self.key_server,
            put_event=self._put_event,
            work_dir=work_dir,
            clock=lambda: self.now,
        )

    def _s3_for_role(self, role_arn: str) -> Any:
        self.roles.append(role_arn)
        if self.role_fault is not None:
            raise self.role_fault
        return self.s3

    def _put_event(
        self, source: str, detail_type: str, detail: Mapping[str, Any], resources: Sequence[str]
    ) -> None:
        with self._event:
            self.events.append((source, detail_type, detail, resources))
            self._event.notify_all()

    def ask(self, method: str, path: str, body: bytes = b"", query: str = "") -> HttpResponse:
        request = HttpRequest(method, f"/2017-08-29/{path}", query, body=body)
        return self.service.handle(request, FakeCaller(self.s3))

    def statuses(self, job_id: str) -> list[str]:
        return [e[2]["status"] for e in self.events if e[2]["jobId"] == job_id]

    def wait_for(self, job_id: str, *statuses: str) -> dict[str, Any]:
        """Blocks until the job has told one of these states, then gives its wire form."""
        end = time.monotonic() + DEADLINE_SECONDS
        with self._event:
            while not set(statuses) & set(self.statuses(job_id)):
                left = end - time.monotonic()
                assert left > 0, self.service.get_job(job_id)
                self._event.wait(left)
        return self.service.get_job(job_id)


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Cloud]:
    made = Cloud(tmp_path / "work")
    yield made
    made.service.stop()


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Five seconds of 320 by 180 at 25 frames a second, with stereo sound, moov in front."""
    file = tmp_path_factory.mktemp("film") / "film.mp4"
    subprocess.run(
        [
            FFMPEG,
            *("-loglevel", "error"),
            *("-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25:duration=5"),
            *("-f", "lavfi", "-i", "sine=frequency=440:duration=5"),
            *("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"),
            *("-c:a", "aac", "-ac", "2", "-metadata:s:a:0", "language=eng"),
            *("-movflags", "+faststart"),
            str(file),
        ],
        check=True,
    )
    return file.read_bytes()


def video_output(modifier: str, width: int, height: int, **h264: Any) -> dict[str, Any]:
    settings = {
        "rateControlMode": "QVBR",
        "qvbrSettings": {"qvbrQualityLevel": 6},
        "maxBitrate": 400_000,
        "gopSize": 2,
        "gopSizeUnits": "SECONDS",
        "gopClosedCadence": 1,
        "sceneChangeDetect": "DISABLED",
        "qualityTuningLevel": "SINGLE_PASS",
        **h264,
    }
    return {
        "nameModifier": modifier,
        "containerSettings": {"container": "CMFC"},
        "videoDescription": {
            "width": width,
            "height": height,
            "codecSettings": {"codec": "H_264", "h264Settings": settings},
        },
    }


def audio_output(modifier: str) -> dict[str, Any]:
    return {
        "nameModifier": modifier,
        "containerSettings": {
            "container": "CMFC",
            "cmfcSettings": {"audioDuration": "MATCH_VIDEO_DURATION", "audioGroupId": "aud"},
        },
        "audioDescriptions": [
            {
                "audioSourceName": "Audio Selector 1",
                "codecSettings": {
                    "codec": "AAC",
                    "aacSettings": {
                        "bitrate": 96000,
                        "codingMode": "CODING_MODE_2_0",
                        "sampleRate": 48000,
                    },
                },
            }
        ],
    }


_ENCRYPTION = {
    "encryptionMethod": "SAMPLE_AES",
    "type": "SPEKE",
    "spekeKeyProvider": {
        "url": "https://keys.execute-api.eu-west-1.amazonaws.com/speke/v2.0/copyProtection",
        "resourceId": "ast_1",
        "dashSignaledSystemIds": [WIDEVINE, PLAYREADY],
        "hlsSignaledSystemIds": [FAIRPLAY],
        "encryptionContractConfiguration": {
            "spekeVideoPreset": "PRESET_VIDEO_4",
            "spekeAudioPreset": "PRESET_AUDIO_2",
        },
    },
}

_JOB = {
    "role": ROLE,
    "userMetadata": {"asset_id": "ast_1"},
    "settings": {
        "timecodeConfig": {"source": "ZEROBASED"},
        "inputs": [
            {
                "fileInput": SOURCE,
                "timecodeSource": "ZEROBASED",
                "audioSelectors": {"Audio Selector 1": {"defaultSelection": "DEFAULT"}},
            }
        ],
        "outputGroups": [
            {
                "name": "CMAF",
                "outputGroupSettings": {
                    "type": "CMAF_GROUP_SETTINGS",
                    "cmafGroupSettings": {
                        "destination": "s3://packaged/m/ast_1/v1/film",
                        "segmentLength": 4,
                        "segmentLengthControl": "GOP_MULTIPLE",
                        "fragmentLength": 4,
                        "segmentControl": "SEGMENTED_FILES",
                        "manifestDurationFormat": "FLOATING_POINT",
                        "codecSpecification": "RFC_6381",
                        "targetDurationCompatibilityMode": "SPEC_COMPLIANT",
                        "videoCompositionOffsets": "SIGNED",
                        "writeSegmentTimelineInRepresentation": "ENABLED",
                        "encryption": _ENCRYPTION,
                    },
                },
                "outputs": [
                    video_output("_180p", 320, 180),
                    video_output("_96p", 170, 96),
                    audio_output("_audio"),
                ],
            },
        ],
    },
}


@pytest.fixture
def job() -> dict[str, Any]:
    """A CreateJob request in wire form, free to be changed."""
    return copy.deepcopy(_JOB)


@pytest.fixture
def captures() -> dict[str, Any]:
    """An output group of pictures, one each two seconds."""
    return {
        "outputGroupSettings": {
            "type": "FILE_GROUP_SETTINGS",
            "fileGroupSettings": {"destination": "s3://packaged/work/ast_1/v1/poster"},
        },
        "outputs": [
            {
                "containerSettings": {"container": "RAW"},
                "videoDescription": {
                    "height": 90,
                    "codecSettings": {
                        "codec": "FRAME_CAPTURE",
                        "frameCaptureSettings": {
                            "framerateNumerator": 1,
                            "framerateDenominator": 2,
                            "maxCaptures": 10,
                            "quality": 80,
                        },
                    },
                },
            }
        ],
    }
