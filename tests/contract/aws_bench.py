"""The AWS adapter and tools over the lab's accounts, for tests."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.adapters.cloud.aws import AwsCloud
from bot.domain.redaction.placeholder import Seal
from bot.ports.cloud import CloudCall, CloudPlace, CloudReply
from bot.tools.aws.catalogue import load_catalogue
from bot.tools.aws.scoping import CloudScope
from bot.tools.aws.tool import AwsTool
from tests.lab.time import LabTime

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.adapters.cloud.connection import AccountConnection
    from bot.ports.clock import Clock
    from tests.lab.aws.server import AwsLab

SEAL = Seal(b"lab-seal" * 4)
PROD = CloudPlace(account="shop-prod", region="eu-central-1")
STAGING = CloudPlace(account="shop-staging", region="eu-central-1")


class Everything:
    """Access to every account."""

    def may_read_account(self, _account: str) -> bool:
        return True


def cloud_of(
    lab: AwsLab,
    *,
    clock: Clock | None = None,
    connections: Iterable[AccountConnection] | None = None,
    timeout_s: float = 5.0,
) -> AwsCloud:
    """The adapter, allowed what the list allows."""
    return AwsCloud(
        connections or lab.connections(),
        allowed=[(one.service, one.name) for one in load_catalogue().operations],
        seal=SEAL,
        clock=clock or LabTime(lab.clock),
        timeout_s=timeout_s,
        own=lab.own_session(),
    )


def tool_of(lab: AwsLab, *, clock: Clock | None = None) -> AwsTool:
    """The tools, for somebody who may read every account."""
    clock = clock or LabTime(lab.clock)
    accounts = tuple(one.account for one in lab.connections())
    cloud = cloud_of(lab, clock=clock)
    return AwsTool(cloud, CloudScope(accounts=accounts), Everything(), clock, seal=SEAL)


def ask(
    cloud: AwsCloud, place: CloudPlace, service: str, operation: str, **params: object
) -> CloudReply:
    """One read, its parameters as keywords."""
    return cloud.read(place, CloudCall(service=service, operation=operation, params=params))


def moved(connection: AccountConnection, **changes: object) -> AccountConnection:
    """A connection with other fields."""
    return replace(connection, **changes)  # type: ignore[arg-type]
