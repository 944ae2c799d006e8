"""Which runbooks and earlier incidents may fit: found by names and words, offered, never believed.

An earlier verdict that a person called wrong is not offered again, nor one on a place that those
who will read of it may not read.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.domain.spans import age

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bot.domain.alert import Alert
    from bot.domain.incident import Incident
    from bot.domain.runbook import Runbook
    from bot.domain.verdict import Verdict
    from bot.ports.clock import Clock
    from bot.ports.knowledge import PastIncident, PastIncidents, Runbooks

# Older incidents were in another estate.
LOOK_BACK = timedelta(days=90)
MAX_PAST = 500
MAX_OFFERED = 3
# The same rule and the same object are each worth more than any likeness of words; a cause alone
# says little, for half of all incidents are crashes.
SAME_TITLE, SAME_OBJECT, SAME_CAUSE, SAME_WORDS = 2.0, 2.0, 0.5, 1.5
LEAST = 1.5
TEXT_CHARS = 1_000
_WORD = re.compile(r"[a-z][a-z0-9]{2,}")
_COMMON = frozenset({"the", "and", "for", "with", "alert", "firing", "namespace", "cluster", "is"})


class Knowledge:
    """The pages and the past of this installation."""

    def __init__(self, *, pages: Runbooks, past: PastIncidents, clock: Clock) -> None:
        self._pages = pages
        self._past = past
        self._clock = clock

    def runbooks(self, alerts: Sequence[Alert]) -> list[Runbook]:
        """Return the pages that fit the alerts, best first."""
        return self._pages.matching(
            alerts=tuple(dict.fromkeys(alert.name for alert in alerts)),
            services=tuple(
                dict.fromkeys(one.name for alert in alerts for one in alert.scope.objects)
            ),
            text=" ".join(alert.text or alert.name for alert in alerts)[:TEXT_CHARS],
        )

    def similar(
        self,
        incident: Incident,
        alerts: Sequence[Alert],
        triaged: Verdict,
        *,
        may_be_told: Callable[[PastIncident], bool],
    ) -> list[tuple[PastIncident, str]]:
        """Return earlier incidents that look alike, the likest first, each with what to tell."""
        now = self._clock.now()
        words = _words(" ".join((incident.title, *(alert.name for alert in alerts))))
        scored = [
            (likeness(one, title=incident.title, words=words, triaged=triaged), one)
            for one in self._past.concluded(since=now - LOOK_BACK, limit=MAX_PAST)
            if one.incident_id != incident.incident_id and not one.rated_bad and may_be_told(one)
        ]
        best = sorted(
            ((points, one) for points, one in scored if points >= LEAST),
            key=lambda pair: (-pair[0], -pair[1].at.timestamp()),
        )
        return [(one, _told(one, age(now, one.at))) for _, one in best[:MAX_OFFERED]]


def likeness(past: PastIncident, *, title: str, words: frozenset[str], triaged: Verdict) -> float:
    """Return how alike an earlier incident is, in points; at least LEAST is worth telling."""
    theirs = _words(past.title)
    shared = len(words & theirs) / len(words | theirs) if words | theirs else 0.0
    points = SAME_WORDS * shared
    points += SAME_TITLE if past.title == title else 0.0
    points += SAME_OBJECT if past.object and past.object == triaged.object else 0.0
    points += SAME_CAUSE if past.cause is triaged.cause else 0.0
    return points


def _words(text: str) -> frozenset[str]:
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text).casefold()
    return frozenset(_WORD.findall(apart)) - _COMMON


def _told(past: PastIncident, ago: str) -> str:
    return (
        f"{ago} ago: {past.title}\n{past.status.value} {past.cause.value} {past.object}\n"
        f"{past.summary}"
    )
