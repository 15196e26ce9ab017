from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from localcloud.mediaconvert.media_info import parse, probe_command
from localcloud.mediaconvert.processes import Processes
from localcloud.mediaconvert.tools import FFMPEG


def _run(cloud: Any, job: dict[str, Any]) -> dict[str, Any]:
    answer = cloud.ask("POST", "jobs", json.dumps(job).encode())
    assert answer.status == 201, answer.body
    done: dict[str, Any] = cloud.wait_for(json.loads(answer.body)["job"]["id"], "COMPLETE", "ERROR")
    assert done["status"] == "COMPLETE", done
    return done


def test_a_group_without_encryption_stays_in_the_clear(
    cloud: Any, job: dict[str, Any], film: bytes
) -> None:
    cloud.s3.objects["mezzanine", "uploads/ast_1/source"] = film
    del job["settings"]["outputGroups"][0]["outputGroupSettings"]["cmafGroupSettings"]["encryption"]

    _run(cloud, job)

    files = cloud.s3.under("packaged", "m/ast_1/v1/")
    assert cloud.key_server.requests == []
    assert b"ContentProtection" not in files["film.mpd"]
    assert b"KEY" not in files["film.m3u8"] + files["film_180p.m3u8"]


def test_audio_with_the_unencrypted_preset_stays_in_the_clear_beside_encrypted_video(
    cloud: Any, job: dict[str, Any], film: bytes
) -> None:
    cloud.s3.objects["mezzanine", "uploads/ast_1/source"] = film
    cmaf = job["settings"]["outputGroups"][0]["outputGroupSettings"]["cmafGroupSettings"]
    cmaf["encryption"]["spekeKeyProvider"]["encryptionContractConfiguration"] = {
        "spekeVideoPreset": "PRESET_VIDEO_1",
        "spekeAudioPreset": "UNENCRYPTED",
    }

    _run(cloud, job)

    files = cloud.s3.under("packaged", "m/ast_1/v1/")
    assert b"#EXT-X-KEY" in files["film_180p.m3u8"]
    assert b"#EXT-X-KEY" not in files["film_audio.m3u8"]
    assert b"pssh" not in files["film_audioinit.cmfa"]


def test_a_key_that_the_server_gives_its_own_iv_is_used_with_that_iv(
    cloud: Any, job: dict[str, Any], film: bytes
) -> None:
    cloud.s3.objects["mezzanine", "uploads/ast_1/source"] = film
    iv = bytes(range(16))

    def spoil(root: Any) -> None:
        for key in root.iter("{urn:dashif:org:cpix}ContentKey"):
            key.set("explicitIV", "AAECAwQFBgcICQoLDA0ODw==")

    cloud.key_server.spoil = spoil

    _run(cloud, job)

    assert iv in cloud.s3.under("packaged", "m/ast_1/v1/")["film_180pinit.cmfv"]


def _remade(film: bytes, folder: Path, *options: str) -> bytes:
    before, after = folder / "before.mp4", folder / "after.mp4"
    before.write_bytes(film)
    inputs, outputs = options[: options.index("--")], options[options.index("--") + 1 :]
    command = [FFMPEG, "-loglevel", "error", *inputs, "-i", str(before), "-c", "copy", *outputs]
    subprocess.run([*command, str(after)], check=True)
    return after.read_bytes()


def test_sound_whose_language_the_file_does_not_say_is_packaged_without_one(
    cloud: Any, job: dict[str, Any], film: bytes, tmp_path: Path
) -> None:
    unsaid = _remade(film, tmp_path, "--", "-metadata:s:a:0", "language=und")
    cloud.s3.objects["mezzanine", "uploads/ast_1/source"] = unsaid

    _run(cloud, job)

    assert b"LANGUAGE" not in cloud.s3.under("packaged", "m/ast_1/v1/")["film.m3u8"]


@pytest.mark.parametrize(
    ("rotate", "size"),
    [
        ("AUTO", {"widthInPx": 102, "heightInPx": 180}),
        ("DEGREE_0", {"widthInPx": 320, "heightInPx": 180}),
        ("DEGREES_90", {"widthInPx": 102, "heightInPx": 180}),
    ],
)
def test_a_film_taken_sideways_stands_up_only_when_the_document_says_so(
    cloud: Any,
    job: dict[str, Any],
    film: bytes,
    tmp_path: Path,
    rotate: str,
    size: dict[str, int],
) -> None:
    sideways = _remade(film, tmp_path, "-display_rotation", "90", "--")
    cloud.s3.objects["mezzanine", "uploads/ast_1/source"] = sideways
    job["settings"]["inputs"][0]["videoSelector"] = {"rotate": rotate}
    outputs = job["settings"]["outputGroups"][0]["outputs"]
    del outputs[0]["videoDescription"]["width"], outputs[1:]

    done = _run(cloud, job)

    (output,) = done["outputGroupDetails"][0]["outputDetails"]
    assert output["videoDetails"] == size


def test_a_mono_wav_is_written_beside_the_film(
    cloud: Any, job: dict[str, Any], film: bytes
) -> None:
    cloud.s3.objects["mezzanine", "uploads/ast_1/source"] = film
    job["settings"]["outputGroups"].append(
        {
            "outputGroupSettings": {
                "type": "FILE_GROUP_SETTINGS",
                "fileGroupSettings": {"destination": "s3://packaged/work/ast_1/v1/proxy"},
            },
            "outputs": [
                {
                    "containerSettings": {"container": "RAW"},
                    "audioDescriptions": [
                        {
                            "audioSourceName": "Audio Selector 1",
                            "codecSettings": {
                                "codec": "WAV",
                                "wavSettings": {"bitDepth": 16, "channels": 1, "sampleRate": 8000},
                            },
                        }
                    ],
                }
            ],
        }
    )

    done = _run(cloud, job)

    file = cloud.work_dir.parent / "proxy.wav"
    file.write_bytes(cloud.s3.objects["packaged", "work/ast_1/v1/proxy.wav"])
    media = parse(Processes().run(probe_command(file)).output)
    assert media is not None
    (track,) = media.audio
    assert (track.codec, track.channels, track.raw["sample_rate"]) == ("pcm_s16le", 1, "8000")
    assert done["outputGroupDetails"][1]["outputDetails"][0]["durationInMs"] > 4900


def test_a_destination_that_is_a_folder_takes_the_inputs_name(
    cloud: Any, job: dict[str, Any], film: bytes
) -> None:
    cloud.s3.objects["mezzanine", "uploads/ast_1/feature.mp4"] = film
    job["settings"]["inputs"][0]["fileInput"] = "s3://mezzanine/uploads/ast_1/feature.mp4"
    cmaf = job["settings"]["outputGroups"][0]["outputGroupSettings"]["cmafGroupSettings"]
    cmaf["destination"] = "s3://packaged/m/ast_1/v1/"

    _run(cloud, job)

    files = cloud.s3.under("packaged", "m/ast_1/v1/")
    assert "feature.mpd" in files
    assert "feature_180p_000000001.cmfv" in files
