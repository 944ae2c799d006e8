"""Finds in prose what can be checked: quoted words, names, images, numbers, durations, times.

Pure text work. It must not know what evidence is; grounding compares what is found here with it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from bot.domain.kinds import KINDS


class ClaimKind(StrEnum):
    """How a claim is compared."""

    NAME = "name"
    NUMBER = "number"
    DURATION = "duration"
    TIME = "time"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One checkable thing a text says."""

    kind: ClaimKind
    text: str
    """As written."""
    value: Decimal | None = None
    """A number's value, or a duration's seconds."""


_LABEL = re.compile(r"\[?\bE\d{1,5}\b\]?")

_QUOTED = re.compile(
    r"`([^`\n]{1,200})`|\"([^\"\n]{1,200})\"|“([^”\n]{1,200})”|„([^“”\n]{1,200})[“”]"
)

_TIME = re.compile(
    r"\b\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?"
    r"|(?<![\w:.])\d{1,2}:\d{2}(?::\d{2})?(?![\w:]|\.\d)"
)

_UNITS = {
    "s": 1,
    "m": 60,
    "h": 3_600,
    "d": 86_400,
    "w": 604_800,
}

_UNIT_WORDS = {
    "s": ("sec", "secs", "second", "seconds", "sekunde", "sekunden"),
    "m": ("min", "mins", "minute", "minutes", "minuten"),
    "h": ("hr", "hrs", "hour", "hours", "stunde", "stunden", "heure", "heures", "hora", "horas"),
    "d": ("day", "days", "tag", "tage", "tagen", "jour", "jours", "día", "días"),
    "w": ("week", "weeks", "woche", "wochen", "semaine", "semaines", "semana", "semanas"),
}

_SECONDS_OF = {word: _UNITS[unit] for unit, words in _UNIT_WORDS.items() for word in (unit, *words)}

_WORDS_BY_LENGTH = "|".join(
    sorted((word for words in _UNIT_WORDS.values() for word in words), key=len, reverse=True)
)

DURATION = re.compile(
    r"(?<![\w.])(?:\d+(?:\.\d+)?[smhdw])(?:\d+(?:\.\d+)?[smhdw])*(?![\w])"
    rf"|(?<![\w.,])\d+(?:[.,]\d+)?[\s-](?:{_WORDS_BY_LENGTH})\b",
    re.IGNORECASE,
)
"""`4h12m` as Kubernetes writes it, or `12 minutes`."""

_DURATION_PART = re.compile(r"(\d+(?:[.,]\d+)?)[\s-]?([^\W\d_]+)", re.IGNORECASE)

NUMBER = re.compile(r"(?<![\w.,:/-])[-+]?\d+(?:[,'\u202f\u00a0]\d{3})*(?:\.\d+)?(?![\w]|[.,]\d)")

QUANTITY = re.compile(r"(?<![\w.])(\d+(?:\.\d+)?)(Ki|Mi|Gi|Ti|Pi|[kKMGT]B?|ms|m|%)(?![\w])")
"""`512Mi`, `250m`, `45%`: a number that means nothing without its unit."""

_WORD = re.compile(r"[^\W_][\w.:/@-]*[^\W_]|[^\W_]")

_HUMPS = re.compile(
    r"[A-Z]{3,}[a-z]{3,}|[A-Z][a-z]+[A-Z]|[a-z]+[A-Z]{2,}[a-z]*$|[A-Z]{2,}[a-z]+[A-Z][a-z]+"
)

_COMMON_NAMES = frozenset(
    {
        *(kind.kind for kind in KINDS),
        *(f"{kind.kind}s" for kind in KINDS),
        "ArgoCD",
        "CoreDNS",
        "DynamoDB",
        "GitHub",
        "GitLab",
        "GraphQL",
        "JavaScript",
        "MongoDB",
        "MySQL",
        "OpenID",
        "OpenTelemetry",
        "PagerDuty",
        "PostgreSQL",
        "RabbitMQ",
        "TypeScript",
        "HTTP/1.1",
        "HTTP/2",
        "SHA-256",
        "UTF-8",
        "x86_64",
    }
)
"""Written with capitals inside, yet no claim about anything seen."""

