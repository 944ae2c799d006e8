"""Connection pools to metrics servers, with their TLS, proxy and fixed headers.

Opened at the first call, so that a wrong entry is that call's error and leaves the others alone.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import urllib3
from urllib3 import exceptions as transport

from bot.adapters.metrics.faults import EndpointError
from bot.domain.metrics import TENANT_HEADER, problems_of

if TYPE_CHECKING:
    from bot.domain.metrics import MetricsEndpoint

# As many connections as an investigation reads in parallel.
POOL_CONNECTIONS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """An address, and the pool that reaches it."""

    address: str
    """Scheme, host, port and path before `/api/v1`, without a slash at the end."""
    pool: urllib3.PoolManager
    headers: dict[str, str] = field(repr=False)


def open_session(endpoint: MetricsEndpoint) -> Session:
    """Return a session; nothing is sent yet.

    Raises:
        EndpointError: The endpoint is declared wrongly, or its certificates cannot be read.
    """
    for key, problem in problems_of(endpoint):
        raise EndpointError(f"`{key}` in its `prometheus` entry {problem}")
    context = _tls(endpoint)
    headers = dict(endpoint.headers)
    if endpoint.tenant is not None:
        headers[TENANT_HEADER] = endpoint.tenant
    pool = _pool(endpoint, context)
    return Session(address=endpoint.url.rstrip("/"), pool=pool, headers=headers)


def _pool(endpoint: MetricsEndpoint, context: ssl.SSLContext) -> urllib3.PoolManager:
    if endpoint.proxy is None:
        return urllib3.PoolManager(ssl_context=context, maxsize=POOL_CONNECTIONS, retries=False)
    try:
        return urllib3.ProxyManager(
            endpoint.proxy, ssl_context=context, maxsize=POOL_CONNECTIONS, retries=False
        )
    except (transport.HTTPError, ValueError) as error:
        raise EndpointError("`proxy` in its `prometheus` entry is no address") from error


def _tls(endpoint: MetricsEndpoint) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=endpoint.ca_file)
    except (OSError, ssl.SSLError) as error:
        raise EndpointError(
            f"the certificates in {endpoint.ca_file} cannot be read; `ca_file` is a PEM file"
        ) from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if endpoint.client_cert is not None:
        try:
            # An encrypted key would ask for its password on the terminal.
            context.load_cert_chain(endpoint.client_cert, endpoint.client_key, password=str)
        except (OSError, ssl.SSLError) as error:
            raise EndpointError(
                f"the certificate {endpoint.client_cert} or its key cannot be read; both are PEM"
                " files without a password"
            ) from error
    return context
