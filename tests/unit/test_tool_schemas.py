"""What a model is told a tool takes: a change of any bound or name shows here."""

# ruff: noqa: E501 -- descriptions stand here as the model reads them

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from inline_snapshot import snapshot

from bot.agent.toolbox import Toolbox
from bot.tools.aws.tool import AwsTool
from bot.tools.kubectl.tool import KubectlTool
from bot.tools.promql.tool import PromqlTool
from bot.tools.remediation import RemediationTool

if TYPE_CHECKING:
    from collections.abc import Callable

# Nothing is called: a schema is made of the functions' signatures alone.
NOBODY: Any = None
AWS = AwsTool(NOBODY, NOBODY, NOBODY, NOBODY)
KUBECTL = KubectlTool(NOBODY, NOBODY, NOBODY, NOBODY)
PROMQL = PromqlTool(NOBODY, NOBODY, NOBODY, NOBODY)
REMEDIATION = RemediationTool(NOBODY)
# Four characters a token is a safe guess; the first request of a question has 4,000 in all.
MAX_CHARS = 2_000


def schema(function: Callable[..., Any]) -> dict[str, object]:
    (spec,) = Toolbox.of(function).specs
    return dict(spec.input_schema)


def test_aws_takes_one_read_and_its_params() -> None:
    assert schema(AWS.aws) == snapshot(
        {
            "additionalProperties": False,
            "properties": {
                "read": {
                    "description": "A look, or service.operation.",
                    "maxLength": 120,
                    "minLength": 2,
                    "type": "string",
                },
                "params": {"type": "object"},
                "account": {
                    "maxLength": 128,
                    "type": "string",
                    "description": "Registered; else the first.",
                },
                "region": {
                    "maxLength": 32,
                    "type": "string",
                    "description": "The account's first if left out.",
                },
            },
            "required": ["read"],
            "type": "object",
        }
    )


def test_kubectl_takes_one_command() -> None:
    assert schema(KUBECTL.kubectl) == snapshot(
        {
            "additionalProperties": False,
            "properties": {
                "command": {
                    "description": "One whole command, starting with `kubectl`. No pipes, no shell.",
                    "maxLength": 2000,
                    "minLength": 1,
                    "type": "string",
                },
                "cluster": {
                    "maxLength": 253,
                    "type": "string",
                    "description": "Cluster to read; the conversation's first if left out.",
                },
            },
            "required": ["command"],
            "type": "object",
        }
    )


def test_promql_takes_one_expression() -> None:
    assert schema(PROMQL.promql) == snapshot(
        {
            "additionalProperties": False,
            "properties": {
                "query": {
                    "description": "One PromQL expression.",
                    "maxLength": 2000,
                    "minLength": 1,
                    "type": "string",
                },
                "minutes": {
                    "maximum": 10080,
                    "minimum": 1,
                    "type": "integer",
                    "description": "Evaluate over the last so many minutes; the value now if left out.",
                },
                "compare": {
                    "default": False,
                    "description": "Also give the day and the week before.",
                    "type": "boolean",
                },
                "cluster": {
                    "maxLength": 253,
                    "type": "string",
                    "description": "Cluster whose metrics to read; the conversation's first if left out.",
                },
            },
            "required": ["query"],
            "type": "object",
        }
    )


def test_find_metrics_takes_words() -> None:
    assert schema(PROMQL.find_metrics) == snapshot(
        {
            "additionalProperties": False,
            "properties": {
                "words": {
                    "description": "Words, or one metric's name with or without matchers, or an alert's.",
                    "maxLength": 300,
                    "minLength": 1,
                    "type": "string",
                },
                "cluster": {
                    "maxLength": 253,
                    "type": "string",
                    "description": "Cluster whose metrics to read; the conversation's first if left out.",
                },
            },
            "required": ["words"],
            "type": "object",
        }
    )


def test_a_proposal_names_an_operation_and_all_else_may_be_left_out() -> None:
    assert schema(REMEDIATION.propose_operation) == snapshot(
        {
            "additionalProperties": False,
            "properties": {
                "operation": {"maxLength": 99, "type": "string"},
                "parameters": {"type": "object"},
                "place": {"maxLength": 99, "type": "string"},
                "why": {"type": "string"},
                "evidence": {"items": {"type": "string"}, "type": "array"},
            },
            "required": ["operation"],
            "type": "object",
        }
    )


def test_a_proposal_costs_a_request_no_more_than_110_tokens() -> None:
    (spec,) = Toolbox.of(*REMEDIATION.functions()).specs
    told = {"name": spec.name, "description": spec.description, "input_schema": spec.input_schema}
    assert len(json.dumps(told)) / 4 <= 110


@pytest.mark.parametrize(
    "function",
    [
        *AWS.functions(),
        KUBECTL.kubectl,
        PROMQL.promql,
        PROMQL.find_metrics,
        *REMEDIATION.functions(),
    ],
    ids=lambda function: function.__name__,
)
def test_a_tool_is_told_in_few_words(function: Callable[..., Any]) -> None:
    (spec,) = Toolbox.of(function).specs
    assert len(spec.description) + len(str(spec.input_schema)) < MAX_CHARS
