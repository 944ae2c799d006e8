"""What the redrive of a dead-letter queue draws, sees, makes of lost answers and binds."""

from __future__ import annotations

import pytest

from safe_ops.errors import RefusedError, StaleError
from safe_ops.model.actions import CallOutcome
from safe_ops.operations.operation import Progress
from tests.unit.safe_ops.accounts import DLQ, QUEUE
from tests.unit.safe_ops.cloud_worlds import redrive_world


class TestQueues:
    def test_messages_go_to_the_one_queue_they_came_from(self) -> None:
        (step,) = redrive_world().drawing().steps

        assert step.call.body == {
            "SourceArn": DLQ,
            "DestinationArn": QUEUE,
            "MaxNumberOfMessagesPerSecond": 10,
        }
        assert {grant.arn for grant in step.call.grants if "Send" in grant.action} == {QUEUE}
        assert {grant.arn for grant in step.call.grants if "Receive" in grant.action} == {DLQ}

    @pytest.mark.parametrize("sources", [[], ["main", "other"]])
    def test_with_no_or_several_sources_it_is_not_clear_where_they_belong(
        self, sources: list[str]
    ) -> None:
        world = redrive_world()
        world.answers["sqs:list_dead_letter_source_queues"] = {"queueUrls": sources}

        with pytest.raises(RefusedError, match=f"of {len(sources)} queues"):
            world.drawing()

    def test_a_move_is_seen_through_until_messages_stay_away(self) -> None:
        world = redrive_world()
        plan = world.plan()
        moves = world.answers["sqs:list_message_move_tasks"]["Results"]
        assert world.look(plan)[0] is Progress.WAITING
        moves.append({"Status": "RUNNING", "StartedTimestamp": 2_000, "TaskHandle": "h"})
        assert world.look(plan)[1] == "the move is RUNNING, about 0 messages moved"
        moves[-1] |= {"Status": "COMPLETED", "ApproximateNumberOfMessagesMoved": 120}
        assert world.look(plan)[0] is Progress.WAITING
        world.answers["attributes"]["dead"]["ApproximateNumberOfMessages"] = "12"
        assert world.look(plan) == (
            Progress.REACHED,
            "the move is COMPLETED, about 120 messages moved; 12 in the dead-letter queue",
        )

    def test_a_failed_move_says_why(self) -> None:
        world = redrive_world()
        plan = world.plan()
        world.answers["sqs:list_message_move_tasks"]["Results"].append(
            {"Status": "FAILED", "StartedTimestamp": 2_000, "FailureReason": "AccessDenied"}
        )

        assert world.look(plan) == (
            Progress.MISSED,
            "the move is FAILED, about 0 messages moved AccessDenied",
        )

    def test_a_lost_start_is_found_only_as_a_younger_move(self) -> None:
        world = redrive_world()
        plan = world.plan()
        moves = world.answers["sqs:list_message_move_tasks"]["Results"]
        assert world.applied(plan) is CallOutcome.UNKNOWN
        moves.append({"Status": "RUNNING", "StartedTimestamp": 2_000, "TaskHandle": "h"})
        assert world.applied(plan) is CallOutcome.APPLIED
        assert world.applied(plan, part="undo") is CallOutcome.NOT_APPLIED
        moves[-1]["Status"] = "CANCELLING"
        assert world.applied(plan, part="undo") is CallOutcome.APPLIED

    def test_only_a_running_move_can_be_cancelled(self) -> None:
        world = redrive_world()
        plan = world.plan()
        assert world.bind(plan) == {}
        with pytest.raises(StaleError, match="nothing to cancel"):
            world.bind(plan, part="undo")
        world.answers["sqs:list_message_move_tasks"]["Results"].append(
            {"Status": "RUNNING", "StartedTimestamp": 2_000, "TaskHandle": "h"}
        )
        assert world.bind(plan, part="undo") == {"$move": "h"}

    def test_a_first_redrive_has_no_move_before_it(self) -> None:
        world = redrive_world()
        world.answers["sqs:list_message_move_tasks"] = {}

        assert world.drawing().pins["last_move"] == 0
