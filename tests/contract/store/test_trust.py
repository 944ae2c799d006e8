"""Trust in operations, on both databases: counted, given, and lost with the change that shows it.

What would take weeks is set back in the database: a run's times, as if it had been then.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from sqlalchemy import Engine, update

from bot.adapters.clock import SystemClock
from bot.adapters.store.actions import SqlActionBook
from bot.adapters.store.audit_trail import SqlTrail
from bot.adapters.store.engine import writing
from bot.adapters.store.operation_tables import actions
from safe_ops.errors import RefusedError, StaleError
from safe_ops.model import events as on
from safe_ops.model.actions import Action, CallOutcome, Outcome, State
from safe_ops.model.plans import Stage, Tier
from safe_ops.model.trust import Conduct, TrustKey
from tests.contract.store.action_promises import check_promises
from tests.contract.store.operations import MANAGER, ONCALL, Crew, actor

if TYPE_CHECKING:
    from collections.abc import Iterator

SERVICE = "shop/cart"
KEY = TrustKey(operation="rollout_restart", environment="prod", service_key="eu/shop/cart")
TOLD = "rollout_restart on eu/shop/cart in prod needs approval again"
PATIENCE_S = 10.0
ROUNDS = 4


@pytest.fixture
def book(engine: Engine) -> SqlActionBook:
    return SqlActionBook(engine, SystemClock(), lambda: uuid4().hex)


@pytest.fixture
def crew(book: SqlActionBook, engine: Engine) -> Iterator[Crew]:
    yield Crew(book)
    check_promises(engine, SystemClock())


def verified(crew: Crew, **fields: str) -> Action:
    given = {"name": f"cart-{uuid4().hex[:6]}", "service": SERVICE} | fields
    return crew.finish(crew.start(crew.claim(crew.agree(crew.planned(**given)))))  # type: ignore[arg-type]


def at_work(crew: Crew, *, outcome: CallOutcome | None = CallOutcome.APPLIED) -> Action:
    """Return a run that has sent its first call; nobody knows what became of it without outcome."""
    action = crew.started(f"cart-{uuid4().hex[:6]}", service=SERVICE)
    row = crew.before(action)
    if outcome is not None:
        crew.after(row, outcome)
    return action


def undo_begun(crew: Crew, action: Action) -> Action:
    operator = actor("process:operator")
    begun = on.UndoBegun(actor=operator, fence=action.fence, reason="not ready")
    return crew.tell(action, lambda _now: begun)


def undone(crew: Crew, action: Action) -> Action:
    operator = actor("process:operator")
    event = on.Undone(
        actor=operator, fence=action.fence, outcome=Outcome(says="back", details=("done: it",))
    )
    return crew.tell(action, lambda _now: event)


def given(book: SqlActionBook, key: TrustKey = KEY, *, lost_by: str = "") -> None:
    book.give_trust(key, label="A90", runs=20, lost_by=lost_by)


def events(engine: Engine) -> list[str]:
    rows = SqlTrail(engine, SystemClock(), str).rows(limit=10_000)
    return [row.entry.event for row in rows]


def test_a_record_has_the_runs_of_this_operation_on_this_service_newest_first(
    crew: Crew, book: SqlActionBook
) -> None:
    first, second = verified(crew), verified(crew)
    verified(crew, service="shop/other")
    verified(crew, operation="scale_up")
    verified(crew, environment="staging")
    at_work(crew)
    conduct = book.conduct(KEY)
    assert [run.label for run in conduct.runs] == [second.label, first.label]
    assert conduct.verified == 2
    newest = conduct.runs[0]
    assert (newest.tier, newest.place, newest.namespace) == (Tier.T1, "eu", "shop")
    assert (newest.approved, newest.broke_glass, newest.since_loss) == (True, False, True)


def test_what_ran_by_itself_is_not_counted_as_approved(crew: Crew, book: SqlActionBook) -> None:
    alone = crew.planned("cart", service=SERVICE, needs=())
    crew.finish(crew.start(crew.claim(alone)))
    assert [(run.approved, run.state) for run in book.conduct(KEY).runs] == [
        (False, State.SUCCEEDED)
    ]
    assert book.conduct(KEY).verified == 0


def test_what_was_a_month_ago_is_no_record(crew: Crew, book: SqlActionBook, engine: Engine) -> None:
    old = verified(crew)
    assert book.services(operation="rollout_restart", environment="prod") == ("eu/shop/cart",)
    assert book.conduct(KEY).verified == 1
    with writing(engine) as connection:
        connection.execute(update(actions).values(executed_at=old.changed_at))
        connection.execute(update(actions).values(changed_at=old.changed_at - timedelta(days=31)))
    assert book.conduct(KEY) == Conduct()
    assert book.services(operation="rollout_restart", environment="prod") == ()
    with writing(engine) as connection:
        connection.execute(update(actions).values(changed_at=old.changed_at))


def test_trust_is_given_once_and_taken_once_each_with_its_audit_row(
    crew: Crew, book: SqlActionBook, engine: Engine
) -> None:
    del crew
    given(book)
    given(book)
    found = book.trust(KEY)
    assert found is not None
    assert (found.key, found.label, found.runs) == (KEY, "A90", 20)
    assert book.trusts() == (found,)
    assert book.services(operation="rollout_restart", environment="prod") == ("eu/shop/cart",)
    assert [book.take_trust(KEY, label="A91"), book.take_trust(KEY, label="A91")] == [True, False]
    assert (book.trust(KEY), book.trusts()) == (None, ())
    assert events(engine) == ["autonomy.given", "autonomy.taken_back"]


def test_trust_is_of_one_operation_service_and_environment(crew: Crew, book: SqlActionBook) -> None:
    del crew
    given(book)
    for other in (
        TrustKey(operation="scale_up", environment="prod", service_key="eu/shop/cart"),
        TrustKey(operation="rollout_restart", environment="dev", service_key="eu/shop/cart"),
        TrustKey(operation="rollout_restart", environment="prod", service_key="us/shop/cart"),
    ):
        assert book.trust(other) is None


def test_trust_is_lost_with_the_failed_verification_and_told_at_the_end(
    crew: Crew, book: SqlActionBook, engine: Engine
) -> None:
    given(book)
    begun = undo_begun(crew, at_work(crew))
    assert book.trust(KEY) is None
    assert events(engine)[-2:] == ["action.undo_begun", "autonomy.lost"]
    ended = undone(crew, begun)
    assert ended.outcome is not None
    assert ended.outcome.details[0] == "done: it"
    assert [TOLD in line for line in ended.outcome.details] == [False, True]
    assert events(engine).count("autonomy.lost") == 1
    assert book.conduct(KEY).lost_by == ended.label
    assert book.find(ended.action_id) == ended


def test_another_service_keeps_its_trust(crew: Crew, book: SqlActionBook) -> None:
    other = TrustKey(operation="rollout_restart", environment="prod", service_key="eu/shop/web")
    given(book, other)
    undo_begun(crew, at_work(crew))
    assert book.trust(other) is not None


@pytest.mark.parametrize(
    ("outcome", "kept"),
    [(CallOutcome.APPLIED, False), (None, False), (CallOutcome.NOT_APPLIED, True)],
)
def test_a_run_that_fails_loses_it_once_a_call_may_have_taken_effect(
    crew: Crew, book: SqlActionBook, outcome: CallOutcome | None, *, kept: bool
) -> None:
    given(book)
    ended = crew.fail(at_work(crew, outcome=outcome))
    assert (ended.state, book.trust(KEY) is not None) == (State.FAILED, kept)
    assert ended.outcome is not None
    assert (TOLD in " ".join(ended.outcome.details)) is not kept


@pytest.mark.parametrize("took_effect", [True, False])
def test_an_unknown_end_loses_it_whatever_somebody_finds_later(
    crew: Crew, book: SqlActionBook, engine: Engine, *, took_effect: bool
) -> None:
    given(book)
    action = at_work(crew, outcome=CallOutcome.UNKNOWN)
    unknown = on.OutcomeLost(
        actor=actor("process:operator"), fence=action.fence, outcome=Outcome(says="no answer")
    )
    assert crew.tell(action, lambda _now: unknown).state is State.INDETERMINATE
    assert book.trust(KEY) is None
    lost = book.conduct(KEY).lost_by
    settled = on.Settled(
        actor=actor("idp|bob"), name="bob", took_effect=took_effect, reason="I looked"
    )
    ended = crew.tell(action, lambda _now: settled)
    assert ended.state is (State.SUCCEEDED if took_effect else State.FAILED)
    assert [run.label for run in book.conduct(KEY).bad] == [lost] == [ended.label]
    assert events(engine).count("autonomy.lost") == 1


def test_a_verified_run_keeps_it(crew: Crew, book: SqlActionBook) -> None:
    given(book)
    verified(crew)
    assert book.trust(KEY) is not None


def test_runs_from_before_a_loss_do_not_count_towards_new_trust(
    crew: Crew, book: SqlActionBook
) -> None:
    verified(crew)
    lost = undone(crew, undo_begun(crew, at_work(crew)))
    assert (book.conduct(KEY).verified, book.conduct(KEY).lost_by) == (0, lost.label)
    assert lost.outcome is not None
    assert TOLD not in " ".join(lost.outcome.details)
    verified(crew)
    conduct = book.conduct(KEY)
    assert (conduct.verified, [run.label for run in conduct.bad]) == (1, [lost.label])


def test_a_change_that_is_refused_takes_nothing(crew: Crew, book: SqlActionBook) -> None:
    """The loss is in the change's own transaction: it is undone with it."""
    given(book)
    action = at_work(crew)
    with pytest.raises(RefusedError):
        crew.force(action, state=State.ROLLING_BACK, approval=action.approvals[0])
    assert book.trust(KEY) is not None
    assert book.conduct(KEY).lost_by == ""
    crew.finish(action)


