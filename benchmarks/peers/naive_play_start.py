"""Play start as many would write it first: FastAPI, Mangum, pydantic and boto3's resources.

It does what `playback.handlers.sessions` does, on the same table: two reads, the checks, one
conditional write, the keys opened, signed cookies, a ticket and a licence token.
"""

import base64
import hashlib
import hmac
import json
import os
import secrets
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.keywrap import aes_key_unwrap
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from fastapi import FastAPI, HTTPException, Request, Response
from mangum import Mangum
from pydantic import BaseModel

table = boto3.resource("dynamodb").Table(os.environ["PLAYBACK_TABLE"])
secrets_manager = boto3.client("secretsmanager")
kms = boto3.client("kms")


def secret(name: str) -> str:
    return secrets_manager.get_secret_value(SecretId=os.environ[name])["SecretString"]


signing = json.loads(secret("SIGNING_SECRET"))
private_key = load_pem_private_key(signing["private_key"].encode(), password=None)
ticket_secret = secret("TICKET_SECRET").encode()
origin_secret = secret("ORIGIN_SECRET")

app = FastAPI()


class Device(BaseModel):
    family: str
    drm: str
    max_height: int | None = None


class Start(BaseModel):
    title_id: str
    device: Device


class Key(BaseModel):
    kty: str = "oct"
    kid: str
    k: str


class Licence(BaseModel):
    keys: list[Key]
    type: str = "temporary"


class Drm(BaseModel):
    system: str
    licence: Licence
    licence_url: str
    licence_token: str
    expires_in: int


class TitleName(BaseModel):
    title_id: str
    name: str


class Started(BaseModel):
    session_id: str
    manifest_url: str
    manifest_type: str
    duration_seconds: float
    drm: Drm
    ticket: str
    title: TitleName


def token(claims: dict[str, Any]) -> str:
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode()
    mac = hmac.new(ticket_secret, body.encode(), hashlib.sha256).digest()
    return f"{body}.{base64.urlsafe_b64encode(mac).decode()}"


def key_text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def licence(asset_id: str, keys: dict[str, Any]) -> Licence:
    data_key = kms.decrypt(
        KeyId=os.environ["VAULT_KEY_ID"],
        CiphertextBlob=base64.b64decode(keys["wrapped_data_key"]),
        EncryptionContext={"contentId": asset_id},
    )["Plaintext"]
    return Licence(
        keys=[
            Key(
                kid=key_text(uuid.UUID(kid).bytes),
                k=key_text(aes_key_unwrap(data_key, base64.b64decode(wrapped))),
            )
            for kid, _, wrapped in keys["keys"]
        ]
    )


def cookie_text(data: bytes) -> str:
    return base64.b64encode(data).decode().translate(str.maketrans("+=/", "-_~"))


def sign(response: Response, asset_id: str, expires: datetime) -> None:
    resource = f"{os.environ['PUBLIC_ORIGIN']}/m/{asset_id}/*"
    condition = {"DateLessThan": {"AWS:EpochTime": int(expires.timestamp())}}
    policy = json.dumps({"Statement": [{"Resource": resource, "Condition": condition}]}).encode()
    for name, value in {
        "CloudFront-Policy": cookie_text(policy),
        "CloudFront-Signature": cookie_text(private_key.sign(policy, ec.ECDSA(SHA256()))),
        "CloudFront-Key-Pair-Id": signing["key_pair_id"],
        "CloudFront-Hash-Algorithm": "SHA256",
    }.items():
        response.set_cookie(
            name, value, path=f"/m/{asset_id}/", secure=True, httponly=True, samesite="strict"
        )


@app.post("/v1/playback/start")
def start(asked: Start, request: Request, response: Response) -> Started:
    claims = request.scope["aws.event"]["requestContext"]["authorizer"]["jwt"]["claims"]
    if "member" not in claims["scope"].split():
        raise HTTPException(403)
    if not hmac.compare_digest(request.headers.get("x-marquee-origin", ""), origin_secret):
        raise HTTPException(403)
    title = table.get_item(Key={"pk": f"TITLE#{asked.title_id}", "sk": "TITLE"}).get("Item")
    account = table.get_item(Key={"pk": f"ACCOUNT#{claims['sub']}", "sk": "ACCOUNT"}).get("Item")
    if title is None:
        raise HTTPException(404)
    if account and "blocked_at" in account:
        raise HTTPException(403)
    document, keys = json.loads(title["document"]), json.loads(title["keys_document"])
    now = datetime.now(UTC)
    country = request.headers.get("cloudfront-viewer-country")
    if document["territories"] != ["*"] and country not in document["territories"]:
        raise HTTPException(403)
    if now < datetime.fromisoformat(document["starts_at"]):
        raise HTTPException(403)
    session_id = f"ses_{secrets.token_hex(13)}"
    expires = now + timedelta(hours=4)
    viewer = {
        "account_id": claims["sub"], "profile_id": claims["profile"], "device_id": claims["device"],
    }  # fmt: skip
    table.put_item(
        Item={
            "pk": f"SESSION#{session_id}", "sk": "SESSION", **viewer,
            "document": json.dumps({"title_id": asked.title_id, "keys": keys}),
            "expires_at": int(expires.timestamp()), "licences": 1,
        },
        ConditionExpression="attribute_not_exists(pk)",
    )  # fmt: skip
    sign(response, title["asset_id"], expires)
    kids = [key[0] for key in keys["keys"]]
    about = {**viewer, "session_id": session_id, "asset_id": title["asset_id"]}
    return Started(
        session_id=session_id,
        manifest_url=f"/{document['path']}/{document['manifests']['dash-clearkey']}",
        manifest_type="dash",
        duration_seconds=document["duration_seconds"],
        drm=Drm(
            system="org.w3.clearkey",
            licence=licence(title["asset_id"], keys),
            licence_url=f"/v1/playback/sessions/{session_id}/licence/clearkey",
            licence_token=token({**about, "kids": kids, "exp": int(now.timestamp()) + 120}),
            expires_in=120,
        ),
        ticket=token({**about, "exp": int(expires.timestamp())}),
        title=TitleName(title_id=asked.title_id, name=document["name"]),
    )


handler = Mangum(app, lifespan="off")
