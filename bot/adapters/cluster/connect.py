"""Sessions with API servers: the official client's configuration and connection pool.

Knows kubeconfig entries, service accounts and credentials. Must not know what is asked, and never
touches the client's process-wide default configuration. The client is loaded at the first
connection: its configuration half costs about 18 MB, its typed APIs eighty more, so those are
never imported.
"""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import urllib3
from urllib3 import exceptions as transport

from bot.adapters.cluster.exec_plugin import run_plugin
from bot.adapters.cluster.faults import KubeconfigError, too_slow, unusable
from bot.adapters.cluster.kubeconfig import Entry, Kubeconfig, read_kubeconfig
from bot.adapters.tls import OLDEST, Endpoint, Trust
from bot.adapters.transport import SignInError, one_line
from bot.domain.address import plain_http_problem, split_address

if TYPE_CHECKING:
    from bot.domain.registry import Cluster
    from bot.ports.clock import Clock

# As many connections as triage reads in parallel; more would only queue at the API server.
POOL_CONNECTIONS = 8
# A credential is renewed this long before it ends, so that none ends in mid-call.
RENEW_BEFORE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """An address, a connection pool with its TLS and proxy, and the way to sign in."""

    endpoint: Endpoint = field(repr=False)
    pool: urllib3.PoolManager
    authorization: Callable[[], str | None] = field(repr=False)
    """Gives the Authorization header's value; None for client certificates."""
    renewable: bool
    """True when opening the session again may give another credential."""
    expires_at: datetime | None = None

    @property
    def address(self) -> str:
        """Scheme, host and port, perhaps with a path, without a slash at the end."""
        return self.endpoint.url


class Connection:
    """The session of one cluster: opened at the first use, and again when its credential ages."""

    def __init__(self, cluster: Cluster, *, kubeconfig: str | None, clock: Clock) -> None:
        self._cluster = cluster
        self._location = cluster.kubeconfig or kubeconfig
        self._clock = clock
        self._lock = threading.Lock()
        self._session: Session | None = None

    def session(self, *, within_s: float) -> Session:
        """Return the session; threads that come while it is being opened share it.

        Raises:
            UpstreamError: The kubeconfig, the context or the credential cannot be had, or another
                thread is still trying after that long.
        """
        session = self._session
        if session is not None and not self._ages(session):
            return session
        deadline_s = self._clock.monotonic() + within_s
        if not self._lock.acquire(timeout=max(within_s, 0)):
            raise too_slow(within_s, cluster=self._cluster.name)
        try:
            if self._session is None or self._ages(self._session):
                self._session = self._open(within_s=deadline_s - self._clock.monotonic())
            return self._session
        finally:
            self._lock.release()

    def drop(self, session: Session) -> None:
        """Forget a session whose credential was refused; the next call opens another."""
        with self._lock:
            if self._session is session:
                self._session = None

    def _ages(self, session: Session) -> bool:
        expires_at = session.expires_at
        return expires_at is not None and expires_at - RENEW_BEFORE <= self._clock.now()

    def _open(self, *, within_s: float) -> Session:
        cluster = self._cluster
        try:
            if cluster.in_cluster:
                return _service_account_session()
            return _kubeconfig_session(read_kubeconfig(self._location), cluster, within_s=within_s)
        except (KubeconfigError, SignInError) as error:
            raise unusable(error, cluster=cluster.name) from error


def _service_account_session() -> Session:
    from kubernetes.client.configuration import Configuration  # noqa: PLC0415 -- module docstring
    from kubernetes.config import ConfigException, load_incluster_config  # noqa: PLC0415

    configuration = Configuration()
    try:
        # The client's configuration half carries no annotations.
        load_incluster_config(client_configuration=configuration)  # type: ignore[no-untyped-call]
    except (ConfigException, OSError) as error:
        raise KubeconfigError(
            f"no service account is mounted ({one_line(str(error))}); `in_cluster` works only"
            " inside a pod, with automountServiceAccountToken"
        ) from error
    return _session(configuration, renewable=False)


