"""LogQL as people type it in a conversation, and as an observation's query is written.

A selector alone is PromQL as well, so without the word `logql` before it a message counts only
when a stage follows that PromQL does not have.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.domain.errors import ToolError
from bot.tools.logql.lexical import MAX_QUERY_CHARS
from bot.tools.logql.syntax import parsed
from bot.tools.promql.durations import MINUTE_S, spelled
from bot.tools.promql.typed import minutes_of, without_marks

PREFIX = "logql"
DEFAULT_MINUTES = 60

_PREFIXED = re.compile(rf"(?:{PREFIX}|logs)[ \t\n]+", re.IGNORECASE)
_LAST = re.compile(r"--last=(\S+)(?:\s+|$)")


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedLogQuery:
    """A query with the window it names."""

    query: str
    minutes: int = DEFAULT_MINUTES


def is_logql(text: str) -> bool:
    """Tell whether a message is a typed log query, not a sentence and not PromQL."""
    bare = without_marks(text)
    if len(bare) > 2 * MAX_QUERY_CHARS:
        return False
    prefix = _PREFIXED.match(bare)
    rest = _LAST.sub("", bare[prefix.end() :], count=1) if prefix else bare
    if prefix and bare.casefold().startswith(PREFIX):
        # With a brace it is meant as a query, if perhaps a wrong one: the answer says where.
        return "{" in rest
    try:
        return bool(parsed(rest).stages)
    except ToolError:
        return False


def read_typed(text: str) -> TypedLogQuery:
    """Return the query of a message that `is_logql`; `--last=6h` before it sets its window.

    Raises:
        ToolError: The flag's value is no length of time.
    """
    rest = without_marks(text)
    prefix = _PREFIXED.match(rest)
    rest = rest[prefix.end() :] if prefix else rest
    last = _LAST.match(rest)
    if last is None:
        return TypedLogQuery(query=rest)
    return TypedLogQuery(query=rest[last.end() :].strip(), minutes=minutes_of(last[1]))


def written(query: str, *, minutes: int) -> str:
    """Return the line that asks for it again."""
    return f"{PREFIX} --last={spelled(minutes * MINUTE_S)} {query}"
