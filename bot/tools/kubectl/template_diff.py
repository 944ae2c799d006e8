"""What changed between two pod templates, without showing a secret of either.

Values are compared as they are and shown as they are redacted: that a password changed can be
seen, what it is cannot.
"""

from __future__ import annotations

from typing import Any

from bot.tools.differences import differences, leaves
from bot.tools.kubectl.redact import redact

# What tells the entries of a list apart, best first.
_KEYS = ("name", "mountPath", "containerPort", "key", "topologyKey")
# The controller sets it on every template; it always differs and says nothing.
_HASHES = frozenset({"pod-template-hash", "rollouts-pod-template-hash"})
_SHOWN_CHARS = 300


def template_diff(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Return a line for each field that was added (+), removed (-) or changed (~)."""
    was = leaves(redact(before), keys=_KEYS, ignore=_HASHES)
    now = leaves(redact(after), keys=_KEYS, ignore=_HASHES)
    lines = []
    for found in differences(before, after, keys=_KEYS, ignore=_HASHES):
        old, new = _value(was.get(found.path)), _value(now.get(found.path))
        shown = {"-": old, "+": new, "~": f"{old} -> {new}"}[found.sign]
        note = " (the hidden value changed)" if found.sign == "~" and old == new else ""
        lines.append(f"{found.sign} {found.path}: {shown}{note}")
    return lines


def _value(value: Any) -> str:
    shown = "" if value is None else str(value)
    return shown if len(shown) <= _SHOWN_CHARS else f"{shown[:_SHOWN_CHARS]}..."