def test_trust_is_not_given_over_a_loss_nobody_saw(crew: Crew, book: SqlActionBook) -> None:
    lost = undo_begun(crew, at_work(crew))
    with pytest.raises(StaleError, match=f"{lost.label} went wrong"):
        given(book)
    assert book.trust(KEY) is None
    given(book, lost_by=lost.label)
    assert book.trust(KEY) is not None
    undone(crew, lost)


def test_trust_given_while_it_is_lost_is_lost(crew: Crew, book: SqlActionBook) -> None:
    for _ in range(ROUNDS):
        action, known = at_work(crew), book.conduct(KEY).lost_by
        barrier = Barrier(2)

        def give(known: str = known, barrier: Barrier = barrier) -> None:
            barrier.wait(timeout=PATIENCE_S)
            try:
                given(book, lost_by=known)
            except StaleError:
                return

        def lose(action: Action = action, barrier: Barrier = barrier) -> Action:
            barrier.wait(timeout=PATIENCE_S)
            return undo_begun(crew, action)

        with ThreadPoolExecutor(2) as pool:
            giving, losing = pool.submit(give), pool.submit(lose)
            giving.result()
            begun = losing.result()
        assert book.trust(KEY) is None
        undone(crew, begun)


def test_whoever_gets_the_service_after_a_loss_finds_no_trust(
    crew: Crew, book: SqlActionBook
) -> None:
    """A claim waits for the end of the run beside it, and that end has taken the trust with it."""
    for _ in range(ROUNDS):
        given(book, lost_by=book.conduct(KEY).lost_by)
        begun = at_work(crew)
        waiting = crew.approved(f"cart-{uuid4().hex[:6]}", service=SERVICE)
        barrier = Barrier(2)

        def claim(waiting: Action = waiting, barrier: Barrier = barrier) -> bool:
            barrier.wait(timeout=PATIENCE_S)
            while True:
                try:
                    crew.claim(waiting)
                except RefusedError as refused:
                    assert refused.code == "busy"  # noqa: PT017 - anything else is a fault
                    continue
                return book.trust(KEY) is not None

        def end(begun: Action = begun, barrier: Barrier = barrier) -> None:
            barrier.wait(timeout=PATIENCE_S)
            undone(crew, undo_begun(crew, begun))

        with ThreadPoolExecutor(2) as pool:
            claiming, ending = pool.submit(claim), pool.submit(end)
            ending.result()
            assert claiming.result() is False
        found = book.find(waiting.action_id)
        assert found is not None
        crew.finish(crew.start(found))


def test_two_stages_of_approval_are_one_approved_run(crew: Crew, book: SqlActionBook) -> None:
    action = crew.planned("cart", service=SERVICE, needs=(ONCALL, MANAGER))
    crew.agree(action)
    crew.agree(action, "idp|cem", stage=Stage.MANAGER)
    crew.finish(crew.start(crew.claim(action)))
    assert book.conduct(KEY).verified == 1
