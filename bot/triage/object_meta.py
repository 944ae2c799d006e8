"""What every Kubernetes object says of itself: its name, its age, its owner, its conditions."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from bot.domain.fields import dig, entries, mapping, text
from bot.domain.spans import moment
from bot.triage.objects import ObjectRef

if TYPE_CHECKING:
    from bot.ports.cluster import KubeObject

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""Stands for a time the API did not give; older than anything."""


def ref_of(cluster: str, kind: str, item: KubeObject) -> ObjectRef:
    """Return the object's place; `kind` in lower case."""
    return ObjectRef(
        cluster=cluster,
        kind=kind,
        namespace=text(item, "metadata", "namespace"),
        name=text(item, "metadata", "name"),
    )


def created(item: KubeObject) -> datetime:
    """Return when the object was made."""
    return moment(dig(item, "metadata", "creationTimestamp")) or EPOCH


def owner(item: KubeObject) -> dict[str, Any]:
    """Return the reference to the object's controller; empty for none."""
    owners = entries(item, "metadata", "ownerReferences")
    controlling = [one for one in owners if one.get("controller")] or owners
    return controlling[0] if controlling else {}


def conditions(item: KubeObject) -> dict[str, dict[str, Any]]:
    """Return the conditions of its status by their type."""
    return {text(entry, "type"): entry for entry in entries(item, "status", "conditions")}


def strings(value: Any, *path: str) -> dict[str, str]:
    """Return a map of texts, such as labels; what is no text in it becomes one."""
    return {str(key): str(entry) for key, entry in mapping(value, *path).items()}
