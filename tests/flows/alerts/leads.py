"""What the scripted model does with alerts: concludes from triage, and agrees with itself."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.flows.alerts.senders import CLUSTER
from tests.lab.model.brains import ScriptedBrain, call
from tests.lab.model.replies import Reply

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.lab.model.requests import MessagesRequest

STANDS = call("object", ruling="stands", reason="Nothing speaks against it.")
"""What the second look says."""


class Leads:
    """Plays what is scripted for a rule; concludes at once where nothing is."""

    def __init__(self, scripts: Mapping[str, list[object]]) -> None:
        self._scripted = ScriptedBrain(concluding(), questions=scripts)  # type: ignore[arg-type] # any turn

    def reply(self, request: MessagesRequest) -> Reply:
        """Return the turn that is due."""
        # The second look's conversation names no rule.
        return (
            Reply(content=(STANDS,)) if "object" in request.tools else self._scripted.reply(request)
        )


def told(rule: str) -> str:
    """Return how the lead is told of a rule, as long as it is not over."""
    return f"firing {rule}"


def concluding(words: str = "cart keeps crashing") -> list[object]:
    """Return the script of a lead that concludes from what triage collected."""

    def conclude(request: MessagesRequest) -> Reply:
        # The first label in triage's own summary is the pods'.
        label = next(iter(re.findall(r"\[(E\d+)\]", request.first_user_text)), "E1")
        return Reply(
            content=(
                call(
                    "conclude",
                    status="CONFIRMED",
                    summary=f"{words} [{label}].",
                    object=f"{CLUSTER}/deployment/shop/cart",
                    cause="application_crash",
                    category="application",
                    hypotheses=[
                        {"statement": "cart crashes", "state": "supported", "evidence": [label]}
                    ],
                ),
            )
        )

    return [conclude]
