"""What the steps of the tour work with, and how they show what they see."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.lab.chat import Chat
from tests.lab.installation import Installation, Process
from tests.lab.lab import Lab

if TYPE_CHECKING:
    from tests.lab.model.server import ModelLab
    from tests.lab.slack.reading import Seen

PATIENCE_S = 40.0
"""A busy machine with two cores takes its time; only a step that fails waits so long."""
_MOST_LINES = 14


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
    lines = text.strip().splitlines()
    shown = "\n".join(f"    {line}" for line in lines[:_MOST_LINES])
    left = len(lines) - _MOST_LINES
    more = f"\n    … {left} more lines" if left > 0 else ""
    sys.stdout.write(f"  {who}:\n{shown}{more}\n")


def expect(seen: Seen, *words: str) -> None:
    """Print a message; fail if it lacks any of the words."""
    say(seen.author, seen.words)
    missing = [word for word in words if word not in seen.words]
    if missing:
        raise AssertionError(f"the answer lacks {missing}")
