"""What the steps of the tour work with, and how they show what they see."""

from __future__ import annotations

import html
import re
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.lab.chat import Chat
from tests.lab.installation import Installation, Process
from tests.lab.lab import Lab
from tests.lab.slack.seed import ANA, GUS, MARTA, TOM

if TYPE_CHECKING:
    from tests.lab.model.server import ModelLab
    from tests.lab.slack.reading import Seen

PATIENCE_S = 40.0
"""A busy machine with two cores takes its time; only a step that fails waits so long."""
_MOST_LINES = 14
_SHOWN = ("title", "text")
_NAMES = {ANA: "ana", MARTA: "marta", TOM: "tom", GUS: "gus"}
_DATE = re.compile(r"<!date\^\d+\^[^|]*\|([^>]*)>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """The lab, and the product in its own processes."""

    lab: Lab
    chat: Chat
    installation: Installation
    up: Process

    @property
    def model(self) -> ModelLab:
        """The scripted model."""
        if self.lab.model is None:
            raise AssertionError("the tour has a scripted model")
        return self.lab.model


def say(who: str, text: str) -> None:
    """Print what somebody wrote, the beginning of it."""
    lines = [line for line in text.strip().splitlines() if line.strip()]
    if len(lines) > _MOST_LINES + 1:
        left = len(lines) - _MOST_LINES
        # The last line is kept: on a card it says what can be pressed.
        lines = [*lines[: _MOST_LINES - 1], f"… {left} more lines", lines[-1]]
    shown = "\n".join(f"    {line}" for line in lines)
    sys.stdout.write(f"  {who}:\n{shown}\n")


def as_read(seen: Seen) -> str:
    """Return a message as people see it: names and times in words, no text of notifications."""
    shown = _lines(seen.blocks) or [seen.text]
    text = "\n".join([*shown, *_lines(seen.attachments)])
    for user_id, name in _NAMES.items():
        text = text.replace(f"<@{user_id}>", f"@{name}")
    return html.unescape(_DATE.sub(r"\1", text))


def _lines(value: Any) -> list[str]:
    """Return the lines that stand in blocks, without what only the app reads, such as values."""
    match value:
        case list():
            return [line for one in value for line in _lines(one)]
        case {"type": "rich_text_section" | "rich_text_quote" | "rich_text_preformatted"}:
            return "".join(_run(one) for one in value["elements"]).splitlines()
        case {"title": str(title), "value": str(held)}:
            return [f"{title}: {held}"]
        case {"type": "data_table", "rows": rows}:
            return ["  ".join(" ".join(_lines(cell)) for cell in row) for row in rows]
        case {"type": "context_actions"}:
            # The thumbs below every answer.
            return []
        case {"type": "actions", "elements": elements}:
            return [" ".join(f"[{' '.join(_lines(one))}]" for one in elements if _lines(one))]
        case dict():
            own = [text for name in _SHOWN if isinstance(text := value.get(name), str)]
            # What a button asks back is not on the screen before it is pressed.
            seen = [item for name, item in value.items() if name != "confirm"]
            inner = [item for item in seen if isinstance(item, dict | list)]
            return [*own, *_lines(inner)]
        case _:
            return []


def _run(element: dict[str, Any]) -> str:
    if element["type"] == "user":
        return f"@{_NAMES.get(element['user_id'], element['user_id'])}"
    return str(element.get("text", ""))


def expect(seen: Seen, *words: str) -> None:
    """Print a message; fail if it lacks any of the words."""
    say(seen.author, as_read(seen))
    missing = [word for word in words if word not in seen.words]
    if missing:
        raise AssertionError(f"the answer lacks {missing}")
