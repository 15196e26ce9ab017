"""Who may read a signed behaviour: signed URLs and cookies, and every way of not having them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from botocore.signers import CloudFrontSigner
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from localcloud.wire import HttpResponse

from .conftest import HASHES, NOW, ORIGIN, Signer, World, custom_policy, encoded

SEGMENT = "/m/ast_1/v1/seg_1.cmfv"
ASSET = f"{ORIGIN}/m/ast_1/*"


def refusal(response: HttpResponse) -> str:
    assert response.status == 403
    assert response.header("content-type") == "text/xml"
    assert response.header("x-cache") == "Error from cloudfront"
    return response.body.decode()


def xml(code: str, message: str) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    )


DENIED = xml("AccessDenied", "Access denied")
MISSING = xml("MissingKey", "Missing Key-Pair-Id query parameter or cookie value")


@pytest.fixture(params=["ec", "rsa"])
def signer(request: pytest.FixtureRequest, ec_signer: Signer, rsa_signer: Signer) -> Signer:
    return ec_signer if request.param == "ec" else rsa_signer


@pytest.mark.parametrize("algorithm", [None, "SHA1", "SHA256"])
def test_signed_cookies_open_the_asset_they_name(
    films: World, signer: Signer, algorithm: str | None
) -> None:
    cookie = signer.cookies(custom_policy(ASSET, NOW + 60), algorithm)

    response = films.ask(f"GET {SEGMENT}", cookie=cookie)

    assert (response.status, response.body) == (200, b"0123456789")


@pytest.mark.parametrize("algorithm", [None, "SHA256"])
def test_a_signed_url_with_a_custom_policy_opens_its_resource(
    films: World, signer: Signer, algorithm: str | None
) -> None:
    query = signer.query(custom_policy(f"{ORIGIN}{SEGMENT}", NOW + 60), algorithm)

    assert films.ask(f"GET {SEGMENT}?{query}").status == 200


def test_botocores_canned_url_is_taken(films: World, rsa_signer: Signer) -> None:
    def sign(message: bytes) -> bytes:
        assert isinstance(rsa_signer.key, rsa.RSAPrivateKey)
        return rsa_signer.key.sign(message, padding.PKCS1v15(), HASHES["SHA1"])

    url = CloudFrontSigner(rsa_signer.key_id, sign).generate_presigned_url(
        f"{ORIGIN}{SEGMENT}?x=1", date_less_than=datetime.fromtimestamp(NOW + 60, UTC)
    )

    assert films.ask(f"GET {url.removeprefix(ORIGIN)}").status == 200
    assert films.ask(f"GET {url.removeprefix(ORIGIN).replace('x=1', 'x=2')}").status == 403
    films.now[0] += 61
    assert refusal(films.ask(f"GET {url.removeprefix(ORIGIN)}")) == DENIED


def test_no_signature_is_a_missing_key(films: World) -> None:
    assert refusal(films.ask(f"GET {SEGMENT}")) == MISSING
    assert refusal(films.ask(f"GET {SEGMENT}", cookie="session=1")) == MISSING
    assert films.bucket.asked == []


def test_an_unknown_key_is_refused(films: World, ec_signer: Signer) -> None:
    stranger = Signer("KOTHER", ec_signer.key)

    cookie = stranger.cookies(custom_policy(ASSET, NOW + 60))

    assert refusal(films.ask(f"GET {SEGMENT}", cookie=cookie)) == xml("InvalidKey", "Unknown Key")


def test_a_forged_signature_is_refused(films: World, ec_signer: Signer) -> None:
    forger = Signer(ec_signer.key_id, ec.generate_private_key(ec.SECP256R1()))

    cookie = forger.cookies(custom_policy(ASSET, NOW + 60))

    assert refusal(films.ask(f"GET {SEGMENT}", cookie=cookie)) == DENIED


def test_a_changed_policy_is_refused(films: World, ec_signer: Signer) -> None:
    policy = custom_policy(ASSET, NOW + 60)
    wider = encoded(custom_policy(f"{ORIGIN}/m/*", NOW + 60).encode())

    cookie = ec_signer.cookies(policy).replace(encoded(policy.encode()), wider)

    assert refusal(films.ask(f"GET {SEGMENT}", cookie=cookie)) == DENIED


def test_the_hash_that_was_not_used_is_refused(films: World, ec_signer: Signer) -> None:
    cookie = ec_signer.cookies(custom_policy(ASSET, NOW + 60), "SHA256")

    plain = cookie.replace("; CloudFront-Hash-Algorithm=SHA256", "")

    assert refusal(films.ask(f"GET {SEGMENT}", cookie=plain)) == DENIED


def test_the_cookie_of_another_asset_is_refused(films: World, ec_signer: Signer) -> None:
    cookie = ec_signer.cookies(custom_policy(ASSET, NOW + 60))

    assert refusal(films.ask("GET /m/ast_2/v1/seg_1.cmfv", cookie=cookie)) == DENIED


@pytest.mark.parametrize("way", ["/m/ast_1/../ast_2", "/m/ast_1/%2e%2e/ast_2"])
def test_dot_segments_lead_to_no_other_asset(films: World, ec_signer: Signer, way: str) -> None:
    cookie = ec_signer.cookies(custom_policy(ASSET, NOW + 60))

    assert films.ask(f"GET {way}/v1/seg_1.cmfv", cookie=cookie).status == 403
    assert films.bucket.asked == []


def test_an_encoded_spelling_of_the_path_is_the_same_behaviour(films: World) -> None:
    assert refusal(films.ask("GET /%6d/ast_1/v1/seg_1.cmfv")) == MISSING


def test_an_expired_cookie_is_refused(films: World, ec_signer: Signer) -> None:
    cookie = ec_signer.cookies(custom_policy(ASSET, NOW + 60))

    assert films.ask(f"GET {SEGMENT}", cookie=cookie).status == 200
    films.now[0] += 60
    assert refusal(films.ask(f"GET {SEGMENT}", cookie=cookie)) == DENIED


def test_a_policy_that_has_not_begun_is_refused(films: World, ec_signer: Signer) -> None:
    later = custom_policy(ASSET, NOW + 60, DateGreaterThan={"AWS:EpochTime": int(NOW) + 30})
    cookie = ec_signer.cookies(later)

    assert films.ask(f"GET {SEGMENT}", cookie=cookie).status == 403
    films.now[0] += 30
    assert films.ask(f"GET {SEGMENT}", cookie=cookie).status == 200


@pytest.mark.parametrize(
    ("network", "status"), [("203.0.113.0/24", 200), ("203.0.113.7", 200), ("198.51.100.0/24", 403)]
)
def test_a_policy_may_be_bound_to_addresses(
    films: World, ec_signer: Signer, network: str, status: int
) -> None:
    policy = custom_policy(ASSET, NOW + 60, IpAddress={"AWS:SourceIp": network})

    assert films.ask(f"GET {SEGMENT}", cookie=ec_signer.cookies(policy)).status == status


def test_a_policy_without_an_end_is_malformed(films: World, ec_signer: Signer) -> None:
    policy = '{"Statement":[{"Resource":"*","Condition":{}}]}'

    response = films.ask(f"GET {SEGMENT}", cookie=ec_signer.cookies(policy))

    assert refusal(response) == xml("MalformedPolicy", "Malformed Policy")


def test_garbage_instead_of_a_signature_is_malformed(films: World, ec_signer: Signer) -> None:
    cookie = f"CloudFront-Policy=e30_; CloudFront-Signature=x; CloudFront-Key-Pair-Id={'KEC'}"

    assert refusal(films.ask(f"GET {SEGMENT}", cookie=cookie)) == xml(
        "MalformedSignature", "Could not unencode Signature"
    )


def test_a_signed_url_counts_before_cookies(films: World, ec_signer: Signer) -> None:
    cookie = ec_signer.cookies(custom_policy(ASSET, NOW + 60))
    query = ec_signer.query(custom_policy(f"{ORIGIN}/m/ast_2/*", NOW + 60))

    assert refusal(films.ask(f"GET {SEGMENT}?{query}", cookie=cookie)) == DENIED


def test_the_signature_is_neither_in_the_cache_key_nor_sent_on(
    films: World, ec_signer: Signer
) -> None:
    for seconds in (60, 61):
        query = ec_signer.query(custom_policy(ASSET, NOW + seconds))
        response = films.ask(f"GET {SEGMENT}?{query}")

    assert response.header("x-cache") == "Hit from cloudfront"
    assert [asked[1] for asked in films.bucket.asked] == ["m/ast_1/v1/seg_1.cmfv"]


def test_cached_objects_still_need_a_signature(films: World, ec_signer: Signer) -> None:
    films.ask(f"GET {SEGMENT}", cookie=ec_signer.cookies(custom_policy(ASSET, NOW + 60)))

    assert refusal(films.ask(f"GET {SEGMENT}")) == MISSING


def test_a_refusal_carries_the_cors_headers_of_its_behaviour(films: World) -> None:
    films.config["CacheBehaviors"][0]["ResponseHeadersPolicyId"] = (
        "60669652-455b-4ae9-85a4-c4c02393f86c"
    )

    response = films.ask(f"GET {SEGMENT}", origin="https://watch.example.com")

    assert response.status == 403
    assert response.header("access-control-allow-origin") == "*"
