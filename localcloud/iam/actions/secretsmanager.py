"""The permissions of Secrets Manager."""

from __future__ import annotations

from collections.abc import Iterator

from localcloud.iam.actions.call import Call, UnmappedActionError
from localcloud.iam.actions.kms import key_use
from localcloud.iam.conditions import ContextValue
from localcloud.iam.policy import Access

_SECRET_ACTIONS = {
    "GetSecretValue",
    "DescribeSecret",
    "PutSecretValue",
    "UpdateSecret",
    "UpdateSecretVersionStage",
    "ListSecretVersionIds",
    "GetResourcePolicy",
    "RotateSecret",
    "TagResource",
    "DeleteSecret",
}


def secrets(call: Call) -> Iterator[Access]:
    """What an operation needs."""
    name = call.operation.name
    if name in ("ListSecrets", "GetRandomPassword", "BatchGetSecretValue"):
        yield Access(f"secretsmanager:{name}", "*")
        for secret_id in call.parameters.get("SecretIdList") or []:
            yield from _secret(call, "GetSecretValue", secret_id)
    elif name == "CreateSecret":
        # The six random characters are not known yet; AWS matches on the name.
        arn = call.scope.arn("secretsmanager", f"secret:{call.text('Name')}-??????")
        yield Access(f"secretsmanager:{name}", arn, {"secretsmanager:name": call.text("Name")})
    elif name in _SECRET_ACTIONS:
        yield from _secret(call, name, call.text("SecretId"))
    else:
        raise UnmappedActionError(call.operation)


def _secret(call: Call, action: str, secret_id: str) -> Iterator[Access]:
    secret = call.scope.account.secret(secret_id, call.scope.region)
    arn = str(secret.arn) if secret else call.arn("secretsmanager", "secret:", secret_id)
    context: dict[str, ContextValue] = {"secretsmanager:secretid": secret_id}
    if action == "GetSecretValue":
        context["secretsmanager:versionstage"] = call.text("VersionStage") or "AWSCURRENT"
        if version := call.text("VersionId"):
            context["secretsmanager:versionid"] = version
    yield Access(f"secretsmanager:{action}", arn, context)
    key_id = getattr(secret, "kms_key_id", None)
    key = call.scope.account.customer_key(key_id, call.scope.region)
    if key is None or action not in ("GetSecretValue", "PutSecretValue", "UpdateSecret"):
        return
    uses = ("Decrypt",) if action == "GetSecretValue" else ("Decrypt", "GenerateDataKey")
    for use in uses:
        yield key_use(call.scope, use, key, "secretsmanager", {"SecretARN": arn})
