"""An authorization server's two busiest addresses as many would write them first."""

import base64
import hashlib
import os
import secrets
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Any
from urllib.parse import parse_qsl

import boto3
from cryptography.hazmat.primitives.serialization import load_der_public_key
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import HTMLResponse
from mangum import Mangum
from pydantic import BaseModel

table = boto3.resource("dynamodb").Table(os.environ["TABLE_NAME"])
kms = boto3.client("kms")
app = FastAPI()


class Jwk(BaseModel):
    kty: str = "RSA"
    use: str = "sig"
    alg: str = "RS256"
    kid: str
    n: str
    e: str


class Keys(BaseModel):
    keys: list[Jwk]


class Granted(BaseModel):
    access_token: str
    refresh_token: str
    token_type: str = "Bearer"  # noqa: S105 - the kind of token
    expires_in: int = 600


def number(value: int) -> str:
    data = value.to_bytes((value.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@app.get("/.well-known/jwks.json")
def keys() -> Keys:
    answer = kms.get_public_key(KeyId=os.environ["SIGNING_KEY"])
    public: Any = load_der_public_key(answer["PublicKey"])
    numbers = public.public_numbers()
    kid = hashlib.sha256(answer["PublicKey"]).hexdigest()[:16]
    return Keys(keys=[Jwk(kid=kid, n=number(numbers.n), e=number(numbers.e))])


@app.get("/authorize")
def authorize(client_id: str, redirect_uri: str, state: str = "") -> HTMLResponse:
    fields = {"client_id": client_id, "redirect_uri": redirect_uri, "state": state}
    hidden = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in fields.items()
    )
    return HTMLResponse(f"<!doctype html><form method=post>{hidden}<input name=email></form>")


def renewed(refresh_token: str) -> Granted:
    key = {"pk": f"REFRESH#{hashlib.sha256(refresh_token.encode()).hexdigest()}", "sk": "REFRESH"}
    grant = table.get_item(Key=key).get("Item")
    if grant is None:
        raise HTTPException(400, "invalid_grant")
    account = {"pk": f"ACCOUNT#{grant['account_id']}", "sk": "ACCOUNT"}
    claims = {
        "sub": table.get_item(Key=account)["Item"]["account_id"],
        "exp": datetime.now(UTC) + timedelta(minutes=10),
    }
    successor = secrets.token_urlsafe(32)
    digest = hashlib.sha256(successor.encode()).hexdigest()
    table.put_item(Item={**grant, "pk": f"REFRESH#{digest}"})
    signed = kms.sign(
        KeyId=os.environ["SIGNING_KEY"],
        Message=str(claims).encode(),
        SigningAlgorithm="RSASSA_PKCS1_V1_5_SHA_256",
    )
    return Granted(access_token=str(signed["Signature"]), refresh_token=successor)


@app.post("/token")
async def token(request: Request) -> Granted:
    form = dict(parse_qsl((await request.body()).decode()))
    if form.get("grant_type") == "refresh_token":
        return renewed(form["refresh_token"])
    grant = table.get_item(Key={"pk": f"CODE#{form.get('code')}", "sk": "CODE"}).get("Item")
    if form.get("grant_type") != "authorization_code" or grant is None:
        raise HTTPException(400, "invalid_grant")
    claims = {"sub": grant["account_id"], "exp": datetime.now(UTC) + timedelta(minutes=10)}
    signed = kms.sign(
        KeyId=os.environ["SIGNING_KEY"],
        Message=str(claims).encode(),
        SigningAlgorithm="RSASSA_PKCS1_V1_5_SHA_256",
    )
    return Granted(access_token=str(signed["Signature"]), refresh_token=str(grant["refresh"]))


handler = Mangum(app, lifespan="off")
