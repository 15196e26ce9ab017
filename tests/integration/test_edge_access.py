"""Who gets a film's files with a token in the path, and how soon nobody does any more."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from commands.outputs import Outputs
from kernel.tokens import MacKey
from playback.cwt import common_access_token, edge_key
from playback.edge_access import EdgeGrant
from playback.signed_cookies import CookieSigner
from tests.cloud import ROOT, Person, Play, RunningCloud, command_environment, eventually
from tests.films import Ingested
from tests.integration.test_account_devices import SignedIn
from tests.integration.test_streams import DEVICE, Household

REVOKED_WITHIN_SECONDS = 30
"""What we promise of a revocation, from the event to every edge."""

COUNTRY_HEADER = "x-localcloud-viewer-country"

RIGHTS_LAST = timedelta(seconds=20)
"""Enough for two starts of functions that are cold."""

NOTICED_SECONDS = 5
"""How late two requests may find it out."""

MANIFEST = "clearkey.mpd"
SEGMENT = "main_144pinit.cmfv"


@dataclass(frozen=True)
class Opens:
    """A segment's address with the cookies that open it."""

    address: str
    cookies: str


@pytest.fixture
def by_token(member: Person, ingested: Ingested) -> Iterator[Play]:
    begun = member.play(ingested.title_id, carrier="token")
    yield begun
    member.leave(begun.answer["session_id"])


@pytest.fixture
def by_cookies(member: Person, ingested: Ingested) -> Iterator[Play]:
    begun = member.play(ingested.title_id)
    yield begun
    member.leave(begun.answer["session_id"])


def revoke(cloud: RunningCloud, session_id: str) -> None:
    """Say on the bus what playback says when a play has lost its right."""
    detail = {
        "schema": 1,
        "sequence": 1,
        "subject": session_id,
        "session_id": session_id,
        "account_id": "acc_1",
        "reason": "signed_out",
        "expires_at": (datetime.now(UTC) + timedelta(hours=4)).isoformat(),
    }
    answer = cloud.operator("events").put_events(
        Entries=[
            {
                "Source": "marquee.local.playback",
                "DetailType": "PlayRevoked",
                "Detail": json.dumps(detail),
            }
        ]
    )
    assert answer["FailedEntryCount"] == 0


def test_a_token_opens_manifest_and_segments_without_any_cookie(by_token: Play) -> None:
    assert by_token.set_cookies == []
    assert by_token.answer["carrier"] == "token"
    for name in (MANIFEST, SEGMENT):
        assert by_token.fetch(name).status_code == 200


def test_the_edge_keeps_one_object_for_all_viewers_and_both_carriers(
    member: Person, ingested: Ingested, by_token: Play
) -> None:
    by_token.fetch(SEGMENT)

    for other in (member.play(ingested.title_id, carrier="token"), member.play(ingested.title_id)):
        assert other.fetch(SEGMENT).headers["x-cache"] == "Hit from cloudfront"


def test_a_token_of_one_film_opens_no_other(
    by_token: Play, member: Person, ingested_as_cenc: Ingested
) -> None:
    other = member.play(ingested_as_cenc.title_id, carrier="token")
    token = by_token.folder.split("/")[2]
    crossed = other.folder.replace(other.folder.split("/")[2], token)

    assert member.open(f"{crossed}/{MANIFEST}").status_code == 403
    assert other.fetch(MANIFEST).status_code == 200


