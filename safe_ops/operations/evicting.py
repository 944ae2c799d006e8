"""The call that asks the cluster to move a pod on, and how to tell that it did.

An eviction, never a deletion: it asks the disruption budget first. It carries the pod's uid, so
that a pod that was made anew under the same name is never meant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from safe_ops.model.actions import CallOutcome
from safe_ops.model.drainage import label_of
from safe_ops.model.fields import text
from safe_ops.model.objects import is_terminating, name_of, namespace_of, uid_of
from safe_ops.model.plans import Call, Step
from safe_ops.operations.cluster_change import cluster_of
from safe_ops.operations.cluster_paths import path_to

if TYPE_CHECKING:
    from safe_ops.model.surveys import Object
    from safe_ops.operations.operation import Eyes

_SUBRESOURCE = "eviction"


def eviction_step(pod: Object, *, group: str = "") -> Step:
    """Return the step that evicts one pod; that it is gone already is fine."""
    name, namespace = name_of(pod), namespace_of(pod)
    return Step(
        says=f"evict pod {label_of(pod)}",
        call=Call(
            action="POST",
            path=path_to("Pod", name, namespace, subresource=_SUBRESOURCE),
            body={
                "apiVersion": "policy/v1",
                "kind": "Eviction",
                "metadata": {"name": name, "namespace": namespace},
                "deleteOptions": {"preconditions": {"uid": uid_of(pod)}},
            },
        ),
        group=group,
        gone_is_fine=True,
    )


def is_eviction(call: Call) -> bool:
    """Tell whether a call evicts a pod."""
    return call.path.endswith(f"/{_SUBRESOURCE}")


def evicted_pod(call: Call) -> str:
    """Return the path of the pod an eviction is about."""
    return call.path.removesuffix(f"/{_SUBRESOURCE}")


def evicted_uid(call: Call) -> str:
    """Return the uid of the pod an eviction is pinned to; empty of any other call."""
    return text(call.body, "deleteOptions", "preconditions", "uid")


def eviction_applied(call: Call, eyes: Eyes) -> CallOutcome:
    """Tell by reading the pod whether its eviction took effect."""
    return removal_applied(evicted_pod(call), evicted_uid(call), eyes)


def removal_applied(path: str, uid: str, eyes: Eyes) -> CallOutcome:
    """Tell whether the object of that uid is gone, or on its way."""
    item = cluster_of(eyes).get(path)
    there = item is not None and uid_of(item) == uid and not is_terminating(item)
    return CallOutcome.NOT_APPLIED if there else CallOutcome.APPLIED
