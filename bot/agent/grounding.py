"""Checks an answer against the evidence it cites, word by word and without any model.

What the evidence does not hold is not wrong, but nobody has seen it: it is listed as unverified.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from bot.agent.claims import DURATION, NUMBER, Claim, ClaimKind, claims_in, number, seconds
from bot.agent.exhibit import where
from bot.domain.verdict import Hypothesis, HypothesisState, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from bot.domain.evidence import Evidence
    from bot.domain.verdict import TimelinePoint

_LABEL = re.compile(r"\bE(\d{1,5})\b")

_CITED = re.compile(r"\[\s*(E\d{1,5}(?:\s*[,;]\s*E\d{1,5})*)\s*\]")

MAX_UNVERIFIED = 20
"""Entries; a verdict with that many is no better described by more."""

_WORD = re.compile(r"[^\W\d_]{4,}")
"""Words that may tell which rows a count counts; shorter ones are articles and the like."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounded:
    """A verdict after the check."""

    verdict: Verdict
    checked: int
    """How many claims were compared."""
    missing: int
    """How many of them no cited evidence holds."""


def cited_labels(text: str) -> tuple[str, ...]:
    """Return the labels a text cites as [E1] or [E1, E2], each once, in order."""
    found = (
        f"E{int(digits)}" for group in _CITED.findall(text) for digits in _LABEL.findall(group)
    )
    return tuple(dict.fromkeys(found))


def ground(
    verdict: Verdict, *, find: Callable[[str], Evidence | None], known: Iterable[str]
) -> Grounded:
    """Return the verdict with what nobody saw marked.

    `find` looks a label up. `known` are texts whose words need no evidence: the question, the
    scope, names from the registry. Labels that do not exist are dropped and noted; explanations
    and dated facts without evidence are no longer called supported.
    """
    check = _Check(find=find, known=tuple(known))
    everything = check.existing(
        dict.fromkeys(
            (
                *cited_labels(verdict.summary),
                *(label for one in verdict.hypotheses for label in one.evidence),
                *(label for one in verdict.timeline for label in one.evidence),
            )
        )
    )
    summary = check.without_invented(verdict.summary)
    check.compare(summary, everything)
    hypotheses = tuple(check.hypothesis(one) for one in verdict.hypotheses)
    timeline = tuple(check.point(one) for one in verdict.timeline)
    return Grounded(
        verdict=replace(
            verdict,
            summary=summary,
            hypotheses=(*hypotheses, *check.moved),
            timeline=tuple(point for point in timeline if point is not None),
            unverified=tuple(dict.fromkeys((*verdict.unverified, *check.unverified)))[
                :MAX_UNVERIFIED
            ],
            evidence=everything,
        ),
        checked=check.checked,
        missing=check.missing,
    )


class _Check:
    """Working state of one check."""

    def __init__(self, *, find: Callable[[str], Evidence | None], known: tuple[str, ...]) -> None:
        self._find = find
        self._known = known
        self._sights: dict[tuple[str, ...], Sight] = {}
        self.unverified: list[str] = []
        self.moved: list[Hypothesis] = []
        self.checked = 0
        self.missing = 0

    def existing(self, labels: Iterable[str]) -> tuple[str, ...]:
        kept = []
        for label in labels:
            if self._find(label) is not None:
                kept.append(label)
            else:
                self._note(f"{label} (no such evidence)")
        return tuple(kept)

    def without_invented(self, text: str) -> str:
        """Return the text with citations of labels that do not exist taken out."""

        def kept(match: re.Match[str]) -> str:
            labels = self.existing(f"E{int(digits)}" for digits in _LABEL.findall(match[1]))
            return f"[{', '.join(labels)}]" if labels else ""

        return re.sub(r" +([.,;])", r"\1", _CITED.sub(kept, text)).strip()

    def hypothesis(self, said: Hypothesis) -> Hypothesis:
        labels = self.existing(dict.fromkeys((*said.evidence, *cited_labels(said.statement))))
        statement = self.without_invented(said.statement)
        self.compare(statement, labels)
        state = said.state if labels else HypothesisState.OPEN
        return replace(said, statement=statement, evidence=labels, state=state)

    def point(self, said: TimelinePoint) -> TimelinePoint | None:
        """Return the point, or None if it has no evidence and is kept as an open hypothesis."""
        labels = self.existing(dict.fromkeys((*said.evidence, *cited_labels(said.what))))
        what = self.without_invented(said.what)
        if labels:
            self.compare(f"{said.at} {what}", labels)
            return replace(said, what=what, evidence=labels)
        self.moved.append(
            Hypothesis(statement=f"{said.at} {what}", state=HypothesisState.OPEN, evidence=())
        )
        return None

    def compare(self, text: str, labels: tuple[str, ...]) -> None:
        """Count the text's claims, and note those the evidence does not hold."""
        sight = self._sight(labels)
        for claim in claims_in(text):
            self.checked += 1
            if not sight.holds(claim, within=text):
                self.missing += 1
                self._note(claim.text)

    def _sight(self, labels: tuple[str, ...]) -> Sight:
        if labels not in self._sights:
            seen = [evidence for label in labels if (evidence := self._find(label))]
            self._sights[labels] = Sight(seen, known=self._known)
        return self._sights[labels]

    def _note(self, text: str) -> None:
        if text not in self.unverified:
            self.unverified.append(text)


