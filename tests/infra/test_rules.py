"""Rules that hold for every stack, most of which only a real deployment would teach."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

DOMAINS = {
    "identity",
    "catalog",
    "media",
    "keys",
    "playback",
    "progress",
    "notifications",
    "billing",
}
STACKS = {
    *DOMAINS,
    "devices",
    "profiles",
    "staff-accounts",
    "signing",
    "origin",
    "api",
    "beacons",
    "delivery",
    "revocation",
}
ONLY_ON_AWS = {"operations", "edge-global"}
"""Stacks of environments that state alerts and a domain."""

TWO_STEP_PAGES = ("two-step", "two-step/off", "recovery-codes")
ACCOUNT_ROUTES = {
    *(f"{method} /{page}" for page in ("sign-up", "forgot-password") for method in ("GET", "POST")),
    *(f"POST /{page}" for page in ("verify", "reset-password", "account/email/confirm")),
    "GET /account",
    *("POST /second-step", "POST /account/two-step/confirm"),
    *(
        f"{method} /account/{step}"
        for step in ("password", "email", "export", "delete", *TWO_STEP_PAGES)
        for method in ("GET", "POST")
    ),
}
"""Their forms ask for a code by mail, for the password, or for what a page after it carries."""

PASSKEY_ROUTES = {
    *("GET /passkeys.js", "POST /passkey/options", "POST /passkey", "GET /account/passkeys"),
    *(f"POST /account/passkeys{step}" for step in ("", "/add", "/rename", "/remove")),
}
"""They ask for a passkey, for the password, or for what the page after it carries."""

CONFIRMATION_ROUTES = {
    f"{route} /account/confirm{step}"
    for route, step in (("GET", ""), ("POST", ""), ("POST", "/options"))
}
"""They ask for a passkey, which a change of the account is then confirmed by."""

APP_ROUTES = {
    "POST /consent",
    "GET /account/apps",
    "POST /account/apps",
    "POST /account/apps/withdraw",
}
"""Whether another's app may use an account: they ask for a page's ticket, or for the password."""

PUBLIC_ROUTES = {
    "GET /.well-known/openid-configuration",
    "GET /.well-known/oauth-authorization-server",
    "GET /.well-known/jwks.json",
    "GET /authorize",
    "POST /authorize",
    "POST /token",
    *APP_ROUTES,
    *ACCOUNT_ROUTES,
    *PASSKEY_ROUTES,
    *CONFIRMATION_ROUTES,
    "POST /device_authorization",
    "GET /device",
    "POST /device",
    "GET /device/approve",
    "POST /device/approve",
    "GET /device/qr",
    "POST /introspect",
    "GET /userinfo",
    "POST /userinfo",
    "POST /revoke",
    "GET /logout",
    "POST /logout",
}
ALL_VIEWER_EXCEPT_HOST = "b689b0a8-53d0-40ab-baf2-68738e2966ac"
"""AWS's managed origin request policy."""

OWN_TOKEN_ROUTES = {
    "POST /v1/playback/sessions/{session_id}/licence/clearkey",
    "GET /v1/playback/sessions/{session_id}/steering/{token}",
    "GET /v1/playback/sessions/{session_id}/steering/{token}/{manifest}",
}

STATEFUL = {
    "AWS::DynamoDB::GlobalTable",
    "AWS::KMS::Key",
    "AWS::S3::Bucket",
    "AWS::SecretsManager::Secret",
}

Template = dict[str, Any]
Resource = tuple[str, str, dict[str, Any]]


def resources(templates: dict[str, Template], wanted: str) -> Iterator[Resource]:
    for stack, template in templates.items():
        for logical_id, resource in template["Resources"].items():
            if resource["Type"] == wanted:
                yield stack, logical_id, resource.get("Properties", {})


def statements(templates: dict[str, Template]) -> Iterator[tuple[str, dict[str, Any]]]:
    for kind in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"):
        for stack, logical_id, properties in resources(templates, kind):
            for statement in properties["PolicyDocument"]["Statement"]:
                yield f"{stack}/{logical_id}", statement
    for stack, logical_id, properties in resources(templates, "AWS::IAM::Role"):
        for policy in properties.get("Policies", []):
            for statement in policy["PolicyDocument"]["Statement"]:
                yield f"{stack}/{logical_id}", statement


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def test_every_stack_of_the_plan_is_there(templates: dict[str, Template]) -> None:
    assert set(templates) - ONLY_ON_AWS == STACKS


def test_dependencies_run_one_way_and_nothing_depends_on_delivery(folder: Path) -> None:
    needs = needs_of(folder)

    assert {stack for stack, needed in needs.items() if "delivery" in needed} == set()
    for alone in ("signing", "origin", "keys", "identity", *ONLY_ON_AWS & set(needs)):
        assert not needs[alone], alone
    assert needs["api"] == {"identity"}
    # Keys of KMS, each to those who decrypt: of the vault, and of what events carry sealed.
    assert needs["notifications"] == {"identity", "api"}
    assert not any(DOMAINS & needs[domain] - {"keys"} for domain in DOMAINS - {"notifications"})
    assert not any(ONLY_ON_AWS & needed for needed in needs.values())


