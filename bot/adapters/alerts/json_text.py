"""JSON out of foreign text or bytes; what is none, or is nested to break a parser, is None."""

from __future__ import annotations

import json
import re
from typing import Any, Final

LONGEST: Final = 1_000_000
"""Bytes; the same bound the web entry point has."""
_FENCE: Final = re.compile(r"^\s*`{1,3}(?:json)?\s*|\s*`{1,3}\s*$")
_ENTITIES: Final = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))
_WRAPPED: Final = re.compile(r"<(https?://[^<>|\s]{1,2048})(?:\|[^<>\n]{0,300})?>")


def parsed(raw: str | bytes) -> dict[str, Any] | None:
    """Return the object; None for other JSON, for no JSON, and for what is too long or deep."""
    if len(raw) > LONGEST:
        return None
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def json_object(text: str) -> dict[str, Any] | None:
    """Return the object a chat message consists of: code marks and Slack's escapes taken off."""
    bare = _FENCE.sub("", text)
    if not bare.startswith("{"):
        return None
    found = parsed(bare)
    if found is not None and "&" not in bare and "<" not in bare:
        return found
    plain = _WRAPPED.sub(r"\1", bare)
    for written, meant in _ENTITIES:
        plain = plain.replace(written, meant)
    return parsed(plain) or found
