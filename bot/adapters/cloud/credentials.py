"""Credentials of accounts: taken on by role, kept until they age, never lent to another account.

A cached credential is found by account number, role and region together, and is not handed out
before the cloud itself said that it belongs to that account.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.credentials import Credentials, RefreshableCredentials

from bot.adapters.cloud.faults import skewed, stranger, unsigned

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from bot.adapters.cloud.connection import AccountConnection
    from bot.ports.clock import Clock

# Role chaining caps a session at an hour, so that is the longest every set-up allows.
SESSION_S = 3_600
# Renewed in the background of a call this long before the end, and at any price this long before.
RENEW_WANTED_S = 300
RENEW_NEEDED_S = 60
# Shows in the account's CloudTrail as who was there.
SESSION_NAME = "nightdesk-read"


@dataclass(slots=True)
class _Place:
    """The credential of one key; the lock lets one thread fetch it while others wait."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    held: Credentials | None = None


class CredentialCache:
    """Credentials by account, role and region; shared between threads.

    `sts_client` makes an STS client for a connection and region with the process's own
    credentials.
    """

    def __init__(
        self,
        *,
        sts_client: Callable[[AccountConnection, str], Any],
        own: Callable[[], Credentials | None],
        clock: Clock,
    ) -> None:
        self._sts_client = sts_client
        self._own = own
        self._clock = clock
        self._lock = threading.Lock()
        self._places: dict[Hashable, _Place] = {}

    def of(self, connection: AccountConnection, region: str) -> Credentials:
        """Return credentials that belong to that account, and renew themselves.

        Raises:
            DeniedError: The process's own credentials belong to another account.
            UpstreamError: There are no credentials to start from.
            botocore.exceptions.ClientError: STS refused.
        """
        place = self._place(connection, region)
        with place.lock:
            if place.held is None:
                place.held = (
                    self._ambient(connection, region)
                    if connection.role_arn is None
                    else self._assumed(connection, region)
                )
            return place.held

    def forget(self, connection: AccountConnection, region: str) -> None:
        """Drop a credential the cloud no longer takes; the next call fetches another."""
        with self._lock:
            self._places.pop(_key(connection, region), None)

    def _place(self, connection: AccountConnection, region: str) -> _Place:
        with self._lock:
            return self._places.setdefault(_key(connection, region), _Place())

    def _ambient(self, connection: AccountConnection, region: str) -> Credentials:
        own = self._own()
        if own is None:
            raise unsigned(connection.name)
        answer = self._sts_client(connection, region).get_caller_identity()
        _check_owner(connection, str(answer["Account"]))
        return own

    def _assumed(self, connection: AccountConnection, region: str) -> Credentials:
        if self._own() is None:
            raise unsigned(connection.name)

        def fetch() -> dict[str, str]:
            return self._assume(connection, region)

        first = self._assume(connection, region)
        return RefreshableCredentials(
            access_key=first["access_key"],
            secret_key=first["secret_key"],
            token=first["token"],
            expiry_time=datetime.fromisoformat(first["expiry_time"]),
            refresh_using=fetch,
            method="sts-assume-role",
            time_fetcher=self._clock.now,
            advisory_timeout=RENEW_WANTED_S,
            mandatory_timeout=RENEW_NEEDED_S,
        )

    def _assume(self, connection: AccountConnection, region: str) -> dict[str, str]:
        asked: dict[str, Any] = {
            "RoleArn": connection.role_arn,
            "RoleSessionName": SESSION_NAME,
            "DurationSeconds": SESSION_S,
        }
        if connection.external_id is not None:
            asked["ExternalId"] = connection.external_id
        answer = self._sts_client(connection, region).assume_role(**asked)
        # arn:aws:sts::123456789012:assumed-role/name/session
        _check_owner(connection, str(answer["AssumedRoleUser"]["Arn"]).split(":")[4])
        granted = answer["Credentials"]
        if granted["Expiration"] <= self._clock.now() + timedelta(seconds=RENEW_NEEDED_S):
            raise skewed(connection.name)
        return {
            "access_key": granted["AccessKeyId"],
            "secret_key": granted["SecretAccessKey"],
            "token": granted["SessionToken"],
            "expiry_time": granted["Expiration"].isoformat(),
        }


def _key(connection: AccountConnection, region: str) -> Hashable:
    return connection.account.account_id, connection.role_arn, region


def _check_owner(connection: AccountConnection, owner: str) -> None:
    if owner != connection.account.account_id:
        raise stranger(connection.name, connection.account.account_id, owner)
