from __future__ import annotations

import json
import re
import uuid
from typing import Any
from xml.etree import ElementTree as ET

from localcloud.mediaconvert.media_info import parse, probe_command
from localcloud.mediaconvert.processes import Processes

WIDEVINE = "edef8ba9-79d6-4ace-a3c8-27dcd51d21ed"
PLAYREADY = "9a04f079-9840-4286-ab92-e65be0885f95"
MPD = "{urn:mpeg:dash:schema:mpd:2011}"
CENC = "{urn:mpeg:cenc:2013}"


def test_a_film_becomes_encrypted_cmaf_with_the_key_servers_signalling(
    cloud: Any, job: dict[str, Any], film: bytes, captures: dict[str, Any]
) -> None:
    cloud.s3.objects["mezzanine", "uploads/ast_1/source"] = film
    job["settings"]["outputGroups"].append(captures)

    answer = cloud.ask("POST", "jobs", json.dumps(job).encode())
    assert answer.status == 201, answer.body
    submitted = json.loads(answer.body)["job"]
    done = cloud.wait_for(submitted["id"], "COMPLETE", "ERROR")

    assert submitted["status"] == "SUBMITTED"
    assert done["status"] == "COMPLETE", done
    assert cloud.roles == [job["role"]]
    files = cloud.s3.under("packaged", "m/ast_1/v1/")
    _names_are_mediaconverts(files)
    _manifests_are_written_last(cloud.s3.order)
    _keys_follow_the_contract(cloud, files)
    _playlists_carry_the_key_servers_lines(files)
    _segments_are_aligned(files)
    _segments_decrypt_with_the_servers_key(cloud, files)
    assert sorted(cloud.s3.under("packaged", "work/ast_1/v1/")) == [
        "poster.0000000.jpg",
        "poster.0000001.jpg",
        "poster.0000002.jpg",
    ]
    _details_say_what_was_made(done)
    _events_tell_the_story(cloud, submitted["id"])
    assert list(cloud.work_dir.iterdir()) == []


def _names_are_mediaconverts(files: dict[str, bytes]) -> None:
    rungs = [
        f"film{rung}{rest}"
        for rung in ("_180p", "_96p")
        for rest in (".m3u8", "_000000001.cmfv", "_000000002.cmfv", "init.cmfv")
    ]
    audio = [
        f"film_audio{rest}" for rest in (".m3u8", "_000000001.cmfa", "_000000002.cmfa", "init.cmfa")
    ]
    assert sorted(files) == sorted(["film.mpd", "film.m3u8", *rungs, *audio])


def _manifests_are_written_last(order: list[str]) -> None:
    cmaf = [key for key in order if key.startswith("m/")]
    manifests = [key.endswith((".mpd", ".m3u8")) for key in cmaf]
    assert manifests == sorted(manifests)


def _keys_follow_the_contract(cloud: Any, files: dict[str, bytes]) -> None:
    request = ET.fromstring(cloud.key_server.requests[0][3])
    kids = {
        rule.attrib["intendedTrackType"]: rule.attrib["kid"]
        for rule in request.iter("{urn:dashif:org:cpix}ContentKeyUsageRule")
    }
    assert list(kids) == ["SD", "HD", "UHD1", "UHD2", "STEREO_AUDIO", "MULTICHANNEL_AUDIO"]
    root = ET.fromstring(files["film.mpd"])
    for adaptation_set in root.iter(f"{MPD}AdaptationSet"):
        track = "SD" if adaptation_set.get("contentType") == "video" else "STEREO_AUDIO"
        kid = kids[track]
        common, *systems = adaptation_set.findall(f"{MPD}ContentProtection")
        assert common.attrib == {
            "schemeIdUri": "urn:mpeg:dash:mp4protection:2011",
            "value": "cbcs",
            f"{CENC}default_KID": kid,
        }
        assert [system.get("schemeIdUri") for system in systems] == [
            f"urn:uuid:{WIDEVINE}",
            f"urn:uuid:{PLAYREADY}",
        ]
        for system in systems:
            assert system.find(f"{CENC}pssh") is not None
        for template in adaptation_set.iter(f"{MPD}SegmentTemplate"):
            init = files[template.attrib["initialization"]]
            assert uuid.UUID(kid).bytes in init
            others = [uuid.UUID(other).bytes for name, other in kids.items() if name != track]
            assert not any(other in init for other in others)
            assert init.count(b"pssh") == 2


