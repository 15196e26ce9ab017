from __future__ import annotations

import json
from typing import Any

import pytest

from localcloud.provision import DeploymentRefused, ProvisioningError


def _bucket(**properties: Any) -> dict[str, Any]:
    return {"Type": "AWS::S3::Bucket", "Properties": properties}


def test_a_bucket_carries_all_that_its_template_states(cloud: Any) -> None:
    cloud.deploy(
        Key={"Type": "AWS::KMS::Key", "Properties": {}},
        Films=_bucket(
            BucketName="films",
            BucketEncryption={
                "ServerSideEncryptionConfiguration": [
                    {
                        "BucketKeyEnabled": True,
                        "ServerSideEncryptionByDefault": {
                            "SSEAlgorithm": "aws:kms",
                            "KMSMasterKeyID": {"Fn::GetAtt": ["Key", "Arn"]},
                        },
                    }
                ]
            },
            CorsConfiguration={
                "CorsRules": [
                    {
                        "AllowedMethods": ["PUT"],
                        "AllowedOrigins": ["http://localhost:8080"],
                        "ExposedHeaders": ["ETag"],
                        "MaxAge": 60,
                    }
                ]
            },
            LifecycleConfiguration={
                "Rules": [
                    {
                        "Id": "parts",
                        "Status": "Enabled",
                        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 2},
                    },
                    {
                        "Id": "work",
                        "Status": "Enabled",
                        "Prefix": "work/",
                        "ExpirationInDays": 3,
                        "Transitions": [{"StorageClass": "GLACIER_IR", "TransitionInDays": 1}],
                    },
                ]
            },
            VersioningConfiguration={"Status": "Enabled"},
            OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
            PublicAccessBlockConfiguration={
                "BlockPublicAcls": True,
                "BlockPublicPolicy": False,
                "IgnorePublicAcls": True,
                "RestrictPublicBuckets": False,
            },
            NotificationConfiguration={"EventBridgeConfiguration": {"EventBridgeEnabled": True}},
            Tags=[{"Key": "marquee:environment", "Value": "local"}],
        ),
    )

    s3 = cloud.client("s3")
    encryption = s3.get_bucket_encryption(Bucket="films")["ServerSideEncryptionConfiguration"]
    default = encryption["Rules"][0]["ApplyServerSideEncryptionByDefault"]
    assert default["KMSMasterKeyID"] == cloud.resource("Key").attributes["Arn"]
    cors = s3.get_bucket_cors(Bucket="films")["CORSRules"][0]
    assert (cors["ExposeHeaders"], cors["MaxAgeSeconds"]) == (["ETag"], 60)
    rules = s3.get_bucket_lifecycle_configuration(Bucket="films")["Rules"]
    assert rules[0]["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 2}
    assert rules[1]["Expiration"] == {"Days": 3}
    assert rules[1]["Transitions"] == [{"StorageClass": "GLACIER_IR", "Days": 1}]
    assert s3.get_bucket_versioning(Bucket="films")["Status"] == "Enabled"
    block = s3.get_public_access_block(Bucket="films")["PublicAccessBlockConfiguration"]
    assert block["BlockPublicPolicy"] is False
    location = s3.get_bucket_location(Bucket="films")["LocationConstraint"]
    assert location == "eu-west-1"
    assert cloud.resource("Films").properties["NotificationConfiguration"] == {
        "EventBridgeConfiguration": {"EventBridgeEnabled": True}
    }
    assert cloud.resource("Films").attributes == {
        "Arn": "arn:aws:s3:::films",
        "DomainName": "films.s3.amazonaws.com",
        "DualStackDomainName": "films.s3.dualstack.eu-west-1.amazonaws.com",
        "RegionalDomainName": "films.s3.eu-west-1.amazonaws.com",
    }


def test_a_plain_bucket_is_private_as_on_aws(cloud: Any) -> None:
    cloud.deploy(Films=_bucket(BucketName="films"))

    s3 = cloud.client("s3")
    block = s3.get_public_access_block(Bucket="films")["PublicAccessBlockConfiguration"]
    assert all(block.values())
    ownership = s3.get_bucket_ownership_controls(Bucket="films")["OwnershipControls"]
    assert ownership["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]


def test_a_bucket_with_object_lock_keeps_its_default_retention(cloud: Any) -> None:
    retention = {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}
    cloud.deploy(
        Audit=_bucket(
            BucketName="audit",
            ObjectLockEnabled=True,
            ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": retention},
        )
    )

    lock = cloud.client("s3").get_object_lock_configuration(Bucket="audit")
    kept = lock["ObjectLockConfiguration"]["Rule"]["DefaultRetention"]
    assert (kept["Mode"], kept["Days"]) == ("GOVERNANCE", 1)


def test_a_bucket_policy_is_attached(cloud: Any) -> None:
    cloud.deploy(
        Films=_bucket(BucketName="films"),
        Policy={
            "Type": "AWS::S3::BucketPolicy",
            "Properties": {
                "Bucket": {"Ref": "Films"},
                "PolicyDocument": {"Statement": [{"Sid": "Edge", "Effect": "Allow"}]},
            },
        },
    )

    policy = json.loads(cloud.client("s3").get_bucket_policy(Bucket="films")["Policy"])
    assert policy["Statement"][0]["Sid"] == "Edge"


KEYS = [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}]
INDEX = {
    "IndexName": "by_title",
    "KeySchema": [{"AttributeName": "title", "KeyType": "HASH"}],
    "Projection": {"ProjectionType": "ALL"},
}


def _attributes(*names: str) -> list[dict[str, str]]:
    return [{"AttributeName": name, "AttributeType": "S"} for name in names]


def _global_table(**properties: Any) -> dict[str, Any]:
    return {
        "Type": "AWS::DynamoDB::GlobalTable",
        "Properties": {
            "AttributeDefinitions": _attributes("pk", "sk", "title"),
            "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": KEYS,
            "GlobalSecondaryIndexes": [INDEX],
            "Replicas": [{"Region": "eu-west-1"}],
        }
        | properties,
    }


def test_a_global_table_carries_all_that_its_template_states(cloud: Any) -> None:
    cloud.deploy(
        Titles=_global_table(
            StreamSpecification={"StreamViewType": "NEW_IMAGE"},
            TimeToLiveSpecification={"AttributeName": "expires_at", "Enabled": True},
            SSESpecification={"SSEEnabled": True},
            Replicas=[
                {
                    "Region": "eu-west-1",
                    "DeletionProtectionEnabled": True,
                    "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
                    "Tags": [{"Key": "a", "Value": "b"}],
                },
                {"Region": "us-east-1"},
            ],
        )
    )

    titles = cloud.resource("Titles")
    dynamodb = cloud.client("dynamodb")
    table = dynamodb.describe_table(TableName=titles.physical_id)["Table"]
    assert table["GlobalSecondaryIndexes"][0]["IndexName"] == "by_title"
    assert table["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
    assert table["DeletionProtectionEnabled"] is True
    assert table["SSEDescription"]["Status"] == "ENABLED"
    live = dynamodb.describe_time_to_live(TableName=titles.physical_id)
    assert live["TimeToLiveDescription"]["AttributeName"] == "expires_at"
    backups = dynamodb.describe_continuous_backups(TableName=titles.physical_id)
    recovery = backups["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    assert recovery["PointInTimeRecoveryStatus"] == "ENABLED"
    assert titles.attributes["Arn"] == table["TableArn"]
    assert titles.attributes["StreamArn"] == table["LatestStreamArn"]


SCALING = {
    "MinCapacity": 5,
    "MaxCapacity": 400,
    "SeedCapacity": 50,
    "TargetTrackingScalingPolicyConfiguration": {"TargetValue": 70},
}


def test_a_table_that_is_provisioned_begins_with_what_its_scaling_is_given(cloud: Any) -> None:
    reads = {"ReadCapacityAutoScalingSettings": {**SCALING, "SeedCapacity": 20}}
    cloud.deploy(
        Titles=_global_table(
            BillingMode="PROVISIONED",
            WriteProvisionedThroughputSettings={"WriteCapacityAutoScalingSettings": SCALING},
            Replicas=[{"Region": "eu-west-1", "ReadProvisionedThroughputSettings": reads}],
        )
    )

    name = cloud.resource("Titles").physical_id
    table = cloud.client("dynamodb").describe_table(TableName=name)["Table"]
    for made in (table, *table["GlobalSecondaryIndexes"]):
        assert made["ProvisionedThroughput"]["WriteCapacityUnits"] == 50
        assert made["ProvisionedThroughput"]["ReadCapacityUnits"] == 20


def test_a_table_that_is_provisioned_says_with_what(cloud: Any) -> None:
    with pytest.raises(DeploymentRefused, match="WriteCapacityAutoScalingSettings"):
        cloud.deploy(Titles=_global_table(BillingMode="PROVISIONED"))
    with pytest.raises(DeploymentRefused, match="states its read capacity"):
        cloud.deploy(
            Titles=_global_table(
                BillingMode="PROVISIONED",
                WriteProvisionedThroughputSettings={"WriteCapacityAutoScalingSettings": SCALING},
            )
        )


def test_a_global_table_must_have_a_replica_in_its_own_region(cloud: Any) -> None:
    with pytest.raises(DeploymentRefused, match="the region of the stack, eu-west-1"):
        cloud.deploy(Titles=_global_table(Replicas=[{"Region": "us-east-1"}]))


def test_an_attribute_that_no_key_uses_is_refused(cloud: Any) -> None:
    with pytest.raises(ProvisioningError, match="CreateTable: ValidationException"):
        cloud.deploy(
            Titles=_global_table(AttributeDefinitions=_attributes("pk", "sk", "title", "more"))
        )


def test_a_regional_table_carries_all_that_its_template_states(cloud: Any) -> None:
    cloud.deploy(
        Locks={
            "Type": "AWS::DynamoDB::Table",
            "Properties": {
                "TableName": "locks",
                "AttributeDefinitions": _attributes("pk", "sk"),
                "KeySchema": KEYS,
                "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
                "TimeToLiveSpecification": {"AttributeName": "expires_at", "Enabled": True},
                "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
            },
        }
    )

    live = cloud.client("dynamodb").describe_time_to_live(TableName="locks")
    assert live["TimeToLiveDescription"]["TimeToLiveStatus"] == "ENABLED"


def test_a_key_of_any_kind_is_made_and_found_by_its_alias(cloud: Any) -> None:
    cloud.deploy(
        Vault={
            "Type": "AWS::KMS::Key",
            "Properties": {
                "MultiRegion": True,
                "EnableKeyRotation": True,
                "Description": "wraps content keys",
                "KeyPolicy": {"Statement": [{"Sid": "Root"}]},
            },
        },
        Tokens={
            "Type": "AWS::KMS::Key",
            "Properties": {"KeySpec": "RSA_2048", "KeyUsage": "SIGN_VERIFY"},
        },
        Alias={
            "Type": "AWS::KMS::Alias",
            "Properties": {"AliasName": "alias/tokens", "TargetKeyId": {"Ref": "Tokens"}},
        },
    )

    kms = cloud.client("kms")
    vault = cloud.resource("Vault").physical_id
    assert vault.startswith("mrk-")
    assert kms.get_key_rotation_status(KeyId=vault)["KeyRotationEnabled"] is True
    assert "Root" in kms.get_key_policy(KeyId=vault, PolicyName="default")["Policy"]
    tokens = kms.describe_key(KeyId="alias/tokens")["KeyMetadata"]
    assert tokens["KeyId"] == cloud.resource("Tokens").physical_id
    assert tokens["KeySpec"] == "RSA_2048"


def test_an_asymmetric_key_cannot_rotate(cloud: Any) -> None:
    properties = {"KeySpec": "RSA_2048", "KeyUsage": "SIGN_VERIFY", "EnableKeyRotation": True}

    with pytest.raises(DeploymentRefused, match="EnableKeyRotation"):
        cloud.deploy(Tokens={"Type": "AWS::KMS::Key", "Properties": properties})


def test_a_secret_is_given_or_generated(cloud: Any) -> None:
    cloud.deploy(
        Given={"Type": "AWS::SecretsManager::Secret", "Properties": {"SecretString": "abc"}},
        Generated={
            "Type": "AWS::SecretsManager::Secret",
            "Properties": {
                "Name": "ticket",
                "GenerateSecretString": {
                    "PasswordLength": 64,
                    "ExcludePunctuation": True,
                    "SecretStringTemplate": '{"user": "ada"}',
                    "GenerateStringKey": "password",
                },
            },
        },
    )

    secrets = cloud.client("secretsmanager")
    given = secrets.get_secret_value(SecretId=cloud.resource("Given").physical_id)
    assert given["SecretString"] == "abc"
    generated = json.loads(secrets.get_secret_value(SecretId="ticket")["SecretString"])
    assert generated["user"] == "ada"
    assert len(generated["password"]) == 64
    assert generated["password"].isalnum()


def test_a_secret_cannot_be_both_given_and_generated(cloud: Any) -> None:
    properties = {"SecretString": "abc", "GenerateSecretString": {}}

    with pytest.raises(DeploymentRefused, match="both SecretString and GenerateSecretString"):
        cloud.deploy(Both={"Type": "AWS::SecretsManager::Secret", "Properties": properties})
