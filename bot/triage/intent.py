"""What a question wants, by its words, for when no model is there to understand it."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING

from rapidfuzz import fuzz, process

from bot.domain.kinds import KINDS
from bot.domain.topology import Direction
from bot.triage.language.book import LANGUAGES, language_of, open_book, says, words_of
from bot.triage.moments import When, when_meant
from bot.triage.topology.asking import direction_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Wish(StrEnum):
    """The questions rules can answer."""

    FAILING = "failing"
    WHY = "why"
    CHANGED = "changed"
    USAGE = "usage"
    """Processor and memory."""
    REQUESTS = "requests"
    """How many, how many fail, how long they take."""
    ALARM = "alarm"
    TOPOLOGY = "topology"
    """What depends on what."""
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """One question, understood as far as words go; names are case folded, in their order."""

    wish: Wish
    language: str
    names: tuple[str, ...]
    """Every word that could be the name of an object or a namespace."""
    insisted: tuple[str, ...]
    """Said to be a namespace: `namespace shop`, `-n shop`."""
    places: tuple[str, ...]
    """Said to be a place: `in shop`; a namespace or an object."""
    near: tuple[str, ...]
    """Every word where a place is said, small ones too: a namespace may be called `test`."""
    objects: tuple[str, ...]
    """Said or shaped to be an object: `pod cart-0`, `deployment/cart`."""
    hours: int | None
    """How far back the question looks; None if it does not say."""
    measures: tuple[str, ...] = ()
    """What is to be measured: `cpu`, `memory`, `error_rate`, `latency`, `traffic`."""
    when: When = field(default_factory=When)
    """The stretch of time it names by day or clock."""
    direction: Direction = Direction.BOTH
    """Of a question about dependencies: which way it looks."""

    @property
    def is_measured(self) -> bool:
        """Tell whether it asks for measurements of something."""
        return self.wish in {Wish.USAGE, Wish.REQUESTS}

    @property
    def has_subject(self) -> bool:
        """Tell whether it asks for measurements or dependencies, which are always of something."""
        return self.is_measured or self.wish is Wish.TOPOLOGY


# A typo of one letter in ten scores above 90, an unrelated name below 50.
RESEMBLANCE_MIN = 72
# So many words may stand between `in` and the place, as in "in the whole of the shop namespace".
_REACH = 4
# RFC 1123 subdomains end there.
_NAME_CHARS = 253
_LONGEST_HOURS = 24 * 90

MEASURES = ("cpu", "memory", "error_rate", "latency", "traffic")
# Phrases of the books to what they ask for, the first that is found counts: an alarm that is named
# is more than the question why, and a measurement more than the word error in its name.
_WISHES = (
    ("alarm", Wish.ALARM),
    ("why", Wish.WHY),
    ("error_rate", Wish.REQUESTS),
    ("latency", Wish.REQUESTS),
    ("traffic", Wish.REQUESTS),
    ("cpu", Wish.USAGE),
    ("memory", Wish.USAGE),
    ("usage", Wish.USAGE),
    ("topology", Wish.TOPOLOGY),
    ("changed", Wish.CHANGED),
    ("failing", Wish.FAILING),
    ("released", Wish.CHANGED),
)

_NAMESPACE_WORDS = frozenset({"namespace", "namespaces", "ns", "namensraum", "nombres", "noms"})
_FLAG = re.compile(r"(?:^|\s)(?:-n|--namespace)[ =]([a-z0-9][a-z0-9-]*)", re.IGNORECASE)
_UNITS = {
    "m": 1 / 60,
    "min": 1 / 60,
    "mins": 1 / 60,
    **dict.fromkeys(("minute", "minutes", "minuten", "minutos"), 1 / 60),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours", "stunde", "stunden"), 1),
    **dict.fromkeys(("hora", "horas", "heure", "heures", "std"), 1),
    **dict.fromkeys(("d", "day", "days", "tag", "tage", "tagen"), 24),
    **dict.fromkeys(("dia", "dias", "jour", "jours"), 24),
    **dict.fromkeys(("w", "week", "weeks", "woche", "wochen"), 168),
    **dict.fromkeys(("semana", "semanas", "semaine", "semaines"), 168),
}
_AGO = re.compile(r"(\d{1,4})([a-z]+)")
_CLOCK = re.compile(r"\d{1,2}(?:h\d{2}|[ap]m)")


def understand(text: str) -> Intent:
    """Return the intent; a question that fits no wish is UNCLEAR."""
    words = words_of(text)
    language = language_of(text)
    when = when_meant(text, open_book(language))
    is_compared = _says_anywhere(words, "compared")
    flagged = tuple(name.casefold() for name in _FLAG.findall(text))
    wish = _wish(words, language)
    return Intent(
        wish=wish,
        language=language,
        names=tuple(dict.fromkeys(word for word in words if could_be_name(word))),
        insisted=tuple(dict.fromkeys((*flagged, *_insisted(words)))),
        places=tuple(dict.fromkeys(_places(words))),
        near=tuple(dict.fromkeys(_near(words))),
        objects=tuple(dict.fromkeys(_objects(words))),
        hours=None if when.before or when.after else _hours(words, is_compared=is_compared),
        measures=_measures(words, wish),
        when=when,
        direction=direction_of(words),
    )


def could_be_name(word: str) -> bool:
    """Tell whether a word may name an object: it is none of the languages' own small words."""
    is_sized = 1 < len(word) <= _NAME_CHARS
    is_wordy = is_sized and word.isascii() and not word.isdecimal() and word not in _glue()
    return is_wordy and not _is_time(word)


