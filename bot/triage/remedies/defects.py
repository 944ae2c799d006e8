"""Defects of code as a specification: short lines that an engineer or a coding agent can take.

Nothing is in it that was not seen: the error as the log quotes it, the file and line it names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.verdict import Category, Cause
from bot.triage.cloud.blame import Blame, blame
from bot.triage.quoting import quoted

if TYPE_CHECKING:
    from bot.triage.finding import Finding
    from bot.triage.language.book import Book

_GROWS = {Cause.MEMORY_LEAK: "code_leak", Cause.CPU_SATURATED: "code_busy"}


def code_change(book: Book, found: Finding) -> str | None:
    """Return what the code shall do instead and how to see it; None where that is not known."""
    values = {
        "object": quoted(found.object.name),
        "container": quoted(found.values.get("container") or found.container),
    }
    grows = _GROWS.get(found.cause)
    if grows is not None and found.category is Category.APPLICATION:
        parts = ["", "_verify"]
        if grows == "code_leak" and found.values.get("per_hour"):
            values["per_hour"] = quoted(found.values["per_hour"])
            parts.insert(1, "_seen")
        return "\n".join(book.step(f"{grows}{part}", **values) for part in parts)
    words = found.words
    if found.cause is not Cause.APPLICATION_CRASH or words is None:
        return None
    if not words.where and blame((words.line,)) is None:
        return None
    values |= {
        "line": quoted(words.line),
        "place": quoted(words.where),
        "exit_code": quoted(found.values.get("exit_code") or "?"),
    }
    is_null = Blame(error=words.line, message="").is_null
    lines = [book.step("code_place" if words.where else "code_error", **values)]
    lines.append(book.step("code_null" if is_null else "code_case", **values))
    lines.append(book.step("code_verify", **values))
    return "\n".join(lines)
