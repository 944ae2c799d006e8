"""Text without its secrets: all rules over one text, their findings joined, each replaced once."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from bot.domain.redaction.addresses import ADDRESSES, driver_passwords
from bot.domain.redaction.assignments import assignments
from bot.domain.redaction.chat import CHAT
from bot.domain.redaction.cloud import CLOUD
from bot.domain.redaction.code_hosts import CODE_HOSTS
from bot.domain.redaction.commands import COMMANDS, flags
from bot.domain.redaction.encoded import encoded
from bot.domain.redaction.manifests import manifest_secrets
from bot.domain.redaction.pairs import pairs
from bot.domain.redaction.pem import HEADLESS, private_keys
from bot.domain.redaction.personal import personal_spans
from bot.domain.redaction.placeholder import Seal
from bot.domain.redaction.rule import Search
from bot.domain.redaction.services import SERVICES
from bot.domain.redaction.span import Span, Subject, merged, replaced, subject_of
from bot.domain.redaction.tokens import TOKENS

if TYPE_CHECKING:
    from collections.abc import Iterator

UNREAD = "unread"
"""The kind of what was withheld because it could not be judged."""
_DECODE_LAYERS = 2
"""How often base64 within base64 is opened."""
_FAULTS = (ArithmeticError, LookupError, MemoryError, RecursionError, TypeError, ValueError)
"""What a rule with a mistake in it can raise, and a text too much for the machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Redacted:
    """A text that may travel."""

    text: str
    found: tuple[tuple[str, int], ...]
    """How many secrets of which kind were hidden, by kind."""


class Redactor:
    """Hides secrets under one installation's key; pure, and safe to share between threads."""

    def __init__(self, *, key: bytes, personal: bool = False) -> None:
        self._seal = Seal(key)
        self._personal = personal

    def redact(self, text: str) -> Redacted:
        """Return the text with every secret replaced by a placeholder, and what was found.

        Total: there is no text it raises for; what could not be judged is withheld as a whole. A
        second pass changes nothing.
        """
        try:
            spans = self.find(text)
        except _FAULTS:
            return Redacted(text=self.withheld(text), found=((UNREAD, 1),))
        counts = Counter(span.kind for span in spans)
        return Redacted(text=self.cover(text, spans), found=tuple(sorted(counts.items())))

    def mask(self, text: str) -> str:
        """Return the text alone, with every secret replaced by a placeholder."""
        try:
            spans = self.find(text)
        except _FAULTS:
            return self.withheld(text)
        return self.cover(text, spans)

    def withheld(self, text: str) -> str:
        """Return what stands for a text that could not be judged: as many lines, and no word."""
        return self._seal.over(UNREAD, text) + "\n" * text.count("\n")

    def placeholder(self, kind: str, secret: str) -> str:
        """Return what stands for a secret that is known to be one."""
        return self._seal.over(kind, secret)

    def find(self, text: str, start: int = 0) -> list[Span]:
        """Return where the secrets are from `start` on: in order, none overlapping."""
        return self.search(text, start)[0]

    def search(self, text: str, start: int = 0) -> tuple[list[Span], list[tuple[int, int]]]:
        """Return the secrets from `start` on, and the stretches that were judged as one."""
        subject = subject_of(text)
        spans = _secrets(subject, start, _DECODE_LAYERS)
        if self._personal:
            spans += personal_spans(subject, start)
        return (merged(spans, subject) if spans else []), subject.wholes

    def cover(self, text: str, spans: list[Span]) -> str:
        """Return the text with these spans replaced by placeholders; every line keeps its place."""
        return replaced(text, spans, (self._mark(text, span) for span in spans)) if spans else text

    def _mark(self, text: str, span: Span) -> str:
        lines = "\n" * text.count("\n", span.start, span.end)
        return self._seal.over(span.kind, span.identity or text[span.start : span.end]) + lines


@lru_cache(maxsize=1)
def _searches() -> tuple[Search, ...]:
    rules = (
        *CLOUD, *CODE_HOSTS, *CHAT, *SERVICES, *TOKENS, *ADDRESSES, *COMMANDS, *HEADLESS
    )  # fmt: skip
    return tuple(Search(rule) for rule in rules)


def _secrets(subject: Subject, start: int, layers: int) -> list[Span]:
    spans = list(_plain(subject, start))
    if layers:
        # Runs of base64 are what is left between the secrets that stand in the open.
        subject.blank(spans)
        spans += encoded(subject, start, lambda text: _holds_secret(text, layers - 1))
    return spans


def _plain(subject: Subject, start: int) -> Iterator[Span]:
    for search in _searches():
        yield from search.spans(subject, start)
    yield from assignments(subject, start)
    yield from pairs(subject, start)
    yield from flags(subject, start)
    yield from driver_passwords(subject, start)
    yield from private_keys(subject, start)
    yield from manifest_secrets(subject, start)


def _holds_secret(text: str, layers: int) -> bool:
    subject = subject_of(text)
    if any(True for _ in _plain(subject, 0)):
        return True
    return layers > 0 and any(
        True for _ in encoded(subject, 0, lambda inner: _holds_secret(inner, layers - 1))
    )
