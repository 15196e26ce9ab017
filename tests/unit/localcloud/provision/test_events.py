from __future__ import annotations

import json
from typing import Any

import pytest

from localcloud.provision import DeploymentRefused

ROLE = "arn:aws:iam::123456789012:role/pipeline"
PASS = {"Type": "Pass", "Result": "${bucket}", "End": True}


def _typed(cfn_type: str, **properties: Any) -> dict[str, Any]:
    return {"Type": cfn_type, "Properties": properties}


def test_a_queue_keeps_its_dead_letters_apart(cloud: Any) -> None:
    cloud.deploy(
        Dead=_typed("AWS::SQS::Queue", MessageRetentionPeriod=1209600),
        Jobs=_typed(
            "AWS::SQS::Queue",
            QueueName="jobs",
            RedrivePolicy={
                "deadLetterTargetArn": {"Fn::GetAtt": ["Dead", "Arn"]},
                "maxReceiveCount": 3,
            },
            SqsManagedSseEnabled=True,
        ),
        Policy=_typed(
            "AWS::SQS::QueuePolicy",
            PolicyDocument={"Version": "2012-10-17", "Statement": [{"Sid": "Tls"}]},
            Queues=[{"Ref": "Jobs"}],
        ),
    )

    jobs = cloud.resource("Jobs")
    found = cloud.client("sqs").get_queue_attributes(
        QueueUrl=jobs.physical_id, AttributeNames=["All"]
    )["Attributes"]
    assert json.loads(found["RedrivePolicy"])["maxReceiveCount"] == 3
    assert "Tls" in found["Policy"]
    assert found["QueueArn"] == jobs.attributes["Arn"]


def test_a_fifo_queue_is_named_so(cloud: Any) -> None:
    cloud.deploy(Order=_typed("AWS::SQS::Queue", FifoQueue=True))

    assert cloud.resource("Order").attributes["QueueName"].endswith(".fifo")


def test_a_topic_reaches_its_subscribers(cloud: Any) -> None:
    cloud.deploy(
        Alerts=_typed("AWS::SNS::Topic", DisplayName="Alerts", TopicName="alerts"),
        Inbox=_typed("AWS::SQS::Queue"),
        ToInbox=_typed(
            "AWS::SNS::Subscription",
            TopicArn={"Ref": "Alerts"},
            Protocol="sqs",
            Endpoint={"Fn::GetAtt": ["Inbox", "Arn"]},
            RawMessageDelivery=True,
        ),
        Policy=_typed(
            "AWS::SNS::TopicPolicy",
            Topics=[{"Ref": "Alerts"}],
            PolicyDocument={"Version": "2012-10-17", "Statement": [{"Sid": "Alarms"}]},
        ),
    )

    cloud.client("sns").publish(TopicArn=cloud.resource("Alerts").physical_id, Message="fire")

    received = cloud.client("sqs").receive_message(QueueUrl=cloud.resource("Inbox").physical_id)
    assert [message["Body"] for message in received["Messages"]] == ["fire"]


def test_a_subscribed_function_is_left_to_the_triggers(cloud: Any) -> None:
    cloud.deploy(
        Alerts=_typed("AWS::SNS::Topic"),
        ToFunction=_typed(
            "AWS::SNS::Subscription",
            TopicArn={"Ref": "Alerts"},
            Protocol="lambda",
            Endpoint="arn:aws:lambda:eu-west-1:123456789012:function:f",
        ),
    )

    topic = cloud.resource("Alerts").physical_id
    assert cloud.resource("ToFunction").physical_id.startswith(f"{topic}:")
    assert cloud.client("sns").list_subscriptions()["Subscriptions"] == []


def test_a_rule_matches_and_names_its_targets(cloud: Any) -> None:
    target = {
        "Id": "Target0",
        "Arn": "arn:aws:lambda:eu-west-1:123456789012:function:f:live",
        "RetryPolicy": {"MaximumRetryAttempts": 3},
        "InputTransformer": {"InputPathsMap": {"d": "$.detail"}, "InputTemplate": "<d>"},
    }
    cloud.deploy(
        Rule=_typed(
            "AWS::Events::Rule",
            EventPattern={"source": ["marquee.local.media"]},
            State="ENABLED",
            Targets=[target],
        ),
        Bus=_typed("AWS::Events::EventBus", Name="own"),
        OnBus=_typed(
            "AWS::Events::Rule", EventBusName={"Ref": "Bus"}, EventPattern={"source": ["a"]}
        ),
        Archive=_typed("AWS::Events::Archive", SourceArn={"Fn::GetAtt": ["Bus", "Arn"]}),
    )

    events = cloud.client("events")
    rule = cloud.resource("Rule")
    assert events.list_targets_by_rule(Rule=rule.physical_id)["Targets"] == [target]
    assert rule.attributes["Arn"].endswith(f":rule/{rule.physical_id}")
    assert cloud.resource("OnBus").physical_id.startswith("own|")
    assert events.list_archives()["Archives"][0]["ArchiveName"] == (
        cloud.resource("Archive").physical_id
    )


