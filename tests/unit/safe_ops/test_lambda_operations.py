"""What operations on Lambda functions draw, see, make of lost answers and bind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from safe_ops.errors import StaleError
from safe_ops.model.actions import CallOutcome
from safe_ops.operations.operation import Progress
from tests.unit.safe_ops.accounts import FUNCTION, CloudWorld, Gone
from tests.unit.safe_ops.cloud_worlds import alias_world, memory_world

if TYPE_CHECKING:
    from safe_ops.model.plans import Json


class TestFunctionSettings:
    def test_only_the_one_field_and_the_revision_are_sent(self) -> None:
        (step,) = memory_world().drawing().steps

        assert step.call.body == {
            "FunctionName": "orders",
            "MemorySize": 512,
            "RevisionId": "$revision",
        }
        assert step.call.path == FUNCTION

    def test_aliases_that_keep_their_version_are_pointed_out(self) -> None:
        world = memory_world()
        world.answers["lambda:list_aliases"] = {
            "Aliases": [
                {"Name": "live", "FunctionVersion": "9"},
                {"Name": "dev", "FunctionVersion": "$LATEST"},
            ]
        }

        assert world.drawing().notes == (
            "Only $LATEST changes: callers of live → 9 see it once a version is published",
        )

    def test_it_waits_for_the_update_and_for_what_is_read_late(self) -> None:
        world = memory_world()
        plan = world.plan()
        assert world.look(plan) == (
            Progress.WAITING,
            "MemorySize is 256, last update Successful",
        )
        _config(world, MemorySize=512, LastUpdateStatus="InProgress")
        assert world.look(plan)[0] is Progress.WAITING
        _config(world, LastUpdateStatus="Successful")
        assert world.look(plan)[0] is Progress.REACHED

    @pytest.mark.parametrize(
        "found", [{"MemorySize": 512, "LastUpdateStatus": "Failed"}, {"MemorySize": 1024}]
    )
    def test_a_failed_update_or_another_value_is_a_miss(self, found: dict[str, Json]) -> None:
        world = memory_world()
        plan = world.plan()
        _config(world, **found)

        assert world.look(plan)[0] is Progress.MISSED

    def test_more_failing_calls_than_before_hold_the_success_back(self) -> None:
        world = memory_world()
        world.metrics = {"Invocations": [100.0], "Errors": [2.0]}
        plan = world.plan()
        _config(world, MemorySize=512)
        assert world.look(plan)[0] is Progress.REACHED
        world.metrics = {"Invocations": [90.0], "Errors": [2.0], "Throttles": [10.0]}

        progress, says = world.look(plan)
        assert progress is Progress.WAITING
        assert says.endswith("12% of calls fail, 2% did before")

    def test_a_few_calls_say_nothing(self) -> None:
        world = memory_world()
        plan = world.plan()
        _config(world, MemorySize=512)
        world.metrics = {"Invocations": [19.0], "Errors": [19.0]}
        assert world.look(plan)[0] is Progress.REACHED
        world.metrics = {"Invocations": [20.0], "Errors": [20.0]}
        assert world.look(plan)[1].endswith("100% of calls fail, 0% did before")

    def test_a_lost_answer_is_read_back_from_the_value(self) -> None:
        world = memory_world()
        plan = world.plan()
        assert world.applied(plan) is CallOutcome.NOT_APPLIED
        assert world.applied(plan, part="undo") is CallOutcome.APPLIED
        _config(world, MemorySize=512)
        assert world.applied(plan) is CallOutcome.APPLIED
        assert world.applied(plan, part="undo") is CallOutcome.NOT_APPLIED
        _config(world, MemorySize=300)
        assert world.applied(plan) is CallOutcome.UNKNOWN

    def test_the_revision_is_the_one_of_now(self) -> None:
        world = memory_world()
        plan = world.plan()
        _config(world, RevisionId="r-2", LastUpdateStatus="InProgress")

        assert world.bind(plan) == {"$revision": "r-2"}

    @pytest.mark.parametrize(
        "found", [{"MemorySize": 300}, {"Timeout": 11}, {"CodeSha256": "x"}, {"Role": "x"}]
    )
    def test_a_change_of_what_was_planned_for_is_drift(self, found: dict[str, Json]) -> None:
        world = memory_world()
        plan = world.plan()
        _config(world, **found)

        with pytest.raises(StaleError, match="nothing was changed"):
            world.bind(plan)

    def test_a_function_deleted_meanwhile_is_drift(self) -> None:
        world = memory_world()
        plan = world.plan()
        world.answers["lambda:get_function_configuration"] = Gone

        with pytest.raises(StaleError):
            world.bind(plan)

    def test_the_undo_takes_back_only_what_the_step_did(self) -> None:
        world = memory_world()
        plan = world.plan()
        with pytest.raises(StaleError, match="MemorySize is 256 now and was 512"):
            world.bind(plan, part="undo")
        _config(world, MemorySize=512, RevisionId="r-2")
        assert world.bind(plan, part="undo") == {"$revision": "r-2"}


def _config(world: CloudWorld, **changes: Any) -> None:
    world.answers["lambda:get_function_configuration"].update(changes)


class TestAlias:
    def test_weights_are_cleared_and_come_back_with_the_undo(self) -> None:
        world = alias_world()
        world.answers["lambda:get_alias"]["RoutingConfig"] = {
            "AdditionalVersionWeights": {"7": 0.25}
        }
        drawing = world.drawing()

        assert drawing.changes[0].before == "9 (25% to 7)"
        assert drawing.steps[0].call.body["RoutingConfig"] == {"AdditionalVersionWeights": {}}
        assert drawing.undo[0].call.body["RoutingConfig"] == {
            "AdditionalVersionWeights": {"7": 0.25}
        }

    def test_what_differs_between_versions_is_shown_without_values(self) -> None:
        world = alias_world()
        world.answers["versions"]["8"] |= {
            "Timeout": 5,
            "Environment": {"Variables": {"DB_PASSWORD": "hunter3", "OLD": "hunter4"}},
        }
        changes = {one.field: (one.before, one.after) for one in world.drawing().changes}

        assert changes == {
            "FunctionVersion": ("9", "8"),
            "Timeout": ("10", "5"),
            "CodeSha256": ("sha-9", "sha-8"),
            "environment DB_PASSWORD": ("(hidden)", "(another, hidden)"),
            "environment LEVEL": ("(hidden)", "(not set)"),
            "environment OLD": ("(not set)", "(hidden)"),
        }

    def test_a_version_that_is_not_there_is_refused_by_guards(self) -> None:
        world = alias_world()
        world.wanted["version"] = "6"

        assert world.refusals() == ["version-active", "version-proven", "same-role-network"]

    def test_it_is_reached_when_the_alias_serves_that_version_alone(self) -> None:
        world = alias_world()
        plan = world.plan()
        alias = world.answers["lambda:get_alias"]
        assert world.look(plan) == (Progress.WAITING, "live serves version 9")
        alias["FunctionVersion"] = "8"
        assert world.look(plan)[0] is Progress.REACHED
        alias["RoutingConfig"] = {"AdditionalVersionWeights": {"9": 0.5}}
        assert world.look(plan)[0] is Progress.MISSED
        world.answers["lambda:get_alias"] = Gone
        assert world.look(plan)[0] is Progress.MISSED

    def test_more_failing_calls_than_before_hold_the_success_back(self) -> None:
        world = alias_world()
        plan = world.plan()
        world.answers["lambda:get_alias"]["FunctionVersion"] = "8"
        world.metrics = {"Invocations": [100.0], "Errors": [50.0]}

        assert world.look(plan) == (
            Progress.WAITING,
            "live serves version 8; 50% of calls fail, 0% did before",
        )

    def test_errors_are_those_of_the_alias_alone(self) -> None:
        world = alias_world()
        account = world.account
        wanted = world.subject.parameters.model_validate(world.wanted)
        world.subject.survey(wanted, world.eyes(account))
        dimensions = [
            query["MetricDataQueries"][0]["MetricStat"]["Metric"]["Dimensions"]
            for operation, query in account.reads
            if operation == "cloudwatch:get_metric_data"
        ]

        assert {"Name": "Resource", "Value": "orders:live"} in dimensions[0]

    def test_a_lost_answer_is_read_back_from_where_it_points(self) -> None:
        world = alias_world()
        plan = world.plan()
        assert world.applied(plan) is CallOutcome.NOT_APPLIED
        assert world.applied(plan, part="undo") is CallOutcome.APPLIED
        world.answers["lambda:get_alias"]["FunctionVersion"] = "8"
        assert world.applied(plan) is CallOutcome.APPLIED
        assert world.applied(plan, part="undo") is CallOutcome.NOT_APPLIED
        world.answers["lambda:get_alias"]["FunctionVersion"] = "7"
        assert world.applied(plan) is CallOutcome.UNKNOWN

    def test_the_undo_needs_the_alias_where_the_step_left_it(self) -> None:
        world = alias_world()
        plan = world.plan()
        with pytest.raises(StaleError, match="FunctionVersion is 9 now and was 8"):
            world.bind(plan, part="undo")
        world.answers["lambda:get_alias"].update(FunctionVersion="8", RevisionId="r-8")
        assert world.bind(plan, part="undo") == {"$revision": "r-8"}
