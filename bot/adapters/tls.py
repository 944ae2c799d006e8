"""TLS as every adapter speaks it: whom we trust, who we are, and never below version 1.2.

Knows certificate files. Must not know which system is asked.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

OLDEST = ssl.TLSVersion.TLSv1_2
"""RFC 8996 ended everything before it."""


class CertificateError(Exception):
    """A certificate file cannot be used; the text names it, its key in the registry, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """Whom to believe, and who to be; paths of PEM files."""

    ca_file: str | None = None
    """Certificates to trust instead of the system's."""
    client_cert: str | None = None
    client_key: str | None = None
    """In the certificate's own file when unset."""
    verified: bool = True
    """False believes anybody: only where a kubeconfig or database URL says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """An address, and all it takes to speak to it."""

    url: str
    trust: Trust = field(default_factory=Trust)
    proxy: str | None = None
    """HTTP proxy to go through."""
    server_name: str | None = None
    """Whom the certificate has to name, when that is not the address's host."""


def address_of(scheme: str, host: str, port: int) -> str:
    """Return the address of a host, which may be an IP of version 6."""
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def environment_proxy(url: str) -> str | None:
    """Return the proxy the environment names for an address, as HTTP libraries understand it."""
    parsed = urlsplit(url)
    if proxy_bypass(parsed.hostname or ""):
        return None
    return getproxies().get(parsed.scheme)


def client_context(trust: Trust) -> ssl.SSLContext:
    """Return the client side of TLS 1.2 or later with this trust.

    Raises:
        CertificateError: A file cannot be read, or is not what it should be.
    """
    try:
        context = ssl.create_default_context(cafile=trust.ca_file)
    except (OSError, ssl.SSLError) as error:
        raise CertificateError(
            f"the certificates in {trust.ca_file} cannot be read; `ca_file` is a PEM file"
        ) from error
    context.minimum_version = OLDEST
    if not trust.verified:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if trust.client_cert is not None:
        try:
            # An encrypted key would ask for its password on the terminal.
            context.load_cert_chain(trust.client_cert, trust.client_key, password=str)
        except (OSError, ssl.SSLError) as error:
            raise CertificateError(
                f"the certificate {trust.client_cert} or its key cannot be read; both are PEM"
                " files without a password"
            ) from error
    return context
