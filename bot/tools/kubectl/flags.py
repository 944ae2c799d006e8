"""The flags of each verb, what values they take, and how they are read (R10 to R14).

A flag that is not in the table does not exist, whatever kubectl would make of it; values are
checked against a pattern each, and every number has a bound.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.domain.topology import MAX_DEPTH
from bot.tools.kubectl.lexer import RESTART_COUNT_PATH
from bot.tools.refusal import quoted, refuse

if TYPE_CHECKING:
    from collections.abc import Sequence

SORT_PATHS = (
    ".metadata.creationTimestamp",
    ".metadata.name",
    ".status.startTime",
    ".lastTimestamp",
    RESTART_COUNT_PATH,
)
"""Any other path could print a value nobody redacts."""
# A page or two of a terminal; what is older is found with --since and --grep.
MAX_TAIL = 2_000
MAX_REVISION = 1_000_000
# Logs older than this are rotated away on every cluster.
MAX_SINCE_S = 31 * 24 * 3600
MAX_GREP_TEXTS = 8

_SECONDS = {"h": 3600, "m": 60, "s": 1}
_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_LABEL_KEY = (
    r"([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
)
_LABEL_VALUE = r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?"
_LABEL_TERM = re.compile(
    rf"\s*(!?{_LABEL_KEY}|{_LABEL_KEY}\s*(=|==|!=)\s*{_LABEL_VALUE}"
    rf"|{_LABEL_KEY}\s+(in|notin)\s*\(\s*{_LABEL_VALUE}(\s*,\s*{_LABEL_VALUE})*\s*\))\s*"
)
_FIELD_TERM = re.compile(r"[A-Za-z][A-Za-z.]{0,100}(=|==|!=)[-A-Za-z0-9_.:/]{0,253}")
_DURATION = re.compile(r"([0-9]{1,7}[hms]){1,3}")
_OBJECT = re.compile(r"[A-Za-z][-A-Za-z0-9.]{0,252}/\S{1,253}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """One flag; without `accepts` it is a switch and takes no value."""

    name: str
    short: str | None = None
    accepts: Callable[[str], bool] | None = None
    example: str = ""
    """Its nearest allowed spelling."""
    when_bare: str | None = None
    """Value it has when it is written without one; None if it needs one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanned:
    """A command line taken apart: flags by their long name, and the words that are none."""

    values: Mapping[str, str]
    switches: frozenset[str]
    words: tuple[str, ...]


def seconds(duration: str) -> int:
    """Return the seconds of a duration such as `1h30m`."""
    return sum(int(count) * _SECONDS[unit] for count, unit in re.findall(r"(\d+)([hms])", duration))


