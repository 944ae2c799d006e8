"""Connection pools to servers of the registry, with their TLS, proxy and fixed headers.

Opened at the first call, so that a wrong entry is that call's error and leaves the others alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import urllib3
from urllib3 import exceptions as transport

from bot.adapters.servers.faults import EndpointError
from bot.adapters.tls import CertificateError, Endpoint, Trust, client_context
from bot.domain.metrics import TENANT_HEADER, problems_of

if TYPE_CHECKING:
    from bot.domain.metrics import MetricsEndpoint

# As many connections as an investigation reads in parallel.
POOL_CONNECTIONS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """An address, and the pool that reaches it."""

    address: str
    """Scheme, host, port and path before the API's own, without a slash at the end."""
    pool: urllib3.PoolManager
    headers: dict[str, str] = field(repr=False)


def open_session(endpoint: MetricsEndpoint, *, entry: str) -> Session:
    """Return a session; nothing is sent yet. `entry` is the endpoint's key in the registry.

    Raises:
        EndpointError: The endpoint is declared wrongly, or its certificates cannot be read.
    """
    for key, problem in problems_of(endpoint):
        raise EndpointError(f"`{key}` in its `{entry}` entry {problem}")
    headers = dict(endpoint.headers)
    if endpoint.tenant is not None:
        headers[TENANT_HEADER] = endpoint.tenant
    pool = _pool(endpoint_of(endpoint), entry)
    return Session(address=endpoint.url.rstrip("/"), pool=pool, headers=headers)


def endpoint_of(endpoint: MetricsEndpoint) -> Endpoint:
    """Return how a declared server is reached."""
    return Endpoint(
        url=endpoint.url,
        trust=Trust(
            ca_file=endpoint.ca_file,
            client_cert=endpoint.client_cert,
            client_key=endpoint.client_key,
        ),
        proxy=endpoint.proxy,
    )


def _pool(endpoint: Endpoint, entry: str) -> urllib3.PoolManager:
    try:
        context = client_context(endpoint.trust)
    except CertificateError as error:
        raise EndpointError(str(error)) from error
    if endpoint.proxy is None:
        return urllib3.PoolManager(ssl_context=context, maxsize=POOL_CONNECTIONS, retries=False)
    try:
        return urllib3.ProxyManager(
            endpoint.proxy, ssl_context=context, maxsize=POOL_CONNECTIONS, retries=False
        )
    except (transport.HTTPError, ValueError) as error:
        raise EndpointError(f"`proxy` in its `{entry}` entry is no address") from error
