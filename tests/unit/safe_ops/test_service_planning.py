"""What becomes of a wish: a plan that waits for people, one that may run, or a reason why not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from safe_ops.errors import RefusedError
from safe_ops.model.actions import Grounds, State
from safe_ops.model.plans import Place, Stage, System, Tier
from safe_ops.plan import digest_of
from safe_ops.service.planning import OPEN_PER_CHANNEL
from tests.unit.safe_ops.dials import START
from tests.unit.safe_ops.write_side import POLICY

if TYPE_CHECKING:
    from safe_ops.model.actions import Action
    from tests.unit.safe_ops.write_side import WriteSide


def open_on(days: str, begins: str, ends: str) -> str:
    """Return the policy with one window, UTC; the clock starts on a Friday at noon."""
    return (
        POLICY
        + f"""
windows:
  - name: hours
    allow: true
    environments: [prod, dev]
    zone: UTC
    days: [{days}]
    from: "{begins}"
    to: "{ends}"
"""
    )


def blocked(action: Action) -> str:
    assert action.state is State.BLOCKED
    return action.reason


def test_a_wish_is_stored_once_and_rung_for(side: WriteSide) -> None:
    first, again = side.request("a", key="k"), side.request("a", key="k")
    assert (first, first.state) == (again, State.DRAFT)
    assert side.outside.to_plan == [first.action_id] * 2


def test_a_wish_that_was_planned_is_not_rung_for_again(side: WriteSide) -> None:
    side.planned("a", key="k")
    assert side.request("a", key="k").state is State.PENDING_ONCALL
    assert len(side.outside.to_plan) == 1


def test_the_rationale_reaches_the_book_and_no_plan(side: WriteSide) -> None:
    asked = side.request("a", key="k")
    action = side.requests.request(replace(asked.request, key="k2"), rationale="harmless, really")
    assert side.book.rationale(action.action_id) == "harmless, really"
    assert "harmless" not in repr(side.planner.plan(action.action_id).plan)


def test_a_plan_holds_all_that_is_approved(side: WriteSide) -> None:
    action = side.planned("a", "b", to=7)
    plan = action.plan
    assert plan is not None
    assert action.digest == digest_of(plan)
    assert (action.state, plan.environment, plan.tier) == (State.PENDING_ONCALL, "prod", Tier.T2)
    assert [step.says for step in plan.drawing.steps] == ["set dial a to 7", "set dial b to 7"]
    assert plan.dry_run == ("would set a to 7", "would set b to 7")
    assert [need.stage for need in plan.needs] == [Stage.ONCALL]
    assert (plan.requester, plan.policy_hash) == ("eve", side.policy.hash)
    assert all(ruling.at == START and ruling.passed for ruling in plan.rulings)
    assert {"window", "kill-switch", "permissions", "obstacle"} <= {
        ruling.guard for ruling in plan.rulings
    }
    assert plan.expires_at > START + timedelta(hours=4)
    assert side.outside.opened_records == [action.action_id]
    assert side.outside.told == [action.action_id]


def test_two_plans_of_one_wish_differ_in_their_nonce(side: WriteSide) -> None:
    one = side.planned("a", key="k1")
    side.decisions.cancel(one.action_id, slack_id="U9", team_id="T1", reason="")
    other = side.planned("a", key="k2")
    assert one.digest != other.digest


def test_what_policy_leaves_alone_runs_by_itself(side: WriteSide) -> None:
    side.workshop.environment = "dev"
    action = side.planned("a", channel="")
    assert action.state is State.APPROVED
    assert [given.subject for given in action.approvals] == [f"policy:{side.policy.hash}"]
    assert side.outside.to_execute == [action.action_id]


def test_planning_twice_plans_once(side: WriteSide) -> None:
    action = side.planned("a")
    assert side.planner.plan(action.action_id) == action


def test_an_action_nobody_knows_cannot_be_planned(side: WriteSide) -> None:
    with pytest.raises(RefusedError, match="no such action"):
        side.planner.plan("nothing")


def test_a_drawing_made_meanwhile_by_another_operator_stands(side: WriteSide) -> None:
    draft = side.request("a")
    other = type(side)(side.book, side.clock, machine=side.machine)

    def nonce() -> str:
        side.clock.move(seconds=91)
        return other.planner.plan(draft.action_id).digest[:8]

    side.planner = type(side.planner)(**{**wires(side), "make_nonce": nonce})
    planned = side.planner.plan(draft.action_id)
    assert planned.state is State.PENDING_ONCALL
    assert side.events(planned).count("action.planned") == 1


def test_a_block_that_comes_after_another_operators_plan_changes_nothing(side: WriteSide) -> None:
    draft = side.request("a")
    other = type(side)(side.book, side.clock, machine=side.machine)

    def nonce() -> str:
        side.clock.move(seconds=91)
        other.planner.plan(draft.action_id)
        side.machine.broken = "no answer"
        return "nonce"

    side.planner = type(side.planner)(**{**wires(side), "make_nonce": nonce})
    assert side.planner.plan(draft.action_id).state is State.PENDING_ONCALL


def wires(side: WriteSide) -> dict[str, Any]:
    return {
        "book": side.book,
        "policy": side.policy,
        "assessor": side.assessor,
        "workshop": side.reach,
        "people": side.people,
        "teller": side.teller,
        "herald": side.outside,
        "bell": side.outside,
    }


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"operation": "delete_everything"}, "no operation `delete_everything`; there are auto"),
        ({"place": Place(system=System.AWS, name="main")}, "Set dials is for kubernetes"),
        ({"place": Place(system=System.KUBERNETES, name="mars")}, "mars is not in the registry"),
        ({"parameters": {"names": ["a"], "to": 1000}}, "to: Input should be less than or equal"),
        ({"parameters": {"names": ["a"], "to": 1, "force": True}}, "force: Extra inputs"),
        ({"parameters": {"names": [], "to": 1}}, "nothing to do"),
        ({"requester_slack_id": ""}, "not known which account Eve asked with"),
        ({"channel": ""}, "no channel to ask for one in"),
    ],
    ids=["operation", "system", "place", "bounds", "extra", "nothing", "account", "channel"],
)
def test_a_wish_that_makes_no_sense_is_blocked(
    side: WriteSide, fields: dict[str, Any], says: str
) -> None:
    assert says in blocked(side.planned("a", **fields))
    assert side.machine.sent == []


def test_a_target_that_is_gone_is_blocked(side: WriteSide) -> None:
    side.machine.there = False
    assert blocked(side.planned()) == "The machine is gone."


def test_what_cannot_be_read_is_not_planned(side: WriteSide) -> None:
    side.machine.broken = "the cluster does not answer"
    assert "the cluster does not answer" in blocked(side.planned())


@pytest.mark.parametrize(
    ("rehearsal", "says"),
    [
        ("refused", "the dry run of `set dial a to 5` was refused: admission says no"),
        ("gone", "the dry run of `set dial a to 5` was refused: a is gone"),
        ("unreachable", "It cannot be planned now: no answer"),
    ],
)
def test_a_dry_run_that_fails_blocks(side: WriteSide, rehearsal: str, says: str) -> None:
    side.machine.rehearsal = rehearsal
    assert says in blocked(side.planned())


def test_what_is_gone_already_is_no_obstacle_where_that_is_fine(side: WriteSide) -> None:
    side.machine.rehearsal, side.machine.gone_is_fine = "gone", True
    plan = side.planned().plan
    assert plan is not None
    assert plan.dry_run == ("set dial a to 5: gone already",)


def test_a_target_that_changes_while_it_is_planned_is_blocked(side: WriteSide) -> None:
    class Changing(type(side.operation)):  # type: ignore[misc]
        def draw(self, *given: Any) -> Any:
            drawing = super().draw(*given)
            self.machine.uid = "uid-2"
            return drawing

    side.catalogue["set_dials"] = Changing(side.machine)
    assert "The target changed while it was planned" in blocked(side.planned())


def test_a_guard_that_refuses_blocks_with_its_sentence(side: WriteSide) -> None:
    side.machine.obstacle = "the budget allows 0 disruptions"
    action = side.planned()
    assert blocked(action) == "the budget allows 0 disruptions"
    assert action.plan is None


def test_rights_that_do_not_suffice_block(side: WriteSide) -> None:
    side.machine.allowed = False
    assert "patch dials" in blocked(side.planned())


def test_a_second_action_on_the_same_target_is_blocked(side: WriteSide) -> None:
    side.planned("a")
    assert "A1 (set_dials on eu/Deployment/shop/cart)" in blocked(side.planned("b"))


def test_two_that_are_planned_at_once_leave_one(side: WriteSide) -> None:
    draft = side.request("b")
    side.planner = type(side.planner)(
        **{**wires(side), "make_nonce": lambda: side_by(side).planned("a").digest[:8]}
    )
    action = side.planner.plan(draft.action_id)
    assert "open on" in blocked(action)
    assert action.plan is not None
    assert side.outside.closed_records == [action.action_id]


def side_by(side: WriteSide) -> WriteSide:
    return type(side)(side.book, side.clock, machine=side.machine)


def test_a_wish_that_lay_for_an_hour_is_blocked(side: WriteSide) -> None:
    draft = side.request("a")
    side.clock.move(hours=1, seconds=1)
    assert "ask again if it is still wanted" in blocked(side.planner.plan(draft.action_id))


def test_who_may_not_ask_is_blocked(side: WriteSide) -> None:
    side.rewire(POLICY + "  ask: [{teams: [sre]}]\n")
    assert "ask somebody of sre" in blocked(side.planned())


def test_the_requester_is_the_person_and_not_the_account(side: WriteSide) -> None:
    action = side.planned(requester="U1B", requester_slack_id="U1B")
    assert action.plan is not None
    assert action.plan.requester == "ana"


def test_a_person_nobody_can_identify_gets_no_plan(side: WriteSide) -> None:
    side.people.away = True
    assert "Slack does not answer" in blocked(side.planned())


def test_more_cards_than_a_channel_can_read_are_not_posted(side: WriteSide) -> None:
    for number in range(OPEN_PER_CHANNEL):
        other = type(side)(side.book, side.clock)
        other.machine.lanes = {}
        other.operation.name = "set_dials"
        other.catalogue["set_dials"] = at(number, other)
        assert other.planned(key=f"k{number}").state is State.PENDING_ONCALL
    assert "5 operations wait for an approval in this channel" in blocked(side.planned(key="last"))
    assert side.planned(key="elsewhere", channel="C2").state is State.PENDING_ONCALL


def at(number: int, side: WriteSide) -> Any:
    """Return the operation on a target of its own."""

    class Elsewhere(type(side.operation)):  # type: ignore[misc]
        def draw(self, *given: Any) -> Any:
            drawing = super().draw(*given)
            name = f"cart-{number}"
            return replace(
                drawing, target=replace(drawing.target, name=name, service=f"shop/{name}")
            )

    return Elsewhere(side.machine)


# Change records.


def test_without_a_change_record_nothing_above_t1_is_planned(side: WriteSide) -> None:
    side.outside.records_down = True
    assert "The change record could not be opened" in blocked(side.planned())
    assert "record.not_opened" in side.events()


def test_a_t1_goes_on_without_a_change_record(side: WriteSide) -> None:
    side.outside.records_down, side.machine.tier = True, Tier.T1
    action = side.planned()
    assert action.state is State.PENDING_ONCALL
    side.click(action, "U1", approve=False)
    assert side.events(action)[-1] == "record.not_closed"


# Who asked, and on what grounds.


def test_an_alerts_wish_needs_evidence_that_was_measured(side: WriteSide) -> None:
    alert = {"requester": "alert:f1", "requester_name": "an alert", "requester_slack_id": ""}
    assert "no evidence is cited" in blocked(side.planned(key="k1", **alert))
    grounds = Grounds(evidence=("E1",), freshest_at=START, measured=True)
    action = side.planned(key="k2", grounds=grounds, **alert)
    assert action.plan is not None
    assert (action.state, action.plan.requester) == (State.PENDING_ONCALL, "alert:f1")


def test_a_models_wish_needs_evidence_though_a_person_wrote_to_it(side: WriteSide) -> None:
    assert "no evidence is cited" in blocked(side.planned(investigation_id="inv-1"))


def test_a_parameter_from_free_text_raises_the_tier(side: WriteSide) -> None:
    plan = side.planned(provenance={"names": "registry", "to": "text"}).plan
    assert plan is not None
    assert (plan.drawing.tier, plan.tier) == (Tier.T2, Tier.T3)
    assert "raised to T3: a parameter came from free text" in plan.drawing.notes


def test_what_policy_never_allows_is_blocked(side: WriteSide) -> None:
    never = '\noperations: [{operation: set_dials, never: "Dials are turned by hand"}]\n'
    side.rewire(POLICY + never)
    assert blocked(side.planned()) == "Dials are turned by hand"


def test_a_protected_target_is_blocked(side: WriteSide) -> None:
    side.rewire(POLICY + "\nprotected: {labels: [app=cart]}\n")
    assert "is protected" in blocked(side.planned())


# Windows.


def test_a_window_that_opens_too_late_blocks(side: WriteSide) -> None:
    side.rewire(open_on("mon", "08:00", "11:00"))
    assert "break glass for an incident" in blocked(side.planned())


def test_an_autonomous_action_waits_for_its_window(side: WriteSide) -> None:
    side.rewire(open_on("fri", "14:00", "16:00"))
    side.workshop.environment = "dev"
    action = side.planned()
    assert (action.state, side.outside.to_execute) == (State.SCHEDULED, [])
