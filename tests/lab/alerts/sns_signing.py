"""Signs SNS messages as AWS does, with a key and a certificate of the lab's own."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID

_PLAIN = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
_CONFIRMING = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
_NAME = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])


@cache
def signing_key() -> rsa.RSAPrivateKey:
    """Return the lab's key; made once, since making one takes a while."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def certificate(
    *,
    now: datetime,
    valid_days: int = 30,
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | None = None,
) -> bytes:
    """Return a certificate that became valid the day before, as PEM."""
    key = signing_key() if key is None else key
    return (
        x509.CertificateBuilder()
        .subject_name(_NAME)
        .issuer_name(_NAME)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=400))
        .not_valid_after(now + timedelta(days=valid_days))
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )


def signed(body: dict[str, Any]) -> dict[str, Any]:
    """Return the message with the signature of its SignatureVersion."""
    names = _PLAIN if body["Type"] == "Notification" else _CONFIRMING
    text = "".join(f"{name}\n{body[name]}\n" for name in names if name in body)
    digest = hashes.SHA256() if body["SignatureVersion"] == "2" else hashes.SHA1()  # noqa: S303
    signature = signing_key().sign(text.encode(), padding.PKCS1v15(), digest)
    return body | {"Signature": base64.b64encode(signature).decode()}


@dataclass(slots=True)
class CertificateHost:
    """AWS's host for certificates: counts what is fetched."""

    pem: bytes
    asked: list[str] = field(default_factory=list)

    def fetch(self, url: str) -> bytes:
        """Return the certificate, whatever the address."""
        self.asked.append(url)
        return self.pem
