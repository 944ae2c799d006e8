"""A model that believes triage: it concludes what the rules say, and objects to nothing.

With it the suite shows that the lead's way does not spoil what the rules had right. It reads the
opening turn as any model does and knows no case.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.lab.model.brains import CONCLUDE, call, conclude
from tests.lab.model.replies import Reply

if TYPE_CHECKING:
    from tests.lab.model.replies import ToolCall
    from tests.lab.model.requests import MessagesRequest

OBJECT = "object"
MOST_WORDS = 1_400
_SAID = re.compile(
    r"^(?P<status>CONFIRMED|LIKELY|INCONCLUSIVE|HEALTHY) (?P<cause>[a-z_]+) (?P<object>\S+)\n"
    r"(?P<rest>(?:(?!</).*\n?)*)",
    re.MULTILINE,
)


class BelievingBrain:
    """Concludes at once what the opening says that rules found."""

    def reply(self, request: MessagesRequest) -> Reply:
        """Return the conclusion, or that nothing speaks against one."""
        if CONCLUDE not in request.tools:
            stands = call(OBJECT, ruling="stands", reason="Nothing cited contradicts it.")
            return Reply(content=(stands,))
        said = _SAID.search(request.first_user_text)
        if said is None:
            return Reply(content=(_undecided("Triage said nothing."),))
        summary = said["rest"].strip()[:MOST_WORDS] or said["status"]
        if said["status"] == "INCONCLUSIVE":
            return Reply(content=(_undecided(summary),))
        return Reply(
            content=(
                conclude(
                    status=said["status"],
                    cause=said["cause"],
                    object=None if said["object"] == "-" else said["object"],
                    summary=summary,
                    nothing_to_do=said["status"] == "HEALTHY",
                ),
            )
        )


def _undecided(summary: str) -> ToolCall:
    return conclude(
        status="INCONCLUSIVE",
        cause="unknown",
        summary=summary,
        next_checks=["kubectl get events -A", "kubectl get pods -A"],
    )
