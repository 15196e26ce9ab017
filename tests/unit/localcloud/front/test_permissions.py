from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localcloud.front import Front
from localcloud.identities import TrustRefusedError, UnknownRoleError
from localcloud.registry import Registry, Resource
from localcloud.triggers.permissions import Permissions
from localcloud.wire import HttpRequest, HttpResponse

ARN = "arn:aws:dynamodb:eu-west-1:123456789012:table/"


def denial(call: Any, *args: Any, **kwargs: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(*args, **kwargs)
    error = caught.value.response["Error"]
    assert error["Code"] in ("AccessDeniedException", "AccessDenied", "AuthorizationError")
    return str(error["Message"])


def key(pk: str = "a", sk: str = "b") -> dict[str, Any]:
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def test_a_removed_grant_is_refused_in_awss_words(
    front: Front, roles: Any, allow: Any, table: str
) -> None:
    role = roles.create(allow("dynamodb:GetItem", ARN + table))
    reader = front.client("dynamodb", roles.session(role))
    reader.get_item(TableName=table, Key=key())

    roles.revoke(role)

    assert denial(reader.get_item, TableName=table, Key=key()) == (
        f"User: arn:aws:sts::123456789012:assumed-role/{role.rsplit('/', 1)[-1]}/session is not "
        f"authorized to perform: dynamodb:GetItem on resource: {ARN}{table} because no "
        "identity-based policy allows the dynamodb:GetItem action"
    )


def test_an_explicit_deny_says_so(client_of: Any, allow: Any, deny: Any, table: str) -> None:
    reader = client_of("dynamodb", allow("dynamodb:*"), deny("dynamodb:GetItem", ARN + table))

    assert "with an explicit deny in an identity-based policy" in denial(
        reader.get_item, TableName=table, Key=key()
    )


def test_an_attached_managed_policy_counts(front: Front, roles: Any, name: str) -> None:
    role = roles.create()
    front.client("iam").attach_role_policy(
        RoleName=role.rsplit("/", 1)[-1],
        PolicyArn="arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole",
    )

    front.client("logs", roles.session(role)).create_log_group(logGroupName=name)


def test_an_index_needs_a_grant_of_its_own(client_of: Any, allow: Any, table: str) -> None:
    reader = client_of("dynamodb", allow("dynamodb:Query", ARN + table))

    message = denial(
        reader.query,
        TableName=table,
        IndexName="by_name",
        KeyConditionExpression="pk = :p",
        ExpressionAttributeValues={":p": {"S": "a"}},
    )

    assert f"{ARN}{table}/index/by_name" in message


def test_each_action_of_a_transaction_needs_its_grant(
    client_of: Any, allow: Any, table: str
) -> None:
    writer = client_of("dynamodb", allow("dynamodb:PutItem", ARN + table))
    put = {"Put": {"TableName": table, "Item": key()}}
    delete = {"Delete": {"TableName": table, "Key": key("z")}}

    writer.transact_write_items(TransactItems=[put])

    assert "dynamodb:DeleteItem" in denial(writer.transact_write_items, TransactItems=[put, delete])


def test_a_batch_needs_a_grant_for_every_table(client_of: Any, allow: Any, table: str) -> None:
    reader = client_of("dynamodb", allow("dynamodb:BatchGetItem", ARN + table))
    wanted = {table: {"Keys": [key()]}}

    reader.batch_get_item(RequestItems=wanted)

    assert "table/other" in denial(
        reader.batch_get_item, RequestItems={**wanted, "other": {"Keys": [key()]}}
    )


def test_leading_keys_confine_a_grant_to_partitions(client_of: Any, allow: Any, table: str) -> None:
    condition = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["a"]}}
    reader = client_of("dynamodb", allow("dynamodb:GetItem", ARN + table, Condition=condition))

    reader.get_item(TableName=table, Key=key("a"))

    denial(reader.get_item, TableName=table, Key=key("b"))


