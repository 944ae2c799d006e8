"""Trust: earned by verified runs, given by two people, lost by the first run that goes wrong."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import pytest

from safe_ops.errors import RefusedError, UpstreamError
from safe_ops.model.actions import State
from safe_ops.model.plans import Place, Stage, System, Tier
from safe_ops.model.trust import Trust, TrustKey
from tests.unit.safe_ops.book import MemoryBook
from tests.unit.safe_ops.write_side import POLICY, TestClock, WriteSide

if TYPE_CHECKING:
    from safe_ops.model.actions import Action
    from safe_ops.model.trust import Conduct

PROD = Place(system=System.NIGHTDESK, name="prod")
KEY = TrustKey(operation="set_dials", environment="prod", service_key="eu/shop/cart")
WORDS = "set_dials on eu/shop/cart in prod"
NAMED_IN_FULL = {"operation": "set_dials", "service": KEY.service_key}
_values = count(1)


def run(side: WriteSide, *, who: str = "U1") -> Action:
    """Ask for a run, have it approved where it needs that, and carry it out; an hour passes."""
    side.clock.move(minutes=61)
    number = next(_values)
    action = side.planned("a", to=number % 100, key=f"run-{number}", incident_id="")
    if action.state is State.PENDING_ONCALL:
        action = side.click(action, who)
    side.keep_alive(action.action_id)
    ended = side.operator.execute(action.action_id)
    side.clock.on_sleep.clear()
    return ended


def runs(side: WriteSide, number: int = 20) -> Action:
    return [run(side) for _ in range(number)][-1]


def asked(side: WriteSide, operation: str = "autonomy_grant", **fields: object) -> Action:
    given = {
        "key": f"trust-{next(_values)}",
        "operation": operation,
        "parameters": {"operation": "set_dials", "service": "shop/cart"},
        "provenance": {"operation": "person", "service": "person"},
        "place": PROD,
        "incident_id": "",
    }
    return side.planned(**(given | fields))


def granted(side: WriteSide) -> Action:
    action = asked(side)
    side.click(action, "U1")
    side.click(action, "U3")
    return side.operator.execute(action.action_id)


def trusted(side: WriteSide) -> None:
    runs(side)
    assert granted(side).state is State.SUCCEEDED


def goes_wrong(side: WriteSide) -> Action:
    side.machine.missed = "the dial fell off"
    ended = run(side)
    side.machine.missed = ""
    return ended


def test_trust_is_given_by_on_call_and_a_manager_and_is_used_at_once(
    side: WriteSide, book: MemoryBook
) -> None:
    runs(side)
    action = asked(side)
    assert (action.state, action.plan and action.plan.tier) == (State.PENDING_ONCALL, Tier.T3)
    assert action.plan is not None
    assert [need.stage for need in action.plan.needs] == [Stage.ONCALL, Stage.MANAGER]
    side.click(action, "U1")
    assert book.trust(KEY) is None
    side.click(action, "U3")
    assert side.operator.execute(action.action_id).state is State.SUCCEEDED
    assert book.trust(KEY) == Trust(key=KEY, label=action.label, runs=20, given_at=side.clock.now())
    alone = run(side)
    (given,) = alone.approvals
    assert (alone.state, given.subject.startswith("policy:")) == (State.SUCCEEDED, True)
    assert alone.plan is not None
    assert any(f"trusted by {action.label} of" in note for note in alone.plan.drawing.notes)


def test_trust_that_was_not_used_for_long_can_be_taken_back_by_those_of_its_namespace(
    side: WriteSide, book: MemoryBook
) -> None:
    trusted(side)
    side.rewire(POLICY.replace("{teams: [sre]}", "{teams: [sre], namespaces: [shop]}"))
    side.clock.move(days=31)
    action = asked(side, "autonomy_withdraw", parameters=NAMED_IN_FULL)
    assert action.state is State.PENDING_ONCALL
    side.click(action, "U2")
    assert side.operator.execute(action.action_id).state is State.SUCCEEDED
    assert book.trust(KEY) is None


def test_nineteen_runs_are_too_few(side: WriteSide) -> None:
    runs(side, 19)
    refused = asked(side)
    assert refused.state is State.BLOCKED
    assert "19 of 20 approved and verified runs within 30 days" in refused.reason


def test_who_asked_cannot_be_the_manager_who_agrees(side: WriteSide) -> None:
    runs(side)
    action = asked(side, requester="leo", requester_slack_id="U3")
    side.click(action, "U1")
    with pytest.raises(RefusedError, match="somebody else"):
        side.click(action, "U3")


def test_a_model_cannot_ask_for_trust(side: WriteSide) -> None:
    runs(side)
    refused = asked(side, investigation_id="inv-1")
    assert refused.state is State.BLOCKED
    assert "only people ask for trust" in refused.reason


def test_a_place_that_is_no_environment_has_no_trust_to_give(side: WriteSide) -> None:
    refused = asked(side, place=Place(system=System.NIGHTDESK, name="eu"))
    assert "eu is no environment of the registry; there are dev, prod" in refused.reason


def test_one_failed_verification_takes_it_away_and_is_told_in_that_actions_end(
    side: WriteSide, book: MemoryBook
) -> None:
    trusted(side)
    ended = goes_wrong(side)
    assert ended.state is State.ROLLED_BACK
    assert book.trust(KEY) is None
    assert ended.outcome is not None
    told = f"{WORDS} needs approval again: this run did not go as planned"
    assert ended.outcome.details.count(told) == 1
    assert side.events(ended).count("autonomy.lost") == 1
    side.clock.move(hours=1)
    assert side.planned("a", to=77, key="after", incident_id="").state is State.PENDING_ONCALL


def test_what_was_lost_is_earned_anew_by_later_runs_only(side: WriteSide, book: MemoryBook) -> None:
    trusted(side)
    lost = goes_wrong(side)
    assert book.conduct(KEY).lost_by == lost.label
    run(side)
    refused = asked(side)
    assert f"1 of 20 approved and verified runs within 30 days since {lost.label}" in refused.reason
    assert f"({lost.label} rolled_back)" in refused.reason
    side.clock.move(days=31)
    runs(side)
    assert granted(side).state is State.SUCCEEDED


def test_a_run_without_effect_loses_nothing(side: WriteSide, book: MemoryBook) -> None:
    trusted(side)
    side.machine.fault("a", "refused")
    ended = run(side)
    assert (ended.state, book.trust(KEY) is not None) == (State.FAILED, True)
    assert "autonomy.lost" not in side.events()


def test_a_run_whose_end_nobody_knows_loses_it_whatever_people_find_later(
    side: WriteSide, book: MemoryBook
) -> None:
    trusted(side)
    side.machine.fault("a", "lost-after")
    side.machine.blind = True
    ended = run(side)
    assert (ended.state, book.trust(KEY)) == (State.INDETERMINATE, None)
    side.machine.blind = False
    settled = side.decisions.settle(
        ended.action_id, slack_id="U3", team_id="T1", took_effect=True, reason="I looked"
    )
    assert settled.state is State.SUCCEEDED
    assert [one.label for one in book.conduct(KEY).bad] == [ended.label]


def test_it_is_taken_back_by_one_person_even_outside_the_window(
    side: WriteSide, book: MemoryBook
) -> None:
    trusted(side)
    side.rewire(POLICY + "windows: [{name: closed, allow: false, zone: UTC}]\n")
    action = asked(side, "autonomy_withdraw")
    assert action.state is State.PENDING_ONCALL
    side.click(action, "U1")
    ended = side.operator.execute(action.action_id)
    assert (ended.state, book.trust(KEY)) == (State.SUCCEEDED, None)
    side.rewire()
    side.clock.move(hours=1)
    assert side.planned("a", to=78, key="after", incident_id="").state is State.PENDING_ONCALL


def test_what_was_planned_by_itself_does_not_run_once_trust_is_taken_back(
    side: WriteSide, book: MemoryBook
) -> None:
    trusted(side)
    side.clock.move(hours=1)
    waiting = side.planned("a", to=79, key="waiting", incident_id="")
    assert waiting.state is State.APPROVED
    book.take_trust(KEY, label="A0")
    ended = side.operator.execute(waiting.action_id)
    assert (ended.state, len(side.machine.effects)) == (State.REVOKED, 20)
    assert "policy now asks for more" in ended.reason


def test_a_loss_while_people_decide_makes_the_grant_stale(
    side: WriteSide, book: MemoryBook
) -> None:
    runs(side)
    action = asked(side)
    side.click(action, "U1")
    side.machine.missed = "the dial fell off"
    failing = side.click(side.planned("a", to=80, key="failing", incident_id=""), "U1")
    side.click(action, "U3")
    side.keep_alive(failing.action_id)
    assert side.operator.execute(failing.action_id).state is State.ROLLED_BACK
    ended = side.operator.execute(action.action_id)
    assert (ended.state, book.trust(KEY)) == (State.BLOCKED, None)


def test_a_loss_after_the_last_check_is_seen_before_the_call(
    side: WriteSide, book: MemoryBook
) -> None:
    runs(side)
    action = asked(side)
    side.click(action, "U1")
    side.click(action, "U3")
    failing = side.click(side.planned("a", to=81, key="failing", incident_id=""), "U1")

    def lose() -> None:
        side.outside.on_delivery = lambda: None
        side.machine.missed = "the dial fell off"
        side.keep_alive(failing.action_id)
        side.operator.execute(failing.action_id)

    side.outside.on_delivery = lose
    ended = side.operator.execute(action.action_id)
    assert (ended.state, book.trust(KEY)) == (State.STALE, None)
    assert f"{failing.label} went wrong since this was planned" in ended.reason


class Fickle(MemoryBook):
    """Somebody takes each trust back the moment it is given."""

    def give_trust(self, key: TrustKey, *, label: str, runs: int, lost_by: str) -> None:
        super().give_trust(key, label=label, runs=runs, lost_by=lost_by)
        self.take_trust(key, label="A0")


def test_trust_that_is_gone_before_it_is_looked_at_counts_as_taken_back(clock: TestClock) -> None:
    side = WriteSide(Fickle(clock), clock)
    runs(side)
    ended = granted(side)
    assert ended.state is State.ROLLED_BACK
    assert ended.outcome is not None
    assert f"the trust in {WORDS} changed since" in ended.outcome.says


def test_asked_for_twice_there_is_nothing_to_do(side: WriteSide) -> None:
    trusted(side)
    again = asked(side)
    assert (again.state, "trusted already" in again.reason) == (State.BLOCKED, True)


def test_the_twentieth_verified_run_tells_once_that_trust_may_be_asked_for(
    side: WriteSide,
) -> None:
    hint = "ask with `/nightdesk run autonomy_grant place=prod operation=set_dials"
    ends = [run(side) for _ in range(21)]
    said = [
        sum(hint in line for line in one.outcome.details) for one in ends if one.outcome is not None
    ]
    assert said == [0] * 19 + [1, 0]


def test_nothing_is_told_where_the_policy_allows_no_step(side: WriteSide) -> None:
    side.rewire(POLICY + "operations: [{operation: set_dials, approvals: oncall}]\n")
    last = runs(side)
    assert last.outcome is not None
    assert not any("autonomy_grant" in line for line in last.outcome.details)


def test_nothing_is_told_where_nobody_is_needed(side: WriteSide) -> None:
    side.workshop.environment = "dev"
    last = runs(side)
    assert last.outcome is not None
    assert not any("autonomy_grant" in line for line in last.outcome.details)


class RecordAway(MemoryBook):
    def conduct(self, key: TrustKey) -> Conduct:
        raise UpstreamError(f"the record of {key.says} cannot be read", system="db")


def test_a_record_that_cannot_be_read_keeps_no_run_from_its_end(clock: TestClock) -> None:
    side = WriteSide(RecordAway(clock), clock)
    assert side.executed("a").state is State.SUCCEEDED
