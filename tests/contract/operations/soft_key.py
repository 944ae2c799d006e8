"""A security key in software: a P-256 key pair that signs what a browser would hand to it."""

from __future__ import annotations

import json
import secrets
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from webauthn.helpers import bytes_to_base64url, encode_cbor

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


class SoftKey:
    """One authenticator; what it does wrong is said when it is made or asked."""

    def __init__(self, *, counts: bool = True) -> None:
        self._private = ec.generate_private_key(ec.SECP256R1())
        self._id = secrets.token_bytes(32)
        self._counts = counts
        self.count = 0

    @property
    def factor_id(self) -> str:
        return bytes_to_base64url(self._id)

    def create(
        self, options: dict[str, Any], *, origin: str, verified: bool = True
    ) -> dict[str, Any]:
        """Return what `navigator.credentials.create` gives, as JSON."""
        numbers = self._private.public_key().public_numbers()
        public = {
            1: 2,
            3: -7,
            -1: 1,
            -2: numbers.x.to_bytes(32, "big"),
            -3: numbers.y.to_bytes(32, "big"),
        }
        attested = bytes(16) + len(self._id).to_bytes(2, "big") + self._id + encode_cbor(public)
        flags = PRESENT | ATTESTED | (VERIFIED if verified else 0)
        authenticator = self._authenticator(options["rp"]["id"], flags) + attested
        statement = {"fmt": "none", "attStmt": {}, "authData": authenticator}
        return self._credential(
            {
                "clientDataJSON": bytes_to_base64url(
                    _client("webauthn.create", options["challenge"], origin)
                ),
                "attestationObject": bytes_to_base64url(encode_cbor(statement)),
            }
        )

    def get(
        self,
        options: dict[str, Any],
        *,
        origin: str,
        party: str | None = None,
        verified: bool = True,
    ) -> dict[str, Any]:
        """Return what `navigator.credentials.get` gives, as JSON."""
        self.count += self._counts
        client = _client("webauthn.get", options["challenge"], origin)
        flags = PRESENT | (VERIFIED if verified else 0)
        authenticator = self._authenticator(party or options["rpId"], flags)
        signed = self._private.sign(authenticator + sha256(client).digest(), ec.ECDSA(SHA256()))
        return self._credential(
            {
                "clientDataJSON": bytes_to_base64url(client),
                "authenticatorData": bytes_to_base64url(authenticator),
                "signature": bytes_to_base64url(signed),
            }
        )

    def _authenticator(self, party: str, flags: int) -> bytes:
        return sha256(party.encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big")

    def _credential(self, response: dict[str, str]) -> dict[str, Any]:
        return {
            "id": self.factor_id,
            "rawId": self.factor_id,
            "type": "public-key",
            "response": response,
        }


def _client(kind: str, challenge: str, origin: str) -> bytes:
    told = {"type": kind, "challenge": challenge, "origin": origin, "crossOrigin": False}
    return json.dumps(told).encode()