def test_an_operation_without_known_permissions_is_an_error_not_an_allowance(
    client_of: Any, allow: Any, table: str
) -> None:
    anything = client_of("dynamodb", allow("*"))

    with pytest.raises(ClientError) as caught:
        anything.list_backups()

    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


@pytest.fixture
def key_arn(front: Front) -> str:
    return str(front.client("kms").create_key()["KeyMetadata"]["Arn"])


def test_the_key_policy_delegates_to_roles_and_the_context_confines_them(
    front: Front, client_of: Any, allow: Any, key_arn: str
) -> None:
    condition = {"StringEquals": {"kms:EncryptionContext:contentId": "ast_1"}}
    vault = client_of("kms", allow(["kms:Encrypt", "kms:Decrypt"], key_arn, Condition=condition))
    context = {"contentId": "ast_1"}

    blob = vault.encrypt(KeyId=key_arn, Plaintext=b"k", EncryptionContext=context)
    opened = vault.decrypt(CiphertextBlob=blob["CiphertextBlob"], EncryptionContext=context)

    assert opened["Plaintext"] == b"k"
    assert "kms:Decrypt" in denial(vault.decrypt, CiphertextBlob=blob["CiphertextBlob"])


def test_whoever_lists_the_parts_of_an_encrypted_upload_may_use_its_key(
    front: Front, client_of: Any, allow: Any, key_arn: str
) -> None:
    name = f"films-{uuid.uuid4().hex}"
    s3 = front.client("s3")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    sse = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key_arn}
    upload = s3.create_multipart_upload(Bucket=name, Key="film", **sse)["UploadId"]
    place = {"Bucket": name, "Key": "film", "UploadId": upload}
    listing = allow("s3:ListMultipartUploadParts", f"arn:aws:s3:::{name}/film")

    both = client_of("s3", listing, allow("kms:Decrypt", key_arn))
    assert both.list_parts(**place)["UploadId"] == upload

    assert "kms:Decrypt" in denial(client_of("s3", listing).list_parts, **place)
    assert "ListMultipartUploadParts" in denial(
        client_of("s3", allow("kms:Decrypt", key_arn)).list_parts, **place
    )


def test_a_key_policy_that_does_not_delegate_keeps_roles_out(
    front: Front, client_of: Any, allow: Any, key_arn: str
) -> None:
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": "arn:aws:iam::123456789012:user/admin"},
                "Action": "kms:*",
                "Resource": "*",
            }
        ],
    }
    front.client("kms").put_key_policy(
        KeyId=key_arn, PolicyName="default", Policy=json.dumps(policy)
    )

    message = denial(client_of("kms", allow("kms:*")).describe_key, KeyId=key_arn)

    assert message.endswith("because no resource-based policy allows the kms:DescribeKey action")


def test_an_alias_is_judged_as_its_key(
    front: Front, client_of: Any, allow: Any, key_arn: str, name: str
) -> None:
    front.client("kms").create_alias(AliasName=f"alias/{name}", TargetKeyId=key_arn)
    vault = client_of("kms", allow("kms:DescribeKey", key_arn))

    found = vault.describe_key(KeyId=f"alias/{name}")

    assert found["KeyMetadata"]["Arn"] == key_arn


def test_a_secret_under_a_customer_key_needs_the_key_too(
    front: Front, client_of: Any, allow: Any, key_arn: str, name: str
) -> None:
    arn = front.client("secretsmanager").create_secret(
        Name=name, SecretString="s", KmsKeyId=key_arn
    )["ARN"]
    read = allow("secretsmanager:GetSecretValue", arn)
    through = {"StringEquals": {"kms:ViaService": "secretsmanager.eu-west-1.amazonaws.com"}}

    keyless = client_of("secretsmanager", read)
    both = client_of("secretsmanager", read, allow("kms:Decrypt", key_arn, Condition=through))

    assert "kms:Decrypt" in denial(keyless.get_secret_value, SecretId=name)
    assert both.get_secret_value(SecretId=name)["SecretString"] == "s"


