from __future__ import annotations

import pytest
from moto.dynamodb.models import DynamoDBBackend

from localcloud import moto_seams
from localcloud.front import Front
from localcloud.moto_seams import workflows


@pytest.mark.parametrize("seam", moto_seams.SEAMS, ids=lambda seam: seam.target)
def test_what_moto_does_behind_a_seam_is_what_it_did_when_the_seam_was_made(
    seam: moto_seams.Seam,
) -> None:
    assert moto_seams.source_digest(seam.original) == seam.digest, (
        f"moto changed {seam.target}: read it again, then renew the digest"
    )


def test_every_seam_says_why_and_stands_in_the_list_once() -> None:
    targets = [seam.target for seam in moto_seams.SEAMS]

    assert len(set(targets)) == len(targets)
    assert all(seam.why for seam in moto_seams.SEAMS)


@pytest.mark.parametrize(
    "target", ["stepfunctions boto_client_for", "stepfunctions state_task_service_for"]
)
def test_every_workflow_module_got_the_replaced_function(front: Front, target: str) -> None:
    (seam,) = (seam for seam in moto_seams.SEAMS if seam.target == target)

    stale = [
        module.__name__
        for module, _ in workflows.users_of(seam.original)
        if not module.__name__.startswith("localcloud")
    ]

    assert stale == []


def test_installing_twice_changes_nothing(front: Front) -> None:
    before = DynamoDBBackend.transact_write_items

    moto_seams.install(front.url, front.credentials_for_workflow)

    assert DynamoDBBackend.transact_write_items is before


def test_a_client_without_a_role_is_never_made() -> None:
    with pytest.raises(RuntimeError, match="without naming a role"):
        workflows.boto_client_for("eu-west-1", "s3")


def test_a_secrets_version_that_becomes_the_current_one_is_read_by_those_who_name_none(
    front: Front, name: str
) -> None:
    secrets = front.client("secretsmanager")
    first = secrets.create_secret(Name=name, SecretString="first")["VersionId"]
    second = secrets.put_secret_value(
        SecretId=name, SecretString="second", VersionStages=["AWSPENDING"]
    )["VersionId"]
    before = secrets.get_secret_value(SecretId=name)["SecretString"]

    secrets.update_secret_version_stage(
        SecretId=name,
        VersionStage="AWSCURRENT",
        MoveToVersionId=second,
        RemoveFromVersionId=first,
    )

    previous = secrets.get_secret_value(SecretId=name, VersionStage="AWSPREVIOUS")
    assert before == previous["SecretString"] == "first"
    assert secrets.get_secret_value(SecretId=name)["SecretString"] == "second"
