"""The official client for the operator's calls, over a session of ours: its pool, its credential.

It loads the client's typed half, which readers never do (see `connect`): only a process that
writes pays for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.adapters.transport import SignInError
from bot.domain.errors import UpstreamError
from safe_ops import errors as write_side

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

    from bot.adapters.cluster.connect import Connection


def api_client(connection: Connection, *, cluster: str, within_s: float) -> ApiClient:
    """Return a client with the session's address, connections and a fresh credential.

    Raises:
        safe_ops.errors.UpstreamError: The session cannot be opened.
    """
    from kubernetes.client import ApiClient, Configuration  # noqa: PLC0415 -- module docstring

    try:
        session = connection.session(within_s=within_s)
        credential = session.authorization()
    except (UpstreamError, SignInError) as error:
        raise write_side.UpstreamError(str(error), system=f"kubernetes {cluster}") from error
    configuration = Configuration()
    configuration.host = session.address
    configuration.retries = False
    if credential is not None:
        configuration.api_key["authorization"] = credential
    client = ApiClient(configuration)
    client.rest_client.pool_manager = session.pool
    return client
