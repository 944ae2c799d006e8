"""Where a cluster's metrics are, as the team declared it, and what must never be declared so.

Pure: secrets are named here, never held.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.domain.address import plain_http_problem, split_address

if TYPE_CHECKING:
    from collections.abc import Iterator

LABEL_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
"""A label's name as every Prometheus takes it; it also becomes part of a path (rule P10)."""

TENANT_HEADER = "X-Scope-OrgID"
"""What Mimir, Cortex and multi-tenant Thanos read the tenant from."""

# RFC 9110 token, and a value without line breaks.
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}")
_HEADER_VALUE = re.compile(r"[\x20-\x7e]{0,1024}")
_ENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_REGION = re.compile(r"[a-z]{2,}(-[a-z]+)+-\d+")
# Credentials belong into the environment; these headers are ours to set.
_OUR_HEADERS = frozenset(
    {"authorization", "cookie", "host", "content-length", "transfer-encoding", "connection"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricsEndpoint:
    """One server of the Prometheus HTTP API: Prometheus, Thanos, Mimir or Amazon's managed one."""

    url: str
    """What stands before `/api/v1`, such as `https://mimir.example.com/prometheus`."""
    tenant: str | None = None
    """Sent as X-Scope-OrgID."""
    token_env: str | None = None
    """Name of the environment variable with a bearer token."""
    basic_auth_env: str | None = None
    """Name of the environment variable with `user:password`."""
    ca_file: str | None = None
    """Certificates to trust instead of the system's, PEM."""
    client_cert: str | None = None
    """Our certificate for mutual TLS, PEM."""
    client_key: str | None = None
    """Its key; in the certificate's own file when unset."""
    proxy: str | None = None
    """HTTP proxy to go through, such as `http://proxy.example.com:3128`."""
    insecure: bool = False
    """Allow plain HTTP outside the cluster and this machine; TLS is always verified."""
    sigv4_region: str | None = None
    """AWS region to sign requests for; set for Amazon Managed Prometheus."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Sent with every request; never credentials, which come from the environment."""
    scrape_interval_s: int = 15
    """How often targets are scraped; only estimates of a query's cost depend on it."""


def problems_of(endpoint: MetricsEndpoint) -> tuple[tuple[str, str], ...]:
    """Return what is wrong with an endpoint: a key of it, and what to write instead, each."""
    return tuple(_problems(endpoint))


def _problems(endpoint: MetricsEndpoint) -> Iterator[tuple[str, str]]:
    yield from _in_url(endpoint)
    yield from _in_sign_in(endpoint)
    if endpoint.client_key is not None and endpoint.client_cert is None:
        yield "client_key", "has no client_cert: name the certificate, too"
    if endpoint.tenant is not None and not _HEADER_VALUE.fullmatch(endpoint.tenant):
        yield "tenant", "holds characters a header cannot carry"
    if endpoint.scrape_interval_s < 1:
        yield "scrape_interval_s", "is less than a second"
    for name, value in endpoint.headers.items():
        if not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(value):
            yield "headers", f"{name!r} cannot be sent as a header"
        elif name.casefold() in _OUR_HEADERS:
            yield "headers", f"{name!r} is not set here: use token_env or basic_auth_env"


def _in_sign_in(endpoint: MetricsEndpoint) -> Iterator[tuple[str, str]]:
    ways = (
        ("token_env", endpoint.token_env),
        ("basic_auth_env", endpoint.basic_auth_env),
        ("sigv4_region", endpoint.sigv4_region),
    )
    named = [key for key, value in ways if value is not None]
    if len(named) > 1:
        yield named[-1], f"contradicts {named[0]}: keep one way to sign in"
    for key, name in ways[:2]:
        if name is not None and not _ENV_NAME.fullmatch(name):
            yield key, "is no name of an environment variable: put the secret there, its name here"
    if endpoint.sigv4_region is not None and not _REGION.fullmatch(endpoint.sigv4_region):
        yield "sigv4_region", f"{endpoint.sigv4_region!r} is no region such as eu-west-1"


def _in_url(endpoint: MetricsEndpoint) -> Iterator[tuple[str, str]]:
    url = split_address(endpoint.url)
    if url is None:
        yield "url", "is no address such as https://prometheus.example.com"
        return
    if url.username is not None or url.password is not None:
        yield "url", "holds a user name or password: use basic_auth_env"
    if url.query or url.fragment:
        yield "url", "ends with ? or #: write only what stands before /api/v1"
    if url.path.rstrip("/").endswith("/api/v1"):
        yield "url", "includes /api/v1: write only what stands before it"
    plain = plain_http_problem(url)
    if plain is not None and not endpoint.insecure:
        yield "url", f"{plain}: use https, or say insecure: true"
