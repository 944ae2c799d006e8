"""The aws tools over the lab's accounts: raw reads, and the composites investigations need."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from bot.domain.errors import ToolError
from bot.domain.evidence import EvidenceState, Observation
from tests.contract.aws_bench import tool_of
from tests.lab.aws.gate import Fault
from tests.lab.aws.server import AwsLab

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bot.tools.aws.tool import AwsTool

LAMBDA_GROUP = "/aws/lambda/checkout-webhook"


@pytest.fixture(scope="module")
def running() -> Iterator[AwsLab]:
    with AwsLab("shop_down") as lab:
        yield lab


@pytest.fixture(scope="module")
def tool(running: AwsLab) -> AwsTool:
    return tool_of(running)


@pytest.fixture
def lab(running: AwsLab) -> Iterator[AwsLab]:
    running.gate.seen.clear()
    yield running
    running.gate.faults.clear()


def denied(operation: str) -> Fault:
    return Fault(
        operation=operation,
        status=400,
        code="AccessDeniedException",
        message=f"not authorized to perform: {operation}",
    )


EVERY_LOOK: dict[str, Callable[[AwsTool], Observation]] = {
    "alarm": lambda tool: tool.aws("alarm", {"name": "web-5xx"}),
    "changes": lambda tool: tool.aws("changes", {"minutes": 60}),
    "function": lambda tool: tool.aws("function", {"name": "checkout-webhook"}),
    "load balancer": lambda tool: tool.aws("load_balancer", {"name": "shop-alb"}),
    "logs": lambda tool: tool.aws("logs", {"group": LAMBDA_GROUP}),
    "secrets of a task": lambda tool: tool.aws("secrets", {"of": "task/web"}),
    "secrets of a function": lambda tool: tool.aws("secrets", {"of": "function/checkout-webhook"}),
    "service": lambda tool: tool.aws("service", {"cluster": "shop", "service": "web"}),
    "task definition": lambda tool: tool.aws(
        "ecs.describe_task_definition", {"taskDefinition": "web"}
    ),
    "functions": lambda tool: tool.aws("lambda.list_functions"),
    "trail": lambda tool: tool.aws("cloudtrail.lookup_events"),
    "secrets": lambda tool: tool.aws("secretsmanager.list_secrets"),
    "parameters": lambda tool: tool.aws("ssm.describe_parameters"),
}


@pytest.mark.parametrize("look", EVERY_LOOK.values(), ids=EVERY_LOOK)
def test_no_value_ever_leaves_the_account(
    tool: AwsTool, look: Callable[[AwsTool], Observation]
) -> None:
    seen = look(tool)
    cells = "" if seen.grid is None else str(seen.grid.rows)
    assert seen.state is EvidenceState.OK
    assert "canary" not in seen.body + cells + seen.query


@pytest.mark.parametrize("look", EVERY_LOOK.values(), ids=EVERY_LOOK)
def test_every_observation_says_where_it_was_made(
    tool: AwsTool, look: Callable[[AwsTool], Observation]
) -> None:
    seen = look(tool)
    assert seen.cluster == "shop-prod/eu-central-1"
    assert seen.namespace is None
    assert seen.query.startswith(seen.tool)
    assert seen.grid is None or all(len(row) == len(seen.grid.columns) for row in seen.grid.rows)


class TestAlarm:
    def test_a_real_alarm_is_borne_out_by_its_metric(self, tool: AwsTool) -> None:
        seen = tool.aws("alarm", {"name": "web-5xx"})
        assert "alarm web-5xx: ALARM since" in seen.body
        assert "changed from about 0 to 42" in seen.body
        assert "the last one does cross it" in seen.body
        found = re.search(r"(\d+) of (\d+) since", seen.body)
        assert found is not None
        assert int(found[1]) == int(found[2]) > 10
        assert seen.window is not None

    def test_its_state_changes_are_its_grid(self, tool: AwsTool) -> None:
        grid = tool.aws("alarm", {"name": "web-5xx"}).grid
        assert grid is not None
        assert next(row[1] for row in grid.rows) == "Alarm updated from OK to ALARM"
        assert len(grid.rows) == 2

    def test_a_metric_that_never_reported_has_no_points_instead_of_zeros(
        self, tool: AwsTool
    ) -> None:
        body = tool.aws("alarm", {"name": "web-cpu"}).body
        assert "no points" in body
        assert "max" not in body

    def test_an_unknown_alarm_is_empty_with_the_closest(self, tool: AwsTool) -> None:
        seen = tool.aws("alarm", {"name": "web-5x"})
        assert seen.state is EvidenceState.EMPTY
        assert "closest of 2: web-5xx" in seen.body

    def test_a_history_that_was_denied_is_a_gap(self, tool: AwsTool, lab: AwsLab) -> None:
        lab.fail(denied("DescribeAlarmHistory"))
        seen = tool.aws("alarm", {"name": "web-5xx"})
        assert seen.state is EvidenceState.TRUNCATED
        assert seen.cut_bytes > 0
        assert "NOT READ: history: denied:" in seen.body


class TestLogs:
    def test_many_lines_come_as_patterns_with_counts(self, tool: AwsTool) -> None:
        seen = tool.aws(
            "logs", {"group": LAMBDA_GROUP, "minutes": 60, "words": ["timed out", "ERROR"]}
        )
        assert seen.rows == 61
        assert re.search(r"!\s+60x .*Task timed out after", seen.body)
        assert "61 of 81 records match" in seen.body

    def test_few_lines_come_as_they_are(self, tool: AwsTool) -> None:
        seen = tool.aws("logs", {"group": "/ecs/web", "minutes": 60})
        assert seen.body.count("connection refused by db:5432") == 5

    def test_words_are_texts_and_no_patterns(self, tool: AwsTool) -> None:
        seen = tool.aws("logs", {"group": "/ecs/web", "minutes": 60, "words": ["db.5432", "a/b(c"]})
        assert seen.state is EvidenceState.EMPTY
        assert "0 of 5 records match" in seen.body

    def test_a_query_that_counts_comes_as_a_table(self, tool: AwsTool) -> None:
        query = "filter @message like /timed out/\n| stats count(*) by bin(5m)"
        seen = tool.aws("logs", {"group": LAMBDA_GROUP, "minutes": 60, "query": query})
        assert seen.grid is not None
        assert seen.grid.columns == ("bin(5m)", "count(*)")
        assert sum(int(row[1]) for row in seen.grid.rows) == 60

    def test_a_query_is_polled_until_it_is_done(self, tool: AwsTool, lab: AwsLab) -> None:
        lab.gaps("shop-prod").slow_polls = 2
        assert tool.aws("logs", {"group": "/ecs/web", "minutes": 60}).rows == 5
        assert len(lab.seen("GetQueryResults")) == 3
        lab.gaps("shop-prod").slow_polls = 1

    def test_an_unknown_group_is_empty_with_the_closest(self, tool: AwsTool) -> None:
        seen = tool.aws("logs", {"group": "/aws/lambda/checkout"})
        assert seen.state is EvidenceState.EMPTY
        assert f"closest of 2: {LAMBDA_GROUP}" in seen.body

    def test_a_query_that_cannot_be_parsed_is_for_the_caller_to_mend(self, tool: AwsTool) -> None:
        with pytest.raises(ToolError, match="MalformedQueryException"):
            tool.aws("logs", {"group": "/ecs/web", "query": "pray for rain"})

    def test_unmasking_and_both_ways_at_once_are_refused(self, tool: AwsTool) -> None:
        with pytest.raises(ToolError, match="B6"):
            tool.aws("logs", {"group": "/ecs/web", "query": "fields unmask(@message)"})
        with pytest.raises(ToolError, match="not both"):
            tool.aws("logs", {"group": "/ecs/web", "words": ["a"], "query": "fields @message"})


class TestFunction:
    def test_what_changed_between_versions_is_shown_and_values_are_not(self, tool: AwsTool) -> None:
        body = tool.aws("function", {"name": "checkout-webhook"}).body
        assert "~ Timeout: 30 -> 3" in body
        assert re.search(r"~ Environment\.Variables\.PAYMENTS_KEY: \u2039.*\u203a -> \u2039", body)
        assert "PAYMENTS_SECRET_NAME: shop/payments -> shop/paymentz" in body

    def test_errors_and_duration_say_when_they_changed(self, tool: AwsTool) -> None:
        body = tool.aws("function", {"name": "checkout-webhook"}).body
        assert "Errors (Sum): last 12" in body
        assert "changed from about 210 to 3000" in body
        assert "Throttles (Sum): no points" in body

    def test_last_error_lines_are_told(self, tool: AwsTool) -> None:
        body = tool.aws("function", {"name": "checkout-webhook"}).body
        assert "Task timed out after" in body
        assert "order" not in body.partition("error lines")[2]

    def test_an_unknown_function_is_empty(self, tool: AwsTool) -> None:
        assert tool.aws("function", {"name": "nope"}).state is EvidenceState.EMPTY

    def test_logs_that_were_denied_are_a_gap_not_a_silence(
        self, tool: AwsTool, lab: AwsLab
    ) -> None:
        lab.fail(denied("FilterLogEvents"))
        seen = tool.aws("function", {"name": "checkout-webhook"})
        assert seen.state is EvidenceState.TRUNCATED
        assert f"NOT READ: log group {LAMBDA_GROUP}: denied" in seen.body
        assert "error lines" not in seen.body


class TestService:
    def test_the_stuck_deployment_and_its_cause_are_in_one_answer(self, tool: AwsTool) -> None:
        body = tool.aws("service", {"cluster": "shop", "service": "web"}).body
        assert "PRIMARY web:2" in body
        assert "failed 4, IN_PROGRESS" in body
        assert "web:1.4.2 -> " in body
        assert "secret:shop/web-db -> arn" in body
        assert "unable to consistently start tasks" in body

    def test_stopped_tasks_have_exit_codes_and_reasons(self, tool: AwsTool) -> None:
        grid = tool.aws("service", {"cluster": "shop", "service": "web"}).grid
        assert grid is not None
        newest, older = grid.rows
        assert newest[2] == "TaskFailedToStart"
        assert "can't find the specified secret" in newest[3]
        assert "web no exit code" in newest[4]
        assert "exit 137, OutOfMemoryError" in older[4]

    def test_images_are_dated_by_their_push(self, tool: AwsTool, lab: AwsLab) -> None:
        body = tool.aws("service", {"cluster": "shop", "service": "web"}).body
        assert len(re.findall(r"/web:1\.[45]\.\d: pushed \d{4}-", body)) == 2

    def test_an_unknown_service_is_empty_with_those_there_are(self, tool: AwsTool) -> None:
        seen = tool.aws("service", {"cluster": "shop", "service": "wab"})
        assert seen.state is EvidenceState.EMPTY
        assert seen.body == "cluster shop has no service wab; it has web"

    def test_stopped_tasks_that_were_not_read_are_unknown(self, tool: AwsTool, lab: AwsLab) -> None:
        lab.fail(denied("ListTasks"))
        seen = tool.aws("service", {"cluster": "shop", "service": "web"})
        assert seen.state is EvidenceState.TRUNCATED
        assert "tasks stopped in the last hour: unknown" in seen.body


class TestChanges:
    def test_writes_are_told_in_order_with_who_and_how_they_ended(self, tool: AwsTool) -> None:
        grid = tool.aws("changes", {"minutes": 60}).grid
        assert grid is not None
        calls = [row for row in grid.rows if not row[1].startswith("stack")]
        assert [(row[1], row[2], row[4]) for row in calls] == [
            ("s3 PutBucketPolicy", "shop-logs", "AccessDenied"),
            ("lambda UpdateFunctionConfiguration20150331v2", "checkout-webhook", "done"),
            ("ecs UpdateService", "web", "done"),
        ]
        assert calls[1][3] == "assumed-role/alice/ci"
        assert any(row[1] == "stack CREATE_COMPLETE" for row in grid.rows)

    def test_silence_of_the_last_minutes_proves_nothing(self, tool: AwsTool) -> None:
        seen = tool.aws("changes", {"minutes": 10}, account="shop-staging")
        assert seen.state is EvidenceState.TRUNCATED
        assert "up to 15 minutes late" in seen.body

    def test_an_old_window_without_changes_is_empty(self, tool: AwsTool) -> None:
        seen = tool.aws("changes", {"minutes": 10, "around": "2020-01-01T00:00:00Z"})
        assert seen.state is EvidenceState.EMPTY

    def test_a_time_that_is_none_is_explained(self, tool: AwsTool) -> None:
        with pytest.raises(ToolError, match="is no time; write it like"):
            tool.aws("changes", {"minutes": 10, "around": "yesterday"})


class TestLoadBalancer:
    def test_ill_targets_come_first_with_their_reason(self, tool: AwsTool) -> None:
        seen = tool.aws("load_balancer", {"name": "shop-alb"})
        assert "10.0.1.11:8080 unhealthy (Target.FailedHealthChecks: Health checks" in seen.body
        assert seen.body.index("10.0.1.11") < seen.body.index("10.0.1.10")
        assert seen.grid is not None
        assert seen.grid.rows[0][:4] == ("web", "1", "2", "0")

    def test_5xx_of_the_application_say_when_they_began(self, tool: AwsTool) -> None:
        body = tool.aws("load_balancer", {"name": "shop-alb"}).body
        assert "HTTPCode_Target_5XX_Count (Sum per minute): last 42" in body
        assert "HTTPCode_ELB_5XX_Count (Sum per minute): no points" in body

    def test_an_unknown_one_is_empty_with_the_closest(self, tool: AwsTool) -> None:
        seen = tool.aws("load_balancer", {"name": "shop"})
        assert seen.state is EvidenceState.EMPTY
        assert "shop-alb" in seen.body


class TestSecrets:
    def test_a_secret_a_task_names_but_nobody_made_is_missing(self, tool: AwsTool) -> None:
        grid = tool.aws("secrets", {"of": "task/web"}).grid
        assert grid is not None
        assert [(row[0], row[2], row[3]) for row in grid.rows] == [
            ("DB_PASSWORD", "shop/web-db-2", "MISSING"),
            ("FLAG", "/shop/web/flag", "present"),
        ]

    def test_a_misspelt_secret_name_in_a_function_is_missing(self, tool: AwsTool) -> None:
        seen = tool.aws("secrets", {"of": "function/checkout-webhook"})
        assert "1 of them not present" in seen.body
        assert "shop/paymentz" in seen.body

    def test_no_value_is_ever_asked_for(self, tool: AwsTool, lab: AwsLab) -> None:
        tool.aws("secrets", {"of": "task/web:1"})
        tool.aws("secrets", {"of": "secret/shop/payments"})
        asked = {one.operation for one in lab.seen()}
        signed_in = {"AssumeRole", "GetCallerIdentity"}
        reads = {"DescribeTaskDefinition", "DescribeSecret", "DescribeParameters"}
        assert asked - signed_in <= reads

    def test_a_denied_secret_is_not_read_rather_than_missing(
        self, tool: AwsTool, lab: AwsLab
    ) -> None:
        lab.fail(denied("DescribeSecret"))
        seen = tool.aws("secrets", {"of": "secret/shop/payments"})
        assert seen.state is EvidenceState.TRUNCATED
        assert "MISSING" not in seen.body

    def test_a_subject_of_no_kind_is_explained(self, tool: AwsTool) -> None:
        with pytest.raises(ToolError, match="write `of` as function/NAME"):
            tool.aws("secrets", {"of": "web"})
