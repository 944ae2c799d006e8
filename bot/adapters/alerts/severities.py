"""The senders' words, priorities and colours for how bad it is, on the domain's scale of four."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from bot.domain.alert import Severity

if TYPE_CHECKING:
    from collections.abc import Mapping

UNSAID: Final = Severity.WARNING
"""What an alert counts that says nothing: worth a look, no reason to fan out."""
_WORDS: Final[Mapping[Severity, str]] = {
    Severity.CRITICAL: "critical crit page paging emergency disaster fatal blocker p0 p1 sev0 sev1",
    Severity.HIGH: "high error err major severe urgent p2 sev2",
    Severity.WARNING: "warning warn medium moderate average minor p3 sev3",
    Severity.LOW: "low info informational information notice none debug ok p4 p5 sev4 sev5",
}
_SCALE: Final = {word: level for level, words in _WORDS.items() for word in words.split()}
_LABELS: Final = ("severity", "Severity", "level", "priority", "alert_severity", "urgency")
_WORD: Final = re.compile(r"[a-z]+[0-9]?")


def of_word(word: str, default: Severity = UNSAID) -> Severity:
    """Return what a word such as `critical`, `P2` or `SEV-1` means; the default if nothing."""
    plain = re.sub(r"[^a-z0-9]", "", word[:40].casefold())
    return _SCALE.get(plain, default)


def is_word(word: str) -> bool:
    """Tell whether it is a word for a severity and so is no name."""
    return word.casefold() in _SCALE


def of_labels(labels: Mapping[str, str], default: Severity = UNSAID) -> Severity:
    """Return what the labels say; the default if they do not."""
    for name in _LABELS:
        if name in labels:
            return of_word(labels[name], default)
    return default


def of_words(text: str, default: Severity = UNSAID) -> Severity:
    """Return the worst severity a name or title spells out, as in `checkout-5xx-critical`."""
    words = _WORD.findall(text[:400].casefold().replace("sev-", "sev"))
    # `error` and `high` are parts of most names (`HighErrorRate`): only unmistakable words count.
    said = [_SCALE[word] for word in words if word in _SCALE and word not in _COMMON]
    return max(said, default=default)


_COMMON: Final = frozenset(
    [
        "high",
        "low",
        "error",
        "err",
        "average",
        "minor",
        "major",
        "page",
        "none",
        "ok",
        "info",
        "notice",
        "medium",
        "debug",
    ]
)
