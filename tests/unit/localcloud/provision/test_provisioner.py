from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from localcloud.provision import DeploymentRefused, ProvisioningError, UnsupportedTemplateError

BUCKET = {"Type": "AWS::S3::Bucket"}


def _parameter(name: str, value: Any, **rest: Any) -> dict[str, Any]:
    properties = {"Type": "String", "Name": name, "Value": value}
    return {"Type": "AWS::SSM::Parameter", "Properties": properties} | rest


def _value(cloud: Any, name: str) -> Any:
    return cloud.client("ssm").get_parameter(Name=name)["Parameter"]["Value"]


def test_every_offence_of_every_stack_is_told_before_anything_is_created(cloud: Any) -> None:
    templates = {
        "first": {
            "Resources": {
                "Good": BUCKET,
                "Odd": {"Type": "AWS::Quantum::Toaster"},
                "Half": {"Type": "AWS::S3::Bucket", "Properties": {"Colour": "red"}},
                "Deep": {
                    "Type": "AWS::S3::Bucket",
                    "Properties": {
                        "LifecycleConfiguration": {"Rules": [{"Status": "Enabled", "Mood": 1}]}
                    },
                },
            }
        },
        "second": {
            "Transform": "AWS::Serverless",
            "Resources": {
                "Calls": _parameter("/a", {"Fn::GetAZs": ""}),
                "Names": _parameter("/b", {"Ref": "Nobody"}),
                "Asks": _parameter("/c", {"Fn::GetAtt": ["Waits", "Colour"]}),
                "Waits": _parameter("/d", "x", DependsOn="Godot"),
            },
        },
    }

    with pytest.raises(UnsupportedTemplateError) as refused:
        cloud.deploy_stacks(templates)

    told = "\n".join(refused.value.offences)
    for part in (
        "first: Odd: the type AWS::Quantum::Toaster is not supported",
        "first: Half: AWS::S3::Bucket: Colour is not supported",
        "first: Deep: AWS::S3::Bucket: LifecycleConfiguration.Rules[0].Mood is not",
        "second: the section Transform",
        "second: Calls at Value: Fn::GetAZs",
        "second: Names at Value: nothing is named Nobody",
        "second: Asks at Value: AWS::SSM::Parameter (Waits) has no attribute Colour",
        "second: Waits: depends on Godot",
    ):
        assert part in told
    assert len(refused.value.offences) == 8
    assert cloud.client("s3").list_buckets()["Buckets"] == []


def test_both_branches_of_a_condition_are_checked(cloud: Any) -> None:
    template = {
        "Conditions": {"Never": {"Fn::Equals": [1, 2]}},
        "Resources": {
            "Bucket": {
                "Type": "AWS::S3::Bucket",
                "Properties": {
                    "VersioningConfiguration": {"Fn::If": ["Never", {"Speed": 1}, {}]},
                },
            }
        },
    }

    with pytest.raises(UnsupportedTemplateError, match=r"VersioningConfiguration\.Speed"):
        cloud.deploy_stacks({"stack": template})


def test_a_value_this_machine_does_not_serve_is_told_before_anything_is_created(cloud: Any) -> None:
    api = {"Name": "live", "ProtocolType": "WEBSOCKET"}

    with pytest.raises(UnsupportedTemplateError, match='ProtocolType must be "HTTP" here'):
        cloud.deploy(Bucket=BUCKET, Live={"Type": "AWS::ApiGatewayV2::Api", "Properties": api})

    assert list(cloud.registry) == []


def test_a_value_that_only_resolving_shows_is_told_too(cloud: Any) -> None:
    template = {
        "Parameters": {"Protocol": {"Type": "String", "Default": "WEBSOCKET"}},
        "Resources": {
            "Live": {
                "Type": "AWS::ApiGatewayV2::Api",
                "Properties": {"Name": "live", "ProtocolType": {"Ref": "Protocol"}},
            }
        },
    }

    with pytest.raises(ProvisioningError, match='ProtocolType must be "HTTP" here'):
        cloud.deploy_stacks({"stack": template})


def test_a_stack_for_another_region_is_refused(cloud: Any) -> None:
    assembly = cloud.assembly({"stack": {"Resources": {}}})
    manifest = assembly.path / "manifest.json"
    manifest.write_text(
        manifest.read_text().replace(
            '"type": "aws:cloudformation:stack"',
            '"type": "aws:cloudformation:stack", "environment": "aws://123456789012/us-east-1"',
        )
    )

    with pytest.raises(UnsupportedTemplateError, match="is for region us-east-1"):
        cloud.provisioner.provision(type(assembly).load(assembly.path))