def _is_time(word: str) -> bool:
    """Tell whether a word is a length of time or a time of day, such as `3h` or `2pm`."""
    length = _AGO.fullmatch(word)
    is_length = length is not None and length[2] in _UNITS
    return is_length or _CLOCK.fullmatch(word) is not None


def meant(word: str, names: Iterable[str]) -> str | None:
    """Return the name a word means: in full, or as the beginning of just one name.

    `checkout` means `checkout-api` if nothing else begins with `checkout-`.
    """
    known = set(names)
    if word in known:
        return word
    begun = [name for name in known if name.startswith(f"{word}-")]
    return begun[0] if len(begun) == 1 else None


def resembling(word: str, names: Iterable[str]) -> str | None:
    """Return the name closest to one that does not exist; None if none is close."""
    found = process.extractOne(
        word, sorted(set(names)), scorer=fuzz.ratio, score_cutoff=RESEMBLANCE_MIN
    )
    return str(found[0]) if found is not None else None


def _wish(words: tuple[str, ...], language: str) -> Wish:
    order = (language, *(code for code in LANGUAGES if code != language))
    for code in order:
        asks = open_book(code).asks
        for key, wish in _WISHES:
            if says(words, asks[key]):
                return wish
    return Wish.UNCLEAR


def _measures(words: tuple[str, ...], wish: Wish) -> tuple[str, ...]:
    said = {key for key in MEASURES if _says_anywhere(words, key)}
    if wish is Wish.USAGE and _says_anywhere(words, "memory_too"):
        said.add("memory")
    return tuple(key for key in MEASURES if key in said)


def _says_anywhere(words: tuple[str, ...], key: str) -> bool:
    return any(says(words, open_book(code).asks[key]) for code in LANGUAGES)


@cache
def _glue() -> frozenset[str]:
    own = frozenset(name for kind in KINDS for name in (kind.plural, kind.singular))
    units = frozenset(_UNITS)
    spoken = (open_book(code).glue for code in LANGUAGES)
    return own.union(units, _NAMESPACE_WORDS, *spoken)


@cache
def _kind_words() -> frozenset[str]:
    listed = {name for kind in KINDS for name in (kind.plural, kind.singular)}
    # Short names people say aloud; others, such as `no` and `ev`, are words of a language.
    return frozenset(listed | {"deploy", "sts", "svc", "workload", "app"}) - _NAMESPACE_WORDS


def _insisted(words: Sequence[str]) -> Iterable[str]:
    for place, word in enumerate(words):
        if word in _NAMESPACE_WORDS:
            before, after = words[max(place - 1, 0) : place], words[place + 1 : place + 2]
            yield from (near for near in (*after, *before) if could_be_name(near))


def _places(words: Sequence[str]) -> Iterable[str]:
    for reach in _reaches(words, _leading()):
        found = next((one for one in reach if could_be_name(one)), None)
        if found is not None:
            yield found


def _near(words: Sequence[str]) -> Iterable[str]:
    for reach in _reaches(words, _leading() | _NAMESPACE_WORDS):
        yield from reach


def _reaches(words: Sequence[str], leading: frozenset[str]) -> Iterable[Sequence[str]]:
    """Yield the words after each that leads to a place, as far as the next one that does."""
    for place, word in enumerate(words):
        if word in leading:
            reach = words[place + 1 : place + 1 + _REACH]
            end = next((at for at, one in enumerate(reach) if one in leading), len(reach))
            yield reach[:end]


@cache
def _leading() -> frozenset[str]:
    return frozenset[str]().union(*(open_book(code).places for code in LANGUAGES))


def _objects(words: Sequence[str]) -> Iterable[str]:
    for place, word in enumerate(words):
        before = words[place - 1] if place else ""
        is_shaped = "-" in word and any(could_be_name(part) for part in word.split("-"))
        if could_be_name(word) and (before in _kind_words() or is_shaped):
            yield word


def _hours(words: Sequence[str], *, is_compared: bool) -> int | None:
    pairs = [(word, after) for word, after in itertools.pairwise(words) if word.isdecimal()]
    pairs += [(match[1], match[2]) for word in words if (match := _AGO.fullmatch(word))]
    for number, unit in pairs:
        if unit in _UNITS and number.isascii():
            return max(1, min(round(int(number[:6]) * _UNITS[unit]), _LONGEST_HOURS))
    if not is_compared and set(words) & {"week", "woche", "semana", "semaine"}:
        return 168
    return None
