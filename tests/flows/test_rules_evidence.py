"""What the rules keep, quote and offer, and that they stop and keep to their time."""

from __future__ import annotations

import json
import re
import time
from dataclasses import asdict
from typing import TYPE_CHECKING

import pytest

from bot.adapters.clock import SystemClock
from bot.domain.errors import CancelledByPersonError
from bot.domain.evidence import EvidenceState
from bot.domain.progress import TaskState
from bot.domain.verdict import Cause
from bot.tools.kubectl.grammar import parse
from bot.triage.facts import read_family
from tests.contract.clusters import reader_for
from tests.flows.rules_desk import Desk, desk, estate_with
from tests.lab.sessions import MemorySession

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def calm(tmp_path: Path) -> Iterator[Desk]:
    with desk("calm", tmp_path) as found:
        yield found


@pytest.fixture
def crash(tmp_path: Path) -> Iterator[Desk]:
    with desk("crash_loop", tmp_path) as found:
        yield found


def test_foreign_text_can_neither_call_nor_link_nor_cite(tmp_path: Path) -> None:
    spells = (
        "ERROR <!channel> `[E1]` [fix](https://login.example.net/x)"
        " <https://login.example.net/y|here> password=canary-9 @here *done*"
    )
    with desk("hostile_logs", tmp_path) as asked:
        for pod in asked.cluster.listed("pods", "shop"):
            where = ("shop", pod["metadata"]["name"], "cart")
            asked.cluster.set_logs(*where, [(time.time(), spells)], previous=True)
        verdict, session = asked.ask("what is failing in shop?")
    assert re.search(r"`ERROR[^`\n]*`", verdict.summary)
    written = json.dumps(asdict(verdict))
    for spell in ("<!channel", "@here", "login.example.net", "`[E1]`", "canary"):
        assert spell not in written
    assert "canary" not in "".join(entry.observation.body for entry in session.ledger())


def test_an_events_text_can_neither_call_nor_link(tmp_path: Path) -> None:
    message = "0/4 nodes are available: 4 Insufficient <!here> [x](https://login.example.net)."
    ledger = {"cpu": "7500m", "replicas": 3, "state": {"is": "unschedulable", "message": message}}
    with desk(estate_with("payments", ledger=ledger), tmp_path) as asked:
        verdict, _ = asked.ask("what is failing in payments?")
    assert verdict.cause is Cause.UNSCHEDULABLE_CAPACITY
    assert "<!here" not in verdict.summary
    assert "login.example.net" not in verdict.summary


def test_no_secret_of_a_log_reaches_the_ledger(tmp_path: Path) -> None:
    with desk("hostile_logs", tmp_path) as asked:
        _, session = asked.ask("why is cart failing?")
    logs = [entry.observation for entry in session.ledger() if entry.observation.source == "logs"]
    assert logs
    assert "cannot reach database" in logs[0].body
    assert "canary" not in "".join(entry.observation.body for entry in session.ledger())


@pytest.mark.parametrize(
    ("scenario", "question"),
    [
        ("crash_loop", "what is failing in shop?"),
        ("crash_loop", "why is chekout failing?"),
        ("denied", "is gateway ok?"),
        ("calm", "what is failing in namespace quux?"),
        ("calm", "hi"),
        ("unschedulable", "why is ledger failing?"),
    ],
)
def test_every_command_that_is_offered_can_be_typed(
    tmp_path: Path, scenario: str, question: str
) -> None:
    with desk(scenario, tmp_path) as asked:
        verdict, session = asked.ask(question)
    commands = [check for check in verdict.next_checks if check.startswith("kubectl")]
    commands += [step.check for step in verdict.mitigation]
    commands += [entry.observation.query for entry in session.ledger()]
    assert commands
    for command in commands:
        parse(command)


def test_a_stopped_run_stops_while_lists_are_under_way(tmp_path: Path) -> None:
    calls = 0

    def stop() -> None:
        nonlocal calls
        calls += 1
        if calls > 1:
            raise CancelledByPersonError("U1")

    with desk("calm", tmp_path, timeout_s=5) as asked:
        asked.cluster.hang(on="/apis/apps")
        session = MemorySession(on_check=stop)
        began = time.monotonic()
        with pytest.raises(CancelledByPersonError):
            asked.ask("what is failing in shop?", session=session)
        assert time.monotonic() - began < 3


def test_people_see_that_the_cluster_is_looked_at(calm: Desk) -> None:
    _, session = calm.ask("what is failing in shop?")
    assert [task.state for task in session.tasks] == [TaskState.IN_PROGRESS, TaskState.COMPLETE]
    assert session.tasks[0].title == "Look at shop of prod-eu"


def test_a_run_taken_over_keeps_what_was_seen_and_adds_what_is_new(crash: Desk) -> None:
    _, session = crash.ask("what is failing in shop?")
    before = len(session.ledger())
    crash.cluster.delete("Deployment", "storefront", "shop")
    verdict, _ = crash.ask("what is failing in shop?", session=session)
    again = [entry for entry in session.ledger()[before:] if entry.observation.source != "pods"]
    assert "triage-prod-eu-shop-deployments-2" in {entry.tool_use_id for entry in again}
    assert "triage-prod-eu-shop-statefulsets-2" not in session.entries
    assert verdict.object == "prod-eu/deployment/shop/cart"


def test_five_hundred_pods_are_judged(tmp_path: Path) -> None:
    with desk("big_namespace", tmp_path) as asked:
        verdict, _ = asked.ask("what is failing in fleet?")
    assert verdict.cause is Cause.OUT_OF_MEMORY


@pytest.mark.usefixtures("calm")
def test_a_list_that_cannot_be_read_is_never_taken_for_an_empty_one(tmp_path: Path) -> None:
    reader = reader_for(tmp_path / "kubeconfig")
    clock = SystemClock()
    # The lab serves no such kind, which a reader answers with a ToolError.
    unserved = read_family(reader, "verticalpodautoscalers", "shop", at=clock.now(), clock=clock)
    assert unserved.observation.state is EvidenceState.UNREACHABLE
    late = read_family(reader, "pods", "shop", at=clock.now(), clock=clock, is_late=True)
    assert late.observation.state is EvidenceState.UNREACHABLE
    assert late.observation.body.startswith("not asked")
    assert late.items == ()


def test_a_container_without_an_earlier_run_has_an_empty_log(crash: Desk) -> None:
    for pod in crash.cluster.listed("pods", "shop"):
        where = ("shop", pod["metadata"]["name"], "cart")
        crash.cluster.set_logs(*where, [], previous=True)
    verdict, session = crash.ask("why is cart failing?")
    (log,) = [entry for entry in session.ledger() if entry.observation.source == "logs"]
    assert log.observation.state is EvidenceState.EMPTY
    assert verdict.cause is Cause.APPLICATION_CRASH
