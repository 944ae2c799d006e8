"""What the lab's Messages API refuses, asked by the real SDK."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import anthropic
import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.lab.model.brains import ScriptedBrain, say
from tests.lab.model.errors import InvalidRequestError
from tests.lab.model.requests import MessagesRequest
from tests.lab.model.server import ModelLab
from tests.lab.model.validation import check_message_request

if TYPE_CHECKING:
    from collections.abc import Iterator

MARK = {"type": "ephemeral"}
SCHEMA = {"type": "object", "properties": {"command": {"type": "string"}}}
TOOL: dict[str, Any] = {"name": "kubectl", "input_schema": SCHEMA}
USE: dict[str, Any] = {
    "type": "tool_use",
    "id": "toolu_1",
    "name": "kubectl",
    "input": {"command": "x"},
}
RESULT: dict[str, Any] = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "ok"}
TEXT: dict[str, Any] = {"type": "text", "text": "and?"}
GOOD: dict[str, Any] = {
    "model": "claude-sonnet-5-5",
    "max_tokens": 100,
    "tools": [TOOL],
    "messages": [{"role": "user", "content": "hi"}],
}


def user(*content: Any) -> dict[str, Any]:
    return {"role": "user", "content": list(content)}


def assistant(*content: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": list(content)}


def with_tool(**changes: Any) -> dict[str, Any]:
    return {"tools": [{**TOOL, **changes}]}


def with_schema(**changes: Any) -> dict[str, Any]:
    return with_tool(input_schema={**SCHEMA, **changes})


def send(client: anthropic.Anthropic, **changes: Any) -> httpx2.Response:
    """Post the good request with changes; None takes a field out."""
    body = {key: value for key, value in (GOOD | changes).items() if value is not None}
    return client.post("/v1/messages", body=body, cast_to=httpx2.Response)


@pytest.fixture(scope="module")
def lab() -> Iterator[ModelLab]:
    # Every turn any conversation here can reach.
    with ModelLab(ScriptedBrain([say("hi")] * 4)) as served:
        yield served


@pytest.fixture(scope="module")
def client(lab: ModelLab) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(base_url=lab.url, api_key=lab.api_key, max_retries=0) as made:
        yield made


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"max_tokens": None}, "max_tokens: Field required"),
        ({"max_tokens": -1}, "greater than or equal to 0"),
        ({"max_tokens": "many"}, "max_tokens: Input should be a valid number"),
        ({"temperature": 1.5}, "temperature: Input should be less than"),
        ({"model": None}, "model: Field required"),
        ({"colour": "red"}, "colour: Extra inputs are not permitted"),
        ({"messages": None}, "messages: Field required"),
        ({"messages": []}, "at least one message is required"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "role: Input should be"),
        ({"messages": [user()]}, "non-empty content"),
        ({"messages": [user({"type": "text", "text": ""})]}, "must be non-empty"),
        ({"messages": [user({"type": "text", "text": " \n"})]}, "non-whitespace"),
        ({"system": [{"type": "text", "text": ""}]}, "must be non-empty"),
        ({"messages": [user({"type": "widget"})]}, "'widget' found using 'type'"),
        ({"messages": [user(USE)]}, "'tool_use' found using 'type'"),
        ({"messages": [assistant(TEXT), user(TEXT)]}, 'first message must use the "user" role'),
        ({"messages": [user(TEXT), assistant(TEXT)]}, "prefill"),
        ({"messages": [user("plain", TEXT)]}, "is not allowed"),
        ({"messages": [{"role": "user", "content": 7}]}, "content: Input should be a valid list"),
        ({"tools": "kubectl"}, "tools: Input should be a valid list"),
        ({"messages": [user({"type": "text", "text": "x" * 900_000})]}, "prompt is too long"),
        (with_tool(name="kube ctl"), "name: String should match pattern"),
        (with_tool(name=None), "name: String should match pattern"),
        ({"tools": [TOOL, TOOL]}, "Tool names must be unique"),
        (with_tool(input_schema=None), "input_schema: Field required"),
        (with_tool(input_schema={"type": "string"}), "type: Input should be 'object'"),
        (with_tool(type="bash_20250124"), "client tools only"),
        (with_schema(properties={"a": {"type": "text"}}), "properties/a/type"),
        (with_schema(properties={"a": {"pattern": "("}}), "properties/a/pattern"),
        (with_schema(properties={"a": {"enum": []}}), "properties/a/enum"),
        (with_schema(properties={"a": {"items": 3}}), "properties/a/items"),
        (with_schema(required=["a", "a"]), "draft 2020-12"),
        ({"tool_choice": {"type": "some"}}, "does not match any of the expected tags"),
        ({"tool_choice": {"type": "tool", "name": "aws"}}, "Tool 'aws' not found"),
        ({"tools": None, "tool_choice": {"type": "auto"}}, "only be specified while providing"),
        ({"thinking": {"type": "enabled", "budget_tokens": 10}}, "budget_tokens"),
        (
            {"system": [{"type": "text", "text": f"{n}", "cache_control": MARK} for n in range(5)]},
            "A maximum of 4 blocks with cache_control may be provided. Found 5.",
        ),
    ],
)
def test_a_malformed_request_is_refused_with_the_reason(
    client: anthropic.Anthropic, changes: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(anthropic.BadRequestError) as refused:
        send(client, **changes)
    assert refused.value.type == "invalid_request_error"
    assert complaint in str(refused.value.api_message)


@pytest.mark.parametrize(
    ("messages", "complaint"),
    [
        (
            [user(TEXT), assistant(USE), user(TEXT)],
            "without `tool_result` blocks immediately after",
        ),
        ([user(TEXT), assistant(USE), user(TEXT, RESULT)], "immediately after: toolu_1"),
        ([user(TEXT), assistant(USE, {**USE, "id": "b"}), user(RESULT)], "immediately after: b"),
        ([user(TEXT), assistant(USE), user(RESULT, RESULT)], "must have a single result"),
        ([user(TEXT), assistant(TEXT), user(RESULT)], "unexpected `tool_use_id`"),
        ([user(RESULT)], "unexpected `tool_use_id`"),
        ([user(TEXT), assistant(USE, USE), user(RESULT)], "ids must be unique"),
        ([user(TEXT), assistant({**USE, "input": "x"}), user(RESULT)], "valid dictionary"),
        (
            [user(TEXT), assistant({"type": "tool_use"}), user(RESULT)],
            "tool_use.id: Field required",
        ),
    ],
)
def test_calls_and_results_must_pair_up(
    client: anthropic.Anthropic, messages: list[dict[str, Any]], complaint: str
) -> None:
    with pytest.raises(anthropic.BadRequestError) as refused:
        send(client, messages=messages)
    assert complaint in str(refused.value.api_message)


@pytest.mark.parametrize(
    "changes",
    [
        {"messages": [user(TEXT), assistant(USE), user(RESULT)]},
        {"messages": [user(TEXT), assistant(TEXT, USE), user(RESULT, TEXT)]},
        {"messages": [user(TEXT), user(TEXT)]},
        {"messages": [user(TEXT), assistant(USE), user(RESULT), user(TEXT)]},
        {"messages": [user(TEXT), assistant(USE), user({**RESULT, "content": [TEXT]})]},
        {"messages": [user(TEXT), assistant(USE), user({**RESULT, "is_error": True})]},
        {"tool_choice": {"type": "none"}},
        {"tool_choice": {"type": "tool", "name": "kubectl"}},
        {"max_tokens": 0},
        {"system": [{**TEXT, "cache_control": MARK}] * 4},
        with_schema(properties={"a": {"anyOf": [{"type": "string"}, {"type": "null"}]}}),
        with_schema(additionalProperties=False, required=["command"]),
    ],
)
def test_a_request_the_api_takes_is_taken(
    client: anthropic.Anthropic, changes: dict[str, Any]
) -> None:
    assert send(client, **changes).status_code == 200


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=5)
    | st.sampled_from(["a", "text"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["type", "text", "id", "name", "content"]), inner)
    ),
    max_leaves=8,
)
BLOCK = st.sampled_from([TEXT, USE, RESULT]).flatmap(
    lambda block: st.builds(
        lambda key, value: {**block, key: value}, st.sampled_from(sorted(block)), ANYTHING
    )
)
MESSAGE = st.builds(
    lambda role, content: {"role": role, "content": content},
    st.sampled_from(["user", "assistant", "system"]),
    ANYTHING | st.lists(BLOCK, max_size=3),
)


@given(
    field=st.sampled_from(sorted({*GOOD, "system", "tool_choice", "thinking", "cache_control"})),
    value=ANYTHING | st.lists(MESSAGE, max_size=3),
)
def test_no_body_is_bad_enough_to_break_the_rules_themselves(field: str, value: Any) -> None:
    body = {**GOOD, field: value}
    model = str(body.get("model") or "")
    request = MessagesRequest(provider="anthropic", model=model, stream=False, body=body)
    with contextlib.suppress(InvalidRequestError):
        check_message_request(request, alternate=False)
        assert request.messages[-1].role != "assistant"
        assert request.max_tokens >= 0


def test_calls_need_the_tools_they_were_made_with(client: anthropic.Anthropic) -> None:
    with pytest.raises(anthropic.BadRequestError, match="must define tools"):
        send(client, messages=[user(TEXT), assistant(USE), user(RESULT)], tools=None)


def test_a_strict_lab_refuses_two_turns_of_one_role() -> None:
    with (
        ModelLab(ScriptedBrain([say("hi")]), alternate=True) as lab,
        anthropic.Anthropic(base_url=lab.url, api_key=lab.api_key, max_retries=0) as client,
        pytest.raises(anthropic.BadRequestError, match="roles must alternate"),
    ):
        send(client, messages=[user(TEXT), user(TEXT)])


def test_a_wrong_key_is_unauthorized(lab: ModelLab) -> None:
    with (
        anthropic.Anthropic(base_url=lab.url, api_key="stale", max_retries=0) as stranger,
        pytest.raises(anthropic.AuthenticationError, match="invalid x-api-key"),
    ):
        send(stranger)


def test_the_key_may_come_in_its_older_header(lab: ModelLab) -> None:
    headers = {"x-api-key": lab.api_key, "anthropic-version": "2023-06-01"}
    answered = httpx2.post(f"{lab.url}/v1/messages", headers=headers, json=GOOD)
    assert answered.status_code == 200
    headers.pop("x-api-key")
    refused = httpx2.post(f"{lab.url}/v1/messages", headers=headers, json=GOOD)
    assert refused.status_code == 401
    assert refused.json()["error"]["message"] == "x-api-key header is required"
    assert refused.json()["request_id"] == refused.headers["request-id"]


@pytest.mark.parametrize("version", [None, "latest"])
def test_the_version_header_must_be_there_and_be_a_date(lab: ModelLab, version: str | None) -> None:
    headers = {"x-api-key": lab.api_key} | ({"anthropic-version": version} if version else {})
    refused = httpx2.post(f"{lab.url}/v1/messages", headers=headers, json=GOOD)
    assert refused.status_code == 400
    assert refused.json()["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b"\xff"])
def test_a_body_that_is_no_json_object_is_refused(lab: ModelLab, body: bytes) -> None:
    headers = {"x-api-key": lab.api_key, "anthropic-version": "2023-06-01"}
    refused = httpx2.post(f"{lab.url}/v1/messages", headers=headers, content=body)
    assert refused.status_code == 400
    assert "JSON" in refused.json()["error"]["message"]


def test_an_unknown_path_is_not_found(client: anthropic.Anthropic) -> None:
    with pytest.raises(anthropic.NotFoundError):
        client.get("/v1/complete", cast_to=httpx2.Response)


def test_a_refused_request_uses_no_turn_of_the_script(client: anthropic.Anthropic) -> None:
    with pytest.raises(anthropic.BadRequestError):
        send(client, max_tokens=None)
    assert send(client).json()["content"] == [{"type": "text", "text": "hi"}]
