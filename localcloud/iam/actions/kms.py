"""The permissions of KMS, asked directly or on behalf of a caller of another service."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping

from localcloud.iam.actions.call import Call, Scope, UnmappedActionError
from localcloud.iam.conditions import ContextValue
from localcloud.iam.policy import Access

_KEY_ACTIONS = {
    "Encrypt",
    "Decrypt",
    "GenerateDataKey",
    "GenerateDataKeyWithoutPlaintext",
    "GenerateDataKeyPair",
    "GenerateDataKeyPairWithoutPlaintext",
    "Sign",
    "Verify",
    "GenerateMac",
    "VerifyMac",
    "GetPublicKey",
    "DescribeKey",
    "GetKeyPolicy",
    "GetKeyRotationStatus",
}
_KMS_CONTEXT = {
    "SigningAlgorithm": "kms:signingalgorithm",
    "EncryptionAlgorithm": "kms:encryptionalgorithm",
    "MacAlgorithm": "kms:macalgorithm",
    "MessageType": "kms:messagetype",
    "KeyPairSpec": "kms:datakeypairspec",
}


def encryption_context(pairs: Mapping[str, str]) -> dict[str, ContextValue]:
    """The condition keys of an encryption context."""
    context: dict[str, ContextValue] = {
        f"kms:encryptioncontext:{name.lower()}": str(value) for name, value in pairs.items()
    }
    if pairs:
        context["kms:encryptioncontextkeys"] = tuple(pairs)
    return context


def keys(call: Call) -> Iterator[Access]:
    """What an operation needs."""
    name = call.operation.name
    if name in ("GenerateRandom", "ListKeys", "ListAliases"):
        yield Access(f"kms:{name}", "*")
        return
    if name == "ReEncrypt":
        source = _ciphertext_key(call) or call.text("SourceKeyId")
        yield _key_access(call, "ReEncryptFrom", source, "SourceEncryptionContext")
        target = call.text("DestinationKeyId")
        yield _key_access(call, "ReEncryptTo", target, "DestinationEncryptionContext")
        return
    if name not in _KEY_ACTIONS:
        raise UnmappedActionError(call.operation)
    key_id = call.text("KeyId")
    if name == "Decrypt":
        key_id = _ciphertext_key(call) or key_id
    yield _key_access(call, name, key_id, "EncryptionContext")


def _key_access(call: Call, action: str, key_id: str, context_name: str) -> Access:
    arn = call.scope.account.key_arn(key_id, call.scope.region) or call.arn("kms", "key/", key_id)
    context = encryption_context(call.parameters.get(context_name) or {})
    for parameter, key in _KMS_CONTEXT.items():
        if value := call.text(parameter):
            context[key] = value
    if "alias/" in call.text("KeyId"):
        context["kms:requestalias"] = call.text("KeyId").rsplit(":", 1)[-1]
    held = call.scope.account.key(arn)
    if held is not None:
        context["kms:keyspec"] = held.key_spec
        context["kms:keyusage"] = held.key_usage
        context["kms:keyorigin"] = held.origin
        context["kms:multiregion"] = str(held.multi_region).lower()
        context["kms:resourcealiases"] = tuple(held.aliases)
    context["kms:calleraccount"] = call.scope.account.account
    return Access(f"kms:{action}", arn, context, identity_alone=held is None)


KMS_KEY_ID_LENGTH = 40
"""`mrk-` and a UUID. A ciphertext begins with the id of the key that made it, in this room."""


def _ciphertext_key(call: Call) -> str:
    try:
        blob = base64.b64decode(call.text("CiphertextBlob"))
    except binascii.Error:
        return ""
    return blob[:KMS_KEY_ID_LENGTH].rstrip(b"\0").decode("ascii", "replace")


def key_use(
    scope: Scope, action: str, key_arn: str, service: str, context: Mapping[str, str]
) -> Access:
    """What a service needs of a key on behalf of its caller."""
    via: dict[str, ContextValue] = {
        "kms:viaservice": f"{service}.{scope.region}.amazonaws.com",
        "kms:calleraccount": scope.account.account,
        "aws:viaawsservice": "true",
    }
    return Access(
        f"kms:{action}", key_arn, {**encryption_context(context), **via}, identity_alone=False
    )
