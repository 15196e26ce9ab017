"""Letters and accounts in the templates: what may be lost, who reads codes, who sends as whom."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from notifications.domain import CLAIM, LETTERS

Template = dict[str, Any]


@pytest.fixture(scope="module")
def notifications(dev_template: Callable[[str], Template]) -> Template:
    return dev_template("notifications")


@pytest.fixture(scope="module")
def identity(dev_template: Callable[[str], Template]) -> Template:
    return dev_template("identity")


@pytest.fixture(scope="module")
def staff_accounts(dev_template: Callable[[str], Template]) -> Template:
    return dev_template("staff-accounts")


def of_type(template: Template, kind: str) -> dict[str, dict[str, Any]]:
    return {
        logical_id: resource["Properties"]
        for logical_id, resource in template["Resources"].items()
        if resource["Type"] == kind
    }


def named_one(template: Template, kind: str, name: str) -> dict[str, Any]:
    """The one of a type whose logical id begins so."""
    found = of_type(template, kind).items()
    (one,) = (properties for logical_id, properties in found if logical_id.startswith(name))
    return one


def users_of(template: Template, action: str, resource: str = "") -> set[str]:
    """The roles whose policies name an action, on what is called so."""
    found = set()
    for policy in of_type(template, "AWS::IAM::Policy").values():
        for statement in policy["PolicyDocument"]["Statement"]:
            actions = statement["Action"]
            if action in ([actions] if isinstance(actions, str) else actions) and (
                resource in json.dumps(statement["Resource"])
            ):
                assert statement["Resource"] != "*"
                found |= {role["Ref"] for role in policy["Roles"]}
    return found


def test_a_letter_that_cannot_be_sent_is_set_aside_and_somebody_hears_of_it(
    notifications: Template,
) -> None:
    queues = of_type(notifications, "AWS::SQS::Queue")
    ((due_id, due),) = ((name, one) for name, one in queues.items() if "RedrivePolicy" in one)
    aside = due["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]

    assert due["RedrivePolicy"]["maxReceiveCount"] == 5
    assert queues[aside]["MessageRetentionPeriod"] == 14 * 86400
    watched = json.dumps(of_type(notifications, "AWS::CloudWatch::Alarm"))
    assert aside in watched
    rule = named_one(notifications, "AWS::Events::Rule", "Told")
    (target,) = rule["Targets"]
    assert target["Arn"]["Fn::GetAtt"][0] == due_id
    assert target["DeadLetterConfig"]


def test_a_letter_is_seen_again_only_when_its_function_has_ended_and_its_claim_is_over(
    notifications: Template,
) -> None:
    (due,) = (
        one for one in of_type(notifications, "AWS::SQS::Queue").values() if "RedrivePolicy" in one
    )
    function = named_one(notifications, "AWS::Lambda::Function", "Letters")
    (mapping,) = of_type(notifications, "AWS::Lambda::EventSourceMapping").values()

    assert due["VisibilityTimeout"] >= 6 * function["Timeout"]
    assert function["Timeout"] < CLAIM.total_seconds() < due["VisibilityTimeout"]
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_every_event_that_calls_for_a_letter_reaches_the_queue(notifications: Template) -> None:
    rule = named_one(notifications, "AWS::Events::Rule", "Told")

    assert rule["EventPattern"]["source"] == ["marquee.dev.identity"]
    assert set(rule["EventPattern"]["detail-type"]) == set(LETTERS)


def named(roles: set[str]) -> set[str]:
    """Without the hashes of their logical ids."""
    return {name[:-8] for name in roles}


def test_one_function_opens_what_events_carry(
    identity: Template, notifications: Template, staff_accounts: Template
) -> None:
    openers = users_of(identity, "kms:Decrypt", "MailKey") | users_of(notifications, "kms:Decrypt")
    sealers = users_of(identity, "kms:Encrypt", "MailKey") | users_of(notifications, "kms:Encrypt")

    assert named(openers) == {"LettersRole"}
    assert named(sealers) == {
        "AccountsRole",
        "CreateAccountRole",
        "ExportRole",
        "PasskeysRole",
        "SecondStepRole",
        "TokenRole",
        "TwoStepRole",
    }
    assert named(users_of(staff_accounts, "kms:Encrypt")) == {"StaffRole"}
    assert not users_of(staff_accounts, "kms:Decrypt")


def test_who_only_takes_passwords_cannot_open_an_apps_secret(identity: Template) -> None:
    openers = users_of(identity, "kms:Decrypt", "FactorKey")
    sealers = users_of(identity, "kms:Encrypt", "FactorKey")

    assert named(openers) == {
        "AccountsRole",
        "ExportRole",
        "PasskeysRole",
        "SecondStepRole",
        "TwoStepRole",
    }
    assert named(sealers) == {"CreateAccountRole", "TwoStepRole"}


def test_letters_come_from_the_environments_own_domain(notifications: Template) -> None:
    ((sender, identity),) = of_type(notifications, "AWS::SES::EmailIdentity").items()
    function = named_one(notifications, "AWS::Lambda::Function", "Letters")

    assert identity["EmailIdentity"] == "dev.marquee.example"
    records = of_type(notifications, "AWS::Route53::RecordSet").values()
    assert [record["Type"] for record in records] == ["CNAME"] * 3
    sent_as = function["Environment"]["Variables"]["SENDER"]
    assert sent_as == "Marquee <no-reply@dev.marquee.example>"
    assert users_of(notifications, "ses:SendEmail")
    assert not users_of(notifications, "ses:SendRawEmail")
    assert sender in json.dumps(of_type(notifications, "AWS::IAM::Policy"))


def test_only_functions_that_hash_passwords_carry_argon2(identity: Template) -> None:
    layers = of_type(identity, "AWS::Lambda::LayerVersion")
    (argon,) = (name for name, layer in layers.items() if "argon2" in layer["Description"])

    hashing = {
        function["Handler"].split(".")[2]
        for function in of_type(identity, "AWS::Lambda::Function").values()
        if {"Ref": argon} in function.get("Layers", [])
    }

    assert hashing == {
        "authorize",
        "create_account",
        "accounts",
        "export",
        "two_step",
        "passkeys",
    }


def test_deleted_accounts_are_looked_for_every_hour_and_a_failure_is_set_aside(
    identity: Template,
) -> None:
    (rule,) = (
        one
        for one in of_type(identity, "AWS::Events::Rule").values()
        if "ScheduleExpression" in one
    )

    assert rule["ScheduleExpression"] == "rate(1 hour)"
    assert rule["Targets"][0]["DeadLetterConfig"]


def test_ses_tells_us_of_what_comes_back_by_the_default_bus(notifications: Template) -> None:
    (destination,) = of_type(notifications, "AWS::SES::ConfigurationSetEventDestination").values()
    stated = destination["EventDestination"]
    rule = named_one(notifications, "AWS::Events::Rule", "CameBack")
    sets = users_of(notifications, "ses:SendEmail", "configuration-set")

    assert stated["Enabled"]
    assert set(stated["MatchingEventTypes"]) == {"bounce", "complaint"}
    # SES publishes to no other bus.
    assert "event-bus/default" in json.dumps(stated["EventBridgeDestination"])
    assert rule["EventPattern"] == {
        "source": ["aws.ses"],
        "detail-type": ["Email Bounced", "Email Complaint Received"],
    }
    assert named(sets) == {"LettersRole"}
