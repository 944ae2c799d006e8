"""A model's verdict beside the rules': whoever jams or talks round the one cannot hide the other.

Pure. Rules read no prose, so no text can order them to be silent.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from bot.domain.verdict import Status

if TYPE_CHECKING:
    from bot.domain.verdict import Verdict

UNFOUNDED: Final = "The language model's conclusion cites no evidence: judged by rules."
_FOUND: Final = frozenset({Status.CONFIRMED, Status.LIKELY})


def weighed(concluded: Verdict, *, by_rules: Verdict) -> tuple[Verdict, str | None]:
    """Return the verdict that counts, and why it is the rules' where it is.

    A conclusion that cites nothing gives way to rules that found something. One that has nothing
    in common with theirs, is undecided, or finds nothing wrong keeps them in sight.
    """
    if by_rules.status not in _FOUND:
        return concluded, None
    if not concluded.evidence:
        return replace(by_rules, cost_usd=concluded.cost_usd, seconds=concluded.seconds), UNFOUNDED
    is_about_theirs = concluded.object is not None and concluded.object == by_rules.object
    is_theirs = concluded.cause is by_rules.cause or is_about_theirs
    if is_theirs and concluded.status in _FOUND:
        return concluded, None
    theirs = f"Rules alone say {by_rules.status.value}: {by_rules.summary}"
    return replace(concluded, caveats=(*concluded.caveats, theirs)), None