def test_resources_are_created_after_those_they_name(cloud: Any) -> None:
    cloud.deploy(
        Last=_parameter("/last", {"Fn::Sub": "after ${Middle.Value}"}),
        Middle=_parameter("/middle", {"Ref": "First"}),
        First=_parameter("/first", "1"),
    )

    assert _value(cloud, "/last") == "after /first"


def test_depends_on_orders_what_does_not_name_each_other(cloud: Any) -> None:
    cloud.deploy(A=_parameter("/a", "1", DependsOn=["B"]), B=_parameter("/b", "1"))

    assert [resource.logical_id for resource in cloud.registry] == ["B", "A"]


def test_resources_that_need_each_other_are_an_error_that_names_the_circle(cloud: Any) -> None:
    with pytest.raises(UnsupportedTemplateError, match=r"each other: [AB] -> [AB] -> [AB]"):
        cloud.deploy_stacks(
            {
                "first": {"Resources": {"Bucket": BUCKET}},
                "second": {
                    "Resources": {
                        "A": _parameter("/a", {"Ref": "B"}),
                        "B": _parameter("/b", {"Ref": "A"}),
                    }
                },
            }
        )

    assert list(cloud.registry) == []


def test_an_export_of_one_stack_reaches_another(cloud: Any) -> None:
    cloud.deploy_stacks(
        {
            "giver": {
                "Resources": {"Bucket": BUCKET},
                "Outputs": {
                    "Name": {"Value": {"Ref": "Bucket"}, "Export": {"Name": "giver:Name"}},
                    "Arn": {"Value": {"Fn::GetAtt": ["Bucket", "Arn"]}},
                },
            },
            "taker": {
                "Resources": {"Copy": _parameter("/copy", {"Fn::ImportValue": "giver:Name"})}
            },
        }
    )

    name = cloud.resource("Bucket", "giver").physical_id
    assert _value(cloud, "/copy") == name
    assert cloud.provisioner.outputs["giver"] == {"Name": name, "Arn": f"arn:aws:s3:::{name}"}
    assert cloud.stacks_done == ["giver", "taker"]


def test_a_missing_export_fails_with_cloudformations_words(cloud: Any) -> None:
    with pytest.raises(
        ProvisioningError, match=r"stack/Copy \(AWS::SSM::Parameter\): .*No export named gone found"
    ):
        cloud.deploy(Copy=_parameter("/copy", {"Fn::ImportValue": "gone"}))


def test_two_stacks_cannot_export_one_name(cloud: Any) -> None:
    template = {"Outputs": {"Name": {"Value": "x", "Export": {"Name": "shared"}}}}

    with pytest.raises(DeploymentRefused, match="Export with name shared is already exported"):
        cloud.deploy_stacks({"a": template, "b": template})


def test_conditions_mappings_and_parameters_decide_what_is_made(cloud: Any) -> None:
    template = {
        "Parameters": {
            "Stage": {"Type": "String", "Default": "local"},
            "BootstrapVersion": {
                "Type": "AWS::SSM::Parameter::Value<String>",
                "Default": "/cdk-bootstrap/hnb659fds/version",
            },
        },
        "Rules": {"CheckBootstrapVersion": {"Assertions": []}},
        "Mappings": {"Days": {"local": {"keep": "7"}}},
        "Conditions": {
            "Local": {"Fn::Equals": [{"Ref": "Stage"}, "local"]},
            "Elsewhere": {"Fn::Not": [{"Condition": "Local"}]},
        },
        "Resources": {
            "Here": _parameter(
                "/here",
                {"Fn::FindInMap": ["Days", {"Ref": "Stage"}, "keep"]},
                Condition="Local",
            ),
            "There": _parameter("/there", "x", Condition="Elsewhere"),
        },
        "Outputs": {"Gone": {"Condition": "Elsewhere", "Value": {"Ref": "There"}}},
    }

    cloud.deploy_stacks({"stack": template})

    assert _value(cloud, "/here") == "7"
    assert [resource.logical_id for resource in cloud.registry] == ["Here"]
    assert cloud.provisioner.outputs["stack"] == {}


