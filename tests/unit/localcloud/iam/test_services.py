"""Grants of several services are judged once, together; one that failed keeps the rest silent,
for it has failed the suite already."""

from __future__ import annotations

import json
from pathlib import Path

from tests.grants import Services


def ended(folder: Path, service: str, *needed: str) -> list[str]:
    """What is said when a service ends that needed some of its role's two actions."""
    data_dir = folder / f"data-{service}"
    data_dir.mkdir()
    actions = {name: name in needed for name in ("s3:GetObject", "s3:DeleteObject")}
    usage = {"roles": {"stack/Role": [{"actions": actions, "resources": {"*": True}}]}}
    (data_dir / "iam-usage.json").write_text(json.dumps(usage))
    return Services(folder).needless_grants(service, data_dir)


def began(folder: Path, *services: str) -> None:
    for service in services:
        Services(folder).begins(service)


def test_one_service_alone_is_judged_by_itself(tmp_path: Path) -> None:
    began(tmp_path, "")

    assert ended(tmp_path, "", "s3:GetObject") == ["stack/Role: s3:DeleteObject"]


def test_the_last_one_to_end_is_judged_with_the_others(tmp_path: Path) -> None:
    began(tmp_path, "gw0", "gw1")

    assert ended(tmp_path, "gw0", "s3:GetObject") == []
    assert ended(tmp_path, "gw1", "s3:DeleteObject") == []


def test_what_none_of_them_needed_is_named_by_the_last(tmp_path: Path) -> None:
    began(tmp_path, "gw0", "gw1")

    assert ended(tmp_path, "gw0", "s3:GetObject") == []
    assert ended(tmp_path, "gw1") == ["stack/Role: s3:DeleteObject"]


def test_while_one_has_not_ended_nothing_is_said(tmp_path: Path) -> None:
    began(tmp_path, "gw0", "gw1", "gw2")

    assert ended(tmp_path, "gw0") == []
    assert ended(tmp_path, "gw1") == []
