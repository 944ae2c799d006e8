"""`aws database`: an RDS instance with its load, its room and its failovers, over the lab."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.domain.evidence import EvidenceState
from tests.contract.aws_bench import tool_of
from tests.lab.aws.gate import Fault
from tests.lab.aws.server import AwsLab

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.domain.evidence import Observation
    from bot.tools.aws.tool import AwsTool


@pytest.fixture(scope="module")
def running() -> Iterator[AwsLab]:
    with AwsLab("orders_slow") as lab:
        yield lab


@pytest.fixture(scope="module")
def tool(running: AwsLab) -> AwsTool:
    return tool_of(running)


@pytest.fixture
def lab(running: AwsLab) -> Iterator[AwsLab]:
    running.gate.seen.clear()
    yield running
    running.gate.faults.clear()


def look(tool: AwsTool, name: str = "orders-db") -> Observation:
    return tool.aws("database", {"name": name})


def denied(operation: str) -> Fault:
    return Fault(operation=operation, code="NotAuthorizedException", message="not allowed")


def test_state_and_room_are_told_first(tool: AwsTool) -> None:
    seen = look(tool)
    assert seen.state is EvidenceState.OK
    assert seen.query == "aws database orders-db"
    assert seen.body.startswith("postgres ")
    assert "instance orders-db: available" in seen.body
    assert "AllocatedStorage: 200" in seen.body


def test_the_load_says_when_it_rose_and_what_sessions_wait_for(tool: AwsTool) -> None:
    body = look(tool).body
    assert "load, active sessions, last 60 min: last 14" in body
    assert "changed from about 0.8 to 14" in body
    waits = body.partition("top waits")[2].partition("top statements")[0]
    assert waits.index("9.1 Lock:transactionid (Lock)") < waits.index("2.2 CPU (CPU)")


def test_statements_come_as_digests_without_their_values(tool: AwsTool) -> None:
    body = look(tool).body
    assert "8.7 UPDATE orders SET state = ? WHERE id = ? (digest 4F2A)" in body
    assert "canary" not in body
    assert "4711" not in body


def test_connections_say_when_they_changed(tool: AwsTool) -> None:
    body = look(tool).body
    assert "DatabaseConnections (Maximum): last 180" in body
    assert "changed from about 40 to 180" in body
    assert "ReplicaLag (Maximum): no points" in body


def test_failovers_are_counted_and_events_are_its_grid_newest_first(tool: AwsTool) -> None:
    seen = look(tool)
    assert "events of the last day: 2; 1 of them about failover" in seen.body
    assert seen.grid is not None
    assert [row[1] for row in seen.grid.rows] == ["notification", "failover"]
    assert "system-update: New Operating System update" in seen.body


def test_an_instance_without_performance_insights_says_so(tool: AwsTool, lab: AwsLab) -> None:
    seen = look(tool, "reports-db")
    assert "Performance Insights is off" in seen.body
    assert "events of the last day: 0" in seen.body
    assert not [one for one in lab.seen() if one.service == "pi"]


def test_an_unknown_instance_is_empty_with_the_closest(tool: AwsTool) -> None:
    seen = look(tool, "order-db")
    assert seen.state is EvidenceState.EMPTY
    assert "closest of 2: orders-db" in seen.body


@pytest.mark.parametrize(
    ("operation", "gap"),
    [
        ("GetResourceMetrics", "load: denied"),
        ("DescribeDimensionKeys", "top waits: denied"),
        ("DescribeEvents", "events of orders-db: denied"),
        ("DescribePendingMaintenanceActions", "pending maintenance: denied"),
    ],
)
def test_what_was_denied_is_a_gap(tool: AwsTool, lab: AwsLab, operation: str, gap: str) -> None:
    lab.fail(denied(operation))
    seen = look(tool)
    assert seen.state is EvidenceState.TRUNCATED
    assert f"NOT READ: {gap}" in seen.body


def test_events_that_were_not_read_are_unknown_rather_than_none(tool: AwsTool, lab: AwsLab) -> None:
    lab.fail(denied("DescribeEvents"))
    body = look(tool).body
    assert "events of the last day: unknown" in body
    assert "failover or availability" not in body


def test_the_raw_reads_of_performance_insights_work_too(tool: AwsTool) -> None:
    seen = tool.aws(
        "pi.get_resource_metrics",
        {
            "ServiceType": "RDS",
            "Identifier": "db-ORDERS-DB",
            "MetricQueries": [{"Metric": "db.load.avg"}],
            "StartTime": "2026-11-20T10:00:00Z",
            "EndTime": "2026-11-20T10:05:00Z",
            "PeriodInSeconds": 60,
        },
    )
    assert seen.state is EvidenceState.OK
    assert seen.body.count("Timestamp") == 5
