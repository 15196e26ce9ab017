"""What does a viewer's signature cost: our P-256 cookies against CloudFront's usual RSA ones?"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from botocore.signers import CloudFrontSigner
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1
from parts.harness import LAMBDAS, say, say_ratio

sys.path.insert(0, str(LAMBDAS))

from playback.edge_access import EdgeGrant
from playback.signed_cookies import CookieSigner, cookie_text, custom_policy

ORIGIN = "https://watch.marquee.example"
SESSION = "ses_01m82g70pbe0w0zahf3x51yfpw"
FOLDER = "m/ast_01m82g70pbe0w0zahf3x51yfpw/01m82g70pb"
CALLS = 500
ROUNDS = 7


def ours() -> Callable[[datetime], tuple[str, ...]]:
    """The signer that starts a play."""
    signer = CookieSigner("K2JCJMDEHXQW5F", ec.generate_private_key(ec.SECP256R1()), ORIGIN)
    return lambda expires: signer.cookies(EdgeGrant(SESSION, FOLDER, "IE", expires))


def peer() -> Callable[[datetime], tuple[str, ...]]:
    """The SDK's own signer with the key CloudFront's guide makes."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    signer = CloudFrontSigner(
        "K2JCJMDEHXQW5F",
        lambda message: key.sign(message, padding.PKCS1v15(), SHA1()),  # noqa: S303 - its default
    )

    def cookies(expires: datetime) -> tuple[str, ...]:
        resource = f"{ORIGIN}/{EdgeGrant(SESSION, FOLDER, 'IE', expires).session_folder}/*"
        policy = custom_policy(resource, expires).encode()
        signature = signer.rsa_signer(policy)
        named = {
            "CloudFront-Policy": cookie_text(policy),
            "CloudFront-Signature": cookie_text(signature),
            "CloudFront-Key-Pair-Id": signer.key_id,
        }
        attributes = f"Path=/m/{SESSION}/; Secure; HttpOnly; SameSite=Strict"
        return tuple(f"{name}={value}; {attributes}" for name, value in named.items())

    return cookies


def microseconds(sign: Callable[[datetime], tuple[str, ...]]) -> float:
    """Processor time of one signature."""
    expires = datetime.now(UTC) + timedelta(hours=4)
    begun = time.process_time()
    for _ in range(CALLS):
        sign(expires)
    return (time.process_time() - begun) / CALLS * 1e6


def carried_bytes(sign: Callable[[datetime], tuple[str, ...]]) -> int:
    """What every request of a player carries."""
    expires = datetime.now(UTC) + timedelta(hours=4)
    return sum(len(cookie.partition(";")[0]) + 2 for cookie in sign(expires))


def main() -> None:
    our_signer, peer_signer = ours(), peer()
    rounds = [(microseconds(our_signer), microseconds(peer_signer)) for _ in range(ROUNDS)]
    say("Signing a viewer's cookies (P-256 against RSA-2048 by the SDK's signer)")
    our_time, peer_time = (statistics.median(column) for column in zip(*rounds, strict=True))
    say_ratio("signing", our_time, peer_time, "µs", "target ≤ 0.25")
    sizes = carried_bytes(our_signer), carried_bytes(peer_signer)
    say_ratio("cookies of each request", *sizes, "bytes", "target ≤ 0.80")


if __name__ == "__main__":
    main()
