"""What changed in an AWS account, told by the tool over the lab's accounts and the real SDK."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from bot.domain.conversation import Scope
from bot.domain.evidence import EvidenceState
from bot.domain.registry import FULL_ACCESS
from bot.domain.spans import stamp
from bot.tools.changes.tool import ChangesTool
from tests.contract.aws_bench import SEAL, cloud_of
from tests.lab.aws.gate import Fault
from tests.lab.aws.server import AwsLab
from tests.lab.time import LabTime

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import NoReturn

    from bot.domain.evidence import Observation


class NoClusters:
    def reader(self, name: str) -> NoReturn:
        raise KeyError(name)


@pytest.fixture(scope="module")
def running() -> Iterator[AwsLab]:
    with AwsLab("shop_down") as lab:
        yield lab


@pytest.fixture
def lab(running: AwsLab) -> Iterator[AwsLab]:
    running.gate.seen.clear()
    yield running
    running.gate.faults.clear()


@pytest.fixture
def tool(lab: AwsLab) -> ChangesTool:
    clock = LabTime(lab.clock)
    return ChangesTool(
        clusters=NoClusters(),
        cloud=cloud_of(lab, clock=clock),
        accounts=[one.account for one in lab.connections()],
        seal=SEAL,
        scope=Scope(clusters=("prod-eu",)),
        access=FULL_ACCESS,
        clock=clock,
    )


def told(seen: Observation) -> list[tuple[str, str]]:
    assert seen.grid is not None
    return [(row[2] or row[1], row[3]) for row in seen.grid.rows]


def ago(minutes: float) -> str:
    return stamp(datetime.now(UTC) - timedelta(minutes=minutes))


def test_a_services_image_revision_and_call_stand_in_order(tool: ChangesTool) -> None:
    seen = tool.what_changed(
        where="shop-prod/eu-central-1", names=["shop/web"], around=ago(15), hours_after=0
    )
    assert seen.state is EvidenceState.OK
    assert told(seen) == [
        ("image push", "image web:1.5.0"),
        ("task definition", "service shop/web"),
        ("cloudtrail", "web"),
        (">>> onset", ""),
    ]
    assert "deployment of web:2: ~ containerDefinitions[web].image" in seen.body
    assert "assumed-role/deployer/ci" in seen.body
    assert seen.cluster == "shop-prod/eu-central-1"


def test_a_functions_versions_say_what_they_changed_without_a_secret(tool: ChangesTool) -> None:
    seen = tool.what_changed(where="prod", names=["checkout-webhook"])
    assert ("function", "function checkout-webhook") in told(seen)
    assert ("cloudtrail", "checkout-webhook") in told(seen)
    assert ("cloudtrail", "web") not in told(seen)
    assert "~ Timeout: 30 -> 3" in seen.body
    assert "canary" not in seen.body + str(seen.grid)


def test_without_names_calls_stacks_and_functions_of_the_place_are_told(
    tool: ChangesTool,
) -> None:
    seen = tool.what_changed(where="111111111111")
    sources = {source for source, _ in told(seen)}
    assert {"cloudtrail", "function"} <= sources
    assert "15 minutes late" in seen.body


def test_a_call_that_was_refused_changed_nothing(tool: ChangesTool) -> None:
    assert "PutBucketPolicy" not in tool.what_changed(where="shop-prod").body


def test_it_takes_no_more_than_twelve_reads(tool: ChangesTool, lab: AwsLab) -> None:
    lab.gate.seen.clear()
    tool.what_changed(where="shop-prod", names=["shop/web"])
    assert len([one for one in lab.gate.seen if "sts" not in str(one).casefold()]) <= 12


@pytest.mark.parametrize(
    ("operation", "gap"),
    [("LookupEvents", "CloudTrail"), ("DescribeServices", "service shop/web")],
)
def test_one_source_that_is_refused_is_named_and_the_others_are_told(
    tool: ChangesTool, lab: AwsLab, operation: str, gap: str
) -> None:
    lab.gate.faults.append(
        Fault(
            operation=operation, status=400, code="AccessDeniedException", message="not authorized"
        )
    )
    seen = tool.what_changed(where="shop-prod", names=["shop/web"], around=ago(10))
    assert seen.state is EvidenceState.TRUNCATED
    assert f"NOT READ: {gap}: denied" in seen.body
    assert len(told(seen)) > 1


def test_a_service_that_does_not_exist_is_a_gap_with_those_there_are(tool: ChangesTool) -> None:
    seen = tool.what_changed(where="shop-prod", names=["shop/wob"])
    assert seen.state is EvidenceState.TRUNCATED
    assert "NOT READ: service shop/wob: " in seen.body
    assert "it has web" in seen.body


def test_silence_of_the_last_minutes_proves_nothing(tool: ChangesTool) -> None:
    seen = tool.what_changed(
        where="shop-staging", names=["shop/web"], around=ago(1), hours_before=1, hours_after=0
    )
    assert seen.state is EvidenceState.TRUNCATED
    assert seen.rows == 0
