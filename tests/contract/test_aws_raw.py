"""Listed operations by `aws service.operation`: told line by line, each failure with its state."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.domain.errors import ToolError
from bot.domain.evidence import EvidenceState
from tests.contract.aws_bench import tool_of
from tests.lab.aws.gate import Fault
from tests.lab.aws.server import AwsLab

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.tools.aws.tool import AwsTool


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


def test_a_list_is_an_entry_a_line_and_a_grid(tool: AwsTool) -> None:
    seen = tool.aws("ecr.describe_images", {"repositoryName": "web"})
    assert (seen.rows, seen.source) == (2, "aws ecr")
    assert len(seen.body.splitlines()) == 2
    assert seen.grid is not None
    assert seen.grid.columns[:2] == ("registryId", "repositoryName")
    assert seen.query == 'aws ecr.describe_images {"repositoryName": "web"}'


def test_an_object_is_a_field_a_line(tool: AwsTool) -> None:
    name = {"FunctionName": "checkout-webhook"}
    seen = tool.aws("lambda.get_function_configuration", name)
    assert "Timeout: 3" in seen.body.splitlines()
    assert '"LOG_LEVEL": "info"' in seen.body


def test_the_same_name_in_another_account_is_another_function(tool: AwsTool) -> None:
    name = {"FunctionName": "checkout-webhook"}
    seen = tool.aws("lambda.get_function_configuration", name, account="222222222222")
    assert seen.cluster == "shop-staging/eu-central-1"
    assert "Timeout: 30" in seen.body


def test_what_does_not_exist_is_empty_in_awss_words(tool: AwsTool) -> None:
    seen = tool.aws("secretsmanager.describe_secret", {"SecretId": "nope"})
    assert seen.state is EvidenceState.EMPTY
    assert "ResourceNotFoundException" in seen.body


def test_an_empty_list_is_empty(tool: AwsTool) -> None:
    seen = tool.aws("sqs.list_queues", account="shop-staging")
    assert (seen.state, seen.rows) == (EvidenceState.EMPTY, 0)


def test_a_denial_is_no_proof_of_absence(tool: AwsTool, lab: AwsLab) -> None:
    lab.fail(denied("ListClusters"))
    seen = tool.aws("ecs.list_clusters")
    assert seen.state is EvidenceState.DENIED
    assert "not authorized to perform: ListClusters" in seen.body


def test_throttling_is_no_answer(tool: AwsTool, lab: AwsLab) -> None:
    lab.fail(Fault(operation="ListClusters"))
    seen = tool.aws("ecs.list_clusters")
    assert seen.state is EvidenceState.UNREACHABLE
    assert "Ask again in 5 s" in seen.body


def test_expired_credentials_are_a_denial_that_says_what_to_renew(
    tool: AwsTool, lab: AwsLab
) -> None:
    lab.fail(Fault(operation="ListClusters", status=403, code="ExpiredTokenException"))
    seen = tool.aws("ecs.list_clusters")
    assert seen.state is EvidenceState.DENIED
    assert "does not accept our credentials (ExpiredTokenException)" in seen.body
    assert "renew them" in seen.body


def test_a_role_that_may_not_be_taken_on_is_a_denial(lab: AwsLab) -> None:
    lab.fail(Fault(operation="AssumeRole", status=403, code="AccessDenied", message="not trusted"))
    seen = tool_of(lab).aws("ecs.list_clusters")
    assert seen.state is EvidenceState.DENIED
    assert lab.seen("ListClusters") == []


def test_an_unknown_region_sends_nothing(tool: AwsTool, lab: AwsLab) -> None:
    with pytest.raises(ToolError, match="eu-central-1 or eu-west-1") as refused:
        tool.aws("ecs.list_clusters", region="us-east-1")
    assert refused.value.rule == "B7"
    assert lab.seen() == []


@pytest.mark.parametrize(
    ("service", "operation", "rule"),
    [
        ("secretsmanager", "get_secret_value", "B4"),
        ("ecs", "update_service", "B1"),
        ("ecs", "get_waiter", "B5"),
    ],
)
def test_a_refusal_sends_nothing(
    tool: AwsTool, lab: AwsLab, service: str, operation: str, rule: str
) -> None:
    with pytest.raises(ToolError) as refused:
        tool.aws(f"{service}.{operation}", {"SecretId": "shop/payments"})
    assert refused.value.rule == rule
    assert lab.seen() == []


def test_an_unknown_account_sends_nothing(tool: AwsTool, lab: AwsLab) -> None:
    with pytest.raises(ToolError, match="shop-prod or shop-staging"):
        tool.aws("ecs.list_clusters", account="shop-dev")
    assert lab.seen() == []
