"""What an aws call costs over bare boto3: gate, scrubbing, masking and telling, in one run."""

from __future__ import annotations

import time
from statistics import median
from typing import TYPE_CHECKING, Any

from bot.adapters.cloud.aws import AwsCloud
from bot.domain.redaction.placeholder import Seal
from bot.tools.aws.catalogue import load_catalogue
from bot.tools.aws.scoping import CloudScope
from bot.tools.aws.tool import AwsTool
from tests.lab.aws.server import AwsLab
from tests.lab.time import LabTime

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 100


class _Everything:
    def may_read_account(self, _account: str) -> bool:
        return True


def measure() -> dict[str, object]:
    """Milliseconds per call by bare client and by tool, their difference, and their ratio.

    The same describe_services of one service over the same loopback server, alternating.
    """
    with AwsLab("shop_down") as lab:
        clock, seal = LabTime(lab.clock), Seal(b"bench" * 8)
        connections = lab.connections()
        cloud = AwsCloud(
            connections,
            allowed=[(one.service, one.name) for one in load_catalogue().operations],
            seal=seal,
            clock=clock,
            own=lab.own_session(),
        )
        scope = CloudScope(accounts=tuple(one.account for one in connections))
        tool = AwsTool(cloud, scope, _Everything(), clock, seal=seal)
        client = lab.client("shop-prod", "ecs")
        params = {"cluster": "shop", "services": ["web"]}

        def bare() -> Any:
            return client.describe_services(**params)

        def whole() -> Any:
            return tool.aws("ecs.describe_services", params)

        bare(), whole()
        pairs = [_pair(bare, whole, turn=turn) for turn in range(ROUNDS)]
    bare_ms = 1000 * median(one for one, _other in pairs)
    tool_ms = 1000 * median(other for _one, other in pairs)
    return {
        "a call by boto3 alone": {"value": bare_ms, "unit": "ms"},
        "the call by the tool": {
            "value": tool_ms,
            "unit": "ms",
            "ratio": tool_ms / bare_ms,
            "note": "of boto3 alone",
        },
        "overhead of a call": {
            "value": 1000 * median(other - one for one, other in pairs),
            "unit": "ms",
        },
    }


def _pair(bare: Callable[[], Any], whole: Callable[[], Any], *, turn: int) -> tuple[float, float]:
    """Both timings; who goes first changes from turn to turn."""
    if turn % 2:
        other = _timed_s(whole)
        return _timed_s(bare), other
    return _timed_s(bare), _timed_s(whole)


def _timed_s(work: Callable[[], Any]) -> float:
    started_s = time.perf_counter()
    work()
    return time.perf_counter() - started_s
