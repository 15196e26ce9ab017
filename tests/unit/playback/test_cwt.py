"""Common Access Tokens, held against an independent implementation and published vectors."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import cbor2
import cwt as independent
import pytest
from cwt import COSE, COSEKey
from hypothesis import given
from hypothesis import strategies as st

from kernel.tokens import MacKey
from playback.cwt import LONGEST_TOKEN, cbor, common_access_token, edge_key, mac0
from playback.edge_access import EdgeGrant

KEY = edge_key(MacKey(b"a token secret of enough length!!"))


@pytest.fixture
def now() -> datetime:
    """The library judges expiry by the machine's clock."""
    return datetime.now(UTC)


def grant(now: datetime, country: str | None = "IE") -> EdgeGrant:
    return EdgeGrant("ses_1", "m/ast_1/v1", country, now + timedelta(hours=4))


def read(token: str, key: MacKey = KEY) -> dict[int, object]:
    """The claims, as somebody else's library reads and checks them."""
    data = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    known = COSEKey.from_symmetric_key(key.secret, alg="HS256", kid=key.key_id.encode())
    claims: dict[int, object] = independent.decode(data, known)
    return claims


def test_an_independent_library_believes_the_token_and_finds_its_claims(now: datetime) -> None:
    assert read(common_access_token(grant(now), KEY)) == {
        2: "ses_1",
        4: int((now + timedelta(hours=4)).timestamp()),
        310: 1,
        312: {3: {1: "/m/ast_1/v1/"}},
        316: ["IE"],
    }


def test_rights_for_everywhere_name_no_country(now: datetime) -> None:
    assert 316 not in read(common_access_token(grant(now, None), KEY))


def test_an_independent_library_refuses_another_keys_token(now: datetime) -> None:
    token = common_access_token(grant(now), KEY)
    other = edge_key(MacKey(b"another token secret of some length"))

    with pytest.raises(Exception, match="key is not found"):
        read(token, other)


def test_the_key_of_edges_is_another_than_the_secret_it_comes_from() -> None:
    secret = MacKey(b"a token secret of enough length!!")

    assert edge_key(secret) == KEY
    assert KEY.key_id != secret.key_id
    assert KEY.secret.isascii()


def test_a_token_fits_into_what_cloudfront_reads(now: datetime) -> None:
    long = EdgeGrant("ses_" + "0" * 26, "m/ast_" + "0" * 26 + "/" + "0" * 26, "IE", now)

    assert len(common_access_token(long, KEY)) < LONGEST_TOKEN / 3


def test_a_mac_is_that_of_coses_published_example() -> None:
    """github.com/cose-wg/Examples, mac0-tests/HMac-01.json."""
    secret = bytes.fromhex("849b57219dae48de646d07dbb533566e976686457c1491be3a76dcea6c427188")

    key = MacKey(secret)

    made = mac0(b"This is the content.", key)

    tag = "a1a848d3471f9d61ee49018d244c824772f223ad4f935293f1789fc3a08d8c58"
    assert made.hex().endswith(tag)
    known = COSEKey.from_symmetric_key(secret, alg="HS256", kid=key.key_id.encode())
    assert COSE.new().decode(made[2:], known) == b"This is the content."


@pytest.mark.parametrize(
    ("value", "encoded"),
    [
        (0, "00"),
        (23, "17"),
        (24, "1818"),
        (1000, "1903e8"),
        (1000000, "1a000f4240"),
        (18446744073709551615, "1bffffffffffffffff"),
        (-1, "20"),
        (-1000, "3903e7"),
        (b"\x01\x02\x03\x04", "4401020304"),
        ("IETF", "6449455446"),
        ("\u6c34", "63e6b0b4"),
        ([1, [2, 3]], "8201820203"),
        ({1: 2, 3: 4}, "a201020304"),
    ],
)
def test_values_are_encoded_as_in_rfc_8949_appendix_a(value: object, encoded: str) -> None:
    assert cbor(value).hex() == encoded  # type: ignore[arg-type]  # each is of one of its kinds


@given(
    st.recursive(
        st.integers(-(2**63), 2**64 - 1) | st.text() | st.binary(),
        lambda inner: st.lists(inner) | st.dictionaries(st.integers(0, 2**32), inner),
    )
)
def test_what_is_encoded_is_read_back_by_somebody_else(value: object) -> None:
    assert cbor2.loads(cbor(value)) == value  # type: ignore[arg-type]  # as above


def test_what_a_token_cannot_hold_is_not_encoded() -> None:
    with pytest.raises(TypeError):
        cbor(True)
    with pytest.raises(OverflowError):
        cbor(2**64)
