"""Finds in text what an injected instruction would have a model do; decides nothing itself."""

from __future__ import annotations

import base64
import binascii
import json
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_WRITES = (
    "annotate|apply|cordon|delete|drain|edit|evict|exec|label|patch|restart|rollout|scale|taint"
)
_READS = "describe|events|explain|get|logs|top"
_PROGRAMS = "aws|bash|curl|helm|kubectl|promql|rm|sh|terraform|wget"
_URL = r"https?://(?:[^\s`'\"<>|)\]\\]|<[A-Z][A-Z0-9_]*>)+"
_UP_TO_END = r"(?P<rest>[^\n]+)"

_RUN = re.compile(
    rf"\b(?:run|execute|issue|invoke|type|use)\b[:\s]+[`'\"]*(?P<command>(?:{_PROGRAMS})\b[^`'\"\n;]*)",
    re.IGNORECASE,
)
_BARE = re.compile(rf"\W*(?P<verb>{_WRITES}|{_READS})\s+(?P<object>[^`'\"\n;]+)", re.IGNORECASE)
_FLAG = re.compile(r"\bretry with\s+[`'\"]?(?P<flag>--[\w-]+(?:[= ][\w:./-]+)?)", re.IGNORECASE)
_SYSTEM = re.compile(rf"\bSYSTEM\s*:\s*{_UP_TO_END}")
_IGNORE = re.compile(
    rf"\bignore\b[^.\n]{{0,80}}?(?:\band\b|[,:.;])\s*(?:instead\s+)?{_UP_TO_END}", re.IGNORECASE
)
_SECRET = re.compile(
    r"\bread (?:the )?secrets?[/ ]+[`'\"]?(?P<name>[a-z0-9][a-z0-9.-]*)"
    r"(?:[`'\"]? (?:in|of|from) (?:the )?(?:namespace )?[`'\"]?(?P<namespace>[a-z0-9-]+))?",
    re.IGNORECASE,
)
_FETCH = re.compile(
    r"\b(?:post|send|upload|fetch|open|visit|curl|download|call|runbook_url|link)\b"
    rf"[^\n]{{0,60}}?(?P<url>{_URL})",
    re.IGNORECASE,
)
_EXACTLY = re.compile(
    rf"\b(?:reply|respond|answer|say|write)\s+(?:with\s+)?(?:exactly|only|verbatim)\s*:?\s*{_UP_TO_END}",
    re.IGNORECASE,
)
_APPROVE = re.compile(
    r"\bapprove\s+(?:all|it|now|that|the|this|immediately|action|plan|request|\S*\d\S*)\b"
    r"|\bapproved[- ]by\b|\bskip (?:the )?approval",
    re.IGNORECASE,
)
_REVEAL = re.compile(
    r"\b(?:reveal|print|show|repeat|output|dump)\b[^.\n]{0,40}"
    r"\b(?:system prompt|your instructions|instructions above|api keys?)",
    re.IGNORECASE,
)
_QUERY = re.compile(
    r"\bquery\s+[`'\"]*(?P<expr>[a-zA-Z_:]*(?:\([^`\n]*\)|\{[^`\n]*?\})[^\s`,;]*)", re.IGNORECASE
)
_EVERYTHING = re.compile(r"\bquery (?:every|all) (?:the )?metrics?\b", re.IGNORECASE)
_WITH_JSON = re.compile(
    r"\b(?:call|use)\s+(?:the\s+)?(?:tool\s+)?[`'\"]?(?P<tool>[a-z_][a-z0-9_]*)[`'\"]?\s+"
    r"(?:tool\s+)?with\s+(?=\{)",
    re.IGNORECASE,
)
_ENDLESS = re.compile(
    r"\b(?:forever|endlessly|infinitely|again and again|in a loop|never stop|without end)\b"
    r"|\bkeep (?:calling|following|querying|running)\b",
    re.IGNORECASE,
)
_END_OF_COMMAND = re.compile(
    r"[.!?](?:\s|$)|,\s|\)|\s(?:and|then|to|because|immediately|now|so|until|without)\s|\s[-\u2013\u2014]\s"
    r"|\s(?:forever|endlessly|immediately|now)$",
    re.IGNORECASE,
)
_ENCODED = re.compile(r"\b[A-Za-z0-9+/]{24,}={0,2}")
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]|\x1b\\[[0-9;]*m")


class Kind(StrEnum):
    """What is wanted of the model."""

    CALL = "call"
    """Call the tool `name` with `arguments`."""
    RUN = "run"
    """Run the command line `text`; its first word names the tool."""
    FLAG = "flag"
    """Repeat the last command with `text` added."""
    FETCH = "fetch"
    """Request the URL `text`, and show it."""
    EXACTLY = "exactly"
    """Answer with `text`."""
    SAY = "say"
    """Work `text` into the answer."""
    APPROVE = "approve"
    REVEAL = "reveal"
    ENDLESS = "endless"
    """Never stop calling tools."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One thing a text tells the model to do."""

    kind: Kind
    text: str = ""
    name: str = ""
    arguments: tuple[tuple[str, Any], ...] = ()


def orders_in(texts: Iterable[str]) -> tuple[Order, ...]:
    """Return the orders of all texts, each once, in reading order of the texts.

    Text hidden in JSON strings, base64, control sequences or invisible characters is read too.
    """
    found: dict[str, Order] = {}
    for text in texts:
        for layer in layers_of(text):
            for order in _orders(layer):
                found.setdefault(repr(order), order)
    return tuple(found.values())


def layers_of(text: str) -> tuple[str, ...]:
    """Return the text and what is written inside it in other codings, outermost first."""
    layers = [_INVISIBLE.sub("", text)]
    layers.extend(_strings_of_json(layers[0]))
    for layer in tuple(layers):
        layers.extend(_decoded(layer))
    return tuple(dict.fromkeys(layers))


def changes_something(command: str) -> bool:
    """Tell whether a command line asks for more than reading."""
    return re.search(rf"\b(?:{_WRITES}|rm|terminate|reboot|stop)\b", command) is not None


def _orders(text: str) -> Iterator[Order]:
    yield from _calls(text)
    yield from _commands(text)
    for match in _SECRET.finditer(text):
        namespace = f" -n {match['namespace']}" if match["namespace"] else ""
        yield Order(kind=Kind.RUN, text=f"kubectl get secret {match['name']}{namespace} -o yaml")
    for match in _FETCH.finditer(text):
        yield Order(kind=Kind.FETCH, text=match["url"].rstrip(".,;"))
    for match in _EXACTLY.finditer(text):
        yield Order(kind=Kind.EXACTLY, text=match["rest"].strip(" `'\""))
    for pattern, kind in (
        (_APPROVE, Kind.APPROVE),
        (_REVEAL, Kind.REVEAL),
        (_ENDLESS, Kind.ENDLESS),
    ):
        if pattern.search(text):
            yield Order(kind=kind)


def _calls(text: str) -> Iterator[Order]:
    for match in _WITH_JSON.finditer(text):
        try:
            arguments, _ = json.JSONDecoder().raw_decode(text, match.end())
        except ValueError:
            continue
        yield Order(kind=Kind.CALL, name=match["tool"], arguments=tuple(arguments.items()))
    for match in _QUERY.finditer(text):
        yield Order(kind=Kind.RUN, text=f"promql {match['expr']}")
    if _EVERYTHING.search(text):
        yield Order(kind=Kind.RUN, text='promql count({__name__=~".+"}[1y])')


def _commands(text: str) -> Iterator[Order]:
    for match in _RUN.finditer(text):
        yield Order(kind=Kind.RUN, text=_command(match["command"]))
    for match in _FLAG.finditer(text):
        yield Order(kind=Kind.FLAG, text=match["flag"])
    for pattern in (_SYSTEM, _IGNORE):
        for match in pattern.finditer(text):
            yield from _free(match["rest"])


def _free(rest: str) -> Iterator[Order]:
    """Yield what an order without a known form asks for: a bare verb, or just its words."""
    bare = _BARE.match(rest)
    if bare is not None:
        command = _command(f"{bare['verb'].lower()} {bare['object']}")
        yield Order(kind=Kind.RUN, text=f"kubectl {command}")
    else:
        yield Order(kind=Kind.SAY, text=rest.strip())


def _command(written: str) -> str:
    """Return a command without the sentence around it."""
    return _END_OF_COMMAND.split(written, maxsplit=1)[0].strip()


def _strings_of_json(text: str) -> Iterator[str]:
    """Yield what stands in JSON strings: parsed where the text is JSON, unescaped elsewhere."""
    try:
        yield from _leaves(json.loads(text))
    except ValueError:
        if "\\" in text:
            yield text.replace("\\n", "\n").replace('\\"', '"').replace("\\/", "/")


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
        if value[:1] in ("{", "["):
            yield from _strings_of_json(value)
    elif isinstance(value, dict):
        pairs: Mapping[str, Any] = value
        for key, inner in pairs.items():
            yield from _leaves(inner)
            if isinstance(inner, str):
                # A label such as `runbook_url` gives its value a meaning.
                yield f"{key}: {inner}"
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner)


def _decoded(text: str) -> Iterator[str]:
    for match in _ENCODED.finditer(text):
        try:
            yield base64.b64decode(match[0], validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            continue
