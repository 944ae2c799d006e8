"""A look at the TLS of one endpoint, as a client of this product would meet it; for `doctor`.

Asks nothing of the server beyond the handshake. A certificate that is not accepted is looked at
all the same, so that its dates can be told. Must not know which system is behind the endpoint.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass, replace
from datetime import datetime
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cryptography import x509

from bot.adapters.tls import CertificateError, client_context

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from bot.adapters.tls import Endpoint

TIMEOUT_S = 5.0
_PORTS = {"http": 80, "https": 443}
# What OpenSSL says when no version is spoken by both sides.
_TOO_OLD = frozenset(
    {"UNSUPPORTED_PROTOCOL", "TLSV1_ALERT_PROTOCOL_VERSION", "NO_PROTOCOLS_AVAILABLE"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Handshake:
    """What the server showed."""

    version: str
    """Such as `TLSv1.3`."""
    ends_at: datetime | None
    """End of its certificate, UTC; None when it cannot be read."""
    untrusted: str | None = None
    """Why its certificate is not accepted, in OpenSSL's words; None when it is."""


class NoHandshakeError(Exception):
    """Both sides spoke, and did not agree; the text says what to change."""


class NotReachedError(Exception):
    """No connection could be opened, so nothing can be said about TLS."""


def shake_hands(
    endpoint: Endpoint,
    *,
    timeout_s: float = TIMEOUT_S,
    opening: Callable[[socket.socket], None] | None = None,
) -> Handshake:
    """Return what the server shows to a client with this trust.

    Args:
        endpoint: An https address; of another scheme only host and port are used.
        timeout_s: For the connection, and again for the handshake.
        opening: What the protocol says in the clear before TLS, such as PostgreSQL's request.

    Raises:
        NotReachedError: There is no connection.
        NoHandshakeError: The handshake fails for another reason than the server's certificate.
        CertificateError: Our own files cannot be read.
    """
    context = client_context(endpoint.trust)
    try:
        return _shaken(endpoint, context, timeout_s, opening)
    except ssl.SSLCertVerificationError as error:
        refused = error.verify_message
    anybody = client_context(replace(endpoint.trust, verified=False))
    return replace(_shaken(endpoint, anybody, timeout_s, opening), untrusted=refused)


def open_connection(endpoint: Endpoint, *, timeout_s: float = TIMEOUT_S) -> socket.socket:
    """Return a connection to the endpoint's host, through its proxy if it has one; no TLS yet.

    Raises:
        NotReachedError: It cannot be had.
    """
    host, port = _place(endpoint.url)
    first = HTTPConnection(host, port, timeout=timeout_s)
    if endpoint.proxy is not None:
        if urlsplit(endpoint.proxy).scheme != "http":
            raise NotReachedError("it is reached through a proxy that speaks no plain HTTP")
        first = HTTPConnection(*_place(endpoint.proxy), timeout=timeout_s)
        first.set_tunnel(host, port)
    try:
        first.connect()
    except (OSError, HTTPException, ValueError) as error:
        first.close()
        raise NotReachedError(str(error) or type(error).__name__) from error
    return first.sock


def certificate_end(path: str) -> datetime:
    """Return when the first certificate of a PEM file ends, UTC.

    Raises:
        CertificateError: There is none that can be read.
    """
    try:
        return x509.load_pem_x509_certificate(Path(path).read_bytes()).not_valid_after_utc
    except (OSError, ValueError) as error:
        raise CertificateError(
            f"the certificate {path} cannot be read; it is a PEM file"
        ) from error


def _shaken(
    endpoint: Endpoint,
    context: ssl.SSLContext,
    timeout_s: float,
    opening: Callable[[socket.socket], None] | None,
) -> Handshake:
    plain = open_connection(endpoint, timeout_s=timeout_s)
    name = endpoint.server_name or _place(endpoint.url)[0]
    try:
        if opening is not None:
            opening(plain)
        with context.wrap_socket(plain, server_hostname=name) as secured:
            return Handshake(
                version=secured.version() or "unknown",
                ends_at=_end(secured.getpeercert(binary_form=True)),
            )
    except ssl.SSLCertVerificationError:
        raise
    except ssl.SSLError as error:
        raise NoHandshakeError(_reason(error)) from error
    except TimeoutError as error:
        raise NoHandshakeError(f"no handshake within {timeout_s:g} s") from error
    except (OSError, ValueError) as error:
        raise NoHandshakeError(f"the connection broke off ({error})") from error
    finally:
        plain.close()


def _reason(error: ssl.SSLError) -> str:
    reason = error.reason or "no reason given"
    if reason in _TOO_OLD:
        return "the server offers no TLS 1.2 or later"
    if reason in {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE"}:
        return "the server does not speak TLS on this port"
    return f"TLS failed ({reason.replace('_', ' ').lower()})"


def _end(certificate: bytes | None) -> datetime | None:
    if certificate is None:
        return None
    try:
        return x509.load_der_x509_certificate(certificate).not_valid_after_utc
    except ValueError:
        return None


def _place(url: str) -> tuple[str, int]:
    parsed = urlsplit(url)
    return parsed.hostname or "", parsed.port or _PORTS.get(parsed.scheme, 443)
