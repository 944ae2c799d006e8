"""LogQL that people type, told from sentences and from PromQL; and what a model is told of it."""

from __future__ import annotations

from typing import Any

import pytest
from inline_snapshot import snapshot

from bot.agent.toolbox import Toolbox
from bot.domain.errors import ToolError
from bot.flows.question.kit import is_typed
from bot.tools.logql.tool import LogqlTool
from bot.tools.logql.typed import TypedLogQuery, is_logql, read_typed, written

NOBODY: Any = None


@pytest.mark.parametrize(
    "text",
    [
        '{namespace="shop"} |= "error"',
        '`{namespace="shop"} |= "error"`',
        '```logql\n{namespace="shop"}\n| json\n```',
        'logql {namespace="shop"}',
        "LogQL {namespace='shop'}",
        'logql --last=6h {namespace="shop"}',
        'logql rate({namespace="shop"}[5m])',
        'logs {app="x"} |= "error"',
        'logs --last=2d {app="x"} | json | level="error"',
    ],
)
def test_a_typed_log_query_is_recognised(text: str) -> None:
    assert is_logql(text)
    assert is_typed(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "logs",
        "logs of cart please",
        "logql",
        "logql is slow today",
        '{namespace="shop"}',
        'logs {app="x"}',
        "{odd} |= sentence",
        'up{job="x"}',
        'why does {app="x"} |= "error" find nothing',
        'kubectl logs web -n shop --grep="{"',
    ],
)
def test_prose_and_promql_are_not(text: str) -> None:
    assert not is_logql(text)


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ('{a="b"} |= "x"', TypedLogQuery(query='{a="b"} |= "x"')),
        ('logql --last=1h30m {a="b"}', TypedLogQuery(query='{a="b"}', minutes=90)),
        ('`logs {a="b"} |= "x"`', TypedLogQuery(query='{a="b"} |= "x"')),
    ],
)
def test_a_typed_query_is_read_with_its_window(text: str, query: TypedLogQuery) -> None:
    assert read_typed(text) == query
    assert read_typed(written(query.query, minutes=query.minutes)) == query


def test_a_window_that_is_none_is_refused() -> None:
    with pytest.raises(ToolError, match="--last=soon is no length of time"):
        read_typed('logql --last=soon {a="b"}')


def test_a_model_is_told_one_query_a_window_and_a_cluster() -> None:
    tool = LogqlTool(NOBODY, NOBODY, NOBODY, NOBODY)
    (spec,) = Toolbox.of(tool.logql).specs
    assert spec.name == "logql"
    assert len(spec.description) + len(str(spec.input_schema)) < 1_000
    assert dict(spec.input_schema) == snapshot(
        {
            "additionalProperties": False,
            "properties": {
                "query": {
                    "description": "One LogQL log query.",
                    "maxLength": 2000,
                    "minLength": 1,
                    "type": "string",
                },
                "minutes": {
                    "default": 60,
                    "description": "How far back.",
                    "maximum": 10080,
                    "minimum": 1,
                    "type": "integer",
                },
                "cluster": {
                    "maxLength": 253,
                    "type": "string",
                    "description": "The first if left out.",
                },
            },
            "required": ["query"],
            "type": "object",
        }
    )