def test_parameters_are_named_without_their_leading_slash(
    front: Front, client_of: Any, allow: Any, name: str
) -> None:
    front.client("ssm").put_parameter(Name=f"/{name}/a", Value="v", Type="String")
    arn = f"arn:aws:ssm:eu-west-1:123456789012:parameter/{name}"
    reader = client_of(
        "ssm", allow("ssm:GetParameter", f"{arn}/a"), allow("ssm:GetParametersByPath", arn)
    )

    assert reader.get_parameter(Name=f"/{name}/a")["Parameter"]["Value"] == "v"
    assert len(reader.get_parameters_by_path(Path=f"/{name}")["Parameters"]) == 1


def test_events_are_confined_by_their_source(client_of: Any, allow: Any) -> None:
    bus = "arn:aws:events:eu-west-1:123456789012:event-bus/default"
    mine = {"StringEquals": {"events:source": "marquee.local.media"}}
    sender = client_of("events", allow("events:PutEvents", bus, Condition=mine))
    event = {"Source": "marquee.local.media", "DetailType": "AssetReady", "Detail": "{}"}

    sender.put_events(Entries=[event])

    denial(sender.put_events, Entries=[event, {**event, "Source": "marquee.local.keys"}])


def test_topics_refuse_in_their_own_code(front: Front, client_of: Any, name: str) -> None:
    arn = front.client("sns").create_topic(Name=name)["TopicArn"]

    with pytest.raises(ClientError) as caught:
        client_of("sns").publish(TopicArn=arn, Message="x")

    assert caught.value.response["Error"]["Code"] == "AuthorizationError"
    assert "SNS:Publish" in caught.value.response["Error"]["Message"]


def test_an_alias_of_a_function_is_what_must_be_granted(
    front: Front, client_of: Any, allow: Any, name: str
) -> None:
    seen: list[str] = []

    def invoke(request: HttpRequest, principal: Any) -> HttpResponse | None:
        seen.append(principal.role_arn)
        return HttpResponse(200, (), b'"done"')

    function = f"arn:aws:lambda:eu-west-1:123456789012:function:{name}"
    caller = client_of("lambda", allow("lambda:InvokeFunction", f"{function}:live"))
    front.register("lambda", invoke)
    try:
        answered = caller.invoke(FunctionName=f"{function}:live", Payload=b"{}")
        split = caller.invoke(FunctionName=name, Qualifier="live", Payload=b"{}")
        message = denial(caller.invoke, FunctionName=name, Payload=b"{}")
    finally:
        front._services.pop("lambda")

    assert answered["Payload"].read() == b'"done"'
    assert split["StatusCode"] == 200
    assert len(seen) == 2
    assert message.endswith("the lambda:InvokeFunction action")


JOB = {
    "Settings": {"Inputs": [{"FileInput": "s3://b/k"}], "OutputGroups": []},
    "Role": "arn:aws:iam::123456789012:role/transcode",
}


@pytest.mark.parametrize("passed_to", ["mediaconvert.amazonaws.com", "lambda.amazonaws.com", None])
def test_a_job_needs_pass_role_to_mediaconvert(
    front: Front, client_of: Any, allow: Any, passed_to: str | None
) -> None:
    statements = [allow("mediaconvert:CreateJob")]
    if passed_to:
        condition = {"StringEquals": {"iam:PassedToService": passed_to}}
        statements.append(allow("iam:PassRole", JOB["Role"], Condition=condition))
    client = client_of("mediaconvert", *statements)
    front.register("mediaconvert", lambda *_: HttpResponse(201, (), b'{"job": {"id": "1"}}'))
    try:
        if passed_to == "mediaconvert.amazonaws.com":
            assert client.create_job(**JOB)["Job"]["Id"] == "1"
        else:
            message = denial(client.create_job, **JOB)
            assert f"iam:PassRole on resource: {JOB['Role']}" in message
    finally:
        front._services.pop("mediaconvert")


