from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from localcloud.provision import DeploymentRefused, ProvisioningError


def _function(code: dict[str, str], **properties: Any) -> dict[str, Any]:
    return {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Code": code,
            "Handler": "playback.handlers.start.handler",
            "Role": "arn:aws:iam::123456789012:role/start",
            "Runtime": "python3.13",
        }
        | properties,
    }


def _typed(cfn_type: str, **properties: Any) -> dict[str, Any]:
    return {"Type": cfn_type, "Properties": properties}


@pytest.fixture
def code(cloud: Any) -> dict[str, str]:
    location: dict[str, str] = cloud.asset("code.zip", {"playback/__init__.py": ""})
    return location


def test_a_function_is_handed_over_with_everything_it_needs(
    cloud: Any, code: dict[str, str]
) -> None:
    libraries = cloud.asset("lean.zip", {"python/boto3.py": ""})
    cloud.deploy(
        Lean=_typed("AWS::Lambda::LayerVersion", Content=libraries),
        Logs=_typed("AWS::Logs::LogGroup", RetentionInDays=7),
        Start=_function(
            code,
            FunctionName="start",
            Architectures=["arm64"],
            Description="starts plays",
            Environment={"Variables": {"TABLE": "plays", "LIMIT": 3}},
            Layers=[{"Ref": "Lean"}],
            LoggingConfig={"LogGroup": {"Ref": "Logs"}},
            MemorySize=512,
            ReservedConcurrentExecutions=5,
            Timeout=10,
        ),
    )

    spec = cloud.functions.created["start"]
    assert spec.arn == "arn:aws:lambda:eu-west-1:123456789012:function:start"
    assert spec.handler == "playback.handlers.start.handler"
    assert spec.code_path == cloud.directory / "asset.code.zip"
    assert spec.layer_paths == (cloud.directory / "asset.lean.zip",)
    assert spec.environment == {"TABLE": "plays", "LIMIT": "3"}
    assert spec.role_arn == "arn:aws:iam::123456789012:role/start"
    assert (spec.memory_mb, spec.timeout) == (512, timedelta(seconds=10))
    assert spec.reserved_concurrency == 5
    assert spec.log_group == cloud.resource("Logs").physical_id
    assert cloud.resource("Lean").physical_id.startswith("arn:aws:lambda:eu-west-1:123456789012:")


def test_versions_and_aliases_qualify_the_functions_arn(cloud: Any, code: dict[str, str]) -> None:
    cloud.deploy(
        Start=_function(code, FunctionName="start"),
        Version=_typed("AWS::Lambda::Version", FunctionName={"Ref": "Start"}),
        Live=_typed(
            "AWS::Lambda::Alias",
            FunctionName={"Ref": "Start"},
            FunctionVersion={"Fn::GetAtt": ["Version", "Version"]},
            Name="live",
        ),
        Permission=_typed(
            "AWS::Lambda::Permission",
            Action="lambda:InvokeFunction",
            FunctionName={"Ref": "Live"},
            Principal="apigateway.amazonaws.com",
        ),
    )

    arn = "arn:aws:lambda:eu-west-1:123456789012:function:start"
    assert cloud.resource("Version").physical_id == f"{arn}:1"
    assert cloud.resource("Live").physical_id == f"{arn}:live"
    assert cloud.resource("Permission").properties["FunctionName"] == f"{arn}:live"


@pytest.mark.parametrize(
    ("properties", "words"),
    [
        (
            {"Environment": {"Variables": {"AWS_REGION": "eu-west-1"}}},
            "Reserved keys used in this request: AWS_REGION",
        ),
        ({"Environment": {"Variables": {"BIG": "x" * 5000}}}, "exceeded the 4KB limit"),
        ({"Layers": ["arn:aws:lambda:eu-west-1:1:layer:gone:1"]}, "does not exist"),
    ],
)
def test_a_function_that_lambda_refuses_is_refused(
    cloud: Any, code: dict[str, str], properties: dict[str, Any], words: str
) -> None:
    with pytest.raises(DeploymentRefused, match=words):
        cloud.deploy(Start=_function(code, **properties))


def test_a_function_without_its_bundle_is_an_error(cloud: Any) -> None:
    with pytest.raises(ProvisioningError, match=r"no file asset with the key gone\.zip"):
        cloud.deploy(Start=_function({"S3Bucket": "assets", "S3Key": "gone.zip"}))


def test_a_bundle_without_any_file_is_refused(cloud: Any) -> None:
    (cloud.directory / "asset.empty.zip" / "kernel").mkdir(parents=True)

    with pytest.raises(DeploymentRefused, match="must be a non-empty zip"):
        cloud.deploy(Start=_function({"S3Bucket": "assets", "S3Key": "empty.zip"}))


