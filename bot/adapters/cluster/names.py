"""Names in requests: which may stand in a path, and which existing ones a wrong one resembles.

Knows names only; must not fetch any.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rapidfuzz import fuzz, process, utils

from bot.domain.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Sequence

SUGGESTIONS = 3
# Of 100; a typo of one letter in ten scores above 90, an unrelated name below 50.
_RESEMBLANCE_MIN = 70
# RFC 1123 subdomains end at 253 characters; RBAC names with colons are never in a read path.
_NAME_MAX_CHARS = 253


def path_segment(name: str) -> str:
    """Return the name, fit to stand in a path.

    Raises:
        ToolError: It is none a Kubernetes object can have, so that no path can be walked with it.
    """
    allowed = name.isascii() and all(c.isalnum() or c in "-._" for c in name)
    if not allowed or not name.strip(".") or len(name) > _NAME_MAX_CHARS:
        raise ToolError(f"{name[:80]!r} is not a name an object can have")
    return name


def closest(name: str, known: Sequence[str]) -> tuple[str, ...]:
    """Return up to three existing names that resemble one that does not exist, best first."""
    found = process.extract(
        name,
        known,
        scorer=fuzz.WRatio,
        processor=utils.default_process,
        limit=SUGGESTIONS,
        score_cutoff=_RESEMBLANCE_MIN,
    )
    return tuple(match for match, _score, _index in found)


def suggestion(name: str, known: Sequence[str]) -> str:
    """Return the end of a sentence about a missing name: what is closest, or how many there are."""
    close = closest(name, known)
    if close:
        return "the closest are " + ", ".join(close) if len(close) > 1 else f"{close[0]} is close"
    return f"none of the {len(known)} there is similar" if known else "there is none at all"