def test_queues_are_judged_by_their_arn_and_their_own_policy(
    front: Front, client_of: Any, allow: Any, roles: Any, name: str
) -> None:
    admin = front.client("sqs")
    url = admin.create_queue(QueueName=name)["QueueUrl"]
    arn = f"arn:aws:sqs:eu-west-1:123456789012:{name}"

    client_of("sqs", allow("sqs:SendMessage", arn)).send_message_batch(
        QueueUrl=url, Entries=[{"Id": "1", "MessageBody": "x"}]
    )
    assert "sqs:sendmessage" in denial(client_of("sqs").send_message, QueueUrl=url, MessageBody="")

    role = roles.create()
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": role},
        "Action": "sqs:SendMessage",
        "Resource": arn,
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    admin.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    front.client("sqs", roles.session(role)).send_message(QueueUrl=url, MessageBody="x")


def test_a_role_serves_only_the_service_it_trusts(front: Front, roles: Any) -> None:
    role = roles.create(service="lambda.amazonaws.com")

    front.identities.assume(role, "s", service="lambda.amazonaws.com")

    with pytest.raises(TrustRefusedError):
        front.identities.assume(role, "s", service="states.amazonaws.com")
    with pytest.raises(UnknownRoleError):
        front.identities.assume("arn:aws:iam::123456789012:role/none", "s")


def test_a_role_is_assumed_by_whom_it_trusts(
    front: Front, roles: Any, allow: Any, name: str
) -> None:
    trusted = roles.create(allow("sts:AssumeRole"))
    stranger = roles.create(allow("sts:AssumeRole"))
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": trusted}, "Action": "sts:AssumeRole"}
        ],
    }
    front.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
    wanted = {"RoleArn": f"arn:aws:iam::123456789012:role/{name}", "RoleSessionName": "me"}

    session = front.client("sts", roles.session(trusted)).assume_role(**wanted)

    assert session["Credentials"]["AccessKeyId"].startswith("ASIA")
    assert session["AssumedRoleUser"]["Arn"].endswith(f"assumed-role/{name}/me")
    denial(front.client("sts", roles.session(stranger)).assume_role, **wanted)


def test_refusals_are_remembered_for_whoever_looks_for_a_missing_grant(
    front: Front, client_of: Any, table: str
) -> None:
    denial(client_of("dynamodb").get_item, TableName=table, Key=key())

    last = front.authorizer.denials[-1]

    assert (last.access.action, last.access.resource) == ("dynamodb:GetItem", ARN + table)


def test_a_functions_own_permission_lets_a_role_invoke_it(
    front: Front, roles: Any, request: pytest.FixtureRequest
) -> None:
    role = roles.create()
    function = "arn:aws:lambda:eu-west-1:123456789012:function:republish:live"
    registry = Registry()
    registry.add(
        Resource(
            "stack",
            "Permit",
            "AWS::Lambda::Permission",
            properties={
                "Action": "lambda:InvokeFunction",
                "FunctionName": function,
                "Principal": role,
            },
            physical_id="Permit",
        )
    )
    permissions = Permissions(registry, "123456789012")
    front.register("lambda", lambda *_: HttpResponse(200, body=b"{}"))
    client = front.client("lambda", roles.session(role))
    with pytest.raises(ClientError):
        client.invoke(FunctionName=function)

    front.resources.use_resource_policies("lambda", permissions.function_policy)
    request.addfinalizer(lambda: front.resources.use_resource_policies("lambda", lambda _: None))

    assert client.invoke(FunctionName=function)["StatusCode"] == 200
    with pytest.raises(ClientError):
        client.invoke(FunctionName=function.removesuffix(":live"))