def _playlists_carry_the_key_servers_lines(files: dict[str, bytes]) -> None:
    master = files["film.m3u8"].decode()
    assert master.count("#EXT-X-SESSION-KEY:METHOD=SAMPLE-AES") == 2
    assert "shaka" not in master
    assert re.search(r'TYPE=AUDIO.*GROUP-ID="aud".*DEFAULT=YES,AUTOSELECT=YES', master)
    for name in ("film_180p.m3u8", "film_96p.m3u8", "film_audio.m3u8"):
        playlist = files[name].decode()
        assert playlist.count("#EXT-X-KEY:") == 1
        assert "identity" not in playlist
        assert 'URI="skd://' in playlist
        assert "#EXT-X-TARGETDURATION:4\n" in playlist
        assert "#EXT-X-PLAYLIST-TYPE:VOD" in playlist


def _segments_are_aligned(files: dict[str, bytes]) -> None:
    durations = [
        re.findall(r"#EXTINF:([\d.]+)", files[name].decode())
        for name in ("film_180p.m3u8", "film_96p.m3u8")
    ]
    assert durations == [["4.000", "1.000"]] * 2


def _segments_decrypt_with_the_servers_key(cloud: Any, files: dict[str, bytes]) -> None:
    track = cloud.work_dir.parent / "track.mp4"
    track.write_bytes(files["film_180pinit.cmfv"] + files["film_180p_000000001.cmfv"])
    root = ET.fromstring(files["film.mpd"])
    protection = next(root.iter(f"{MPD}ContentProtection"))
    key = cloud.key_server.keys[protection.attrib[f"{CENC}default_KID"]].hex()
    probe = probe_command(track)

    right = Processes().run([*probe[:-1], "-count_frames", "-decryption_key", key, probe[-1]])
    wrong = Processes().run([*probe[:-1], "-count_frames", "-decryption_key", "0" * 32, probe[-1]])

    assert right.complaint == ""
    assert wrong.complaint != ""
    media = parse(right.output)
    assert media is not None
    assert media.video is not None
    assert (media.video.width, media.video.height) == (320, 180)
    assert media.video.raw["nb_read_frames"] == "100"


def _details_say_what_was_made(done: dict[str, Any]) -> None:
    cmaf, files = done["outputGroupDetails"]
    assert [output.get("videoDetails") for output in cmaf["outputDetails"]] == [
        {"widthInPx": 320, "heightInPx": 180},
        {"widthInPx": 170, "heightInPx": 96},
        None,
    ]
    assert all(abs(output["durationInMs"] - 5000) < 60 for output in cmaf["outputDetails"])
    assert files == {"outputDetails": [{}]}
    assert set(done["timing"]) == {"submitTime", "startTime", "finishTime"}


def _events_tell_the_story(cloud: Any, job_id: str) -> None:
    assert cloud.statuses(job_id) == ["PROGRESSING", "INPUT_INFORMATION", "COMPLETE"]
    source, detail_type, detail, resources = cloud.events[-1]
    assert (source, detail_type) == ("aws.mediaconvert", "MediaConvert Job State Change")
    assert resources == [f"arn:aws:mediaconvert:eu-west-1:123456789012:jobs/{job_id}"]
    assert detail["userMetadata"] == {"asset_id": "ast_1"}
    cmaf, files = detail["outputGroupDetails"]
    assert cmaf["type"] == "CMAF_GROUP"
    assert cmaf["playlistFilePaths"] == [
        "s3://packaged/m/ast_1/v1/film.mpd",
        "s3://packaged/m/ast_1/v1/film.m3u8",
    ]
    assert files["outputDetails"][0]["outputFilePaths"] == [
        "s3://packaged/work/ast_1/v1/poster.0000002.jpg"
    ]
