"""Two who decide about one action at the same moment, on both databases, with real threads.

Numbers such as R1 are those of the races in the specification. Time is real: what is raced at a
boundary in time is raced against the clock that decides.
"""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from functools import partial
from threading import Barrier, Event
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from sqlalchemy import Engine, text

from bot.adapters.clock import SystemClock
from bot.adapters.store.actions import SqlActionBook
from bot.adapters.store.audit_trail import SqlTrail, lock_audit
from bot.adapters.store.engine import open_engine, reading, writing
from safe_ops.errors import FenceLostError, RefusedError
from safe_ops.model.actions import Action, CallOutcome, Phase, State, Switches
from safe_ops.model.plans import Stage
from tests.contract.store.action_promises import check_promises
from tests.contract.store.operations import MANAGER, ONCALL, Crew, note, plan
from tests.lab.clock import LabClock
from tests.lab.time import LabTime

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.lab.databases import PostgresServer

CLICKS = 50
AT_ONCE = 8
ROUNDS = 6
PATIENCE_S = 10.0


@pytest.fixture
def crew(engine: Engine) -> Iterator[Crew]:
    yield Crew(SqlActionBook(engine, SystemClock(), lambda: uuid4().hex))
    check_promises(engine, SystemClock())


@pytest.fixture
def trail(engine: Engine) -> SqlTrail:
    return SqlTrail(engine, SystemClock(), str)


def at_once(*attempts: Callable[[], object]) -> list[str]:
    """Do all at the same moment; tell of each `done`, or the code it was refused with."""
    barrier = Barrier(len(attempts))

    def attempt(call: Callable[[], object]) -> str:
        barrier.wait(timeout=PATIENCE_S)
        try:
            call()
        except RefusedError as refusal:
            return refusal.code
        except FenceLostError:
            return "fence"
        return "done"

    with ThreadPoolExecutor(len(attempts)) as pool:
        return list(pool.map(attempt, attempts))


def now_of(crew: Crew, action: Action) -> Action:
    found = crew.book.find(action.action_id)
    assert found is not None
    return found


def test_fifty_clicks_of_one_person_are_one_approval(crew: Crew, trail: SqlTrail) -> None:
    """R1, at the first of two stages: the clicks that come late must not count for the second."""
    action = crew.planned(needs=(ONCALL, MANAGER))
    outcomes = Counter(at_once(*[partial(crew.agree, action)] * CLICKS))
    assert outcomes == {"done": 1, "stage": CLICKS - 1}
    action = now_of(crew, action)
    assert (action.state, len(action.approvals)) == (State.PENDING_MANAGER, 1)
    events = [row.entry.event for row in trail.rows_of(action.action_id)]
    assert events == ["action.requested", "action.planned", "action.agreed"]


def test_of_a_yes_and_a_no_at_once_one_counts(crew: Crew) -> None:
    """R2."""
    for number in range(ROUNDS):
        action = crew.planned(f"app-{number}")
        yes, no = at_once(partial(crew.agree, action), partial(crew.deny, action, "idp|mia"))
        action = now_of(crew, action)
        assert (yes, no, action.state) in {
            ("done", "state", State.APPROVED),
            ("state", "done", State.REJECTED),
        }
        assert len(action.approvals) == (yes == "done")


def test_a_yes_at_the_last_moment_counts_only_before_it(crew: Crew) -> None:
    """R3: whoever comes first, the time of the decision and its outcome agree."""
    seen = set()
    for number in range(ROUNDS):
        action = crew.planned(f"app-{number}")
        ends = crew.book.now() + timedelta(milliseconds=200)
        crew.force(action, stage_until=ends)

        def expire_when_it_can(waiting: Action = action) -> None:
            while now_of(crew, waiting).state is State.PENDING_ONCALL:
                with suppress(RefusedError):
                    crew.expire(waiting)

        def agree_late(waiting: Action = action, late: float = number * 0.05) -> None:
            wait_until_past(crew, waiting, seconds=late)
            crew.agree(waiting)

        at_once(expire_when_it_can, agree_late)
        action = now_of(crew, action)
        seen.add(action.state)
        assert action.state in {State.APPROVED, State.EXPIRED}
        assert (action.state is State.APPROVED) == (action.changed_at < ends)
        assert len(action.approvals) == (action.state is State.APPROVED)
    assert State.APPROVED in seen


def wait_until_past(crew: Crew, action: Action, *, seconds: float) -> None:
    """Return once the book's time is that much behind the action's last change."""
    until = now_of(crew, action).changed_at + timedelta(seconds=seconds)
    while crew.book.now() < until:
        pass


