"""What people write in an incident's thread: suggestions of a cause, told from other questions."""

from __future__ import annotations

import pytest

from bot.flows.alert.suggestions import suggests_cause


@pytest.mark.parametrize(
    "text",
    [
        "Could it be DNS?",
        "could this be the new network policy",
        "maybe it's the database",
        "look at other causes please",
        "rule out the deploy of 10:20",
        "investigate this, when did it start?",
        "Könnte es am Netz liegen?",
        "schau dir andere Ursachen an",
        "¿podría ser el DNS?",
        "busca otras causas",
        "ça pourrait être le réseau ?",
        "regarde d'autres causes",
    ],
)
def test_a_suggested_cause_is_heard(text: str) -> None:
    assert suggests_cause(text)


@pytest.mark.parametrize(
    "text",
    ["which pods run there?", "kubectl get pods -n shop", "thanks", "who deployed it?", ""],
)
def test_any_other_question_is_a_question(text: str) -> None:
    assert not suggests_cause(text)
