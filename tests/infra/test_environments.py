"""What each environment's settings make of the same stacks."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import billing.domain
import identity.devices.domain
import playback.domain
from identity.accounts.domain import DELETION_GRACE
from stacks.environment import Environment, SettingsError, environment_from

ROOT = Path(__file__).resolve().parents[2]

Template = dict[str, Any]
Templates = Callable[[str], dict[str, Template]]

CLUB = {"client_id": "club", "name": "Club", "redirect_uri": "https://club.example/callback"}

SETTINGS = json.loads((ROOT / "cdk.json").read_text())["context"]["environments"]

DATA = {
    "AWS::DynamoDB::GlobalTable",
    "AWS::KMS::Key",
    "AWS::S3::Bucket",
    "AWS::SecretsManager::Secret",
}

CDK_S_OWN_DEPENDENCIES = "W3005"
"""CDK lets a function wait for its role's policy and names the role as well, which is redundant."""


def of_type(templates: dict[str, Template], kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for stack, template in templates.items():
        for logical_id, resource in template["Resources"].items():
            if resource["Type"] == kind:
                yield f"{stack}/{logical_id}", resource


def settings(name: str = "prod", **changes: Any) -> Environment:
    class Context:
        def try_get_context(self, key: str) -> Any:
            return {
                "environment": name,
                "environments": SETTINGS,
                "settings": json.dumps(changes),
            }[key]

    return environment_from(Context())


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"log_retention_days": 8}, "log_retention_days must be one of 7, 14, 30, 90, 365"),
        ({"clearkey": "no"}, "clearkey must be true or false"),
        ({"price_class": "cheap"}, "price_class must be one of"),
        ({"alerts": {"mails": []}}, "alerts: unknown mails"),
        ({"alerts": {"emails": "ops"}}, "emails must be a list of texts"),
        ({"budget": 5}, "budget must be an object"),
        ({"budget": {"monthly_usd": "5"}}, "monthly_usd must be a whole number"),
        ({"firewall": {"managed_rules": "count"}}, "missing api_requests_per_five_minutes"),
        ({"alerts": None}, "rollout needs alerts"),
        ({"domain": None, "edge": None}, "firewall needs a domain"),
        ({"domain": None, "firewall": None}, "edge needs a domain"),
        (
            {
                "capacity": {
                    "reads": {"least": 1, "most": 9},
                    "writes": {"least": 9, "most": 1},
                }
            },
            "capacity needs at least one unit",
        ),
        ({"capacity": {"writes": {"least": 1, "most": 9}}}, "capacity: missing reads"),
        ({"recovery_days": 36}, "recovery_days must be between 1 and 35"),
        ({"public_origin": "https://else.example"}, "public_origin must be"),
        ({"issuer": "https://else.example"}, "issuer must be"),
        (
            {"licence_servers": {"widevine": "http://vendor.example"}},
            "licence_servers must be https",
        ),
        ({"licence_servers": {"clearkey": "https://a.example"}}, "unknown clearkey"),
        ({"token_keys": []}, "token_keys must name"),
        ({"partners": "club"}, "partners must be a list of objects"),
        ({"partners": ["club"]}, "partners must be a list of objects"),
        ({"partners": [{**CLUB, "secret": "s"}]}, "partners: unknown secret"),
        ({"partners": [{**CLUB, "redirect_uri": "http://club.example/"}]}, "partners take their"),
        ({"partners": [{**CLUB, "redirect_uri": "https://c.example/?a=b"}]}, "partners take their"),
        ({"partners": [{**CLUB, "post_logout_redirect_uri": "http://c/"}]}, "partners take their"),
        ({"mail_sender": "no-reply@else.example"}, "mail_sender must be an address of the domain"),
        ({"colour": "red"}, "unknown colour"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(changes: dict[str, Any], named: str) -> None:
    with pytest.raises(SettingsError, match=named) as refused:
        settings(**changes)

    assert str(refused.value).startswith("Environment prod")


def test_an_environment_that_does_not_exist_is_named_with_those_that_do() -> None:
    with pytest.raises(SettingsError, match=r"no environment 'test'.*dev, local, prod, staging"):
        settings("test")


def test_the_distribution_waits_for_its_certificate() -> None:
    assert not settings(edge=None).edge_is_ready
    assert settings().edge_is_ready
    assert settings("local").edge_is_ready


def test_prod_offers_no_clearkey(templates_of: Templates) -> None:
    offers = {
        name: resource["Properties"]["Environment"]["Variables"]["CLEARKEY"]
        for name, resource in of_type(templates_of("prod"), "AWS::Lambda::Function")
        if "CLEARKEY" in resource["Properties"].get("Environment", {}).get("Variables", {})
    }

    assert offers
    assert set(offers.values()) == {"false"}


def test_no_play_in_prod_begins_with_its_keys_in_the_clear(templates_of: Templates) -> None:
    (sessions,) = (
        resource["Properties"]
        for _, resource in of_type(templates_of("prod"), "AWS::Lambda::Function")
        if resource["Properties"]["Handler"].endswith("playback.handlers.sessions.handler")
    )

    assert "VAULT_KEY_ID" not in sessions["Environment"]["Variables"]


def test_prod_keeps_its_data_whatever_happens_to_a_stack(
    templates_of: Templates, assembly_of: Callable[[str], Path]
) -> None:
    templates = templates_of("prod")
    manifest = json.loads((assembly_of("prod") / "manifest.json").read_text())["artifacts"]

    for kind in DATA:
        for name, resource in of_type(templates, kind):
            assert resource["DeletionPolicy"] == "Retain", name
            assert resource["UpdateReplacePolicy"] == "Retain", name
    for name, table in of_type(templates, "AWS::DynamoDB::GlobalTable"):
        (replica,) = table["Properties"]["Replicas"]
        assert replica["DeletionProtectionEnabled"], name
    for stack in templates:
        assert manifest[stack]["properties"]["terminationProtection"], stack


def test_what_is_not_prod_can_be_deleted(templates_of: Templates) -> None:
    for name in ("dev", "staging"):
        for kind in DATA - {"AWS::KMS::Key"}:
            for where, resource in of_type(templates_of(name), kind):
                assert resource["DeletionPolicy"] == "Delete", where


def test_tables_are_recoverable_for_as_long_as_the_environment_says(
    environment: str, templates: dict[str, Template]
) -> None:
    for name, table in of_type(templates, "AWS::DynamoDB::GlobalTable"):
        (replica,) = table["Properties"]["Replicas"]
        recovery = replica["PointInTimeRecoverySpecification"]
        assert recovery["RecoveryPeriodInDays"] == settings(environment).recovery_days, name


def test_tables_are_copied_daily_where_the_environment_says(
    environment: str, templates: dict[str, Template]
) -> None:
    copied = settings(environment).backup is not None
    selections = [
        resource["Properties"]["BackupSelection"]["ListOfTags"]
        for _, resource in of_type(templates, "AWS::Backup::BackupSelection")
    ]
    tagged = [
        {"Key": "marquee:backup", "Value": environment}
        in resource["Properties"]["Replicas"][0].get("Tags", [])
        for _, resource in of_type(templates, "AWS::DynamoDB::GlobalTable")
    ]

    assert set(tagged) == {copied}
    assert bool(selections) is copied
    for (condition,) in selections:
        assert condition["ConditionKey"] == "marquee:backup"
        assert condition["ConditionValue"] == environment


def test_versions_get_their_traffic_as_the_environment_says(
    environment: str, templates: dict[str, Template]
) -> None:
    in_steps = settings(environment).rollout is not None
    aliases = list(of_type(templates, "AWS::Lambda::Alias"))
    groups = list(of_type(templates, "AWS::CodeDeploy::DeploymentGroup"))

    assert {"UpdatePolicy" in alias for _, alias in aliases} == {in_steps}
    assert len(groups) == (len(aliases) if in_steps else 0)
    for name, group in groups:
        assert group["Properties"]["AutoRollbackConfiguration"]["Enabled"], name
        assert group["Properties"]["AlarmConfiguration"]["Enabled"], name


def test_a_version_behind_the_api_is_taken_back_when_the_api_fails(
    templates_of: Templates,
) -> None:
    playback = templates_of("prod")["playback"]
    groups = [
        json.dumps(resource["Properties"]["AlarmConfiguration"])
        for _, resource in of_type({"playback": playback}, "AWS::CodeDeploy::DeploymentGroup")
    ]

    called_by_the_api = {
        json.dumps(resource["Properties"]["FunctionName"])
        for _, resource in of_type({"playback": playback}, "AWS::Lambda::Permission")
        if resource["Properties"]["Principal"] == "apigateway.amazonaws.com"
    }

    behind_the_api = [group for group in groups if "marquee-prod-api:" in group]
    assert len(behind_the_api) == len(called_by_the_api) > 1


def test_every_function_queue_and_api_has_its_alarm_where_somebody_listens(
    environment: str, templates: dict[str, Template]
) -> None:
    alarms = [resource for _, resource in of_type(templates, "AWS::CloudWatch::Alarm")]
    if settings(environment).alerts is None:
        assert not alarms
        return
    watched = json.dumps([alarm["Properties"] for alarm in alarms])

    for kind in ("AWS::Lambda::Function", "AWS::SQS::Queue", "AWS::ApiGatewayV2::Api"):
        for name, _ in of_type(templates, kind):
            assert f'"{name.split("/")[1]}"' in watched, name
    for alarm in alarms:
        assert f"marquee-{environment}-alarms" in json.dumps(alarm["Properties"]["AlarmActions"])
        assert alarm["Properties"]["AlarmDescription"]


def test_the_topic_of_the_alarms_is_the_one_they_tell(
    environment: str, templates: dict[str, Template]
) -> None:
    topics = [resource for _, resource in of_type(templates, "AWS::SNS::Topic")]
    alerts = settings(environment).alerts
    if alerts is None:
        assert not topics
        return
    (topic,) = topics
    subscribed = {
        resource["Properties"]["Endpoint"]
        for _, resource in of_type(templates, "AWS::SNS::Subscription")
    }

    assert topic["Properties"]["TopicName"] == f"marquee-{environment}-alarms"
    assert subscribed == {*alerts.emails, *alerts.webhooks}


def test_costs_are_watched_where_the_environment_says(
    environment: str, templates: dict[str, Template]
) -> None:
    budget = settings(environment).budget
    budgets = [resource for _, resource in of_type(templates, "AWS::Budgets::Budget")]

    assert [b["Properties"]["Budget"]["BudgetLimit"]["Amount"] for b in budgets] == (
        [] if budget is None else [budget.monthly_usd]
    )


def test_the_firewall_stands_in_us_east_1_before_the_distribution(
    environment: str, templates: dict[str, Template], folder: Path
) -> None:
    env = settings(environment)
    ((_, distribution),) = of_type(templates, "AWS::CloudFront::Distribution")
    attached = distribution["Properties"]["DistributionConfig"].get("WebACLId")
    walls = [resource for _, resource in of_type(templates, "AWS::WAFv2::WebACL")]

    assert len(walls) == (env.firewall is not None)
    assert attached == (env.edge.firewall_arn if env.edge and env.firewall else None)
    assert {wall["Properties"]["Scope"] for wall in walls} <= {"CLOUDFRONT"}
    if env.domain is not None:
        manifest = json.loads((folder / "manifest.json").read_text())["artifacts"]
        assert manifest["edge-global"]["environment"] == f"aws://{env.account}/us-east-1"


def test_every_request_of_the_firewalls_rules_is_one_of_the_api(templates_of: Templates) -> None:
    ((_, wall),) = of_type(templates_of("prod"), "AWS::WAFv2::WebACL")

    for rule in wall["Properties"]["Rules"]:
        ((_, statement),) = rule["Statement"].items()
        path = statement["ScopeDownStatement"]["ByteMatchStatement"]
        assert (path["PositionalConstraint"], path["SearchString"]) == ("STARTS_WITH", "/v1/")


def written(value: Any) -> str:
    """A string of a template; what another stack exports of its bucket is `{bucket}`."""
    if isinstance(value, str):
        return value
    ((function, argument),) = value.items()
    if function == "Fn::ImportValue":
        attribute = "RegionalDomainName" if "RegionalDomainName" in argument else "RefMezzanine"
        assert "Mezzanine" in argument
        assert attribute in argument
        return "{bucket}"
    assert function == "Fn::Join"
    return "".join(written(part) for part in argument[1])


def test_pages_may_load_only_what_is_theirs(
    environment: str, templates: dict[str, Template]
) -> None:
    (headers,) = (
        config["SecurityHeadersConfig"]
        for _, policy in of_type(templates, "AWS::CloudFront::ResponseHeadersPolicy")
        if "SecurityHeadersConfig"
        in (config := policy["Properties"]["ResponseHeadersPolicyConfig"])
    )
    content = written(headers["ContentSecurityPolicy"]["ContentSecurityPolicy"]).split("; ")
    env = settings(environment)

    assert content[0] == "default-src 'none'"
    (connect,) = (each for each in content if each.startswith("connect-src "))
    assert connect.split()[1:3] == ["'self'", env.issuer]
    # The one folder that signed parts are sent to, of one bucket, and no other of S3's.
    uploads, beacons, *cdns = connect.split()[3:]
    assert cdns == list(env.other_cdns)
    # One path of the API that beacons are sent to.
    origin = f"https://beacons.{env.domain.name}" if env.domain else env.beacons_origin
    assert beacons == f"{origin}/v1/beacons"
    host = "https://{bucket}" if env.s3_endpoint is None else f"{env.s3_endpoint}/{{bucket}}"
    assert uploads == f"{host}/uploads/"
    assert {"script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"} <= set(content)
    assert "require-trusted-types-for 'script'" in content
    assert not [source for source in content if "unsafe" in source or "*" in source]
    assert ("StrictTransportSecurity" in headers) is env.is_https


def test_a_browser_is_told_to_keep_what_it_was_given_and_never_a_refusal(
    templates: dict[str, Template],
) -> None:
    """Functions at the viewer's response run for answers below 400 only; header policies always."""
    ((_, distribution),) = of_type(templates, "AWS::CloudFront::Distribution")
    behaviours = distribution["Properties"]["DistributionConfig"]["CacheBehaviors"]

    for behaviour in behaviours:
        if behaviour["PathPattern"] in ("/m/*", "/art/*"):
            assert "ResponseHeadersPolicyId" not in behaviour
            events = {each["EventType"] for each in behaviour["FunctionAssociations"]}
            assert "viewer-response" in events


def test_work_files_of_the_pipeline_go_away(templates: dict[str, Template]) -> None:
    expiring = {
        rule["Prefix"]: rule["ExpirationInDays"]
        for name, bucket in of_type(templates, "AWS::S3::Bucket")
        if name.startswith("origin/Packaged")
        for rule in bucket["Properties"]["LifecycleConfiguration"]["Rules"]
        if "ExpirationInDays" in rule
    }

    assert expiring == {"work/": 7}


def test_an_api_has_limits_and_a_log_where_the_environment_says(
    environment: str, templates: dict[str, Template]
) -> None:
    env = settings(environment)
    for name, stage in of_type(templates, "AWS::ApiGatewayV2::Stage"):
        properties = stage["Properties"]
        assert ("DefaultRouteSettings" in properties) is (env.throttle is not None), name
        # A line for each beacon would be most of all that is logged (docs/adr/0556).
        is_logged = env.access_logs and not name.startswith("beacons/")
        assert ("AccessLogSettings" in properties) is is_logged, name


def test_what_is_deleted_is_gone_everywhere_within_thirty_days(
    environment: str, templates: dict[str, Template]
) -> None:
    """Deletion waits two weeks for second thoughts, and a day at most for runs that fail or find
    too many; copies end with the month."""
    env = settings(environment)
    archives = [
        archive["Properties"]["RetentionDays"]
        for _, archive in of_type(templates, "AWS::Events::Archive")
    ]
    left = timedelta(days=30) - DELETION_GRACE - timedelta(days=1)
    for days in (
        env.recovery_days,
        env.log_retention_days,
        env.backup.keep_days if env.backup else 0,
        *archives,
    ):
        assert timedelta(days=days) <= left
    assert archives
    domains = (billing.domain, playback.domain, identity.devices.domain)
    assert max(domain.REMEMBERED_GONE for domain in domains) <= left


def test_somebody_hears_of_what_runs_seldom_and_failed_to_its_end(
    environment: str, templates: dict[str, Template]
) -> None:
    env = settings(environment)
    runs = {
        name
        for name, rule in of_type(templates, "AWS::Events::Rule")
        if "hour" in rule["Properties"].get("ScheduleExpression", "")
        or "day" in rule["Properties"].get("ScheduleExpression", "")
    }
    alarms = {
        name: alarm["Properties"]
        for name, alarm in of_type(templates, "AWS::CloudWatch::Alarm")
        if alarm["Properties"].get("Period") == 3600
        and alarm["Properties"].get("MetricName") == "Errors"
    }

    assert {"identity/DeletesHourly", "revocation/Daily"} <= {_without_hash(name) for name in runs}
    if env.alerts is None:
        assert not alarms
        return
    assert {f"{_without_hash(name)}Failed" for name in runs} == set(map(_without_hash, alarms))
    for alarm in alarms.values():
        assert alarm["Threshold"] == 3
        assert alarm["AlarmActions"]


def _without_hash(logical_name: str) -> str:
    """A construct's path from the logical id that CDK makes of it, with eight digits behind."""
    return logical_name[:-8]


def test_cfn_lint_finds_nothing(assembly_of: Callable[[str], Path]) -> None:
    found = subprocess.run(
        [
            Path(sys.executable).parent / "cfn-lint",
            *("--format", "parseable", "--ignore-checks", CDK_S_OWN_DEPENDENCIES, "--"),
            *(
                path
                for name in SETTINGS
                for path in sorted(assembly_of(name).glob("*.template.json"))
            ),
        ],
        capture_output=True,
        text=True,
        check=False,
    )

    assert found.stdout == ""
    assert found.returncode == 0, found.stderr


def test_every_environment_on_aws_is_synthesized_under_the_solution_checks() -> None:
    """Synthesis fails on a finding of cdk-nag; that it succeeded is what the other tests need."""
    checked = {name for name, values in SETTINGS.items() if values.get("solution_checks")}

    assert checked == {"dev", "staging", "prod"}


def test_a_rule_that_is_not_followed_has_a_reason(environment: str, folder: Path) -> None:
    metadata = [json.loads(path.read_text()) for path in folder.glob("*.metadata.json")]
    reasons = set(acknowledged(metadata))

    if settings(environment).solution_checks:
        assert reasons
    for rule, reason in reasons:
        assert len(reason.split()) >= 8, rule


def acknowledged(node: Any) -> Iterator[tuple[str, str]]:
    """Every acknowledged rule with its reason, wherever the metadata keeps it."""
    if isinstance(node, dict):
        for key, value in node.items():
            if "AwsSolutions-" in key and isinstance(value, str):
                yield key, value
            else:
                yield from acknowledged(value)
    elif isinstance(node, list):
        for item in node:
            yield from acknowledged(item)
