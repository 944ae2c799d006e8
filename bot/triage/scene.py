"""What was looked at, as the sentences need it: the places, the gaps, the language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.domain.evidence import Evidence, EvidenceState
from bot.domain.spans import age
from bot.triage.language.book import Book
from bot.triage.quoting import quoted
from bot.triage.survey import Survey

if TYPE_CHECKING:
    from datetime import datetime

    from bot.triage.estate import Estate
    from bot.triage.objects import ObjectRef

_GAPS = {
    EvidenceState.DENIED: "gap_denied",
    EvidenceState.UNREACHABLE: "gap_unreachable",
    EvidenceState.TRUNCATED: "gap_truncated",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One question's looks at its clusters."""

    book: Book
    surveys: tuple[Survey, ...]
    """At least one; those that could be read at all."""
    unread: tuple[Evidence, ...] = ()
    """What told that a cluster could not be read at all."""

    @property
    def estates(self) -> tuple[Estate, ...]:
        """The clusters as they were seen."""
        return tuple(survey.estate for survey in self.surveys)

    def estate(self, ref: ObjectRef) -> Estate:
        """Return the cluster an object is in."""
        return next(estate for estate in self.estates if estate.cluster == ref.cluster)

    @property
    def place(self) -> str:
        """The scope in words."""
        return ", ".join(
            place(self.book, survey.estate.cluster, *survey.namespaces) for survey in self.surveys
        )

    @property
    def gaps(self) -> tuple[Evidence, ...]:
        """What could not be read whole."""
        return (*self.unread, *(gap for survey in self.surveys for gap in survey.gaps))

    @property
    def not_read(self) -> str:
        """The gaps in a sentence; empty when there are none."""
        told = []
        for state, phrase in _GAPS.items():
            sources = dict.fromkeys(
                _source(gap, many=len(self.surveys) + len(self.unread) > 1)
                for gap in self.gaps
                if gap.observation.state is state
            )
            if sources:
                told.append(self.book.say(phrase, sources=", ".join(sources)))
        return self.book.say("not_read", gaps="; ".join(told)) if told else ""

    def cite(self, *families: str) -> tuple[str, ...]:
        """Return the labels of those families in all clusters."""
        return tuple(label for estate in self.estates for label in estate.cite(*families))

    def since(self, ref: ObjectRef, moment: datetime) -> str:
        """Return how long ago that was, as kubectl writes it."""
        return age(self.estate(ref).at, moment)


def place(book: Book, cluster: str, *namespaces: str | None) -> str:
    """Return namespaces of a cluster in words; none, or None among them, for all."""
    named = [quoted(name) for name in namespaces if name is not None]
    if not named or None in namespaces:
        return book.say("everything", cluster=cluster)
    phrase = "place" if len(named) == 1 else "places"
    return book.say(phrase, namespace=", ".join(named), cluster=cluster)


def refs(labels: tuple[str, ...]) -> str:
    """Return labels as people read and click them: `[E1] [E2]`."""
    return " ".join(f"[{label}]" for label in labels)


def _source(gap: Evidence, *, many: bool) -> str:
    seen = gap.observation
    return f"{seen.source} of {seen.cluster}" if many else seen.source