def test_both_tiers_at_once_are_recorded_in_their_order(crew: Crew) -> None:
    """R4: the manager's click counts once it is the manager's turn, never before."""

    def insist(action: Action, person: str, stage: Stage) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            try:
                crew.agree(action, person, stage=stage)
            except RefusedError as refusal:
                if refusal.code != "stage":
                    raise
            else:
                return
        pytest.fail(f"the {stage} tier's turn never came")

    for number in range(ROUNDS):
        action = crew.planned(f"app-{number}", needs=(ONCALL, MANAGER))
        outcomes = at_once(
            partial(insist, action, "idp|mia", Stage.MANAGER),
            partial(insist, action, "idp|bob", Stage.ONCALL),
        )
        assert outcomes == ["done", "done"]
        action = now_of(crew, action)
        assert action.state is State.APPROVED
        oncall, manager = action.approvals
        assert (oncall.subject, manager.subject) == ("idp|bob", "idp|mia")
        assert oncall.at <= manager.at


def test_of_twenty_claims_one_wins(crew: Crew) -> None:
    """R5 and R6: many operators, and one queue's message delivered many times."""
    action = crew.approved()
    outcomes = at_once(*[partial(crew.claim, action, f"op-{n}") for n in range(20)])
    assert Counter(outcomes) == {"done": 1, "held": 19}
    action = now_of(crew, action)
    assert (action.fence, action.operator) == (1, f"op-{outcomes.index('done')}")


def test_of_many_takeovers_one_wins_and_the_former_holder_is_out(crew: Crew) -> None:
    """R8: it was stopped past its lease and goes on as if nothing had been."""
    action = crew.started()
    crew.force(action, lease_until=crew.book.now())
    outcomes = at_once(
        *[partial(crew.claim, action, f"op-{n}") for n in range(2, 2 + AT_ONCE)],
        partial(crew.before, action),
    )
    assert Counter(outcomes) == {"done": 1, "held": AT_ONCE - 1, "fence": 1}
    assert now_of(crew, action).fence == 2
    for late in (crew.before, crew.finish, crew.fail):
        with pytest.raises(FenceLostError):
            late(action)


def test_of_twenty_deliveries_of_one_job_each_call_is_begun_once(crew: Crew) -> None:
    """R6, for jobs that all believe to be the holder."""
    action = crew.started()
    outcomes = at_once(*[partial(crew.before, action)] * 20)
    assert Counter(outcomes) == {"done": 1, "journal": 19}
    assert [row.phase for row in crew.book.journal(action.action_id)] == [Phase.BEFORE]


def test_what_is_revoked_while_it_is_claimed_never_starts(crew: Crew) -> None:
    """R11."""
    for number in range(ROUNDS):
        action = crew.approved(f"app-{number}")

        def claim_and_start(waiting: Action = action) -> None:
            crew.start(crew.claim(waiting))

        revoked, started = at_once(partial(crew.take_back, action, "idp|bob"), claim_and_start)
        action = now_of(crew, action)
        assert (revoked == "done") == (action.state is State.REVOKED)
        assert (started == "done") == (action.state is State.EXECUTING)
        assert (revoked == "done") != (started == "done")


def test_of_many_plans_for_one_target_one_opens(crew: Crew) -> None:
    """R15: from as many channels."""
    drafts = [crew.requested() for _ in range(AT_ONCE)]
    drawn = plan(crew.book.now())
    outcomes = at_once(*[partial(crew.plan, draft, drawn) for draft in drafts])
    assert Counter(outcomes) == {"done": 1, "busy": AT_ONCE - 1}


def test_of_many_actions_on_one_service_one_works(crew: Crew) -> None:
    approved = [crew.approved(f"cart-{n}", service="shop/cart") for n in range(AT_ONCE)]
    outcomes = at_once(*[partial(crew.claim, action) for action in approved])
    assert Counter(outcomes) == {"done": 1, "busy": AT_ONCE - 1}


def test_the_same_wish_made_many_times_at_once_is_one_action(crew: Crew) -> None:
    outcomes = at_once(*[partial(crew.requested, "wish")] * AT_ONCE)
    assert set(outcomes) == {"done"}
    assert len(crew.book.due()) == 1


def test_wishes_made_at_once_have_rising_names(crew: Crew) -> None:
    at_once(*[crew.requested] * AT_ONCE)
    numbers = [now_of_id(crew, action_id).number for action_id, _ in crew.book.due()]
    assert numbers == list(range(1, AT_ONCE + 1))


def now_of_id(crew: Crew, action_id: str) -> Action:
    found = crew.book.find(action_id)
    assert found is not None
    return found