def test_a_resource_policy_over_20_kb_is_refused(cloud: Any, code: dict[str, str]) -> None:
    permissions = {
        f"Permission{number}": _typed(
            "AWS::Lambda::Permission",
            Action="lambda:InvokeFunction",
            FunctionName={"Ref": "Start"},
            Principal="apigateway.amazonaws.com",
            SourceArn=f"arn:aws:execute-api:eu-west-1:123456789012:abc/*/*/v1/{'x' * 200}/{number}",
        )
        for number in range(60)
    }

    with pytest.raises(DeploymentRefused, match="is bigger than the limit"):
        cloud.deploy(Start=_function(code), **permissions)


def test_an_event_source_is_kept_for_the_triggers(cloud: Any, code: dict[str, str]) -> None:
    cloud.deploy(
        Jobs=_typed("AWS::SQS::Queue", VisibilityTimeout=60),
        Work=_function(code, Timeout=10),
        Mapping=_typed(
            "AWS::Lambda::EventSourceMapping",
            EventSourceArn={"Fn::GetAtt": ["Jobs", "Arn"]},
            FunctionName={"Ref": "Work"},
            BatchSize=5,
            FunctionResponseTypes=["ReportBatchItemFailures"],
        ),
    )

    mapping = cloud.resource("Mapping")
    assert mapping.properties["EventSourceArn"] == cloud.resource("Jobs").attributes["Arn"]
    assert mapping.attributes["Id"] == mapping.physical_id


@pytest.mark.parametrize(
    ("queue", "mapping", "words"),
    [
        ({"VisibilityTimeout": 5}, {}, "visibility timeout: 5 seconds is less than Function"),
        ({"VisibilityTimeout": 60}, {"BatchSize": 100}, "Maximum batch window"),
    ],
)
def test_a_queue_that_lambda_cannot_poll_is_refused(
    cloud: Any, code: dict[str, str], queue: dict[str, int], mapping: dict[str, int], words: str
) -> None:
    with pytest.raises(DeploymentRefused, match=words):
        cloud.deploy(
            Jobs=_typed("AWS::SQS::Queue", **queue),
            Work=_function(code, Timeout=10),
            Mapping=_typed(
                "AWS::Lambda::EventSourceMapping",
                EventSourceArn={"Fn::GetAtt": ["Jobs", "Arn"]},
                FunctionName={"Ref": "Work"},
                **mapping,
            ),
        )


def test_a_stream_needs_a_starting_position(cloud: Any, code: dict[str, str]) -> None:
    with pytest.raises(DeploymentRefused, match="startingPosition"):
        cloud.deploy(
            Beacons=_typed("AWS::Kinesis::Stream", ShardCount=1),
            Work=_function(code),
            Mapping=_typed(
                "AWS::Lambda::EventSourceMapping",
                EventSourceArn={"Fn::GetAtt": ["Beacons", "Arn"]},
                FunctionName={"Ref": "Work"},
            ),
        )


def test_a_role_has_its_inline_and_its_attached_policies(cloud: Any) -> None:
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::films/*"}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    cloud.deploy(
        Role=_typed(
            "AWS::IAM::Role",
            AssumeRolePolicyDocument={
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Action": "sts:AssumeRole",
                        "Principal": {"Service": "lambda.amazonaws.com"},
                    }
                ],
            },
            MaxSessionDuration=3600,
            Policies=[{"PolicyName": "own", "PolicyDocument": policy}],
            ManagedPolicyArns=[{"Ref": "Shared"}],
        ),
        Shared=_typed("AWS::IAM::ManagedPolicy", PolicyDocument=policy),
        Added=_typed(
            "AWS::IAM::Policy", PolicyName="added", PolicyDocument=policy, Roles=[{"Ref": "Role"}]
        ),
    )

    iam = cloud.client("iam")
    role = cloud.resource("Role").physical_id
    assert sorted(iam.list_role_policies(RoleName=role)["PolicyNames"]) == ["added", "own"]
    attached = iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
    assert [one["PolicyArn"] for one in attached] == [cloud.resource("Shared").physical_id]


def test_inline_policies_over_10240_characters_are_refused(cloud: Any) -> None:
    statement = {
        "Effect": "Allow",
        "Action": "s3:GetObject",
        "Resource": ["arn:aws:s3:::films/" + "x" * 6000],
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}

    with pytest.raises(DeploymentRefused, match="Maximum policy size of 10240 bytes exceeded"):
        cloud.deploy(
            Role=_typed(
                "AWS::IAM::Role",
                AssumeRolePolicyDocument={"Version": "2012-10-17", "Statement": []},
                Policies=[
                    {"PolicyName": "one", "PolicyDocument": policy},
                    {"PolicyName": "two", "PolicyDocument": policy},
                ],
            )
        )
