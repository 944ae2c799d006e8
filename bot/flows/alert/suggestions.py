"""What people in an incident's thread want of its investigation: another cause looked at, or more.

Pure. Four languages; anything else is a question like any, which loses nothing but the lead's eye.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from bot.domain.investigation import Investigation

_SUGGESTION: Final = re.compile(
    r"\b(?:could|can|might|may) (?:it|this|that) (?:also )?be\b"
    r"|\b(?:is|was) it (?:maybe|perhaps|possibly)\b|\bmaybe it(?:'s| is)\b|\bwhat if it\b"
    r"|\b(?:look at|check|consider|try) (?:for )?(?:an)?other (?:causes?|reasons?|explanations?)\b"
    r"|\brule out\b|\binvestigate (?:this|again|it)\b|\blook again\b"
    r"|\bk(?:ö|oe)nnte es\b|\bist es vielleicht\b|\bandere ursachen?\b"
    r"|\bschlie(?:ß|ss)e? .{1,60} aus\b"
    r"|\bpodr[ií]a ser\b|\bser[áa] que\b|\botras? causas?\b|\bdescarta\b"
    r"|\b(?:est-ce que )?(?:ç|c)a pourrait [êe]tre\b|\bpourrait-ce [êe]tre\b|\bautres? causes?\b"
    r"|\b[ée]carte[rz]?\b",
    re.IGNORECASE,
)


def asks_nobody(run: Investigation) -> bool:
    """Tell whether an alert asked for the run, and nobody has since."""
    return bool(run.questions) and all(one.incident_id is not None for one in run.questions)


def suggests_cause(text: str) -> bool:
    """Tell whether a person suggests a cause, or wants others looked at."""
    return _SUGGESTION.search(text) is not None