def _kubeconfig_session(kubeconfig: Kubeconfig, registered: Cluster, *, within_s: float) -> Session:
    from kubernetes.client.configuration import Configuration  # noqa: PLC0415 -- module docstring
    from kubernetes.config import ConfigException, load_kube_config_from_dict  # noqa: PLC0415

    name = registered.context or registered.name
    context = kubeconfig.context(name)
    cluster = kubeconfig.cluster_of(context)
    where = f"{kubeconfig.location}, context {name!r}"
    if not registered.insecure:
        _refuse_plain_http(cluster, where=where, name=registered.name)
    user, renewable, expires_at = _sign_in(
        kubeconfig.user_of(context), cluster=cluster, where=where, within_s=within_s
    )
    configuration = Configuration()
    try:
        load_kube_config_from_dict(  # type: ignore[no-untyped-call]
            {
                "current-context": "only",
                "contexts": [{"name": "only", "context": {"cluster": "only", "user": "only"}}],
                "clusters": [{"name": "only", "cluster": cluster.body}],
                "users": [{"name": "only", "user": user}],
            },
            client_configuration=configuration,
            persist_config=False,
        )
    except (ConfigException, OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise KubeconfigError(f"{where}: {one_line(str(error))}") from error
    return _session(configuration, renewable=renewable, expires_at=expires_at, where=where)


def _refuse_plain_http(cluster: Entry, *, where: str, name: str) -> None:
    address = split_address(cluster.body["server"])
    problem = plain_http_problem(address) if address is not None else None
    if problem is not None:
        raise KubeconfigError(
            f"{where}: `server` {problem}: use https, or say `insecure: true` for cluster {name} in"
            " nightdesk.yaml"
        )


def _sign_in(
    user: Entry | None, *, cluster: Entry, where: str, within_s: float
) -> tuple[dict[str, Any], bool, datetime | None]:
    """Return the user with its credential filled in, if it can be renewed, and until when."""
    if user is None:
        return {}, False, None
    fields = dict(user.body)
    plugin = fields.pop("exec", None)
    token_file = fields.pop("tokenFile", None)
    if token_file is not None:
        try:
            fields["token"] = Path(token_file).read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError):
            raise SignInError(f"{where}: the token file {token_file} cannot be read") from None
        return fields, True, None
    if plugin is None or "token" in fields:
        return fields, False, None
    try:
        credential = run_plugin(plugin, home=user.home, cluster=cluster.body, within_s=within_s)
    except SignInError as error:
        raise SignInError(f"{where}: {error}") from error
    if credential.token is not None:
        fields["token"] = credential.token
    if credential.certificate is not None and credential.key is not None:
        fields["client-certificate-data"] = _encoded(credential.certificate)
        fields["client-key-data"] = _encoded(credential.key)
    return fields, True, credential.expires_at


def _session(
    configuration: Any,
    *,
    renewable: bool,
    expires_at: datetime | None = None,
    where: str = "the service account",
) -> Session:
    from kubernetes.client.rest import RESTClientObject  # noqa: PLC0415 -- module docstring
    from kubernetes.config import ConfigException  # noqa: PLC0415

    configuration.connection_pool_maxsize = POOL_CONNECTIONS
    configuration.retries = False

    def authorization() -> str | None:
        try:
            value = configuration.auth_settings().get("BearerToken", {}).get("value")
        except (ConfigException, OSError) as error:
            raise SignInError(f"{where}: the token cannot be read again") from error
        if value is None:
            return None
        if not (isinstance(value, str) and value.isascii() and value.isprintable()):
            # http.client would refuse it with the token in its message.
            raise SignInError(f"{where}: the token holds characters that cannot be sent")
        return value

    try:
        pool = RESTClientObject(configuration).pool_manager
    except (transport.HTTPError, ValueError) as error:
        raise KubeconfigError(f"{where}: `server` or `proxy-url` is no address") from error
    pool.connection_pool_kw["ssl_minimum_version"] = OLDEST
    return Session(
        endpoint=_endpoint(configuration, pool),
        pool=pool,
        authorization=authorization,
        renewable=renewable,
        expires_at=expires_at,
    )


def _endpoint(configuration: Any, pool: urllib3.PoolManager) -> Endpoint:
    return Endpoint(
        url=configuration.host.rstrip("/"),
        trust=Trust(
            ca_file=configuration.ssl_ca_cert,
            client_cert=configuration.cert_file,
            client_key=configuration.key_file,
            verified=bool(configuration.verify_ssl),
        ),
        # NO_PROXY may exempt this address from the proxy that is configured.
        proxy=configuration.proxy if isinstance(pool, urllib3.ProxyManager) else None,
        server_name=configuration.tls_server_name,
    )


def _encoded(pem: str) -> str:
    return base64.b64encode(pem.encode()).decode()
