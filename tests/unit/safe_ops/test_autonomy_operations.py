"""What giving and taking trust draw, and how they read their row."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from pydantic import ValidationError

from safe_ops.actuators.standing import StandingHands
from safe_ops.errors import (
    CallRefusedError,
    GoneError,
    RefusedError,
    StaleError,
    UnknownOutcomeError,
    UpstreamError,
)
from safe_ops.guardrails.hard_limits import forbidden
from safe_ops.model.actions import CallOutcome
from safe_ops.model.plans import Call, System, Tier
from safe_ops.model.trust import Conduct, Trust, TrustKey
from safe_ops.operations.autonomy import Trusted, key_of
from safe_ops.operations.operation import Eyes, Progress
from tests.unit.safe_ops.trust_worlds import GIVEN, KEY, NOW, PROD, grant_world, run, withdraw_world


def test_a_grant_shows_what_changes_for_people_and_what_it_rests_on() -> None:
    drawing = grant_world().drawing()
    (change,) = drawing.changes
    assert drawing.tier is Tier.T3
    assert change.field == "rollout_restart on eu/shop/cart in prod"
    assert change.before == "needs the on-call approval"
    assert change.after == "runs by itself inside the budget of 10 an hour"
    assert drawing.notes[0] == (
        "20 runs approved and verified within 30 days, 0 that were not, 0 with guards set aside"
    )
    assert drawing.notes[1].startswith("lost at once by the first run that is undone")
    assert (
        "/nightdesk run autonomy_withdraw place=prod operation=rollout_restart"
        in (drawing.notes[2])
    )


def test_a_grant_is_one_call_with_its_numbers_and_one_to_take_it_back() -> None:
    plan = grant_world().plan()
    (give,), (take,) = plan.drawing.steps, plan.drawing.undo
    assert give.call.path == "autonomy/prod/eu/shop/cart/rollout_restart"
    assert give.call.body == {
        "operation": "rollout_restart",
        "environment": "prod",
        "service": "eu/shop/cart",
        "verified_runs": 20,
        "lost_by": "",
        "by": "$action",
    }
    assert (take.call.action, take.gone_is_fine) == ("nightdesk:withdraw_autonomy", True)
    assert key_of(plan) == KEY
    assert plan.target.key == "prod/autonomy/eu/shop/cart/rollout_restart"


def test_people_of_the_services_own_place_and_namespace_decide() -> None:
    target = grant_world().plan().target
    assert (target.decided_in, target.namespace) == ("eu", "shop")


def test_trust_that_is_there_is_not_given_twice() -> None:
    world = grant_world()
    world.given = GIVEN
    with pytest.raises(RefusedError, match="trusted already, by A90 of 2026-11-19") as refused:
        world.drawing()
    assert refused.value.code == "nothing-to-do"


@pytest.mark.parametrize(
    ("asked", "found", "code", "says"),
    [
        ("shop/cart", (), "gone", "No rollout_restart ran on shop/cart in prod within 30 days"),
        ("eu/shop/x", ("eu/shop/cart",), "gone", "check the names"),
        ("cart", ("eu/shop/scart",), "gone", "check the names"),
        ("shop/cart", ("eu/shop/cart", "us/shop/cart"), "parameters", "eu/shop/cart or us/shop"),
    ],
)
def test_a_service_that_is_none_or_several_is_asked_back(
    asked: str, found: tuple[str, ...], code: str, says: str
) -> None:
    world = grant_world()
    world.wanted["service"], world.found = asked, found
    with pytest.raises(RefusedError, match=says) as refused:
        world.drawing()
    assert refused.value.code == code


def test_a_service_named_in_full_is_that_one_though_others_end_alike() -> None:
    world = grant_world()
    world.wanted["service"], world.found = "shop/cart", ("shop/cart", "eu/shop/cart")
    assert world.plan().target.name == "shop/cart/rollout_restart"


@pytest.mark.parametrize("service", ["", "*", "eu/*", "x" * 301, "-eu", "eu/\u0455hop"])
def test_a_service_is_one_name(service: str) -> None:
    with pytest.raises(ValidationError):
        Trusted(operation="rollout_restart", service=service)


def test_a_withdrawal_needs_one_person_and_says_how_trust_comes_back() -> None:
    drawing = withdraw_world().drawing()
    (change,) = drawing.changes
    assert drawing.tier is Tier.T1
    assert change.before == "runs by itself inside the budget of 10 an hour"
    assert change.after == "needs the on-call approval"
    assert (drawing.undo, "autonomy_grant" in drawing.cannot_be_undone) == ((), True)


def test_trust_nobody_used_for_a_month_can_be_taken_back() -> None:
    world = withdraw_world()
    world.record = Conduct()
    (change,) = world.drawing().changes
    assert change.before == "one approval less than the policy asks for"
    assert world.plan().target.namespace == "shop"
    world.found, world.wanted["service"] = ("eu/nodes",), "nodes"
    assert world.plan().target.namespace == ""


def test_what_is_not_trusted_cannot_lose_it() -> None:
    world = withdraw_world()
    world.given = None
    with pytest.raises(RefusedError, match="is not trusted") as refused:
        world.drawing()
    assert refused.value.code == "nothing-to-do"


def test_two_services_one_may_mean_are_not_both_taken() -> None:
    world = withdraw_world()
    world.found = ("eu/shop/cart", "us/shop/cart")
    with pytest.raises(RefusedError, match="name one of them in full"):
        world.drawing()


def test_a_record_that_grows_while_people_decide_is_no_drift() -> None:
    world = grant_world()
    plan = world.plan()
    world.record = Conduct(runs=(run(31), *world.record.runs))
    assert world.subject.drifted(plan, world.drawing()) == ""  # type: ignore[attr-defined]


@pytest.mark.parametrize("change", ["lost_by", "rungs"])
def test_a_loss_or_another_policy_while_people_decide_is_drift(change: str) -> None:
    world = grant_world()
    plan = world.plan()
    if change == "lost_by":
        world.record = replace(world.record, lost_by="A31")
    else:
        world.rungs = replace(world.rungs, after=world.rungs.before)
    assert world.subject.drifted(plan, world.drawing())  # type: ignore[attr-defined]


def test_the_last_look_before_the_call_sees_a_loss() -> None:
    world = grant_world()
    plan = world.plan()
    (give,), (take,) = plan.drawing.steps, plan.drawing.undo
    assert world.subject.bind(plan, give.call, world.eyes) == {}
    world.record = replace(world.record, lost_by="A31")
    with pytest.raises(StaleError, match="A31 went wrong"):
        world.subject.bind(plan, give.call, world.eyes)
    assert world.subject.bind(plan, take.call, world.eyes) == {}


def test_a_row_is_there_or_not() -> None:
    for world, reached in ((grant_world(), GIVEN), (withdraw_world(), None)):
        plan = world.plan()
        (step,) = plan.drawing.steps
        before = world.given
        assert world.subject.applied(plan, step.call, world.eyes) is CallOutcome.NOT_APPLIED
        assert world.subject.look(plan, world.eyes).progress is Progress.MISSED
        world.given = reached
        assert before is not world.given
        assert world.subject.applied(plan, step.call, world.eyes) is CallOutcome.APPLIED
        assert world.subject.look(plan, world.eyes).progress is Progress.REACHED


def test_eyes_of_another_system_see_no_trust() -> None:
    world = grant_world()
    with pytest.raises(UpstreamError, match="no environment of the registry"):
        world.subject.survey(
            Trusted(operation="rollout_restart", service="x"), Eyes(place=PROD, now=NOW)
        )


@pytest.mark.parametrize(
    ("action", "path", "allowed"),
    [
        ("nightdesk:grant_autonomy", "autonomy/prod/eu/shop/cart/scale_up", True),
        ("nightdesk:withdraw_autonomy", "autonomy/prod/eu/shop/cart/scale_up", True),
        ("nightdesk:grant_autonomy", "actions/1", False),
        ("nightdesk:delete_audit", "autonomy/prod", False),
    ],
)
def test_nothing_else_of_our_own_database_can_be_written(
    action: str, path: str, *, allowed: bool
) -> None:
    why = forbidden(System.NIGHTDESK, Call(action=action, path=path, body={}))
    assert (why == "") is allowed


class Shelf:
    """A book that does as it is told, for what hands make of it."""

    def __init__(self, *, fault: Exception | None = None, given: Trust | None = None) -> None:
        self.fault = fault
        self.given = given
        self.record = Conduct()

    def trust(self, key: TrustKey) -> Trust | None:
        return self.given

    def trusts(self) -> tuple[Trust, ...]:
        return ()

    def conduct(self, key: TrustKey) -> Conduct:
        return self.record

    def services(self, *, operation: str, environment: str) -> tuple[str, ...]:
        return ()

    def give_trust(self, key: TrustKey, **given: Any) -> None:
        self._fail()
        self.given = replace(GIVEN, key=key, label=given["label"], runs=given["runs"])

    def take_trust(self, key: TrustKey, *, label: str) -> bool:
        self._fail()
        had, self.given = self.given is not None, None
        return had

    def _fail(self) -> None:
        if self.fault is not None:
            raise self.fault


def calls() -> tuple[Call, Call]:
    plan = grant_world().plan()
    (give,), (take,) = plan.drawing.steps, plan.drawing.undo
    bodies = ({**one.call.body, "by": "A7"} for one in (give, take))
    gave, took = (
        replace(one.call, body=body) for one, body in zip((give, take), bodies, strict=True)
    )
    return gave, took


def test_hands_write_the_row_with_the_actions_label_and_remove_it() -> None:
    shelf, (give, take) = Shelf(), calls()
    hands = StandingHands(shelf)
    assert hands.rehearse(give) == "autonomy/prod/eu/shop/cart/rollout_restart would be written"
    assert shelf.trust(KEY) is None
    hands.send(give)
    assert shelf.trust(KEY) == replace(GIVEN, label="A7")
    assert hands.rehearse(take).endswith("would be removed")
    hands.send(take)
    assert shelf.trust(KEY) is None


def test_what_is_gone_is_gone_in_the_rehearsal_and_in_the_call() -> None:
    _, take = calls()
    for attempt in (StandingHands(Shelf()).rehearse, StandingHands(Shelf()).send):
        with pytest.raises(GoneError, match="is not trusted"):
            attempt(take)


def test_a_loss_meanwhile_is_a_conflict_in_the_rehearsal_and_in_the_call() -> None:
    give, _ = calls()
    shelf = Shelf(fault=StaleError("A31 went wrong since this was planned"))
    shelf.record = Conduct(lost_by="A31")
    for attempt in (StandingHands(shelf).rehearse, StandingHands(shelf).send):
        with pytest.raises(CallRefusedError, match="has to be earned anew") as refused:
            attempt(give)
        assert refused.value.conflict


def test_a_database_that_does_not_answer_may_have_written() -> None:
    for call in calls():
        shelf = Shelf(fault=UpstreamError("no answer", system="db"), given=GIVEN)
        with pytest.raises(UnknownOutcomeError):
            StandingHands(shelf).send(call)