def test_no_stack_needs_itself_through_others(folder: Path) -> None:
    TopologicalSorter(needs_of(folder)).prepare()


def needs_of(folder: Path) -> dict[str, set[str]]:
    manifest = json.loads((folder / "manifest.json").read_text())["artifacts"]
    stacks = {
        name
        for name, artifact in manifest.items()
        if artifact["type"] == "aws:cloudformation:stack"
    }
    return {name: stacks & set(manifest[name].get("dependencies", [])) for name in stacks}


def test_every_route_states_who_may_call_it(templates: dict[str, Template]) -> None:
    for stack, logical_id, route in resources(templates, "AWS::ApiGatewayV2::Route"):
        key, guard = route["RouteKey"], route["AuthorizationType"]
        assert not key.startswith(("ANY", "$default")), (stack, logical_id)
        if guard == "JWT":
            (scope,) = route["AuthorizationScopes"]
            assert scope in ("member", "staff", "export"), key
            assert (scope == "export") == ("/v1/export/" in key), key
        elif guard == "NONE":
            assert key in PUBLIC_ROUTES | OWN_TOKEN_ROUTES, key
        else:
            assert guard == "AWS_IAM", key


def test_no_function_is_hidden_in_a_stack(templates: dict[str, Template]) -> None:
    for stack, template in templates.items():
        types = {resource["Type"] for resource in template["Resources"].values()}
        assert not {kind for kind in types if kind.startswith("Custom::")}, stack
        assert "AWS::CloudFormation::CustomResource" not in types, stack


def test_buckets_are_private(templates: dict[str, Template]) -> None:
    for stack, logical_id, bucket in resources(templates, "AWS::S3::Bucket"):
        assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}, (
            stack,
            logical_id,
        )


def test_no_role_may_do_everything_of_a_service(templates: dict[str, Template]) -> None:
    for where, statement in statements(templates):
        for action in as_list(statement["Action"]):
            assert not action.endswith(":*"), (where, action)
            assert action != "*", where


def test_functions_are_ours_and_invoked_by_alias(templates: dict[str, Template]) -> None:
    for stack, logical_id, function in resources(templates, "AWS::Lambda::Function"):
        assert function["Handler"].split(".")[0] in DOMAINS | {"kernel"}, (stack, logical_id)
        assert "LoggingConfig" in function, (stack, logical_id)
    for _, logical_id, integration in resources(templates, "AWS::ApiGatewayV2::Integration"):
        if integration.get("IntegrationSubtype") != "Kinesis-PutRecord":
            assert "Live" in json.dumps(integration["IntegrationUri"]), logical_id


def test_one_permission_per_function_and_caller(templates: dict[str, Template]) -> None:
    counted: Counter[str] = Counter()
    for stack, _, permission in resources(templates, "AWS::Lambda::Permission"):
        if permission["Principal"] == "apigateway.amazonaws.com":
            counted[f"{stack}:{json.dumps(permission['FunctionName'])}"] += 1

    assert counted
    assert max(counted.values()) == 1


def test_a_functions_bundle_is_the_kernel_and_its_own_domain(
    folder: Path, templates: dict[str, Template]
) -> None:
    for stack, logical_id, function in resources(templates, "AWS::Lambda::Function"):
        asset = folder / f"asset.{function['Code']['S3Key'].removesuffix('.zip')}"
        packages = {path.name for path in asset.iterdir()}
        domain = function["Handler"].split(".")[0]
        assert packages == {"kernel", domain}, (stack, logical_id)
        assert not list(asset.rglob("*.pyc")), (stack, logical_id)


def test_a_cache_policy_that_lists_headers_caches_for_at_least_a_second(
    templates: dict[str, Template],
) -> None:
    for _, logical_id, policy in resources(templates, "AWS::CloudFront::CachePolicy"):
        configuration = policy["CachePolicyConfig"]
        listed = configuration["ParametersInCacheKeyAndForwardedToOrigin"]["HeadersConfig"]
        if listed["HeaderBehavior"] == "whitelist":
            assert configuration["MaxTTL"] >= 1, logical_id
            assert "Host" not in listed["Headers"], logical_id


def test_the_api_is_never_told_the_viewers_host(templates: dict[str, Template]) -> None:
    """API Gateway finds an API by Host: the distribution's name would find none."""
    ((_, _, distribution),) = resources(templates, "AWS::CloudFront::Distribution")
    config = distribution["DistributionConfig"]
    apis = {origin["Id"] for origin in config["Origins"] if "CustomOriginConfig" in origin}
    behaviours = [
        behaviour for behaviour in config["CacheBehaviors"] if behaviour["TargetOriginId"] in apis
    ]

    assert behaviours
    for behaviour in behaviours:
        assert behaviour["OriginRequestPolicyId"] == ALL_VIEWER_EXCEPT_HOST