class Sight:
    """All that some pieces of evidence and the asker's own words let one say."""

    def __init__(self, evidence: Iterable[Evidence], *, known: Iterable[str] = ()) -> None:
        seen = [one.observation for one in evidence]
        self._counts = {Decimal(one.rows) for one in seen if one.rows is not None}
        texts = [f"{one.body}\n{one.query}\n{where(one)}" for one in seen]
        texts += [f"{one.collected_at:%Y-%m-%dT%H:%M:%SZ}" for one in seen]
        self._text = _plain("\n".join((*texts, *known)))
        self._lines = [_plain(line) for one in seen for line in one.body.splitlines()]
        self._numbers: frozenset[Decimal] | None = None
        self._durations: frozenset[Decimal] | None = None

    def holds(self, claim: Claim, *, within: str) -> bool:
        """Tell whether the evidence shows the claim; `within` is the text that makes it."""
        match claim.kind:
            case ClaimKind.NAME:
                return self._has_words(claim.text) or self._has_share(claim.text)
            case ClaimKind.NUMBER:
                return self._has_number(claim, within)
            case ClaimKind.DURATION:
                return self._has_words(claim.text) or self._has_duration(claim)
            case ClaimKind.TIME:
                return self._has_time(claim.text)

    def _has_words(self, text: str) -> bool:
        """Tell whether the text is there, and not only inside a longer word or number."""
        plain = re.escape(_plain(text))
        return re.search(rf"(?<!\w){plain}(?!\w)", self._text) is not None

    def _has_time(self, text: str) -> bool:
        """Tell whether the time is there, in ISO 8601 or with a space, zone and fraction aside."""
        plain = "[ t]".join(re.escape(part) for part in re.split("[ t]", _plain(text)))
        return re.search(rf"(?<!\d){plain}(?!\d)", self._text) is not None

    def _has_number(self, claim: Claim, within: str) -> bool:
        value = claim.value
        if value is None:
            return False
        if value in self._all_numbers() or value in self._counts:
            return True
        return self._counts_rows(value, within)

    def _counts_rows(self, value: Decimal, within: str) -> bool:
        """Tell whether it is the number of lines that share a word with the sentence."""
        words = {_plain(word) for word in _WORD.findall(within)}
        return value > 0 and any(
            sum(word in line for line in self._lines) == value for word in words
        )

    def _has_share(self, text: str) -> bool:
        """Tell whether a percentage is there as a share, as in 0.45 for 45%, or spelled out."""
        if re.fullmatch(r"\d+(?:\.\d+)?%", text) is None:
            return False
        share = (number(text[:-1]) / 100).normalize()
        spelled = any(self._has_words(f"{text[:-1]}{unit}") for unit in (" %", " percent"))
        return spelled or share in self._all_numbers()

    def _has_duration(self, claim: Claim) -> bool:
        if self._durations is None:
            found = DURATION.findall(self._text)
            self._durations = frozenset(
                length for text in found for length in (seconds(text), _leading(text))
            )
        return claim.value in self._durations

    def _all_numbers(self) -> frozenset[Decimal]:
        if self._numbers is None:
            bare = re.findall(r"\d+(?:\.\d+)?", self._text)
            self._numbers = frozenset(
                {number(text) for text in NUMBER.findall(self._text)}
                | {Decimal(text).normalize() for text in bare}
            )
        return self._numbers


def _leading(duration: str) -> Decimal:
    """Return the first part of a duration: `4h12m` supports "4 hours"."""
    first = re.match(r"\d+(?:\.\d+)?[a-z]+", duration)
    return seconds(first[0]) if first else Decimal(0)


def _plain(text: str) -> str:
    return re.sub(r"[ \t]+", " ", text).casefold().strip()