def test_a_parameter_of_ssm_type_is_looked_up_when_it_is_used(cloud: Any) -> None:
    template = {
        "Parameters": {
            "Origin": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/origin"}
        },
        "Resources": {"Copy": _parameter("/copy", {"Ref": "Origin"})},
    }
    cloud.client("ssm").put_parameter(Name="/origin", Value="https://here", Type="String")

    cloud.deploy_stacks({"stack": template})

    assert _value(cloud, "/copy") == "https://here"


def test_pseudo_parameters_describe_the_stack(cloud: Any) -> None:
    cloud.deploy(
        All=_parameter(
            "/all",
            {
                "Fn::Sub": "${AWS::Partition} ${AWS::Region} ${AWS::AccountId} ${AWS::StackName} "
                "${AWS::URLSuffix}"
            },
        )
    )

    assert _value(cloud, "/all") == "aws eu-west-1 123456789012 stack amazonaws.com"


def test_dynamic_references_are_replaced_by_what_they_stand_for(cloud: Any) -> None:
    cloud.deploy_stacks(
        {
            "first": {
                "Resources": {
                    "Origin": _parameter("/origin", "https://here"),
                    "Secret": {
                        "Type": "AWS::SecretsManager::Secret",
                        "Properties": {"SecretString": '{"user": "ada"}'},
                    },
                },
                "Outputs": {"Secret": {"Value": {"Ref": "Secret"}, "Export": {"Name": "secret"}}},
            },
            "second": {
                "Resources": {
                    "Copy": _parameter("/copy", "at {{resolve:ssm:/origin}}/"),
                    "Key": _parameter(
                        "/user",
                        {
                            "Fn::Join": [
                                "",
                                [
                                    "{{resolve:secretsmanager:",
                                    {"Fn::ImportValue": "secret"},
                                    ":SecretString:user::}}",
                                ],
                            ]
                        },
                    ),
                }
            },
        }
    )

    assert _value(cloud, "/copy") == "at https://here/"
    assert _value(cloud, "/user") == "ada"


def test_an_error_of_the_service_names_stack_resource_type_and_cause(cloud: Any) -> None:
    twice = _parameter("/same", "1")

    with pytest.raises(ProvisioningError) as failure:
        cloud.deploy(One=twice, Two=twice)

    assert failure.value.stack == "stack"
    assert failure.value.logical_id == "Two"
    assert failure.value.type == "AWS::SSM::Parameter"
    assert "PutParameter: ParameterAlreadyExists" in failure.value.cause
    assert isinstance(failure.value.__cause__, ClientError)
    assert cloud.stacks_done == []


def test_a_missing_required_property_is_named(cloud: Any) -> None:
    with pytest.raises(ProvisioningError, match=r"required key \[AliasName\] not found"):
        cloud.deploy(Alias={"Type": "AWS::KMS::Alias", "Properties": {"TargetKeyId": "x"}})


def test_names_are_the_same_in_every_run_and_differ_between_stacks(another_cloud: Any) -> None:
    def names() -> list[str]:
        cloud = another_cloud()
        cloud.deploy_stacks(
            {
                "marquee-local-media": {"Resources": {"Mezzanines": BUCKET}},
                "marquee-local-origin": {"Resources": {"Mezzanines": BUCKET}},
            }
        )
        return [resource.physical_id for resource in cloud.registry]

    first, second = names(), names()

    assert first == second
    assert len(set(first)) == 2
    assert first[0].startswith("marquee-local-media-mezzanines-")


def test_a_long_name_keeps_within_its_limit(cloud: Any) -> None:
    logical_id = "M" * 90
    cloud.deploy(**{logical_id: BUCKET})

    name = cloud.resource(logical_id).physical_id
    assert len(name) <= 63
    assert name == name.lower()


def test_resource_metadata_and_policies_of_change_are_accepted(cloud: Any) -> None:
    cloud.deploy(
        Bucket={
            "Type": "AWS::S3::Bucket",
            "DeletionPolicy": "Retain",
            "UpdateReplacePolicy": "Retain",
            "Metadata": {"aws:cdk:path": "a/b"},
        },
        CDKMetadata={"Type": "AWS::CDK::Metadata", "Properties": {"Analytics": "v2:abc"}},
    )

    assert cloud.resource("Bucket").type == "AWS::S3::Bucket"
