"""What operations on CloudWatch alarms draw, see, make of lost answers and bind."""

from __future__ import annotations

import pytest

from safe_ops.errors import RefusedError
from safe_ops.model.actions import CallOutcome
from safe_ops.operations.operation import Progress
from tests.unit.safe_ops.accounts import ALARM, CloudWorld
from tests.unit.safe_ops.cloud_worlds import OWN_RULE, mute_rule, mute_world, unmute_world


class TestAlarms:
    def test_a_mute_begins_with_the_next_minute_and_ends_by_itself(self) -> None:
        world = mute_world()
        plan = world.plan()

        assert world.bind(plan) == {
            "$start": "at(2026-11-21T12:01)",
            "$end": "2026-11-21T13:01:00Z",
        }
        assert plan.drawing.steps[0].call.body["Rule"]["Schedule"]["Duration"] == "PT60M"

    def test_a_composite_alarm_can_be_muted_too(self) -> None:
        world = mute_world()
        alarms = world.answers["cloudwatch:describe_alarms"]
        alarms["CompositeAlarms"] = alarms.pop("MetricAlarms")

        assert world.refusals() == []

    def test_a_mute_is_in_force_waited_for_or_missed(self) -> None:
        world = mute_world()
        plan = world.plan()
        assert world.look(plan)[0] is Progress.MISSED
        world.answers["cloudwatch:get_alarm_mute_rule"] = {"Status": "SCHEDULED"}
        assert world.look(plan)[0] is Progress.WAITING
        world.answers["cloudwatch:get_alarm_mute_rule"] = {"Status": "ACTIVE"}
        assert world.look(plan)[0] is Progress.REACHED

    def test_a_lost_mute_is_read_back_from_the_rules(self) -> None:
        world = mute_world()
        plan = world.plan()
        assert world.applied(plan) is CallOutcome.NOT_APPLIED
        assert world.applied(plan, part="undo") is CallOutcome.APPLIED
        world.answers["cloudwatch:list_alarm_mute_rules"] = {
            "AlarmMuteRuleSummaries": [mute_rule(OWN_RULE, "SCHEDULED")]
        }
        assert world.applied(plan) is CallOutcome.APPLIED
        assert world.applied(plan, part="undo") is CallOutcome.NOT_APPLIED

    def test_an_alarm_that_is_not_muted_is_not_unmuted(self) -> None:
        world = unmute_world()
        world.answers["cloudwatch:list_alarm_mute_rules"] = {}

        with pytest.raises(RefusedError, match="not muted by Nightdesk"):
            world.drawing()

    def test_a_mute_and_switched_off_actions_are_both_ended(self) -> None:
        world = unmute_world()
        _off(world)
        drawing = world.drawing()

        assert [step.call.action for step in drawing.steps] == [
            "cloudwatch:delete_alarm_mute_rule",
            "cloudwatch:enable_alarm_actions",
        ]
        assert [step.call.action for step in drawing.undo] == ["cloudwatch:disable_alarm_actions"]
        assert drawing.steps[1].call.path == ALARM

    def test_it_is_unmuted_when_actions_are_on_and_nothing_covers_it(self) -> None:
        world = unmute_world()
        _off(world)
        plan = world.plan()
        assert world.look(plan) == (
            Progress.WAITING,
            "actions are off; 1 mute rules in force",
        )
        assert world.applied(plan) is CallOutcome.NOT_APPLIED
        assert world.applied(plan, step=1) is CallOutcome.NOT_APPLIED
        assert world.applied(plan, part="undo") is CallOutcome.APPLIED
        world.answers["cloudwatch:list_alarm_mute_rules"] = {}
        world.answers["cloudwatch:describe_alarms"]["MetricAlarms"][0]["ActionsEnabled"] = True
        assert world.look(plan)[0] is Progress.REACHED
        assert world.applied(plan) is CallOutcome.APPLIED
        assert world.applied(plan, step=1) is CallOutcome.APPLIED
        assert world.applied(plan, part="undo") is CallOutcome.NOT_APPLIED


def _off(world: CloudWorld) -> None:
    world.answers["cloudwatch:describe_alarms"]["MetricAlarms"][0]["ActionsEnabled"] = False
