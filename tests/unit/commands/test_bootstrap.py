"""What the first steps of an environment write, and what they refuse to write over."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from commands.bootstrap import (
    RefusedError,
    examples_left,
    fingerprint,
    install,
    key_pair,
    promote,
    rotate,
    rotate_tokens,
    write_edge,
    write_key,
)
from commands.outputs import Outputs
from commands.settings import EnvironmentSettings, NoSuchEnvironmentError

EXAMPLE = "-----BEGIN PUBLIC KEY-----\nexample\n-----END PUBLIC KEY-----\n"
DEV: dict[str, Any] = {
    "account": "123456789012",
    "domain": {"name": "dev.films.tv", "hosted_zone_id": "Z1"},
    "firewall": {"managed_rules": "count"},
    "signing_public_key": EXAMPLE,
}


@pytest.fixture
def cdk_json(tmp_path: Path) -> Path:
    path = tmp_path / "cdk.json"
    environments = {"local": {"signing_public_key": EXAMPLE}, "dev": DEV}
    path.write_text(json.dumps({"app": "python app.py", "context": {"environments": environments}}))
    return path


@pytest.fixture
def dev(cdk_json: Path) -> EnvironmentSettings:
    return EnvironmentSettings("dev", cdk_json)


def written(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text())["context"]["environments"]["dev"]
    return found


def outputs(tmp_path: Path, **stacks: dict[str, str]) -> Outputs:
    path = tmp_path / "outputs.json"
    named = {f"marquee-dev-{stack.replace('_', '-')}": values for stack, values in stacks.items()}
    path.write_text(json.dumps(named))
    return Outputs(path)


def test_a_new_pair_replaces_the_example_and_nothing_else(
    dev: EnvironmentSettings, cdk_json: Path, tmp_path: Path
) -> None:
    private = tmp_path / "keys" / "dev.pem"

    write_key(dev, private, as_next=False)

    assert written(cdk_json) == {**DEV, "signing_public_key": key_pair(private)}
    assert private.stat().st_mode & 0o777 == 0o600
    assert json.loads(cdk_json.read_text())["app"] == "python app.py"


def test_writing_the_same_key_again_changes_nothing(
    dev: EnvironmentSettings, cdk_json: Path, tmp_path: Path
) -> None:
    write_key(dev, tmp_path / "dev.pem", as_next=False)
    before = cdk_json.read_text()

    said = write_key(dev, tmp_path / "dev.pem", as_next=False)

    assert cdk_json.read_text() == before
    assert "stands already" in said


@pytest.mark.parametrize("other_exists", [True, False])
def test_a_key_in_use_is_not_written_over(
    dev: EnvironmentSettings, cdk_json: Path, tmp_path: Path, *, other_exists: bool
) -> None:
    write_key(dev, tmp_path / "dev.pem", as_next=False)
    before = cdk_json.read_text()
    other = tmp_path / "other.pem"
    if other_exists:
        key_pair(other)

    with pytest.raises(RefusedError):
        write_key(dev, other, as_next=False)

    assert cdk_json.read_text() == before
    assert other.exists() is other_exists


def test_a_next_key_is_trusted_beside_the_first_and_then_alone(
    dev: EnvironmentSettings, cdk_json: Path, tmp_path: Path
) -> None:
    write_key(dev, tmp_path / "dev.pem", as_next=False)
    write_key(dev, tmp_path / "next.pem", as_next=True)
    assert written(cdk_json)["signing_public_key"] == key_pair(tmp_path / "dev.pem")

    promote(dev)

    assert written(cdk_json)["signing_public_key"] == key_pair(tmp_path / "next.pem")
    assert "signing_next_public_key" not in written(cdk_json)
    with pytest.raises(RefusedError, match="no signing_next_public_key"):
        promote(dev)


def test_the_edges_arns_come_from_its_outputs(
    dev: EnvironmentSettings, cdk_json: Path, tmp_path: Path
) -> None:
    arns = {"CertificateArn": "arn:c", "FirewallArn": "arn:f"}

    write_edge(dev, outputs(tmp_path, edge_global=arns))

    assert written(cdk_json)["edge"] == {"certificate_arn": "arn:c", "firewall_arn": "arn:f"}


def test_examples_that_are_left_are_named(cdk_json: Path) -> None:
    repository = Path(__file__).parents[3] / "cdk.json"

    assert examples_left(EnvironmentSettings("prod", repository), before_bootstrap=False) == [
        "account",
        "domain",
        "alerts",
        "signing_public_key",
        "edge",
    ]
    assert examples_left(EnvironmentSettings("dev", cdk_json), before_bootstrap=True) == []


def test_an_unknown_environment_is_named_with_those_there_are(cdk_json: Path) -> None:
    with pytest.raises(NoSuchEnvironmentError) as refused:
        EnvironmentSettings("test", cdk_json)

    assert str(refused.value) == "cdk.json has no environment test (it has: local, dev)."


@mock_aws
def test_the_private_half_is_installed_with_the_id_of_its_public_half(tmp_path: Path) -> None:
    secrets = boto3.client("secretsmanager", region_name="eu-west-1")
    arn = secrets.create_secret(Name="viewer")["ARN"]
    private = tmp_path / "dev.pem"
    trusted = {fingerprint(key_pair(private)): "K2", "another": "K1"}

    install(secrets, arn, private, trusted)

    installed = json.loads(secrets.get_secret_value(SecretId=arn)["SecretString"])
    assert installed == {"key_pair_id": "K2", "private_key": private.read_text()}
    with pytest.raises(RefusedError, match="does not trust"):
        install(secrets, arn, private, {"another": "K1"})


@mock_aws
def test_a_rotated_secret_keeps_the_value_before_it(tmp_path: Path) -> None:
    secrets = boto3.client("secretsmanager", region_name="eu-west-1")
    arn = secrets.create_secret(Name="origin", SecretString="the first one")["ARN"]

    version = rotate(secrets, arn)

    current = secrets.get_secret_value(SecretId=arn, VersionId=version)
    previous = secrets.get_secret_value(SecretId=arn, VersionStage="AWSPREVIOUS")
    assert "AWSCURRENT" in current["VersionStages"]
    assert len(current["SecretString"]) >= 64
    assert previous["SecretString"] == "the first one"


class Rotation:
    """The token secret with what edges were told of it, and when."""

    def __init__(self) -> None:
        self.secrets = boto3.client("secretsmanager", region_name="eu-west-1")
        self.arn = self.secrets.create_secret(Name="ticket", SecretString="first")["ARN"]
        self.told: list[set[str]] = []
        """Each time: the stages that there were."""

    def stages(self) -> dict[str, str]:
        found = {}
        for stage in ("AWSCURRENT", "AWSPREVIOUS", "AWSPENDING"):
            with contextlib.suppress(self.secrets.exceptions.ResourceNotFoundException):
                answer = self.secrets.get_secret_value(SecretId=self.arn, VersionStage=stage)
                found[stage] = answer["SecretString"]
        return found

    def rotate(self, *, hours_later: int = 0, at_once: bool = False) -> None:
        rotate_tokens(
            self.secrets,
            self.arn,
            tell_edges=lambda: self.told.append(set(self.stages())),
            wait=lambda: self.told.append({"waited"}),
            now=datetime.now(UTC) + timedelta(hours=hours_later),
            at_once=at_once,
        )


@mock_aws
def test_edges_know_a_new_secret_before_anything_is_made_with_it() -> None:
    rotation = Rotation()

    rotation.rotate()

    assert rotation.told == [{"AWSCURRENT", "AWSPENDING"}, {"waited"}]
    assert set(rotation.stages()) == {"AWSCURRENT", "AWSPREVIOUS"}
    assert rotation.stages()["AWSPREVIOUS"] == "first"


@mock_aws
def test_a_secret_whose_plays_still_run_is_not_forgotten() -> None:
    rotation = Rotation()
    rotation.rotate()
    current = rotation.stages()["AWSCURRENT"]

    with pytest.raises(RefusedError, match="12 hours"):
        rotation.rotate(hours_later=11)
    rotation.rotate(hours_later=13)

    assert rotation.stages()["AWSPREVIOUS"] == current


@mock_aws
def test_a_stolen_secret_is_replaced_at_once_and_edges_are_told_again() -> None:
    rotation = Rotation()
    rotation.rotate()

    rotation.rotate(at_once=True)

    assert rotation.told[-1] == {"AWSCURRENT", "AWSPREVIOUS"}
    assert "first" not in rotation.stages().values()
