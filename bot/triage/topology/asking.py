"""Which way a question about dependencies looks, by its words in any of the languages."""

from __future__ import annotations

from bot.domain.topology import Direction
from bot.triage.language.book import LANGUAGES, open_book, says


def direction_of(words: tuple[str, ...]) -> Direction:
    """Return what is asked for: what depends on a thing, what it depends on, or both in doubt."""
    up = _follows(words, "depends_on_it")
    down = _follows(words, "it_depends_on") or any(
        says(words, open_book(code).asks["it_depends_on_apart"]) for code in LANGUAGES
    )
    if up == down:
        return Direction.BOTH
    return Direction.UP if up else Direction.DOWN


def _follows(words: tuple[str, ...], key: str) -> bool:
    """Tell whether the words of a phrase follow each other: `de qué depende` is not `depende de`.

    Both have the same words, and mean opposite ways.
    """
    spoken = f" {' '.join(words)} "
    return any(
        f" {' '.join(phrase)} " in spoken
        for code in LANGUAGES
        for phrase in open_book(code).asks[key]
    )
