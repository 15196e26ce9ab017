from __future__ import annotations

import sys

import pytest
from moto.dynamodb.models import DynamoDBBackend

from localcloud import moto_seams
from localcloud.front import Front


@pytest.mark.parametrize("seam", moto_seams.SEAMS, ids=lambda seam: seam.target)
def test_what_moto_does_behind_a_seam_is_what_it_did_when_the_seam_was_made(
    seam: moto_seams.Seam,
) -> None:
    assert moto_seams.source_digest(seam.original) == seam.digest, (
        f"moto changed {seam.target}: read it again, then renew the digest"
    )


def test_every_workflow_module_got_the_replaced_client(front: Front) -> None:
    stale = [
        name
        for name, module in list(sys.modules.items())
        if name.startswith("moto.stepfunctions")
        and getattr(module, "boto_client_for", None) is moto_seams._ORIGINAL_BOTO_CLIENT
    ]

    assert stale == []


def test_installing_twice_changes_nothing(front: Front) -> None:
    before = DynamoDBBackend.transact_write_items

    moto_seams.install(front.url, front.credentials_for_workflow)

    assert DynamoDBBackend.transact_write_items is before


def test_a_client_without_a_role_is_never_made() -> None:
    with pytest.raises(RuntimeError, match="without naming a role"):
        moto_seams._boto_client_for("eu-west-1", "s3")
