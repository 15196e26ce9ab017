"""Playback's template: which route has which guard, and which function opens the vault."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk.assertions import Template as Synthesized

from stacks.components import HttpApiRef
from stacks.environment import environment_from
from stacks.playback import PlaybackStack
from stacks.signing import SigningStack

Template = dict[str, Any]

SESSION = "/v1/playback/sessions/{session_id}"
DOWNLOAD = "/v1/downloads/{download_id}"


@pytest.fixture(scope="module")
def playback(dev_template: Callable[[str], Template]) -> Template:
    return dev_template("playback")


OTHER_CDN = "https://b.example"
SERVERS = {"widevine": "https://w.example/getlicense", "fairplay": "https://f.example/ckc"}


@pytest.fixture(scope="module")
def with_vendors() -> Template:
    """Playback where two vendors license, and another CDN has the films: no environment of ours
    has either yet."""
    root = Path(__file__).resolve().parents[2]
    context = json.loads((root / "cdk.json").read_text())["context"]
    app = cdk.App(
        context={
            **context,
            "environment": "local",
            "settings": json.dumps({"licence_servers": SERVERS, "other_cdns": [OTHER_CDN]}),
        }
    )
    env = environment_from(app.node)
    keys = cdk.Stack(app, "vault", env=cdk.Environment(account=env.account, region=env.region))
    stack = PlaybackStack(
        app,
        "playback",
        env=env,
        api=HttpApiRef("api", "authorizer"),
        signing=SigningStack(app, "signing", env=env).signing,
        vault_key=kms.Key.from_key_arn(keys, "Key", "arn:aws:kms:eu-west-1:123456789012:key/vault"),
        beacons=kinesis.Stream.from_stream_arn(
            keys, "Beacons", "arn:aws:kinesis:eu-west-1:123456789012:stream/beacons"
        ),
        beacons_url="https://beacons.example/v1/beacons",
        films=s3.Bucket(keys, "Films"),
    )
    return dict(Synthesized.from_stack(stack).to_json())


def of_type(template: Template, kind: str) -> dict[str, dict[str, Any]]:
    resources = template["Resources"].items()
    return {name: r["Properties"] for name, r in resources if r["Type"] == kind}


def actions_by_function(template: Template) -> dict[str, set[str]]:
    """What each handler's role may do, by the handler's name."""
    roles = {
        function["Role"]["Fn::GetAtt"][0]: function["Handler"].split(".")[-2]
        for function in of_type(template, "AWS::Lambda::Function").values()
    }
    allowed: dict[str, set[str]] = {name: set() for name in roles.values()}
    for policy in of_type(template, "AWS::IAM::Policy").values():
        for role in policy["Roles"]:
            for statement in policy["PolicyDocument"]["Statement"]:
                action = statement["Action"]
                names = [action] if isinstance(action, str) else action
                allowed[roles[role["Ref"]]].update(names)
    return allowed


def test_no_role_may_do_everything_of_anything(playback: Template) -> None:
    allowed = actions_by_function(playback)

    assert not [a for actions in allowed.values() for a in actions if "*" in a]


def test_only_starts_downloads_and_licences_open_the_vault(playback: Template) -> None:
    allowed = actions_by_function(playback)
    opens = {
        name for name, actions in allowed.items() if any(a.startswith("kms:") for a in actions)
    }

    assert opens == {"downloads", "licence", "sessions"}
    for name in opens:
        assert {a for a in allowed[name] if a.startswith("kms:")} == {"kms:Decrypt"}


def test_the_licence_function_cannot_read_the_cookies_private_key(playback: Template) -> None:
    functions = of_type(playback, "AWS::Lambda::Function").values()
    (licence,) = (f for f in functions if "handlers.licence" in f["Handler"])

    assert "SIGNING_SECRET" not in licence["Environment"]["Variables"]


def test_a_start_reads_once_and_writes_once(playback: Template) -> None:
    allowed = actions_by_function(playback)["sessions"]

    assert {a for a in allowed if a.startswith("dynamodb:")} == {
        "dynamodb:BatchGetItem",
        "dynamodb:GetItem",
        "dynamodb:PutItem",
        "dynamodb:UpdateItem",
    }


def test_every_route_states_its_guard(playback: Template) -> None:
    routes = {
        route["RouteKey"]: (route["AuthorizationType"], route.get("AuthorizationScopes"))
        for route in of_type(playback, "AWS::ApiGatewayV2::Route").values()
    }

    assert routes == {
        "POST /v1/playback/start": ("JWT", ["member"]),
        f"POST {SESSION}/licence-token": ("JWT", ["member"]),
        f"GET {SESSION}": ("JWT", ["member"]),
        f"DELETE {SESSION}": ("JWT", ["member"]),
        f"POST {SESSION}/licence/clearkey": ("NONE", None),
        f"GET {SESSION}/steering/{{token}}": ("NONE", None),
        f"GET {SESSION}/steering/{{token}}/{{manifest}}": ("NONE", None),
        "GET /v1/staff/cdns": ("JWT", ["staff"]),
        "PUT /v1/staff/cdns/{cdn_id}": ("JWT", ["staff"]),
        "GET /v1/export/playback": ("JWT", ["export"]),
        "POST /v1/downloads": ("JWT", ["member"]),
        "GET /v1/downloads": ("JWT", ["member"]),
        "POST /v1/downloads/{download_id}/renewal": ("JWT", ["member"]),
        "POST /v1/downloads/{download_id}/first-play": ("JWT", ["member"]),
        "DELETE /v1/downloads/{download_id}": ("JWT", ["member"]),
    }


def test_what_the_read_model_could_not_take_waits_in_a_queue(playback: Template) -> None:
    rules = of_type(playback, "AWS::Events::Rule")

    patterns = {json.dumps(rule["EventPattern"], sort_keys=True) for rule in rules.values()}
    assert patterns == {
        '{"detail-type": ["ContentKeysIssued"], "source": ["marquee.dev.keys"]}',
        '{"detail-type": ["TitlePublished", "TitleWithdrawn"], "source": ["marquee.dev.catalog"]}',
        '{"detail-type": ["SubscriptionChanged"], "source": ["marquee.dev.billing"]}',
        '{"detail-type": ["AccountBlocked", "AccountDeleted", '
        '"AccountDeletionRequested", "AccountUnblocked", '
        '"DeviceRegistered", "DeviceRemoved", "DeviceRenamed", "PasswordChanged", '
        '"SecondStepsRemoved", "SessionEnded", "SignedOutEverywhere"], '
        '"source": ["marquee.dev.identity"]}',
    }
    for rule in rules.values():
        assert all(target["DeadLetterConfig"]["Arn"] for target in rule["Targets"])


def test_no_vendor_licenses_where_the_environment_states_none(playback: Template) -> None:
    assert not {"vendorlicence", "storedlicence"} & actions_by_function(playback).keys()


def test_each_vendor_has_a_route_of_its_own_token_and_a_secret(with_vendors: Template) -> None:
    routes = {
        route["RouteKey"]: route["AuthorizationType"]
        for route in of_type(with_vendors, "AWS::ApiGatewayV2::Route").values()
    }

    assert {key for key in routes if f"{SESSION}/licence/" in key} == {
        f"POST {SESSION}/licence/{drm}" for drm in ("clearkey", *SERVERS)
    }
    assert routes[f"POST {SESSION}/licence/widevine"] == "NONE"
    assert len(of_type(with_vendors, "AWS::SecretsManager::Secret")) == len(SERVERS)


def test_the_function_of_vendors_licences_may_do_what_clearkeys_may_and_no_more(
    with_vendors: Template,
) -> None:
    allowed = actions_by_function(with_vendors)

    assert allowed["vendorlicence"] == allowed["licence"]


def test_licences_that_devices_store_are_for_signed_in_members(with_vendors: Template) -> None:
    routes = {
        route["RouteKey"]: (route["AuthorizationType"], route.get("AuthorizationScopes"))
        for route in of_type(with_vendors, "AWS::ApiGatewayV2::Route").values()
    }

    stored = {key: guard for key, guard in routes.items() if f"POST {DOWNLOAD}/" in key}
    assert {key for key in stored if "/licence/" in key} == {
        f"POST {DOWNLOAD}/licence/{drm}" for drm in SERVERS
    }
    assert {key for key in stored if "/release/" in key} == {
        f"POST {DOWNLOAD}/release/{drm}" for drm in SERVERS if drm != "playready"
    }
    assert set(map(str, stored.values())) == {"('JWT', ['member'])"}


def test_the_function_of_stored_licences_reads_a_grants_facts_and_writes_shelves(
    with_vendors: Template,
) -> None:
    allowed = actions_by_function(with_vendors)

    assert allowed["storedlicence"] == {*allowed["vendorlicence"], "dynamodb:BatchGetItem"}


def test_starts_and_downloads_know_which_vendors_license(with_vendors: Template) -> None:
    for name in ("sessions", "vendorlicence", "downloads", "storedlicence"):
        (variables,) = (
            function["Environment"]["Variables"]
            for function in of_type(with_vendors, "AWS::Lambda::Function").values()
            if function["Handler"] == f"playback.handlers.{name}.handler"
        )
        stated = {
            key: value
            for key, value in variables.items()
            if key.endswith("_URL") and key != "BEACONS_URL"
        }
        assert stated == {f"{drm.upper()}_URL": url for drm, url in SERVERS.items()}


def test_what_steers_players_reads_one_item_and_manifests_and_writes_nothing(
    playback: Template,
) -> None:
    allowed = actions_by_function(playback)["steering"]

    assert {a for a in allowed if not a.startswith(("logs:", "secretsmanager:"))} == {
        "dynamodb:GetItem",
        "s3:GetObject",
    }


def test_manifests_are_read_from_the_folder_of_films_alone(playback: Template) -> None:
    (resource,) = (
        statement["Resource"]
        for policy in of_type(playback, "AWS::IAM::Policy").values()
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Action"] == "s3:GetObject"
    )

    assert resource["Fn::Join"][1][-1] == "/m/*"


def test_with_one_cdn_nobody_judges(playback: Template) -> None:
    assert not {"cdnjudge", "cdnquality"} & set(actions_by_function(playback))


def test_with_another_cdn_all_are_judged_once_a_minute_from_here(with_vendors: Template) -> None:
    schedules = [
        rule["ScheduleExpression"]
        for rule in of_type(with_vendors, "AWS::Events::Rule").values()
        if "ScheduleExpression" in rule
    ]
    readers = of_type(with_vendors, "AWS::Lambda::EventSourceMapping").values()
    gathering = [r["MaximumBatchingWindowInSeconds"] for r in readers if r.get("BatchSize") == 1000]

    assert schedules == ["rate(1 minute)"]
    assert gathering == [10]


def test_whoever_steers_judges_or_drains_knows_the_same_cdns(with_vendors: Template) -> None:
    stated = {
        function["Handler"].split(".")[-2]: function["Environment"]["Variables"]["OTHER_CDNS"]
        for function in of_type(with_vendors, "AWS::Lambda::Function").values()
        if "OTHER_CDNS" in function.get("Environment", {}).get("Variables", {})
    }

    assert stated == dict.fromkeys(
        ("sessions", "steering", "cdndesk", "cdnjudge", "cdnquality"), OTHER_CDN
    )