_KIND_WORDS = frozenset(
    word for kind in KINDS for word in (kind.singular, kind.plural, *kind.short_names)
) | {"namespace", "container", "cluster", "image", "secret"}

_ABBREVIATION = re.compile(r"(?:\w\.)+\w?", re.ASCII)


def claims_in(text: str) -> tuple[Claim, ...]:
    """Return the checkable claims of a text, each once, in the order of their kind."""
    found: dict[str, Claim] = {}
    rest = _LABEL.sub(" ", text)
    for kind, pattern in ((ClaimKind.NAME, _QUOTED), (ClaimKind.TIME, _TIME)):
        rest = _taken(rest, pattern, kind, found)
    for name in _names(rest):
        found.setdefault(name, Claim(kind=ClaimKind.NAME, text=name))
        rest = rest.replace(name, " ")
    rest = _taken(rest, QUANTITY, ClaimKind.NAME, found)
    rest = _taken(rest, DURATION, ClaimKind.DURATION, found)
    _taken(rest, NUMBER, ClaimKind.NUMBER, found)
    return tuple(found.values())


def number(text: str) -> Decimal:
    """Return the value of a number as `NUMBER` finds it, thousands separators aside."""
    return Decimal(re.sub(r"[,'\u202f\u00a0+]", "", text)).normalize()


def seconds(text: str) -> Decimal:
    """Return the length of a duration as `DURATION` finds it."""
    total = Decimal(0)
    for amount, unit in _DURATION_PART.findall(text):
        total += Decimal(amount.replace(",", ".")) * _SECONDS_OF.get(unit.casefold(), 0)
    return total


def _taken(text: str, pattern: re.Pattern[str], kind: ClaimKind, found: dict[str, Claim]) -> str:
    """Add the pattern's matches to what was found; return the text without them."""
    for match in pattern.finditer(text):
        said = next((group for group in match.groups() if group), match[0])
        said = match[0] if pattern is QUANTITY else said.strip()
        value = None
        if kind is ClaimKind.NUMBER:
            value = number(said)
        elif kind is ClaimKind.DURATION:
            value = seconds(said)
        if said:
            found.setdefault(said, Claim(kind=kind, text=said, value=value))
    return pattern.sub(" ", text)


def _names(text: str) -> list[str]:
    """Return words that name something: images, paths, hosts, generated names, reasons."""
    words = _WORD.findall(text)
    names = [
        word
        for index, word in enumerate(words)
        if _is_name(word) or ("-" in word and _beside_kind(words, index))
    ]
    return sorted(names, key=len, reverse=True)


def _is_name(word: str) -> bool:
    if word in _COMMON_NAMES or _ABBREVIATION.fullmatch(word):
        return False
    if any(mark in word for mark in "/:@"):
        # `and/or`, `E1/E2` and `2/3` are no paths; an image, a path or a host has more to it.
        parts = [part for part in re.split(r"[/:@]", word) if part]
        plain = all(part.isalpha() or part.isdigit() for part in parts)
        return not plain or len(parts) > 2  # noqa: PLR2004 - a/b is prose, a/b/c is a path
    letters = any(character.isalpha() for character in word)
    if DURATION.fullmatch(word) or QUANTITY.fullmatch(word) or not letters:
        return False
    digits = any(character.isdigit() for character in word)
    if digits and ("-" in word or "." in word) and not word[0].isdigit():
        return True
    return "_" in word or "." in word.strip(".") or _HUMPS.search(word) is not None


def _beside_kind(words: list[str], index: int) -> bool:
    """Tell whether the word before or after is a kind of resource."""
    beside = words[max(0, index - 1) : index] + words[index + 1 : index + 2]
    return any(word.casefold() in _KIND_WORDS for word in beside)
