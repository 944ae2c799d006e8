"""The certificates Amazon SNS signs with: taken from AWS's own hosts only, kept while valid.

The port that fetches verifies TLS, follows no redirect and bounds time and size; this module
decides which addresses it may be asked for.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from bot.adapters.alerts.webhooks.delivery import WebhookRefusedError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

_HOST: Final = re.compile(r"sns\.[a-z]{2}(?:-[a-z]{2,9}){1,3}-\d{1,2}\.amazonaws\.com(?:\.cn)?")
# The SNS API answers on the same hosts, so that the path must be a certificate's and nothing else.
_PATH: Final = re.compile(r"/SimpleNotificationService(?:-[0-9A-Za-z]{1,64})?\.pem")
_MOST_KEPT: Final = 32
"""Regions we hear from times certificates in turn; AWS replaces one about every year."""
_MOST_BYTES: Final = 65_536


class SigningCertificates:
    """Public keys by the address of their certificate; shared between threads."""

    def __init__(self, fetch: Callable[[str], bytes]) -> None:
        """Take what fetches an address; its UpstreamError reaches the caller of `key`."""
        self._fetch = fetch
        self._kept: dict[str, x509.Certificate] = {}

    def key(self, url: str, *, now: datetime) -> RSAPublicKey:
        """Return the key of the certificate at an address of AWS.

        Raises:
            WebhookRefusedError: the address is not AWS's, or there is no valid certificate.
            UpstreamError: the certificate could not be fetched; the sender should try again.
        """
        if not is_certificate_url(url):
            raise WebhookRefusedError("its SigningCertURL is no certificate on a host of SNS")
        known = self._kept.get(url)
        certificate = _read(self._fetch(url)) if known is None else known
        if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
            self._kept.pop(url, None)
            raise WebhookRefusedError("the certificate it names is not valid now")
        try:
            found = certificate.public_key()
        except (ValueError, UnsupportedAlgorithm) as error:
            raise WebhookRefusedError("the certificate it names has no key we can read") from error
        if not isinstance(found, RSAPublicKey):
            raise WebhookRefusedError("the certificate it names has no RSA key")
        if len(self._kept) >= _MOST_KEPT:
            self._kept.clear()
        self._kept[url] = certificate
        return found


def is_certificate_url(url: str) -> bool:
    """Tell whether an address is that of an SNS certificate: https, AWS's host, nothing more."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    is_bare = not parts.query and not parts.fragment and "?" not in url and "#" not in url
    return is_sns_host(url) and is_bare and _PATH.fullmatch(parts.path) is not None


def is_sns_host(url: str) -> bool:
    """Tell whether an address is https on a regional host of SNS: no port, no user."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    plain = url.isascii() and url.isprintable() and "\\" not in url
    return plain and parts.scheme == "https" and _HOST.fullmatch(parts.netloc) is not None


def _read(pem: bytes) -> x509.Certificate:
    if len(pem) > _MOST_BYTES:
        raise WebhookRefusedError("what its SigningCertURL returned is too long")
    try:
        return x509.load_pem_x509_certificate(pem)
    except ValueError as error:
        raise WebhookRefusedError("what its SigningCertURL returned is no certificate") from error
