"""`Verifier` by Yubico's fido2: the only module that knows CBOR, COSE and signatures."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from fido2.server import Fido2Server
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticationResponse,
    CollectedClientData,
    PublicKeyCredentialRpEntity,
    RegistrationResponse,
    UserVerificationRequirement,
)

from identity.passkeys.domain import (
    ALGORITHMS,
    REFUSED,
    Assertion,
    NewCredential,
    RefusedPasskeyError,
    decoded,
    encoded,
)

_UNREADABLE = (
    *(ValueError, TypeError, KeyError, IndexError, AttributeError, AssertionError),
    *(OverflowError, RecursionError, struct.error, UnsupportedAlgorithm),
)
"""What reading and verifying bytes of anybody's making may end in."""

MOST_CREDENTIAL_ID_BYTES = 1023
"""Section 7.1, step 26."""


@dataclass(frozen=True)
class FidoVerifier:
    """Takes what was signed for one RP id, on one origin."""

    rp_id: str
    origin: str

    def new_credential(self, sent: Mapping[str, Any], challenge: str) -> NewCredential:
        """What was made for that challenge; the attestation is not asked for and not looked at."""
        try:
            response = RegistrationResponse.from_dict(sent)
            _check_top_level(response.response.client_data)
            made = self._server.register_complete(_state(challenge), response)
            data = made.credential_data
            if data is None or data.credential_id != response.raw_id:
                raise ValueError("The response is of another credential.")
            if len(data.credential_id) > MOST_CREDENTIAL_ID_BYTES:
                raise ValueError("The credential's id is too long.")
            if data.public_key[3] not in ALGORITHMS:
                raise ValueError("The key is of an algorithm that was not offered.")
        except _UNREADABLE as error:
            raise RefusedPasskeyError(REFUSED) from error
        return NewCredential(
            encoded(bytes(data)), encoded(data.credential_id), made.counter, made.is_backed_up()
        )

    def assertion(self, sent: Mapping[str, Any], challenge: str, credential: str) -> Assertion:
        """What that credential signed for that challenge."""
        try:
            response = AuthenticationResponse.from_dict(sent)
            _check_top_level(response.response.client_data)
            known = [AttestedCredentialData(decoded(credential))]
            self._server.authenticate_complete(_state(challenge), known, response)
        except _UNREADABLE as error:
            raise RefusedPasskeyError(REFUSED) from error
        said = response.response.authenticator_data
        return Assertion(said.counter, said.is_backed_up())

    @property
    def _server(self) -> Fido2Server:
        rp = PublicKeyCredentialRpEntity(id=self.rp_id, name="Marquee")
        return Fido2Server(rp, verify_origin=lambda origin: origin == self.origin)


def _check_top_level(client_data: CollectedClientData) -> None:
    if client_data.cross_origin:
        raise ValueError("A page of ours is in nobody's frame.")


def _state(challenge: str) -> dict[str, Any]:
    return {"challenge": challenge, "user_verification": UserVerificationRequirement.REQUIRED}
