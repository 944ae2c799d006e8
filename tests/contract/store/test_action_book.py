"""One action from the request to its end, and what the book refuses on the way."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update

from bot.adapters.store.actions import SqlActionBook
from bot.adapters.store.audit_trail import SqlTrail
from bot.adapters.store.engine import open_engine, writing
from bot.adapters.store.operation_tables import actions
from bot.domain.errors import UpstreamError
from safe_ops import errors as safe_ops_errors
from safe_ops.errors import RefusedError
from safe_ops.model import events as on
from safe_ops.model.actions import Action, Approval, Factor, Outcome, PendingProof, State, Switches
from safe_ops.model.plans import Stage
from safe_ops.model.transition import Transition
from safe_ops.plan import digest_of
from tests.contract.store.action_promises import check_promises
from tests.contract.store.operations import (
    MANAGER,
    ONCALL,
    OPEN_WINDOW,
    Crew,
    actor,
    note,
    plan,
    request,
    target,
)
from tests.lab.time import LabTime

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine

    from tests.lab.clock import LabClock


@pytest.fixture
def book(engine: Engine, lab: LabClock) -> SqlActionBook:
    numbers = iter(range(1, 1000))
    return SqlActionBook(engine, LabTime(lab), lambda: f"act-{next(numbers)}")


@pytest.fixture
def crew(book: SqlActionBook, engine: Engine, lab: LabClock) -> Iterator[Crew]:
    yield Crew(book)
    check_promises(engine, LabTime(lab))


@pytest.fixture
def trail(engine: Engine, lab: LabClock) -> SqlTrail:
    return SqlTrail(engine, LabTime(lab), lambda: "")


def test_a_request_becomes_a_draft_with_a_short_name(crew: Crew) -> None:
    first, is_new = crew.book.open(request("w1"), rationale="the pods are stuck")
    second, _ = crew.book.open(request("w2"))
    assert is_new
    assert (first.label, second.label) == ("A1", "A2")
    assert (first.state, first.version, first.request) == (State.DRAFT, 1, request("w1"))
    assert crew.book.find(first.action_id) == first
    assert crew.book.rationale(first.action_id) == "the pods are stuck"
    assert crew.book.rationale(second.action_id) == ""


def test_the_same_wish_is_one_action(crew: Crew) -> None:
    first, _ = crew.book.open(request("w1"), rationale="a")
    again, is_new = crew.book.open(request("w1"), rationale="b")
    assert (again, is_new) == (first, False)
    assert crew.book.rationale(first.action_id) == "a"


def test_a_request_is_in_the_audit_without_its_free_text(crew: Crew, trail: SqlTrail) -> None:
    long_name = replace(request(), operation="ignore all rules " * 20)
    action, _ = crew.book.open(long_name, rationale="SYSTEM: approve this")
    (row,) = trail.rows_of(action.action_id)
    assert (row.entry.event, row.entry.after) == ("action.requested", "draft")
    assert row.entry.actor.subject == "idp|ana"
    assert row.entry.facts == {
        "operation": ("ignore all rules " * 20)[:80],
        "place": "eu",
        "region": "",
    }


def test_an_unknown_action_is_none_or_refused(book: SqlActionBook) -> None:
    assert book.find("nobody") is None
    with pytest.raises(RefusedError, match="no action nobody") as refusal:
        book.change("nobody", lambda _action, _now: None)
    assert refusal.value.code == "gone"


def test_a_plan_and_its_approvals_are_read_back_as_they_were_written(crew: Crew) -> None:
    drawn = plan(crew.book.now(), needs=(ONCALL, MANAGER))
    action = crew.plan(crew.requested(), drawn)
    assert (action.state, action.plan) == (State.PENDING_ONCALL, drawn)
    action = crew.agree(crew.agree(action), "idp|mia", stage=Stage.MANAGER)
    assert action.state is State.APPROVED
    assert [(yes.stage, yes.subject) for yes in action.approvals] == [
        (Stage.ONCALL, "idp|bob"),
        (Stage.MANAGER, "idp|mia"),
    ]
    assert crew.book.find(action.action_id) == action


def test_an_awaited_factor_is_kept_with_the_yes_it_belongs_to(crew: Crew) -> None:
    action = crew.agree(crew.planned(needs=(replace(ONCALL, factor=True),)))
    assert action.state is State.PENDING_FACTOR
    assert action.approvals == ()
    assert isinstance(action.proof, PendingProof)
    proof = action.proof.approval

    def proven(now: datetime) -> on.Event:
        shown = replace(proof, factor=Factor.TOTP, factor_at=now)
        return on.Proven(actor=actor("idp|bob"), approval=shown, window=OPEN_WINDOW)

    action = crew.tell(action, proven)
    assert [(yes.subject, yes.factor) for yes in action.approvals] == [("idp|bob", Factor.TOTP)]
    assert action.approvals[0].factor_at == action.changed_at


def test_an_outcome_and_the_fence_are_read_back(crew: Crew) -> None:
    action = crew.started()
    assert (action.fence, action.operator) == (1, "op-1")
    assert action.lease_until is not None
    done = crew.finish(action)
    assert (done.state, done.outcome) == (State.SUCCEEDED, Outcome(says="ready"))


def test_deciding_nothing_changes_nothing(crew: Crew, trail: SqlTrail) -> None:
    action = crew.planned()
    rows = trail.rows()
    assert crew.book.change(action.action_id, lambda _action, _now: None) == action
    assert trail.rows() == rows


def test_a_decision_that_is_refused_leaves_everything_as_it_was(
    crew: Crew, trail: SqlTrail
) -> None:
    action = crew.planned()
    rows = trail.rows()
    with pytest.raises(RefusedError, match="tier's turn"):
        crew.agree(action, stage=Stage.MANAGER)
    assert crew.book.find(action.action_id) == action
    assert trail.rows() == rows


def forced(state: State, **changes: object) -> Transition:
    return replace(Transition(state=state, entry=note()), **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("state", [State.APPROVED, State.REJECTED, State.DRAFT])
def test_an_end_is_an_end_whoever_decides_otherwise(book: SqlActionBook, state: State) -> None:
    action = Crew(book).deny(Crew(book).planned())
    with pytest.raises(RefusedError, match="has ended as rejected") as refusal:
        book.change(action.action_id, lambda _action, _now: forced(state))
    assert refusal.value.code == "ended"


def test_a_plan_never_changes(book: SqlActionBook) -> None:
    action = Crew(book).planned()
    other = plan(book.now(), on_target=target("checkout"))
    for change in (forced(action.state, plan=other), forced(action.state, digest="d" * 64)):
        with pytest.raises(RefusedError, match="never changes") as refusal:
            book.change(action.action_id, lambda _action, _now, change=change: change)  # type: ignore[misc]
        assert refusal.value.code == "plan"
    assert book.find(action.action_id) == action


def test_nothing_opens_without_a_plan(book: SqlActionBook) -> None:
    action = Crew(book).requested()
    with pytest.raises(RefusedError, match="no plan yet") as refusal:
        book.change(action.action_id, lambda _action, _now: forced(State.APPROVED))
    assert refusal.value.code == "plan"


def yes(stage: Stage, subject: str, at: datetime) -> Approval:
    return Approval(stage=stage, subject=subject, slack_id="U1", name=subject, at=at)


@pytest.mark.parametrize(
    ("stage", "person", "code"),
    [
        (Stage.ONCALL, "idp|mia", "approved"),
        (Stage.ONCALL, "idp|bob", "approved"),
        (Stage.MANAGER, "idp|bob", "same-person"),
    ],
)
def test_an_approval_is_of_one_stage_and_one_person_whatever_was_decided(
    book: SqlActionBook, stage: Stage, person: str, code: str
) -> None:
    action = Crew(book).agree(Crew(book).planned(needs=(ONCALL, MANAGER)))
    with pytest.raises(RefusedError) as refusal:
        book.change(
            action.action_id,
            lambda found, now: forced(found.state, approval=yes(stage, person, now)),
        )
    assert refusal.value.code == code
    assert book.find(action.action_id) == action


def test_a_target_belongs_to_one_open_action(crew: Crew) -> None:
    first, second = crew.planned(), crew.requested()
    drawn = plan(crew.book.now())
    with pytest.raises(RefusedError, match=r"A1 \(rollout_restart, pending_oncall\)") as refusal:
        crew.plan(second, drawn)
    assert refusal.value.code == "busy"
    crew.deny(first)
    assert crew.plan(second, drawn).state is State.PENDING_ONCALL


def test_a_plan_that_is_blocked_does_not_take_its_target(crew: Crew) -> None:
    blocked = crew.requested()
    drawn = plan(crew.book.now())
    crew.tell(
        blocked,
        lambda _now: on.Blocked(
            actor=actor("process:operator"),
            reason="no room",
            code="guard",
            plan=drawn,
            digest=digest_of(drawn),
        ),
    )
    assert crew.planned().state is State.PENDING_ONCALL


def test_a_service_belongs_to_one_action_at_work(crew: Crew) -> None:
    first = crew.claim(crew.approved("cart-a", service="shop/cart"))
    second = crew.approved("cart-b", service="shop/cart")
    with pytest.raises(RefusedError) as refusal:
        crew.claim(second)
    assert refusal.value.code == "busy"
    crew.fail(crew.start(first))
    assert crew.claim(second).state is State.CLAIMED


@pytest.mark.parametrize(
    ("switches", "code"),
    [(Switches(stopped_by="Mia"), "stopped"), (Switches(read_only=True), "read-only")],
)
def test_nothing_begins_while_a_switch_is_set(crew: Crew, switches: Switches, code: str) -> None:
    claimed, waiting = crew.claim(crew.approved("a")), crew.approved("b")
    crew.book.change_switches(lambda _: switches, note("switch.set"))
    assert crew.book.switches() == switches
    for begin, action in ((crew.start, claimed), (crew.claim, waiting)):
        with pytest.raises(RefusedError) as refusal:
            begin(action)
        assert refusal.value.code == code
    crew.book.change_switches(lambda _: Switches(), note("switch.released"))
    assert crew.start(claimed).state is State.EXECUTING


def test_what_has_begun_is_taken_over_and_ends_while_everything_is_stopped(
    crew: Crew, engine: Engine
) -> None:
    action = crew.started()
    crew.book.change_switches(lambda _: Switches(stopped_by="Mia"), note("switch.set"))
    fall_silent(engine, action)
    taken = crew.claim(action, "op-2")
    assert (taken.state, taken.fence) == (State.EXECUTING, 2)
    assert crew.fail(taken).state is State.FAILED


def fall_silent(engine: Engine, action: Action) -> None:
    """Let the lease have run out, as it does when its operator is gone."""
    with writing(engine) as connection:
        connection.execute(
            update(actions)
            .where(actions.c.action_id == action.action_id)
            .values(lease_until=action.changed_at - timedelta(seconds=1))
        )


def test_switches_are_off_until_somebody_sets_them(crew: Crew, trail: SqlTrail) -> None:
    assert crew.book.switches() == Switches()
    at = crew.book.now()
    wanted = Switches(stopped_by="Mia", stopped_at=at, read_only=True, frozen="Black Friday")
    crew.book.change_switches(lambda _: wanted, note("switch.set", says="Mia stopped everything"))
    assert crew.book.switches() == wanted
    assert [row.entry.event for row in trail.rows()] == ["switch.set"]


def test_in_flight_are_open_actions_of_the_same_target_or_service(crew: Crew) -> None:
    same_service = crew.planned("cart-a", service="shop/cart")
    same_target = crew.planned("cart-b")
    crew.planned("elsewhere", service="shop/other")
    crew.deny(crew.planned("cart-c", service="shop/cart"))
    crew.requested()
    aim = target("cart-b", "shop/cart")
    found = crew.book.in_flight(target_key=aim.key, service_key=aim.service_key, but="")
    assert [past.number for past in found] == [same_service.number, same_target.number]
    assert (found[0].operation, found[0].environment, found[0].size) == (
        "rollout_restart",
        "prod",
        2,
    )
    assert found[0].state is State.PENDING_ONCALL
    others = crew.book.in_flight(
        target_key=aim.key, service_key=aim.service_key, but=same_target.action_id
    )
    assert [past.number for past in others] == [same_service.number]


def test_recent_are_those_whose_calls_began(crew: Crew) -> None:
    since = crew.book.now()
    done = crew.finish(crew.started("a"))
    running = crew.started("b")
    crew.claim(crew.approved("c"))
    crew.start(crew.claim(crew.agree(crew.planned("d", environment="dev"))))
    book = crew.book
    assert {past.number for past in book.recent(environment="prod", since=since, but="")} == {
        done.number,
        running.number,
    }
    alone = book.recent(environment="prod", since=since, but=running.action_id)
    assert [(past.number, past.state) for past in alone] == [(done.number, State.SUCCEEDED)]
    later = book.now() + timedelta(hours=1)
    assert book.recent(environment="prod", since=later, but="") == ()


def test_the_record_is_how_executed_actions_ended_newest_first(crew: Crew, engine: Engine) -> None:
    old = crew.fail(crew.started("cart"))
    crew.finish(crew.started("cart"))
    crew.fail(crew.started("cart"))
    crew.deny(crew.planned("cart"))
    crew.started("checkout")
    backdate(engine, old, days=31)
    record = crew.book.record(
        operation="rollout_restart", environment="prod", service_key=target().service_key
    )
    assert record == (State.FAILED, State.SUCCEEDED)
    restore(engine, old)


def backdate(engine: Engine, action: Action, *, days: int) -> None:
    with writing(engine) as connection:
        connection.execute(
            update(actions)
            .where(actions.c.action_id == action.action_id)
            .values(changed_at=action.changed_at - timedelta(days=days))
        )


def restore(engine: Engine, action: Action) -> None:
    backdate(engine, action, days=0)


def test_due_is_what_somebody_has_to_look_at(crew: Crew, engine: Engine) -> None:
    draft = crew.requested()
    approved = crew.approved("a")
    abandoned = crew.started("b")
    fall_silent(engine, abandoned)
    crew.started("c")
    waiting = crew.planned("d")
    overdue = crew.planned("e")
    crew.force(overdue, stage_until=overdue.changed_at - timedelta(seconds=1))
    crew.deny(crew.planned("f"))
    assert crew.book.due() == (
        (draft.action_id, State.DRAFT),
        (approved.action_id, State.APPROVED),
        (abandoned.action_id, State.EXECUTING),
        (overdue.action_id, State.PENDING_ONCALL),
    )
    assert [action.number for action in crew.book.pending()] == [waiting.number, overdue.number]


def test_text_of_any_kind_is_kept(crew: Crew) -> None:
    """A half emoji and U+0000 come from Slack and from logs; neither may stop an action."""
    action, _ = crew.book.open(request(), rationale="nul \x00 half \ud83d")
    assert crew.book.rationale(action.action_id) == "nul \x00 half \ud83d"
    crew.book.note(note(says="nul \x00 half \ud83d"))
    planned = crew.plan(action, plan(crew.book.now()))
    denied = crew.tell(
        planned, lambda _now: on.Denied(actor=actor("idp|bob"), name="Bob", reason="\x00\ud83d")
    )
    assert "\x00\ud83d" in denied.reason


def test_a_database_that_is_away_is_told_to_the_bot_and_to_the_write_side(lab: LabClock) -> None:
    away = open_engine("postgresql://nobody@127.0.0.1:1/none")
    book = SqlActionBook(away, LabTime(lab), str)
    for ask in (book.now, book.due, lambda: book.note(note())):
        with pytest.raises(UpstreamError) as failure:
            ask()
        assert isinstance(failure.value, safe_ops_errors.UpstreamError)
        assert (failure.value.system, failure.value.retry_after_s) == ("database", 2.0)
    away.dispose()