def test_nothing_begins_after_a_stop_was_confirmed(crew: Crew, trail: SqlTrail) -> None:
    """I12: in the one order there is, the audit's, no claim follows the stop."""
    approved = [crew.approved(f"app-{n}") for n in range(AT_ONCE)]
    running = crew.started("running")
    at_once(
        *[partial(crew.claim, action) for action in approved],
        partial(
            crew.book.change_switches,
            lambda _: Switches(stopped_by="Mia"),
            note("switch.set"),
        ),
        partial(crew.before, running),
    )
    rows = trail.rows()
    (stop,) = [row for row in rows if row.entry.event == "switch.set"]
    assert not [row for row in rows[stop.number :] if row.entry.event == "action.claimed"]
    begun = crew.book.journal(running.action_id)
    assert all(row.at is not None and row.at <= stop.at for row in begun)
    later = at_once(partial(crew.claim, crew.approved("later")), partial(crew.before, running, 1))
    assert later == ["stopped", "stopped"]


def test_a_stop_between_two_steps_of_a_running_action_is_the_last_word(crew: Crew) -> None:
    """As in R12: the step under way is finished, the next is not begun."""
    action = crew.started()
    under_way, stopped = Event(), Event()

    def drain() -> None:
        first = crew.before(action, 0)
        under_way.set()
        assert stopped.wait(timeout=PATIENCE_S)
        crew.after(first, CallOutcome.APPLIED)
        crew.before(action, 1)

    def stop() -> None:
        assert under_way.wait(timeout=PATIENCE_S)
        crew.book.change_switches(lambda _: Switches(stopped_by="Mia"), note("switch.set"))
        stopped.set()

    assert at_once(drain, stop) == ["stopped", "done"]
    assert [row.step for row in crew.book.journal(action.action_id)] == [0, 0]


# What only a server can show: transactions that overlap, and clocks that disagree.


@pytest.fixture
def server_url(postgres_server: PostgresServer) -> Iterator[str]:
    url = postgres_server.fresh()
    yield url
    postgres_server.give_back(url)


@pytest.fixture
def server(server_url: str) -> Iterator[Engine]:
    opened = open_engine(server_url)
    yield opened
    opened.dispose()


@pytest.mark.parametrize("held", ["target", "service"])
def test_two_that_checked_before_either_wrote_are_told_apart_by_the_index(
    server: Engine, held: str
) -> None:
    """Both wait at the audit or at each other's row until it is let go; nobody saw the other."""
    crew = Crew(SqlActionBook(server, SystemClock(), lambda: uuid4().hex))
    attempts: list[Callable[[], object]]
    if held == "target":
        drafts, drawn = [crew.requested(), crew.requested()], plan(crew.book.now())
        attempts = [partial(crew.plan, draft, drawn) for draft in drafts]
    else:
        ready = [crew.approved(f"cart-{n}", service="shop/cart") for n in range(2)]
        attempts = [partial(crew.claim, action) for action in ready]
    with ThreadPoolExecutor(1) as pool:
        with writing(server) as connection:
            lock_audit(connection)
            outcomes = pool.submit(at_once, *attempts)
            wait_for_locks(server, 2)
        assert sorted(outcomes.result()) == ["busy", "done"]
    check_promises(server, SystemClock())


def wait_for_locks(server: Engine, number: int) -> None:
    deadline = time.monotonic() + 4  # less than a transaction waits for a lock
    waiting = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    found = 0
    while found < number and time.monotonic() < deadline:
        with reading(server) as connection:
            found = connection.execute(waiting).scalar_one()
    assert found == number


def skewed(server: Engine, *, minutes: float) -> Crew:
    lab = LabClock(frozen_at=time.time() + minutes * 60)
    return Crew(SqlActionBook(server, LabTime(lab), lambda: uuid4().hex))


def test_clocks_that_are_ten_minutes_apart_agree_on_the_server_s_time(server: Engine) -> None:
    """R16: a fast clock takes nothing over early, a slow one lets nothing live longer."""
    fast, slow = skewed(server, minutes=5), skewed(server, minutes=-5)
    assert abs(fast.book.now() - slow.book.now()) < timedelta(seconds=5)

    action = slow.approved()
    held = slow.claim(action)
    assert held.lease_until is not None
    assert held.lease_until - slow.book.now() < timedelta(seconds=61)
    with pytest.raises(RefusedError) as refusal:
        fast.claim(action, "op-2")
    assert refusal.value.code == "held"
    assert fast.start(held).state is State.EXECUTING
    assert fast.book.due() == ()

    waiting = fast.planned("b")
    with pytest.raises(RefusedError):
        fast.expire(waiting)
    slow.force(waiting, stage_until=slow.book.now())
    assert slow.agree(waiting).state is State.EXPIRED
    check_promises(server, SystemClock())
