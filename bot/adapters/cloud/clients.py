"""API clients, one for each account, region and service, built by us alone.

Nothing a person or model says reaches a client's construction: address, region, time limits and
credentials come from the registry. Every account and region has a botocore session of its own,
whose only source of credentials is that account's, so a client cannot even reach another's.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.config import Config
from botocore.loaders import create_loader
from botocore.session import Session

from bot.adapters.cloud.credentials import CredentialCache
from bot.adapters.tls import CertificateError, Trust, client_context
from bot.domain.errors import UpstreamError

if TYPE_CHECKING:
    from collections.abc import Hashable

    from botocore.credentials import Credentials

    from bot.adapters.cloud.connection import AccountConnection
    from bot.ports.clock import Clock

CONNECT_TIMEOUT_S = 5.0
# botocore's standard mode: two repeats with back-off, for throttling and broken connections.
ATTEMPTS = 3
# As many as the bot's own threads may use of one client at a time.
POOL_CONNECTIONS = 16


@dataclass(slots=True)
class _Desk:
    """One account and region: its session and its clients."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    session: Any = None
    clients: dict[tuple[str, str], Any] = field(default_factory=dict)


class Clients:
    """Clients made at their first use and kept; shared between threads.

    `own` is the session whose credentials take on the roles: botocore's default chain when None.
    """

    def __init__(self, *, clock: Clock, timeout_s: float, own: Session | None = None) -> None:
        self._own = own
        self._timeout_s = timeout_s
        self._lock = threading.Lock()
        self._loader = create_loader()
        self._desks: dict[Hashable, _Desk] = {}
        self._sts: dict[Hashable, Any] = {}
        self._credentials = CredentialCache(
            sts_client=self._sts_client, own=self._own_credentials, clock=clock
        )

    def client(
        self, connection: AccountConnection, *, region: str, service: str, home: str | None = None
    ) -> Any:
        """Return the client of a service in a region of an account.

        Raises what `CredentialCache.of` raises; UpstreamError for certificates that cannot be
        read, KeyError for a service botocore does not know.
        """
        credentials = self._credentials.of(connection, region)
        desk = self._desk(connection, region)
        with desk.lock:
            if desk.session is None:
                desk.session = self._session(credentials)
            key = (service, home or region)
            if key not in desk.clients:
                desk.clients[key] = self._made(desk.session, connection, service, home or region)
            return desk.clients[key]

    def sts_address(self, connection: AccountConnection, region: str) -> str:
        """Return the address roles are taken on at; nothing is sent.

        Raises:
            UpstreamError: The account's certificates cannot be read.
        """
        return str(self._sts_client(connection, region).meta.endpoint_url)

    def forget(self, connection: AccountConnection, region: str) -> None:
        """Drop the credential and the clients that hold it."""
        with self._lock:
            self._desks.pop(_key(connection, region), None)
        self._credentials.forget(connection, region)

    def _desk(self, connection: AccountConnection, region: str) -> _Desk:
        with self._lock:
            return self._desks.setdefault(_key(connection, region), _Desk())

    def _session(self, credentials: Credentials) -> Any:
        session = Session()
        session.register_component("data_loader", self._loader)
        session.register_component("credential_provider", _Only(credentials))
        return session

    def _own_session(self) -> Session:
        with self._lock:
            if self._own is None:
                self._own = Session()
            return self._own

    def _own_credentials(self) -> Credentials | None:
        found: Credentials | None = self._own_session().get_credentials()
        return found

    def _sts_client(self, connection: AccountConnection, region: str) -> Any:
        session = self._own_session()
        # Accounts may lie behind different proxies and certificates.
        key = (connection.endpoint_url, connection.trust, connection.account.proxy, region)
        with self._lock:
            if key not in self._sts:
                self._sts[key] = self._made(session, connection, "sts", region)
            return self._sts[key]

    def _made(self, session: Any, connection: AccountConnection, service: str, region: str) -> Any:
        _check_certificates(connection)
        return session.create_client(
            service,
            region_name=region,
            endpoint_url=connection.endpoint_url,
            # None leaves the choice of certificates to botocore: AWS_CA_BUNDLE, else its own.
            verify=connection.trust.ca_file,
            config=self._config(connection),
        )

    def _config(self, connection: AccountConnection) -> Config:
        proxy, trust = connection.account.proxy, connection.trust
        return Config(
            # None leaves the choice of proxy to botocore: HTTPS_PROXY and NO_PROXY.
            proxies=None if proxy is None else {"http": proxy, "https": proxy},
            client_cert=(
                (trust.client_cert, trust.client_key) if trust.client_key else trust.client_cert
            ),
            connect_timeout=CONNECT_TIMEOUT_S,
            read_timeout=self._timeout_s,
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
            max_pool_connections=POOL_CONNECTIONS,
            user_agent_extra="nightdesk",
            ignore_configured_endpoint_urls=True,
        )


class _Only:
    """botocore's place for a chain of credential sources, holding exactly one."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials

    def load_credentials(self) -> Credentials:
        return self._credentials


def _check_certificates(connection: AccountConnection) -> None:
    if connection.trust == Trust():
        return
    try:
        # botocore would meet a wrong file at the first call only, and not name it.
        client_context(connection.trust)
    except CertificateError as error:
        raise UpstreamError(
            f"{connection.name} cannot be asked: {error}", system=f"aws {connection.name}"
        ) from error


def _key(connection: AccountConnection, region: str) -> Hashable:
    return connection.account.account_id, connection.role_arn, region
