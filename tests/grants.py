"""What roles may do and no test of the running service needed, and what they lacked.

The service writes down which part of which role's policies allowed something. A grant that
nothing needed could be dropped without a test failing, so it is dropped, or stands here with
where it is proven instead. A grant that is needed and missing shows as a refusal in its log,
even where the function that was refused goes on.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from localcloud.iam.usage import GENERATED, Allowed, joined, unused

NEEDED_ELSEWHERE = (
    Allowed(
        "*/OutboxPublishRole*: sqs:SendMessage",
        "records that the bus refused ten times; tests/unit/localcloud/triggers",
    ),
    Allowed(
        "*/RepublishFunctionRole*: dynamodb:*",
        "rebuilding a read model is an operator's act; tests/contract/rebuild",
    ),
    Allowed(
        "marquee-local-keys/SpekeRole*: kms:Decrypt",
        "keys of a film that is packaged once more; tests/contract/keys",
    ),
    Allowed(
        "marquee-local-media/PipelineRole*: mediaconvert:CancelJob",
        "an execution that is stopped; tests/unit/localcloud/front/test_workflows.py",
    ),
    Allowed(
        "marquee-local-media/PipelineRole*: arn:aws:mediaconvert:*:jobs/[*]",
        "CreateJob names the job beside the queue; here the queue alone is judged",
    ),
    Allowed(
        "marquee-local-media/RecordRole*: dynamodb:GetItem",
        "an event that is delivered twice; tests/contract/media",
    ),
    Allowed(
        "marquee-local-media/ApiRole*: s3:GetObject[*]",
        "an upload whose completion was cut off; tests/contract/media",
    ),
    Allowed(
        "marquee-local-identity/DeleteAccountsRole*: dynamodb:*",
        "accounts are deleted two weeks after their owners ask; tests/contract/identity",
    ),
    Allowed(
        "marquee-local-devices/FollowPlansRole*: dynamodb:*",
        "what follows a deletion, or another plan; tests/contract/identity",
    ),
    Allowed(
        "marquee-local-playback/ProjectRole*: dynamodb:DeleteItem",
        "what devices of a deleted account keep; tests/contract/playback",
    ),
    Allowed(
        "marquee-local-progress/ForgetRole*: dynamodb:*",
        "what follows a deletion; tests/contract/progress",
    ),
    Allowed(
        "marquee-local-progress/ProjectRole*: dynamodb:DeleteItem",
        "an episode that is withdrawn, or moves in its series; tests/contract/progress",
    ),
    Allowed(
        "marquee-local-progress/BeaconsRole*: sqs:SendMessage",
        "beacons that failed ten times; tests/unit/localcloud/triggers",
    ),
    Allowed(
        "marquee-local-progress/BeaconsRole*: kinesis:DescribeStreamSummary",
        "what Lambda's poller asks for on AWS; here it describes the stream",
    ),
    Allowed(
        "marquee-local-progress/BeaconsRole*: kinesis:ListShards",
        "what Lambda's poller asks for on AWS; here it describes the stream",
    ),
    Allowed(
        "marquee-local-playback/BeaconsRole*: sqs:SendMessage",
        "beacons that failed ten times; tests/unit/localcloud/triggers",
    ),
    Allowed(
        "marquee-local-playback/BeaconsRole*: kinesis:DescribeStreamSummary",
        "what Lambda's poller asks for on AWS; here it describes the stream",
    ),
    Allowed(
        "marquee-local-playback/BeaconsRole*: kinesis:ListShards",
        "what Lambda's poller asks for on AWS; here it describes the stream",
    ),
    Allowed(
        "marquee-local-playback/CdnQualityRole*: kinesis:DescribeStreamSummary",
        "what Lambda's poller asks for on AWS; here it describes the stream",
    ),
    Allowed(
        "marquee-local-playback/CdnQualityRole*: kinesis:ListShards",
        "what Lambda's poller asks for on AWS; here it describes the stream",
    ),
    Allowed(
        "marquee-local-playback/CdnQualityRole*: sqs:SendMessage",
        "beacons that failed ten times; tests/unit/localcloud/triggers",
    ),
    Allowed(
        "marquee-local-identity/CreateAccountRole*: dynamodb:GetItem",
        "an account that is made twice; tests/unit/identity/test_sign_in.py",
    ),
    Allowed(
        "marquee-local-notifications/LettersRole*: dynamodb:DeleteItem",
        "letters that SES refuses; tests/contract/notifications",
    ),
    Allowed(
        "marquee-local-media/ProgressRole*: dynamodb:UpdateItem",
        "told every ten seconds of a transcode, which the tests' films may not last",
    ),
)


class Services:
    """The services that one suite started, a worker's each: a grant that any of them needed is
    needed, so that the last one to end is judged with the others."""

    def __init__(self, folder: Path) -> None:
        """`folder` is the suite's, and every worker's."""
        self._folder = folder

    def begins(self, service: str) -> None:
        """A worker has started its own."""
        (self._folder / f"{service}.began").touch()

    def needless_grants(self, service: str, data_dir: Path) -> list[str]:
        """Grants to drop, once this one has ended as the last; those that failed never end."""
        kept = self._folder / f"{service}.usage"
        shutil.copy(data_dir / "iam-usage.json", kept.with_suffix(".copied"))
        kept.with_suffix(".copied").rename(kept)
        ended = sorted(self._folder.glob("*.usage"))
        if len(ended) < len(list(self._folder.glob("*.began"))):
            return []
        return unused(
            joined(json.loads(each.read_text()) for each in ended), (*GENERATED, *NEEDED_ELSEWHERE)
        )


def missing_grants(data_dir: Path) -> list[str]:
    """What a role of ours asked for and was refused."""
    log = (data_dir / "localcloud.log").read_text()
    return [
        line
        for line in log.splitlines()
        if "assumed-role/" in line and "is not authorized to perform" in line
    ]