def test_a_schedule_on_a_bus_of_ones_own_is_refused(cloud: Any) -> None:
    with pytest.raises(DeploymentRefused, match="only on the default event bus"):
        cloud.deploy(
            Bus=_typed("AWS::Events::EventBus", Name="own"),
            Rule=_typed(
                "AWS::Events::Rule",
                EventBusName={"Ref": "Bus"},
                ScheduleExpression="rate(1 hour)",
            ),
        )


def test_a_schedule_stands_in_its_group(cloud: Any) -> None:
    cloud.deploy(
        Group=_typed("AWS::Scheduler::ScheduleGroup", Name="renewals"),
        Nightly=_typed(
            "AWS::Scheduler::Schedule",
            Name="nightly",
            GroupName={"Ref": "Group"},
            FlexibleTimeWindow={"Mode": "OFF"},
            ScheduleExpression="cron(0 3 * * ? *)",
            Target={"Arn": "arn:aws:lambda:eu-west-1:1:function:f", "RoleArn": ROLE},
        ),
    )

    schedule = cloud.client("scheduler").get_schedule(Name="nightly", GroupName="renewals")
    assert schedule["Arn"] == cloud.resource("Nightly").attributes["Arn"]


def test_a_state_machine_comes_from_a_text_with_substitutions(cloud: Any) -> None:
    cloud.deploy(
        Logs=_typed("AWS::Logs::LogGroup", LogGroupName="/pipeline"),
        Pipeline=_typed(
            "AWS::StepFunctions::StateMachine",
            StateMachineName="pipeline",
            RoleArn=ROLE,
            DefinitionString=json.dumps({"StartAt": "A", "States": {"A": PASS}}),
            DefinitionSubstitutions={"bucket": "films"},
            LoggingConfiguration={
                "Level": "ERROR",
                "IncludeExecutionData": False,
                "Destinations": [
                    {"CloudWatchLogsLogGroup": {"LogGroupArn": {"Fn::GetAtt": ["Logs", "Arn"]}}}
                ],
            },
        ),
    )

    described = cloud.client("stepfunctions").describe_state_machine(
        stateMachineArn=cloud.resource("Pipeline").physical_id
    )
    assert json.loads(described["definition"])["States"]["A"]["Result"] == "films"
    assert described["loggingConfiguration"]["level"] == "ERROR"
    assert cloud.resource("Pipeline").attributes["Name"] == "pipeline"


def test_a_state_machine_comes_from_an_asset(cloud: Any) -> None:
    text = '{"StartAt": "A", "States": {"A": {"Type": "Succeed", "Comment": "${who}"}}}'
    (cloud.directory / "asset.pipeline.json").write_text(text)

    cloud.deploy(
        Pipeline=_typed(
            "AWS::StepFunctions::StateMachine",
            RoleArn=ROLE,
            DefinitionS3Location={"Bucket": "assets", "Key": "pipeline.json"},
            DefinitionSubstitutions={"who": "media"},
        )
    )

    described = cloud.client("stepfunctions").describe_state_machine(
        stateMachineArn=cloud.resource("Pipeline").physical_id
    )
    assert described["definition"] == text.replace("${who}", "media")


def test_a_substitution_left_over_is_refused(cloud: Any) -> None:
    with pytest.raises(DeploymentRefused, match="Invalid State Machine Definition"):
        cloud.deploy(
            Pipeline=_typed(
                "AWS::StepFunctions::StateMachine",
                RoleArn=ROLE,
                DefinitionString='{"StartAt": "${first}"}',
            )
        )


def test_logs_alarms_and_streams_are_made(cloud: Any) -> None:
    cloud.deploy(
        Logs=_typed("AWS::Logs::LogGroup", LogGroupName="/aws/x", RetentionInDays=7),
        LogPolicy=_typed("AWS::Logs::ResourcePolicy", PolicyName="events", PolicyDocument="{}"),
        Alarm=_typed(
            "AWS::CloudWatch::Alarm",
            AlarmName="errors",
            Namespace="AWS/Lambda",
            MetricName="Errors",
            ComparisonOperator="GreaterThanThreshold",
            EvaluationPeriods=1,
            Period=60,
            Statistic="Sum",
            Threshold=1,
        ),
        Beacons=_typed(
            "AWS::Kinesis::Stream",
            Name="beacons",
            RetentionPeriodHours=48,
            StreamModeDetails={"StreamMode": "ON_DEMAND"},
        ),
        Jobs=_typed("AWS::MediaConvert::Queue", Name="films"),
    )

    group = cloud.client("logs").describe_log_groups()["logGroups"][0]
    assert group["retentionInDays"] == 7
    assert cloud.resource("Logs").attributes["Arn"] == (
        "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/x:*"
    )
    alarm = cloud.client("cloudwatch").describe_alarms()["MetricAlarms"][0]
    assert alarm["AlarmArn"] == cloud.resource("Alarm").attributes["Arn"]
    stream = cloud.client("kinesis").describe_stream_summary(StreamName="beacons")
    assert stream["StreamDescriptionSummary"]["RetentionPeriodHours"] == 48
    assert (
        stream["StreamDescriptionSummary"]["StreamARN"]
        == (cloud.resource("Beacons").attributes["Arn"])
    )
    assert cloud.resource("Jobs").attributes["Arn"].endswith(":queues/films")