def test_a_token_that_was_altered_opens_nothing(by_token: Play, member: Person) -> None:
    token = by_token.folder.split("/")[2]
    data = bytearray(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    data[-40] ^= 1
    altered = base64.urlsafe_b64encode(bytes(data)).rstrip(b"=").decode()

    answer = member.open(f"{by_token.folder.replace(token, altered)}/{MANIFEST}")

    assert answer.status_code == 403
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["x-cache"] == "FunctionGeneratedResponse from cloudfront"


def test_pages_of_other_origins_may_read_what_a_token_opens(by_token: Play) -> None:
    answer = by_token.fetch(SEGMENT, origin="https://tv.example")

    assert answer.headers["access-control-allow-origin"] == "*"
    assert "immutable" in answer.headers["cache-control"]


@pytest.mark.parametrize("carrier", ["by_token", "by_cookies"])
def test_a_revoked_plays_next_segment_is_refused_within_half_a_minute(
    request: pytest.FixtureRequest, cloud: RunningCloud, carrier: str
) -> None:
    play: Play = request.getfixturevalue(carrier)
    assert play.fetch(SEGMENT).status_code == 200

    revoke(cloud, play.answer["session_id"])

    eventually(
        lambda: play.fetch(SEGMENT).status_code == 403, REVOKED_WITHIN_SECONDS, "a refused segment"
    )


class Watching:
    """A household with a play on its phone, opened by cookies, and one on its TV, by a token."""

    def __init__(self, house: Household, staff: Person) -> None:
        self.house = house
        self.staff = staff
        self.plays = {
            "phone": self.begin(house.phone, "cookie"),
            "tv": self.begin(house.tv, "token"),
        }

    def begin(self, device: SignedIn, carrier: str) -> Play:
        answer = self.house.ask(device, carrier=carrier)
        assert answer.status_code == 200, answer.text
        http = httpx.Client(base_url=self.house.cloud.web, timeout=30)
        return Play(http, answer.json(), answer.headers.get_list("set-cookie"))


def be_taken_over(watching: Watching) -> None:
    house, plays = watching.house, watching.plays
    house.start(house.laptop, take_over=plays["tv"].answer["session_id"])
    house.start(house.tv, take_over=plays["phone"].answer["session_id"])


def be_signed_out_everywhere(watching: Watching) -> None:
    answer = watching.house.laptop.ask("POST", "/sign-out", {"which": "everywhere"})
    assert answer.is_success, answer.text


def be_removed(watching: Watching) -> None:
    house = watching.house
    for device in (house.phone, house.tv):
        assert house.laptop.ask("DELETE", f"/devices/{device.claims['device']}").is_success


def be_blocked(watching: Watching) -> None:
    path = f"/v1/staff/accounts/{watching.house.phone.claims['sub']}/block"
    assert watching.staff.ask("PUT", path, {"reason": "sharing"}).is_success


@pytest.mark.parametrize(
    "lose_it", [be_taken_over, be_signed_out_everywhere, be_removed, be_blocked]
)
def test_whoever_loses_a_screen_or_the_right_to_it_has_no_next_segment(
    cloud: RunningCloud,
    staff: Person,
    ingested: Ingested,
    lose_it: Callable[[Watching], None],
) -> None:
    """From what a person does to what the edge answers, by whatever carrier."""
    watching = Watching(Household(cloud, staff, ingested.title_id), staff)
    for play in watching.plays.values():
        assert play.fetch(SEGMENT).status_code == 200

    lose_it(watching)

    def refused() -> bool:
        return {play.fetch(SEGMENT).status_code for play in watching.plays.values()} == {403}

    eventually(refused, REVOKED_WITHIN_SECONDS, "refused segments")
    for play in watching.plays.values():
        kids = [key["kid"] for key in play.answer["drm"]["licence"]["keys"]]
        assert play.licence(kids).status_code == 403


@pytest.fixture
def ending_at(cloud: RunningCloud, ingested_as_cenc: Ingested) -> Iterator[datetime]:
    """When the rights to the old film end: in a moment, as playback is told for this once."""
    dynamodb = cloud.operator("dynamodb")
    (table,) = (name for name in dynamodb.list_tables()["TableNames"] if "playback" in name.lower())
    title = f"TITLE#{ingested_as_cenc.title_id}"
    key = {"pk": {"S": title}, "sk": {"S": "TITLE"}}
    told = dynamodb.get_item(TableName=table, Key=key)["Item"]["document"]["S"]

    def keep(document: str) -> None:
        dynamodb.update_item(
            TableName=table,
            Key=key,
            UpdateExpression="SET document = :document",
            ExpressionAttributeValues={":document": {"S": document}},
        )

    # Signatures end by the whole second.
    ends_at = (datetime.now(UTC) + RIGHTS_LAST).replace(microsecond=0)
    keep(json.dumps({**json.loads(told), "ends_at": ends_at.isoformat()}))
    yield ends_at
    keep(told)


def test_rights_that_end_in_the_middle_of_a_play_end_it_on_both_carriers(
    member: Person, ingested_as_cenc: Ingested, ending_at: datetime
) -> None:
    title_id = ingested_as_cenc.title_id
    plays = [member.play(title_id, carrier=carrier) for carrier in ("cookie", "token")]
    statuses = [play.fetch(SEGMENT).status_code for play in plays]
    assert statuses == [200, 200] or datetime.now(UTC) >= ending_at

    def over() -> bool:
        return {play.fetch(SEGMENT).status_code for play in plays} == {403}

    eventually(over, RIGHTS_LAST.total_seconds() + NOTICED_SECONDS, "refused segments")

    assert datetime.now(UTC) >= ending_at
    for play in plays:
        kids = [key["kid"] for key in play.answer["drm"]["licence"]["keys"]]
        assert play.licence(kids).status_code in (401, 403)
        path = f"/v1/playback/sessions/{play.answer['session_id']}"
        assert member.ask("POST", f"{path}/licence-token", {}).status_code == 403
        assert member.get(path)["reason"] == "expired"
    refused = member.ask("POST", "/v1/playback/start", {"title_id": title_id, "device": DEVICE})
    assert (refused.status_code, refused.json()["code"]) == (403, "outside_rights_window")


def test_a_revocation_stops_no_other_play_of_the_film(
    cloud: RunningCloud, member: Person, ingested: Ingested, by_token: Play, by_cookies: Play
) -> None:
    revoked = member.play(ingested.title_id)
    revoke(cloud, revoked.answer["session_id"])
    eventually(lambda: revoked.fetch(SEGMENT).status_code == 403, REVOKED_WITHIN_SECONDS)

    assert by_token.fetch(SEGMENT).status_code == by_cookies.fetch(SEGMENT).status_code == 200


def keeps_the_store(cloud: RunningCloud, *arguments: str) -> str:
    outputs = ["--outputs", str(cloud.data_dir / "outputs.json")]
    lines = (cloud.data_dir / "operator.env").read_text().splitlines()
    done = subprocess.run(
        [sys.executable, "-m", "commands.bootstrap", *arguments, *outputs],
        cwd=ROOT,
        env=command_environment(**dict(line.split("=", 1) for line in lines)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_plays_go_on_while_the_secret_of_tokens_is_replaced(
    cloud: RunningCloud, member: Person, ingested: Ingested, by_token: Play
) -> None:
    keeps_the_store(cloud, "rotate", "ticket", "--environment", "local", "--wait", "0", "--at-once")

    later = member.play(ingested.title_id, carrier="token")

    assert by_token.fetch(SEGMENT).status_code == 200
    assert later.fetch(SEGMENT).status_code == 200
    assert by_token.licence([]).status_code != 401


def test_the_second_cdn_opens_the_same_film_and_refuses_the_same_plays(
    cloud: RunningCloud, by_cookies: Play
) -> None:
    if len(by_cookies.answer["cdns"]) == 1:
        pytest.skip("this system has no 127.0.0.2 for a second CDN")
    own, other = (cdn["manifest_url"] for cdn in by_cookies.answer["cdns"])
    assert own == by_cookies.answer["manifest_url"]
    assert httpx.get(other, timeout=30).status_code == 200

    revoke(cloud, by_cookies.answer["session_id"])

    eventually(
        lambda: httpx.get(other, timeout=30).status_code == 403,
        REVOKED_WITHIN_SECONDS,
        "a refusal",
    )


def test_a_file_that_the_first_bucket_lost_comes_from_the_second(
    cloud: RunningCloud, by_token: Play
) -> None:
    s3 = cloud.operator("s3")
    names = [each["Name"] for each in s3.list_buckets()["Buckets"] if "packaged" in each["Name"]]
    first, second = sorted(names, key=lambda name: "packagedcopy" in name)
    key = f"{by_token.folder.split('/', 3)[3]}/found.vtt"
    written = s3.put_object(Bucket=first, Key=key, Body=b"WEBVTT\n")
    eventually(
        lambda: s3.list_objects_v2(Bucket=second, Prefix=key).get("Contents"), 30, "a second copy"
    )

    # A version that is lost leaves no mark, which would be copied too.
    s3.delete_object(Bucket=first, Key=key, VersionId=written["VersionId"])

    assert by_token.fetch("found.vtt").text == "WEBVTT\n"


def test_a_file_that_is_deleted_is_gone_from_both(cloud: RunningCloud, by_token: Play) -> None:
    s3 = cloud.operator("s3")
    names = [each["Name"] for each in s3.list_buckets()["Buckets"] if "packaged" in each["Name"]]
    first, second = sorted(names, key=lambda name: "packagedcopy" in name)
    key = f"{by_token.folder.split('/', 3)[3]}/gone.vtt"
    s3.put_object(Bucket=first, Key=key, Body=b"WEBVTT\n")
    eventually(lambda: s3.list_objects_v2(Bucket=second, Prefix=key).get("Contents"), 30)

    s3.delete_object(Bucket=first, Key=key)

    eventually(lambda: not s3.list_objects_v2(Bucket=second, Prefix=key).get("Contents"), 30)
    assert by_token.fetch("gone.vtt").status_code == 403


def test_the_word_for_the_edges_store_says_how_many_keys_it_holds(cloud: RunningCloud) -> None:
    assert "keys of tokens" in keeps_the_store(cloud, "keep")


@pytest.fixture(params=["token", "cookie"])
def bound_to_ireland(
    request: pytest.FixtureRequest, cloud: RunningCloud, by_token: Play, by_cookies: Play
) -> Opens:
    """What a play of rights that are for Ireland alone would carry: made with the environment's
    own keys, because the films of tests have rights for everywhere."""
    folder = by_token.folder.split("/", 3)[3]
    until = datetime.now(UTC) + timedelta(hours=1)
    grant = EdgeGrant(by_cookies.answer["session_id"], folder, "IE", until)
    if request.param == "token":
        outputs = Outputs(cloud.data_dir / "outputs.json")
        found = cloud.operator("secretsmanager").get_secret_value(
            SecretId=outputs.get("signing", "TicketSecretArn")
        )
        token = common_access_token(grant, edge_key(MacKey(found["SecretString"].encode())))
        return Opens(f"{cloud.web}/t/{token}/{folder}/{SEGMENT}", "")
    pem = (cloud.data_dir / "viewer-key.pem").read_bytes()
    signer = CookieSigner.from_pem(by_cookies.cookies["CloudFront-Key-Pair-Id"], pem, cloud.web)
    cookies = "; ".join(cookie.split(";", 1)[0] for cookie in signer.cookies(grant))
    return Opens(f"{cloud.web}/{grant.session_folder}/{SEGMENT}", cookies)


def test_rights_for_one_country_open_nothing_elsewhere_or_nowhere(bound_to_ireland: Opens) -> None:
    statuses = [
        httpx.get(
            bound_to_ireland.address,
            headers={"cookie": bound_to_ireland.cookies, COUNTRY_HEADER: country},
            timeout=30,
        ).status_code
        for country in ("IE", "FR", "unknown")
    ]

    assert statuses == [200, 403, 403]
