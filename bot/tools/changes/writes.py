"""Who wrote an object last, and which of its fields they hold: what `managedFields` tells.

The field holds names and times, never a value, so that a config map's change is seen without
reading what it says. Each writer's last write is kept, earlier ones are not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.domain.change import Change, ChangeSource
from bot.domain.fields import dig, entries, mapping, text
from bot.domain.spans import moment
from bot.tools.kubectl.fields import name_of, namespace_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bot.ports.cluster import KubeObject

MAX_FIELDS = 5
# Controllers of Kubernetes itself: what they write follows from what others wrote.
_CONTROLLERS = frozenset({"kube-controller-manager", "kubelet", "kube-scheduler"})
# Written every few seconds by whoever leads, or the same in every namespace.
_LEADER = "control-plane.alpha.kubernetes.io/leader"
_SAME_EVERYWHERE = frozenset({"kube-root-ca.crt", "istio-ca-root-cert"})


def writes(cluster: str, items: Iterable[KubeObject], source: ChangeSource) -> Iterator[Change]:
    """Yield when each object was made, and when each writer last wrote it."""
    for item in items:
        name, kind = name_of(item), text(item, "kind").lower()
        is_noise = name in _SAME_EVERYWHERE or _LEADER in mapping(item, "metadata", "annotations")
        if kind == "configmap" and is_noise:
            continue
        created_at = moment(dig(item, "metadata", "creationTimestamp"))
        told = [(created_at, "created", "")]
        told += [
            (at, _written(entry), text(entry, "manager"))
            for entry in entries(item, "metadata", "managedFields")
            if text(entry, "subresource") in {"", "scale"}
            and text(entry, "manager") not in _CONTROLLERS
            # The first write is the making of it.
            and (at := moment(dig(entry, "time"))) != created_at
        ]
        for at, what, actor in told:
            if at is not None:
                yield Change(
                    at=at,
                    what=what,
                    object=f"{kind}/{name}",
                    source=source,
                    place=cluster,
                    namespace=namespace_of(item) or "",
                    actor=actor,
                )


def _written(entry: dict[str, Any]) -> str:
    held = mapping(entry, "fieldsV1")
    fields = [
        f"{name}.{inner}"
        for outer, name in (("f:data", "data"), ("f:binaryData", "data"), ("f:spec", "spec"))
        for inner in (
            key.removeprefix("f:") for key in mapping(held, outer) if key.startswith("f:")
        )
    ]
    if not fields:
        return "written"
    more = len(fields) - MAX_FIELDS
    shown = ", ".join([*fields[:MAX_FIELDS], *([f"{more} more"] if more > 0 else [])])
    return f"written; the writer holds {shown}"
