"""AWS's limits that only a deployment would meet, and assets that change only when they should."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.infra.conftest import EDITED_DOMAIN

Template = dict[str, Any]

INLINE_POLICIES_BYTES = 10_240
"""IAM quotas: the inline policies of a role together."""
UNZIPPED_BYTES = 250 * 1024 * 1024
"""Lambda quotas: a function's code with its layers."""
MOST_LAYERS = 5
MOST_OUTPUTS = 200
EDGE_FUNCTION_BYTES = 10 * 1024
ALARMS_OF_A_DEPLOYMENT_GROUP = 10
"""CodeDeploy quotas: alarms that a deployment group may watch."""


def of_type(template: Template, kind: str) -> dict[str, dict[str, Any]]:
    resources = template["Resources"].items()
    return {name: r.get("Properties", {}) for name, r in resources if r["Type"] == kind}


def size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def test_a_roles_policies_fit(templates: dict[str, Template]) -> None:
    sizes: dict[str, int] = defaultdict(int)
    for stack, template in templates.items():
        for policy in of_type(template, "AWS::IAM::Policy").values():
            for role in policy["Roles"]:
                sizes[f"{stack}/{role['Ref']}"] += len(json.dumps(policy["PolicyDocument"]))

    assert sizes
    assert max(sizes.values()) < INLINE_POLICIES_BYTES


def test_a_function_fits_with_its_layers(folder: Path, templates: dict[str, Template]) -> None:
    sizes = {path.name: size_of(path) for path in folder.glob("asset.*") if path.is_dir()}

    def asset(location: dict[str, Any]) -> int:
        return sizes[f"asset.{location['S3Key'].removesuffix('.zip')}"]

    for stack, template in templates.items():
        layers = of_type(template, "AWS::Lambda::LayerVersion")
        for name, function in of_type(template, "AWS::Lambda::Function").items():
            used = [layers[layer["Ref"]]["Content"] for layer in function.get("Layers", [])]
            unzipped = asset(function["Code"]) + sum(asset(content) for content in used)
            assert unzipped < UNZIPPED_BYTES, (stack, name)
            assert len(used) <= MOST_LAYERS, (stack, name)


def test_outputs_and_edge_functions_fit(templates: dict[str, Template]) -> None:
    for stack, template in templates.items():
        assert len(template.get("Outputs", {})) < MOST_OUTPUTS, stack
        for name, function in of_type(template, "AWS::CloudFront::Function").items():
            assert len(function["FunctionCode"].encode()) < EDGE_FUNCTION_BYTES, (stack, name)


def test_a_deployment_group_watches_no_more_alarms_than_it_may(
    templates: dict[str, Template],
) -> None:
    for template in templates.values():
        for group in of_type(template, "AWS::CodeDeploy::DeploymentGroup").values():
            alarms = group["AlarmConfiguration"]["Alarms"]
            assert 0 < len(alarms) <= ALARMS_OF_A_DEPLOYMENT_GROUP


def assets(templates: dict[str, Template]) -> dict[str, str]:
    """The asset of every function and layer, by stack and handler or description."""
    found = {}
    for stack, template in templates.items():
        for function in of_type(template, "AWS::Lambda::Function").values():
            found[f"{stack}/{function['Handler']}"] = function["Code"]["S3Key"]
        for layer in of_type(template, "AWS::Lambda::LayerVersion").values():
            found[f"{stack}/{layer['Description']}"] = layer["Content"]["S3Key"]
    return found


def test_editing_one_domain_changes_its_functions_and_no_others(
    templates_of: Callable[[str], dict[str, Template]],
) -> None:
    before, after = assets(templates_of("local")), assets(templates_of("edited"))

    changed = {name for name in before if before[name] != after[name]}

    assert set(before) == set(after)
    own = {name for name in before if name.startswith(f"{EDITED_DOMAIN}/{EDITED_DOMAIN}.")}
    assert changed == own != set()


def test_two_syntheses_in_two_places_are_the_same(
    templates_of: Callable[[str], dict[str, Template]],
) -> None:
    first, second = templates_of("local"), templates_of("edited")

    assert set(first) == set(second)
    for stack in set(first) - {EDITED_DOMAIN}:
        assert first[stack] == second[stack], stack
