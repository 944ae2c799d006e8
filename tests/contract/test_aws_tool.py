"""The aws tools over the lab's accounts: raw reads, and the composites investigations need."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from bot.agent.toolbox import Toolbox
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
    "alarm": lambda tool: tool.aws_alarm("web-5xx"),
    "changes": lambda tool: tool.aws_changes(60),
    "function": lambda tool: tool.aws_function("checkout-webhook"),
    "load balancer": lambda tool: tool.aws_load_balancer("shop-alb"),
    "logs": lambda tool: tool.aws_logs(LAMBDA_GROUP),
    "secrets of a task": lambda tool: tool.aws_secrets("task/web"),
    "secrets of a function": lambda tool: tool.aws_secrets("function/checkout-webhook"),
    "service": lambda tool: tool.aws_service("shop", "web"),
    "task definition": lambda tool: tool.aws_read(
        "ecs", "describe_task_definition", {"taskDefinition": "web"}
    ),
    "functions": lambda tool: tool.aws_read("lambda", "list_functions"),
    "trail": lambda tool: tool.aws_read("cloudtrail", "lookup_events"),
    "secrets": lambda tool: tool.aws_read("secretsmanager", "list_secrets"),
    "parameters": lambda tool: tool.aws_read("ssm", "describe_parameters"),
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


def test_all_tools_fit_a_toolbox(tool: AwsTool) -> None:
    assert sorted(Toolbox.of(*tool.functions())) == [
        "aws_alarm", "aws_changes", "aws_function", "aws_load_balancer", "aws_logs", "aws_read",
        "aws_secrets", "aws_service",
    ]  # fmt: skip


class TestRaw:
    def test_a_list_is_an_entry_a_line_and_a_grid(self, tool: AwsTool) -> None:
        seen = tool.aws_read("ecr", "describe_images", {"repositoryName": "web"})
        assert (seen.rows, seen.source) == (2, "aws ecr")
        assert len(seen.body.splitlines()) == 2
        assert seen.grid is not None
        assert seen.grid.columns[:2] == ("registryId", "repositoryName")
        assert seen.query == 'aws_read ecr.describe_images {"repositoryName": "web"}'

    def test_an_object_is_a_field_a_line(self, tool: AwsTool) -> None:
        name = {"FunctionName": "checkout-webhook"}
        seen = tool.aws_read("lambda", "get_function_configuration", name)
        assert "Timeout: 3" in seen.body.splitlines()
        assert '"LOG_LEVEL": "info"' in seen.body

    def test_the_same_name_in_another_account_is_another_function(self, tool: AwsTool) -> None:
        name = {"FunctionName": "checkout-webhook"}
        seen = tool.aws_read("lambda", "get_function_configuration", name, account="222222222222")
        assert seen.cluster == "shop-staging/eu-central-1"
        assert "Timeout: 30" in seen.body

    def test_what_does_not_exist_is_empty_in_awss_words(self, tool: AwsTool) -> None:
        seen = tool.aws_read("secretsmanager", "describe_secret", {"SecretId": "nope"})
        assert seen.state is EvidenceState.EMPTY
        assert "ResourceNotFoundException" in seen.body

    def test_an_empty_list_is_empty(self, tool: AwsTool) -> None:
        seen = tool.aws_read("sqs", "list_queues", account="shop-staging")
        assert (seen.state, seen.rows) == (EvidenceState.EMPTY, 0)

    def test_a_denial_is_no_proof_of_absence(self, tool: AwsTool, lab: AwsLab) -> None:
        lab.fail(denied("ListClusters"))
        seen = tool.aws_read("ecs", "list_clusters")
        assert seen.state is EvidenceState.DENIED
        assert "not authorized to perform: ListClusters" in seen.body

    def test_throttling_is_no_answer(self, tool: AwsTool, lab: AwsLab) -> None:
        lab.fail(Fault(operation="ListClusters"))
        seen = tool.aws_read("ecs", "list_clusters")
        assert seen.state is EvidenceState.UNREACHABLE
        assert "Ask again in 5 s" in seen.body

    @pytest.mark.parametrize(
        ("service", "operation", "rule"),
        [
            ("secretsmanager", "get_secret_value", "B4"),
            ("ecs", "update_service", "B1"),
            ("ecs", "get_waiter", "B5"),
        ],
    )
    def test_a_refusal_sends_nothing(
        self, tool: AwsTool, lab: AwsLab, service: str, operation: str, rule: str
    ) -> None:
        with pytest.raises(ToolError) as refused:
            tool.aws_read(service, operation, {"SecretId": "shop/payments"})
        assert refused.value.rule == rule
        assert lab.seen() == []

    def test_an_unknown_account_sends_nothing(self, tool: AwsTool, lab: AwsLab) -> None:
        with pytest.raises(ToolError, match="shop-prod or shop-staging"):
            tool.aws_read("ecs", "list_clusters", account="shop-dev")
        assert lab.seen() == []


class TestAlarm:
    def test_a_real_alarm_is_borne_out_by_its_metric(self, tool: AwsTool) -> None:
        seen = tool.aws_alarm("web-5xx")
        assert "alarm web-5xx: ALARM since" in seen.body
        assert "changed from about 0 to 42" in seen.body
        assert "the last one does cross it" in seen.body
        found = re.search(r"(\d+) of (\d+) since", seen.body)
        assert found is not None
        assert int(found[1]) == int(found[2]) > 10
        assert seen.window is not None

    def test_its_state_changes_are_its_grid(self, tool: AwsTool) -> None:
        grid = tool.aws_alarm("web-5xx").grid
        assert grid is not None
        assert next(row[1] for row in grid.rows) == "Alarm updated from OK to ALARM"
        assert len(grid.rows) == 2

    def test_a_metric_that_never_reported_has_no_points_instead_of_zeros(
        self, tool: AwsTool
    ) -> None:
        body = tool.aws_alarm("web-cpu").body
        assert "no points" in body
        assert "max" not in body

    def test_an_unknown_alarm_is_empty_with_the_closest(self, tool: AwsTool) -> None:
        seen = tool.aws_alarm("web-5x")
        assert seen.state is EvidenceState.EMPTY
        assert "closest of 2: web-5xx" in seen.body

    def test_a_history_that_was_denied_is_a_gap(self, tool: AwsTool, lab: AwsLab) -> None:
        lab.fail(denied("DescribeAlarmHistory"))
        seen = tool.aws_alarm("web-5xx")
        assert seen.state is EvidenceState.TRUNCATED
        assert seen.cut_bytes > 0
        assert "NOT READ: history: denied:" in seen.body


class TestLogs:
    def test_many_lines_come_as_patterns_with_counts(self, tool: AwsTool) -> None:
        seen = tool.aws_logs(LAMBDA_GROUP, 60, ["timed out", "ERROR"])
        assert seen.rows == 61
        assert re.search(r"!\s+60x .*Task timed out after", seen.body)
        assert "61 of 81 records match" in seen.body

    def test_few_lines_come_as_they_are(self, tool: AwsTool) -> None:
        seen = tool.aws_logs("/ecs/web", 60)
        assert seen.body.count("connection refused by db:5432") == 5

    def test_words_are_texts_and_no_patterns(self, tool: AwsTool) -> None:
        seen = tool.aws_logs("/ecs/web", 60, ["db.5432", "a/b(c"])
        assert seen.state is EvidenceState.EMPTY
        assert "0 of 5 records match" in seen.body

    def test_a_query_that_counts_comes_as_a_table(self, tool: AwsTool) -> None:
        query = "filter @message like /timed out/\n| stats count(*) by bin(5m)"
        seen = tool.aws_logs(LAMBDA_GROUP, 60, query=query)
        assert seen.grid is not None
        assert seen.grid.columns == ("bin(5m)", "count(*)")
        assert sum(int(row[1]) for row in seen.grid.rows) == 60

    def test_a_query_is_polled_until_it_is_done(self, tool: AwsTool, lab: AwsLab) -> None:
        lab.gaps("shop-prod").slow_polls = 2
        assert tool.aws_logs("/ecs/web", 60).rows == 5
        assert len(lab.seen("GetQueryResults")) == 3
        lab.gaps("shop-prod").slow_polls = 1

    def test_an_unknown_group_is_empty_with_the_closest(self, tool: AwsTool) -> None:
        seen = tool.aws_logs("/aws/lambda/checkout")
        assert seen.state is EvidenceState.EMPTY
        assert f"closest of 2: {LAMBDA_GROUP}" in seen.body

    def test_a_query_that_cannot_be_parsed_is_for_the_caller_to_mend(self, tool: AwsTool) -> None:
        with pytest.raises(ToolError, match="MalformedQueryException"):
            tool.aws_logs("/ecs/web", query="pray for rain")

    def test_unmasking_and_both_ways_at_once_are_refused(self, tool: AwsTool) -> None:
        with pytest.raises(ToolError, match="B6"):
            tool.aws_logs("/ecs/web", query="fields unmask(@message)")
        with pytest.raises(ToolError, match="not both"):
            tool.aws_logs("/ecs/web", words=["a"], query="fields @message")


class TestFunction:
    def test_what_changed_between_versions_is_shown_and_values_are_not(self, tool: AwsTool) -> None:
        body = tool.aws_function("checkout-webhook").body
        assert "~ Timeout: 30 -> 3" in body
        assert re.search(r"~ Environment\.Variables\.PAYMENTS_KEY: \u2039.*\u203a -> \u2039", body)
        assert "PAYMENTS_SECRET_NAME: shop/payments -> shop/paymentz" in body

    def test_errors_and_duration_say_when_they_changed(self, tool: AwsTool) -> None:
        body = tool.aws_function("checkout-webhook").body
        assert "Errors (Sum): last 12" in body
        assert "changed from about 210 to 3000" in body
        assert "Throttles (Sum): no points" in body

    def test_last_error_lines_are_told(self, tool: AwsTool) -> None:
        body = tool.aws_function("checkout-webhook").body
        assert "Task timed out after" in body
        assert "order" not in body.partition("error lines")[2]

    def test_an_unknown_function_is_empty(self, tool: AwsTool) -> None:
        assert tool.aws_function("nope").state is EvidenceState.EMPTY

    def test_logs_that_were_denied_are_a_gap_not_a_silence(
        self, tool: AwsTool, lab: AwsLab
    ) -> None:
        lab.fail(denied("FilterLogEvents"))
        seen = tool.aws_function("checkout-webhook")
        assert seen.state is EvidenceState.TRUNCATED
        assert f"NOT READ: log group {LAMBDA_GROUP}: denied" in seen.body
        assert "error lines" not in seen.body


class TestService:
    def test_the_stuck_deployment_and_its_cause_are_in_one_answer(self, tool: AwsTool) -> None:
        body = tool.aws_service("shop", "web").body
        assert "PRIMARY web:2" in body
        assert "failed 4, IN_PROGRESS" in body
        assert "web:1.4.2 -> " in body
        assert "secret:shop/web-db -> arn" in body
        assert "unable to consistently start tasks" in body

    def test_stopped_tasks_have_exit_codes_and_reasons(self, tool: AwsTool) -> None:
        grid = tool.aws_service("shop", "web").grid
        assert grid is not None
        newest, older = grid.rows
        assert newest[2] == "TaskFailedToStart"
        assert "can't find the specified secret" in newest[3]
        assert "web no exit code" in newest[4]
        assert "exit 137, OutOfMemoryError" in older[4]

    def test_images_are_dated_by_their_push(self, tool: AwsTool, lab: AwsLab) -> None:
        body = tool.aws_service("shop", "web").body
        assert len(re.findall(r"/web:1\.[45]\.\d: pushed \d{4}-", body)) == 2

    def test_an_unknown_service_is_empty_with_those_there_are(self, tool: AwsTool) -> None:
        seen = tool.aws_service("shop", "wab")
        assert seen.state is EvidenceState.EMPTY
        assert seen.body == "cluster shop has no service wab; it has web"

    def test_stopped_tasks_that_were_not_read_are_unknown(self, tool: AwsTool, lab: AwsLab) -> None:
        lab.fail(denied("ListTasks"))
        seen = tool.aws_service("shop", "web")
        assert seen.state is EvidenceState.TRUNCATED
        assert "tasks stopped in the last hour: unknown" in seen.body


class TestChanges:
    def test_writes_are_told_in_order_with_who_and_how_they_ended(self, tool: AwsTool) -> None:
        grid = tool.aws_changes(60).grid
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
        seen = tool.aws_changes(10, account="shop-staging")
        assert seen.state is EvidenceState.TRUNCATED
        assert "up to 15 minutes late" in seen.body

    def test_an_old_window_without_changes_is_empty(self, tool: AwsTool) -> None:
        seen = tool.aws_changes(10, around="2020-01-01T00:00:00Z")
        assert seen.state is EvidenceState.EMPTY

    def test_a_time_that_is_none_is_explained(self, tool: AwsTool) -> None:
        with pytest.raises(ToolError, match="is no time; write it like"):
            tool.aws_changes(10, around="yesterday")


class TestLoadBalancer:
    def test_ill_targets_come_first_with_their_reason(self, tool: AwsTool) -> None:
        seen = tool.aws_load_balancer("shop-alb")
        assert "10.0.1.11:8080 unhealthy (Target.FailedHealthChecks: Health checks" in seen.body
        assert seen.body.index("10.0.1.11") < seen.body.index("10.0.1.10")
        assert seen.grid is not None
        assert seen.grid.rows[0][:4] == ("web", "1", "2", "0")

    def test_5xx_of_the_application_say_when_they_began(self, tool: AwsTool) -> None:
        body = tool.aws_load_balancer("shop-alb").body
        assert "HTTPCode_Target_5XX_Count (Sum per minute): last 42" in body
        assert "HTTPCode_ELB_5XX_Count (Sum per minute): no points" in body

    def test_an_unknown_one_is_empty_with_the_closest(self, tool: AwsTool) -> None:
        seen = tool.aws_load_balancer("shop")
        assert seen.state is EvidenceState.EMPTY
        assert "shop-alb" in seen.body


class TestSecrets:
    def test_a_secret_a_task_names_but_nobody_made_is_missing(self, tool: AwsTool) -> None:
        grid = tool.aws_secrets("task/web").grid
        assert grid is not None
        assert [(row[0], row[2], row[3]) for row in grid.rows] == [
            ("DB_PASSWORD", "shop/web-db-2", "MISSING"),
            ("FLAG", "/shop/web/flag", "present"),
        ]

    def test_a_misspelt_secret_name_in_a_function_is_missing(self, tool: AwsTool) -> None:
        seen = tool.aws_secrets("function/checkout-webhook")
        assert "1 of them not present" in seen.body
        assert "shop/paymentz" in seen.body

    def test_no_value_is_ever_asked_for(self, tool: AwsTool, lab: AwsLab) -> None:
        tool.aws_secrets("task/web:1")
        tool.aws_secrets("secret/shop/payments")
        asked = {one.operation for one in lab.seen()}
        assert asked <= {"DescribeTaskDefinition", "DescribeSecret", "DescribeParameters"}

    def test_a_denied_secret_is_not_read_rather_than_missing(
        self, tool: AwsTool, lab: AwsLab
    ) -> None:
        lab.fail(denied("DescribeSecret"))
        seen = tool.aws_secrets("secret/shop/payments")
        assert seen.state is EvidenceState.TRUNCATED
        assert "MISSING" not in seen.body

    def test_a_subject_of_no_kind_is_explained(self, tool: AwsTool) -> None:
        with pytest.raises(ToolError, match="write `of` as function/NAME"):
            tool.aws_secrets("web")
