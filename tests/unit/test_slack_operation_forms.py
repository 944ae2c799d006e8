"""The form that asks for what an order lacks is one Slack takes, whatever was typed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.slack import actions
from bot.adapters.slack.blocks.approval.run_form import form_errors, form_text, run_form
from bot.adapters.slack.inbound_operations import read_submission
from bot.adapters.slack.operation_intents import (
    Run,
)
from bot.adapters.slack.validation import validate_view
from bot.entrypoints.listeners.inbox import delivery_id, without_codes
from bot.ports.operations_desk import FieldKind, FormField, RunForm
from tests.unit.slack_cards import HOSTILE
from tests.unit.slack_payloads import ANA
from tests.unit.test_slack_operation_clicks import PLACE, submission


def form(**fields: Any) -> RunForm:
    told: dict[str, Any] = {
        "operation": "scale_up",
        "title": "Scale up",
        "fields": (
            FormField(
                name="place",
                label="Where",
                kind=FieldKind.CHOICE,
                required=True,
                choices=("eu", "us"),
                value="us",
            ),
            FormField(
                name="replicas",
                label="Replicas",
                kind=FieldKind.WHOLE,
                required=True,
                problem="is needed",
            ),
            FormField(name="force", label="Force", kind=FieldKind.YES_NO, required=False),
        ),
    }
    return RunForm(**{**told, **fields})


def test_the_form_asks_for_what_is_missing_and_keeps_what_is_there() -> None:
    shown = run_form(form(), {**PLACE, "order_id": "order/1"})
    assert validate_view(shown) == []
    place, replicas, force = [block for block in shown["blocks"] if block["type"] == "input"]
    assert place["element"]["initial_option"]["value"] == "us"
    assert (replicas["block_id"], replicas["optional"]) == ("replicas", False)
    assert force["optional"] is True
    intent = read_submission(submission(shown, place=["us"], replicas="5", force=[""]))
    assert isinstance(intent, Run)
    assert intent.order.operation == "scale_up"
    assert intent.order.order_id == "order/1"
    assert intent.order.given == {"place": "us", "replicas": "5"}


def test_what_is_wrong_is_said_under_its_field() -> None:
    assert form_errors(form()) == {"replicas": "Replicas is needed"}
    assert form_errors(form(notes=("foo is no parameter",))) == {"replicas": "Replicas is needed"}
    assert "Replicas is needed; foo is no parameter" in form_text(
        form(notes=("foo is no parameter",))
    )


@pytest.mark.parametrize("text", HOSTILE)
def test_forms_of_hostile_text_are_views_slack_takes(text: str) -> None:
    fields = tuple(
        FormField(
            name=f"f{number}",
            label=text,
            kind=kind,
            required=True,
            hint=text,
            choices=(text or "x", "b"),
            value=text,
            problem=text,
        )
        for number, kind in enumerate(FieldKind)
    )
    shown = run_form(form(title=text, fields=fields, notes=(text,)), {"order_id": "o"})
    json.dumps(shown).encode()
    assert validate_view(shown) == []


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)


@given(
    payload=st.dictionaries(
        st.sampled_from(["user", "team", "view", "actions", "message", "trigger_id"]), ANY_JSON
    ),
    callback=st.sampled_from(
        [
            actions.DENIAL_VIEW,
            actions.PROOF_VIEW,
            actions.SETTLEMENT_VIEW,
            actions.RUN_VIEW,
            "other",
        ]
    ),
    metadata=st.one_of(st.text(max_size=30), ANY_JSON.map(json.dumps)),
    values=ANY_JSON,
)
def test_no_form_raises(
    payload: dict[str, Any], callback: str, metadata: str, values: object
) -> None:
    view = {"callback_id": callback, "private_metadata": metadata, "state": {"values": values}}
    read_submission(payload)
    read_submission({"user": {"id": ANA}, "view": view})
    without_codes({"view": view})
    delivery_id("view", payload)