def _matches(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda value: pattern.fullmatch(value) is not None


def _one_of(*allowed: str) -> Callable[[str], bool]:
    return lambda value: value in allowed


def _number(highest: int) -> Callable[[str], bool]:
    return lambda value: (
        re.fullmatch(r"[0-9]{1,7}", value) is not None and 1 <= int(value) <= highest
    )


def _list_of(term: Callable[[str], bool]) -> Callable[[str], bool]:
    return lambda value: all(term(part) for part in value.split(","))


def _is_label_selector(value: str) -> bool:
    outside_brackets = re.split(r",(?![^(]*\))", value)
    return all(_LABEL_TERM.fullmatch(term) for term in outside_brackets)


def _is_since(value: str) -> bool:
    return _DURATION.fullmatch(value) is not None and 1 <= seconds(value) <= MAX_SINCE_S


def _is_grep(value: str) -> bool:
    texts = [text.strip() for text in value.split(",")]
    return len(texts) <= MAX_GREP_TEXTS and all(texts)


NAMESPACE = Flag(
    name="--namespace", short="-n", accepts=_matches(_NAMESPACE), example="-n NAMESPACE"
)
ALL_NAMESPACES = Flag(name="--all-namespaces", short="-A", example="-A")
LABELS = Flag(
    name="--selector", short="-l", accepts=_is_label_selector, example="-l app=checkout,tier!=test"
)
_USAGE_ORDER = Flag(name="--sort-by", accepts=_one_of("cpu", "memory"), example="--sort-by=memory")

GET = (
    NAMESPACE,
    ALL_NAMESPACES,
    LABELS,
    Flag(
        name="--field-selector",
        accepts=_list_of(_matches(_FIELD_TERM)),
        example="--field-selector=status.phase=Pending",
    ),
    Flag(
        name="--output",
        short="-o",
        accepts=_one_of("wide", "name", "json", "yaml"),
        example="-o wide, -o name, -o json or -o yaml",
    ),
    Flag(name="--show-labels", example="--show-labels"),
    Flag(
        name="--label-columns",
        short="-L",
        accepts=_list_of(_matches(re.compile(_LABEL_KEY))),
        example="-L app,version",
    ),
    Flag(
        name="--sort-by",
        accepts=_one_of(*SORT_PATHS),
        example="--sort-by= one of " + " ".join(SORT_PATHS),
    ),
    Flag(name="--no-headers", example="--no-headers"),
    Flag(name="--ignore-not-found", example="--ignore-not-found"),
)
DESCRIBE = (
    NAMESPACE,
    LABELS,
    Flag(
        name="--show-events",
        accepts=_one_of("true", "false"),
        example="--show-events=false",
        when_bare="true",
    ),
)
LOGS = (
    NAMESPACE,
    LABELS,
    Flag(name="--container", short="-c", accepts=_matches(_NAMESPACE), example="-c CONTAINER"),
    Flag(name="--previous", short="-p", example="--previous"),
    Flag(
        name="--since",
        accepts=_is_since,
        example="--since=30m, up to --since=744h; units are h, m and s",
    ),
    Flag(
        name="--tail",
        accepts=_number(MAX_TAIL),
        example=f"--tail=200, from 1 to {MAX_TAIL}; narrow with --since or --grep",
    ),
    Flag(name="--timestamps", example="--timestamps"),
    Flag(name="--all-containers", example="--all-containers"),
    Flag(name="--prefix", example="--prefix"),
    Flag(
        name="--grep",
        accepts=_is_grep,
        example="--grep=timeout or --grep='connection refused,timed out' (plain text, any of them)",
    ),
)
TOP_PODS = (
    NAMESPACE,
    ALL_NAMESPACES,
    LABELS,
    Flag(name="--containers", example="--containers"),
    _USAGE_ORDER,
)
TOP_NODES = (NAMESPACE, LABELS, _USAGE_ORDER)
EVENTS = (
    NAMESPACE,
    ALL_NAMESPACES,
    Flag(name="--for", accepts=_matches(_OBJECT), example="--for=pod/NAME"),
    Flag(
        name="--types",
        accepts=_list_of(_one_of("Normal", "Warning")),
        example="--types=Warning or --types=Normal,Warning",
    ),
)
ROLLOUT_HISTORY = (
    NAMESPACE,
    Flag(name="--revision", accepts=_number(MAX_REVISION), example="--revision=7"),
)
TOPOLOGY = (
    NAMESPACE,
    Flag(
        name="--direction", accepts=_one_of("up", "down", "both"), example="--direction=up or =down"
    ),
    Flag(name="--depth", accepts=_number(MAX_DEPTH), example=f"--depth=2, up to {MAX_DEPTH}"),
)
NAMESPACE_ONLY = (NAMESPACE,)


def scan(arguments: Sequence[str], flags: Sequence[Flag], *, verb: str) -> Scanned:
    """Take a command line apart from left to right.

    Raises:
        ToolError: One of R10 to R15 refuses it.
    """
    values: dict[str, str] = {}
    switches: set[str] = set()
    others: list[str] = []
    rest = list(arguments)
    while rest:
        word = rest.pop(0)
        if not word.startswith("-"):
            others.append(word)
            continue
        flag, value = _read(word, rest, flags, verb=verb)
        if flag.name in values or flag.name in switches:
            raise refuse("R14", f"{quoted(flag.name)} is given twice", f"once: {flag.example}")
        if value is None:
            switches.add(flag.name)
        else:
            values[flag.name] = value
    if ALL_NAMESPACES.name in switches and NAMESPACE.name in values:
        raise refuse("R15", "`-A` and `-n` contradict each other", "-A or -n NAMESPACE, not both")
    return Scanned(values=values, switches=frozenset(switches), words=tuple(others))


def _read(
    word: str, rest: list[str], flags: Sequence[Flag], *, verb: str
) -> tuple[Flag, str | None]:
    """Return the flag and its value, taking the value off `rest` where it is a word of its own."""
    if word.startswith("--"):
        written, equals, attached = word.partition("=")
        flag = next((flag for flag in flags if flag.name == written), None)
    else:
        written, attached = word[:2], word[2:]
        equals = "=" if attached else ""
        flag = next((flag for flag in flags if flag.short == written), None)
    if flag is None:
        listed = " ".join(known.short or known.name for known in flags) or "none"
        raise refuse("R10", f"{quoted(word)} is not a flag of `{verb}` here", f"flags: {listed}")
    if flag.accepts is None:
        if equals:
            raise refuse(
                "R11", f"{quoted(word)} gives a value to a switch, or bundles", flag.example
            )
        return flag, None
    return flag, _value(flag, attached.removeprefix("=") if equals else None, rest, written=written)


def _value(flag: Flag, attached: str | None, rest: list[str], *, written: str) -> str:
    if attached is None and flag.when_bare is not None:
        return flag.when_bare
    if attached is None:
        if not rest or rest[0].startswith("-"):
            raise refuse("R12", f"{quoted(written)} needs a value", flag.example)
        attached = rest.pop(0)
    if not attached:
        raise refuse("R12", f"{quoted(written)} needs a value", flag.example)
    if flag.accepts is None or not flag.accepts(attached):
        raise refuse("R13", f"{quoted(written)} does not take {quoted(attached)}", flag.example)
    return attached