def test_the_edge_proves_itself_to_the_api_by_a_secret_in_no_template(
    templates: dict[str, Template],
) -> None:
    ((_, _, distribution),) = resources(templates, "AWS::CloudFront::Distribution")
    (header,) = (
        header
        for origin in distribution["DistributionConfig"]["Origins"]
        for header in origin.get("OriginCustomHeaders", [])
    )

    assert header["HeaderName"] == "X-Marquee-Origin"
    assert "{{resolve:secretsmanager:" in json.dumps(header["HeaderValue"])


def test_films_need_a_signature_and_the_api_is_never_cached_by_default(
    templates: dict[str, Template],
) -> None:
    ((_, _, distribution),) = resources(templates, "AWS::CloudFront::Distribution")
    behaviours = {
        behaviour["PathPattern"]: behaviour
        for behaviour in distribution["DistributionConfig"]["CacheBehaviors"]
    }

    assert list(behaviours) == ["/m/*", "/t/*", "/art/*", "/v1/*"]
    assert behaviours["/m/*"]["TrustedKeyGroups"]
    assert {name for name, one in behaviours.items() if one.get("TrustedKeyGroups")} == {"/m/*"}
    for guarded in ("/m/*", "/t/*"):
        when = [each["EventType"] for each in behaviours[guarded]["FunctionAssociations"]]
        assert when == ["viewer-request", "viewer-response"], guarded
        # Where a viewer is decides before the cache, and divides nothing in it.
        assert "OriginRequestPolicyId" in behaviours[guarded]
        assert behaviours[guarded]["CachePolicyId"] == behaviours["/art/*"]["CachePolicyId"]
    for error in distribution["DistributionConfig"]["CustomErrorResponses"]:
        assert set(error) == {"ErrorCode", "ErrorCachingMinTTL"}


def test_the_edges_guards_read_the_store_of_revoked_plays_and_nobody_else_writes_plays(
    templates: dict[str, Template],
) -> None:
    reading = [
        properties
        for _, _, properties in resources(templates, "AWS::CloudFront::Function")
        if properties["FunctionConfig"].get("KeyValueStoreAssociations")
    ]
    writing = {
        where
        for where, statement in statements(templates)
        if "cloudfront-keyvaluestore:UpdateKeys" in as_list(statement["Action"])
    }

    assert len(reading) == 2
    assert {where.partition("RoleDefault")[0] for where in writing} == {
        "revocation/Revoker",
        "revocation/EdgeKeeper",
    }


def test_where_films_are_copied_the_edge_turns_to_the_copy(
    templates: dict[str, Template],
) -> None:
    ((_, _, distribution),) = resources(templates, "AWS::CloudFront::Distribution")
    config = distribution["DistributionConfig"]
    copied = [
        properties["ReplicationConfiguration"]
        for _, _, properties in resources(templates, "AWS::S3::Bucket")
        if "ReplicationConfiguration" in properties
    ]

    if not copied:
        assert "OriginGroups" not in config
        return
    ((group,), (rules,)) = config["OriginGroups"]["Items"], copied
    films = {
        one["TargetOriginId"] for one in config["CacheBehaviors"] if one["PathPattern"] != "/v1/*"
    }
    assert films == {group["Id"]}
    assert {rule["Filter"]["Prefix"] for rule in rules["Rules"]} == {"m/", "art/"}
    assert {rule["DeleteMarkerReplication"]["Status"] for rule in rules["Rules"]} == {"Enabled"}


def test_what_holds_data_keeps_its_logical_id(templates: dict[str, Template]) -> None:
    held = {
        f"{stack}/{logical_id}"
        for kind in STATEFUL
        for stack, logical_id, _ in resources(templates, kind)
        # What only copies another bucket can be made anew.
        if not logical_id.startswith("PackagedCopy")
    }

    listed = (Path(__file__).parent / "stateful.txt").read_text().split()
    assert held == set(listed)


def test_templates_and_environments_stay_within_the_limits(
    templates: dict[str, Template],
) -> None:
    for stack, template in templates.items():
        assert len(template["Resources"]) < 400, stack
        assert len(json.dumps(template)) < 1_000_000, stack
    for _, logical_id, function in resources(templates, "AWS::Lambda::Function"):
        variables = function.get("Environment", {}).get("Variables", {})
        assert len(json.dumps(variables)) < 4096, logical_id


def test_tables_can_be_recovered_and_encrypt(templates: dict[str, Template]) -> None:
    for stack, _, table in resources(templates, "AWS::DynamoDB::GlobalTable"):
        (replica,) = table["Replicas"]
        assert replica["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"], stack
        assert table["SSESpecification"]["SSEEnabled"], stack
        assert table["TimeToLiveSpecification"]["AttributeName"] == "expires_at", stack


def test_keys_that_cannot_be_changed_later_are_multi_region(
    templates: dict[str, Template],
) -> None:
    for stack, logical_id, key in resources(templates, "AWS::KMS::Key"):
        assert key["MultiRegion"], (stack, logical_id)
