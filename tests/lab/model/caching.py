"""Prompt caching as billing shows it: what a request wrote, what it read, what was new."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from tests.lab.model.replies import tokens_of
from tests.lab.model.requests import blocks_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.lab.model.requests import MessagesRequest

LOOKBACK_BLOCKS = 20
"""The API searches this many blocks before a breakpoint for an entry it can reuse."""

MIN_CACHEABLE_TOKENS = 1024
"""The smallest minimum of the current models; a shorter prefix is silently not cached."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Token counts of one exchange; input is what is left after the cache's two shares."""

    input_tokens: int
    cache_creation_input_tokens: int
    cache_read_input_tokens: int
    output_tokens: int = 0

    @property
    def prompt_tokens(self) -> int:
        """Length of the whole prompt."""
        return self.input_tokens + self.cache_creation_input_tokens + self.cache_read_input_tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class _Point:
    """The prompt up to the end of one block."""

    digest: str
    tokens: int
    marked: bool


class PromptCache:
    """Remembers prefixes that ended in a `cache_control` mark; entries never expire."""

    def __init__(self, *, min_tokens: int = MIN_CACHEABLE_TOKENS) -> None:
        self._min_tokens = min_tokens
        self._known: set[str] = set()
        self._lock = threading.Lock()

    def forget(self) -> None:
        """Drop every entry, as five quiet minutes do."""
        with self._lock:
            self._known.clear()

    def charge(self, request: MessagesRequest) -> Usage:
        """Return what the prompt costs now, and remember its marked prefixes."""
        points = list(_points(request))
        total = points[-1].tokens if points else 0
        marks = [
            index
            for index, point in enumerate(points)
            if point.marked and point.tokens >= self._min_tokens
        ]
        if not marks:
            return Usage(
                input_tokens=total, cache_creation_input_tokens=0, cache_read_input_tokens=0
            )
        with self._lock:
            read = max(self._reusable(points, mark) for mark in marks)
            self._known.update(points[mark].digest for mark in marks)
        covered = points[marks[-1]].tokens
        return Usage(
            input_tokens=total - covered,
            cache_creation_input_tokens=covered - read,
            cache_read_input_tokens=read,
        )

    def _reusable(self, points: list[_Point], mark: int) -> int:
        for index in range(mark, max(-1, mark - LOOKBACK_BLOCKS - 1), -1):
            if points[index].digest in self._known:
                return points[index].tokens
        return 0


def prompt_tokens(request: MessagesRequest) -> int:
    """Return the prompt's length, as `count_tokens` reports it."""
    points = list(_points(request))
    return points[-1].tokens if points else 0


def _points(request: MessagesRequest) -> Iterator[_Point]:
    """Walk the prompt in the order the API caches it: tools, system, messages."""
    digest = sha256(f"{request.provider} {request.model}".encode())
    tokens = 0
    entries = list(_entries(request))
    for index, (block, marked) in enumerate(entries):
        written = _plain(block)
        digest.update(written.encode())
        tokens += tokens_of(written)
        automatic = index == len(entries) - 1 and bool(request.body.get("cache_control"))
        yield _Point(digest=digest.hexdigest(), tokens=tokens, marked=marked or automatic)


def _entries(request: MessagesRequest) -> Iterator[tuple[Any, bool]]:
    for tool in request.body.get("tools") or ():
        yield tool, bool(tool.get("cache_control"))
    for block in blocks_of(request.body.get("system") or ()):
        yield block, bool(block.get("cache_control"))
    # Another tool choice keeps the cached tools and system, but no cached message.
    yield request.body.get("tool_choice") or {}, False
    for message in request.messages:
        for block in message.content:
            yield {"role": message.role, **block}, marks_in(block) > 0


def marks_in(block: Mapping[str, Any]) -> int:
    """Return how many breakpoints a content block carries, nested ones included."""
    nested = block.get("content")
    parts = nested if isinstance(nested, list) else ()
    inner = sum(marks_in(part) for part in parts if isinstance(part, dict))
    return inner + bool(block.get("cache_control"))


def _plain(block: Any) -> str:
    return json.dumps(_unmarked(block), ensure_ascii=False, sort_keys=True)


def _unmarked(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _unmarked(inner) for key, inner in value.items() if key != "cache_control"}
    if isinstance(value, list):
        return [_unmarked(inner) for inner in value]
    return value
