"""Kinds without a rendering of their own: their spec and status as YAML, redacted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

from bot.tools.kubectl.describe.common import conditions

if TYPE_CHECKING:
    from datetime import datetime

    from bot.ports.cluster import ClusterReader, KubeObject

_SHOWN_ABOVE = frozenset({"apiVersion", "kind", "metadata"})


def describe_anything(item: KubeObject, _: ClusterReader, now: datetime) -> list[str]:
    """Return every field of an object but its metadata, and its conditions in lines."""
    rest = {key: value for key, value in item.items() if key not in _SHOWN_ABOVE}
    status = rest.get("status")
    if isinstance(status, dict) and "conditions" in status:
        rest["status"] = {key: value for key, value in status.items() if key != "conditions"}
    shown = yaml.safe_dump(rest, sort_keys=False, allow_unicode=True, width=200) if rest else ""
    return [*conditions(item, now), *(f"  {line}" for line in shown.splitlines())]
