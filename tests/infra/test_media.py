"""What must hold of the media stack and its state machine, whatever else changes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from media.domain import UPLOAD_LIFE

Template = dict[str, Any]

DEFINITION = Path(__file__).parents[2] / "statemachines" / "media_pipeline.asl.json"


@pytest.fixture(scope="module")
def definition() -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(DEFINITION.read_text())
    return parsed


@pytest.fixture(params=["local", "dev"])
def media(request: pytest.FixtureRequest) -> Template:
    name = "template" if request.param == "local" else "dev_template"
    of: Callable[[str], Template] = request.getfixturevalue(name)
    return of("media")


def of_type(template: Template, kind: str) -> list[dict[str, Any]]:
    return [one["Properties"] for one in template["Resources"].values() if one["Type"] == kind]


def statements(template: Template) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, resource in template["Resources"].items():
        if resource["Type"] == "AWS::IAM::Policy":
            for statement in resource["Properties"]["PolicyDocument"]["Statement"]:
                yield name, statement


def allowed(template: Template, role: str) -> list[tuple[str, Any]]:
    found = []
    for name, statement in statements(template):
        if name.startswith(f"{role}DefaultPolicy"):
            actions = statement["Action"]
            for action in actions if isinstance(actions, list) else [actions]:
                found.append((action, statement))
    return found


def tasks(definition: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {name: one for name, one in definition["States"].items() if one["Type"] == "Task"}


def test_every_failure_of_every_step_is_recorded_in_words(definition: dict[str, Any]) -> None:
    for name, task in tasks(definition).items():
        if name == "Record failure":
            continue
        caught = {error: one["Next"] for one in task["Catch"] for error in one["ErrorEquals"]}
        assert caught == {"RefusedSourceError": "Refused", "States.ALL": "Record failure"}
        assert all(one["ResultPath"] == "$.error" for one in task["Catch"])


def test_every_step_ends_in_bounded_time(definition: dict[str, Any]) -> None:
    assert all("TimeoutSeconds" in task for task in tasks(definition).values())
    assert "TimeoutSeconds" in definition


def test_every_state_is_reached_and_none_is_missing(definition: dict[str, Any]) -> None:
    states = definition["States"]
    named = {definition["StartAt"]}
    for state in states.values():
        named |= {state[key] for key in ("Next", "Default") if key in state}
        named |= {one["Next"] for key in ("Choices", "Catch") for one in state.get(key, [])}

    assert named == set(states)


def test_a_refusal_is_not_a_failed_execution(definition: dict[str, Any]) -> None:
    states = definition["States"]
    (refused,) = states["Whose fault?"]["Choices"]

    assert states["Record failure"]["Next"] == "Whose fault?"
    assert (refused["StringEquals"], refused["Next"]) == ("refused", "Refused")
    assert states["Refused"]["Type"] == "Succeed"
    assert states["Failed"]["Type"] == "Fail"


def test_the_definition_and_its_substitutions_agree(media: Template) -> None:
    (machine,) = of_type(media, "AWS::StepFunctions::StateMachine")
    needed = set(re.findall(r"\$\{(\w+)\}", machine["DefinitionString"]))

    assert set(machine["DefinitionSubstitutions"]) == needed
    assert machine["StateMachineType"] == "STANDARD"
    assert machine["TracingConfiguration"] == {"Enabled": True}


def test_mezzanines_are_private_versioned_and_encrypted_with_a_key_for_more_regions(
    media: Template,
) -> None:
    (bucket,) = of_type(media, "AWS::S3::Bucket")
    (key,) = of_type(media, "AWS::KMS::Key")
    (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]

    assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    assert key["MultiRegion"] is True
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    assert all(bucket["PublicAccessBlockConfiguration"].values())


def test_mezzanines_grow_cold_and_abandoned_uploads_go_away(media: Template) -> None:
    (bucket,) = of_type(media, "AWS::S3::Bucket")
    (rule,) = bucket["LifecycleConfiguration"]["Rules"]

    assert rule["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"] == 7
    assert rule["Transitions"] == [{"StorageClass": "GLACIER_IR", "TransitionInDays": 30}]


def test_a_browser_of_our_origin_reads_what_an_upload_needs(media: Template) -> None:
    (bucket,) = of_type(media, "AWS::S3::Bucket")
    (rule,) = bucket["CorsConfiguration"]["CorsRules"]

    assert rule["AllowedMethods"] == ["PUT"]
    assert len(rule["AllowedOrigins"]) == 1
    assert "*" not in rule["AllowedOrigins"]
    assert {"ETag", "x-amz-checksum-sha256"} <= set(rule["ExposedHeaders"])


def test_uploads_start_the_pipeline_and_none_is_lost(media: Template) -> None:
    (rule,) = (
        one
        for one in of_type(media, "AWS::Events::Rule")
        if one["EventPattern"]["source"] == ["aws.s3"]
    )
    (target,) = rule["Targets"]

    assert rule["EventPattern"]["detail-type"] == ["Object Created"]
    assert rule["EventPattern"]["detail"]["object"] == {"key": [{"wildcard": "uploads/*/source"}]}
    assert "DeadLetterConfig" in target


def test_a_run_that_ends_badly_is_heard_of_and_no_word_of_it_is_lost(media: Template) -> None:
    (rule,) = (
        one
        for one in of_type(media, "AWS::Events::Rule")
        if one["EventPattern"]["source"] == ["aws.states"]
    )
    (target,) = rule["Targets"]
    (machine,) = (
        name
        for name, one in media["Resources"].items()
        if one["Type"] == "AWS::StepFunctions::StateMachine"
    )

    assert rule["EventPattern"]["detail-type"] == ["Step Functions Execution Status Change"]
    assert rule["EventPattern"]["detail"] == {
        "status": ["FAILED", "TIMED_OUT", "ABORTED"],
        "stateMachineArn": [{"Ref": machine}],
    }
    assert target["DeadLetterConfig"]
    assert target["RetryPolicy"]["MaximumRetryAttempts"] == 185


def test_a_step_that_crashes_or_runs_out_of_time_is_tried_again(
    definition: dict[str, Any],
) -> None:
    for name, task in tasks(definition).items():
        retried = {error for one in task["Retry"] for error in one["ErrorEquals"]}
        if name == "Transcode":
            assert retried == {
                "MediaConvert.TooManyRequestsException",
                "MediaConvert.InternalServerErrorException",
            }
        else:
            assert {"Runtime.ExitError", "Sandbox.Timedout", "Lambda.Unknown"} <= retried
            assert "RefusedSourceError" not in retried


def test_the_storage_throws_parts_away_when_the_domain_says_so(media: Template) -> None:
    rules = [
        rule
        for bucket in of_type(media, "AWS::S3::Bucket")
        for rule in bucket["LifecycleConfiguration"]["Rules"]
    ]

    days = [
        rule["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"]
        for rule in rules
        if "AbortIncompleteMultipartUpload" in rule
    ]
    assert days == [UPLOAD_LIFE.days]


def test_what_removes_files_of_deleted_assets_may_do_nothing_else(media: Template) -> None:
    (function,) = (
        one
        for one in of_type(media, "AWS::Lambda::Function")
        if one["Handler"] == "media.handlers.remove.handler"
    )
    role = function["Role"]["Fn::GetAtt"][0]
    actions = {
        action
        for policy in of_type(media, "AWS::IAM::Policy")
        if {"Ref": role} in policy["Roles"]
        for statement in policy["PolicyDocument"]["Statement"]
        for action in (
            [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]
        )
        if action.startswith("s3:")
    }

    assert actions == {"s3:ListBucket", "s3:DeleteObject"}


def test_switching_notifications_on_takes_no_hidden_function(media: Template) -> None:
    handlers = {one["Handler"] for one in of_type(media, "AWS::Lambda::Function")}

    assert handlers == {
        *(f"media.handlers.{name}.handler" for name in ("api", "record", "probe", "package")),
        "media.handlers.progress.handler",
        "media.handlers.ended.handler",
        "media.handlers.remove.handler",
        "kernel.handlers.outbox.handler",
    }
    assert not [r for r in media["Resources"].values() if r["Type"].startswith("Custom::")]


def test_no_policy_allows_every_action(media: Template) -> None:
    for _, statement in statements(media):
        actions = statement["Action"]
        for action in actions if isinstance(actions, list) else [actions]:
            assert action != "*"
            assert not action.endswith(":*")


def test_the_state_machine_may_pass_one_role_to_mediaconvert_alone(media: Template) -> None:
    ((_, statement),) = (
        found for found in allowed(media, "PipelineRole") if found[0] == "iam:PassRole"
    )

    assert statement["Condition"] == {
        "StringEquals": {"iam:PassedToService": "mediaconvert.amazonaws.com"}
    }
    assert statement["Resource"]["Fn::GetAtt"][0].startswith("MediaConvertRole")


def test_the_state_machine_has_what_create_job_sync_needs(media: Template) -> None:
    actions = {action for action, _ in allowed(media, "PipelineRole")}

    assert {
        "mediaconvert:CreateJob",
        "mediaconvert:GetJob",
        "mediaconvert:CancelJob",
        "events:PutTargets",
        "events:PutRule",
        "events:DescribeRule",
        "lambda:InvokeFunction",
    } <= actions


def test_the_state_machine_invokes_aliases(media: Template) -> None:
    for action, statement in allowed(media, "PipelineRole"):
        if action == "lambda:InvokeFunction":
            assert "Live" in statement["Resource"]["Ref"]


def test_mediaconvert_reads_uploads_writes_packages_and_asks_one_route_for_keys(
    media: Template,
) -> None:
    found = allowed(media, "MediaConvertRole")
    actions = {action for action, _ in found}
    (invoke,) = (statement for action, statement in found if action == "execute-api:Invoke")

    assert {"s3:GetObject*", "s3:PutObject", "kms:Decrypt"} <= actions
    assert "/POST/speke/v2.0/copyProtection" in json.dumps(invoke["Resource"])
    assert "s3:DeleteObject*" not in actions


def test_the_probing_function_may_read_what_it_probes(media: Template) -> None:
    actions = {action for action, _ in allowed(media, "ProbeRole")}

    assert {"mediaconvert:Probe", "s3:GetObject*", "kms:Decrypt"} <= actions


def test_every_route_wants_the_staff_scope(media: Template) -> None:
    routes = of_type(media, "AWS::ApiGatewayV2::Route")

    assert routes
    for route in routes:
        assert route["AuthorizationType"] == "JWT"
        assert route["AuthorizationScopes"] == ["staff"]


def test_the_index_carries_what_the_store_reads(media: Template) -> None:
    from media.models import BY_CREATION, SUMMARY_ATTRIBUTES

    (table,) = of_type(media, "AWS::DynamoDB::GlobalTable")
    (index,) = table["GlobalSecondaryIndexes"]

    assert index["IndexName"] == BY_CREATION
    assert set(index["Projection"]["NonKeyAttributes"]) == set(SUMMARY_ATTRIBUTES)
