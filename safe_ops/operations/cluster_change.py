"""One write on one Kubernetes object, and the one that takes it back.

Tells by two questions whether a call took effect and whether it may still be made: is the object
as the plan found it, or as the plan leaves it? What is neither, somebody else changed.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from safe_ops.errors import RefusedError, StaleError, UpstreamError
from safe_ops.model.actions import CallOutcome
from safe_ops.model.fields import text
from safe_ops.model.marks import ACTION
from safe_ops.model.objects import name_of, namespace_of, resource_version_of, service_of, uid_of
from safe_ops.model.plans import Call, System, Target
from safe_ops.operations.cluster_paths import KINDS, path_to
from safe_ops.operations.operation import Look, Progress

if TYPE_CHECKING:
    from safe_ops.model.plans import Json, Place, Plan
    from safe_ops.model.surveys import Object, Permission
    from safe_ops.operations.operation import Eyes
    from safe_ops.ports.reach import ClusterEstate

RV, ACTION_MARK = "$rv", "$action"
"""Placeholders: the object's resourceVersion just before sending; the action's label, which the
operator binds itself."""
JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"


class ClusterChange(ABC):
    """What every operation with one write on one object has in common."""

    system = System.KUBERNETES

    @abstractmethod
    def is_before(self, plan: Plan, item: Object) -> bool:
        """Tell whether the object is as the plan found it, in all the plan would change."""

    def is_restored(self, plan: Plan, item: Object) -> bool:
        """Tell whether an undo left the object as the plan found it."""
        return self.is_before(plan, item)

    @abstractmethod
    def is_after(self, plan: Plan, item: Object) -> bool:
        """Tell whether the object is as the plan leaves it."""

    @abstractmethod
    def judge(self, plan: Plan, item: Object, eyes: Eyes) -> Look:
        """Tell how far the object is, which is as the plan leaves it."""

    def late(self, plan: Plan, call: Call, eyes: Eyes) -> dict[str, Json]:
        """Return what else the call needs read just before it is sent."""
        return {}

    def bind(self, plan: Plan, call: Call, eyes: Eyes) -> dict[str, Json]:
        """Return the object's resourceVersion, and what else is late-bound.

        Raises:
            StaleError: The object is gone, is another one, or was changed by somebody else.
        """
        item = cluster_of(eyes).get(call.path)
        if item is None or uid_of(item) != plan.target.uid:
            raise StaleError(f"{spelled(plan.target)} is gone or was made anew; plan it again.")
        undoing = is_undo(plan, call)
        if not (self.is_after(plan, item) if undoing else self.is_before(plan, item)):
            whose = "since this action changed it" if undoing else "since it was planned"
            raise StaleError(
                f"{spelled(plan.target)} was changed by somebody else {whose}; look before "
                "planning again."
            )
        return {RV: resource_version_of(item)} | self.late(plan, call, eyes)

    def applied(self, plan: Plan, call: Call, eyes: Eyes) -> CallOutcome:
        """Tell by reading the object whether the call took effect."""
        item = cluster_of(eyes).get(call.path)
        if item is None or uid_of(item) != plan.target.uid:
            return CallOutcome.UNKNOWN
        if is_undo(plan, call):
            before, after = self.is_after(plan, item), self.is_restored(plan, item)
        else:
            before, after = self.is_before(plan, item), self.is_after(plan, item)
        if after:
            return CallOutcome.APPLIED
        return CallOutcome.NOT_APPLIED if before else CallOutcome.UNKNOWN

    def look(self, plan: Plan, eyes: Eyes) -> Look:
        """Tell how far it is; missed at once where the change is not there any more."""
        target = plan.target
        item = cluster_of(eyes).get(path_to(target.kind, target.name, target.namespace))
        if item is None or uid_of(item) != target.uid:
            return missed(f"{spelled(target)} is gone or was made anew")
        if not self.is_after(plan, item):
            return missed(f"{spelled(target)} does not have the change: somebody else wrote it")
        return self.judge(plan, item, eyes)


def cluster_of(eyes: Eyes) -> ClusterEstate:
    """Return the eyes' cluster.

    Raises:
        UpstreamError: The place is not a cluster.
    """
    if eyes.cluster is None:
        raise UpstreamError(f"{eyes.place.name} is no cluster", system=eyes.place.name)
    return eyes.cluster


def is_undo(plan: Plan, call: Call) -> bool:
    """Tell whether a call is one of the plan's undo."""
    return all(step.call != call for step in plan.drawing.steps)


def spelled(target: Target) -> str:
    """Return a target as people write it, such as `Deployment shop/cart`."""
    return f"{target.kind} {target.namespace}/{target.name}".replace(" /", " ")


def there(item: Object | None, *, what: str, place: Place) -> Object:
    """Return the object.

    Raises:
        RefusedError: `gone`: it does not exist.
    """
    if item is None:
        raise RefusedError(
            f"{place.name} has no {what}: check the name and the namespace.", code="gone"
        )
    return item


def target_of(place: Place, item: Object, *, kind: str, service: str = "") -> Target:
    """Return the target an object is; `service` where its own labels do not say it."""
    return Target(
        place=place,
        kind=kind,
        name=name_of(item),
        namespace=namespace_of(item),
        uid=uid_of(item),
        service=service_of(item) or service,
    )


def merge_call(target: Target, spec: Json, *, late_bound: tuple[str, ...] = ()) -> Call:
    """Return a strategic merge patch of the target's specification, marked with the action."""
    return Call(
        action="PATCH",
        path=path_to(target.kind, target.name, target.namespace),
        body={
            "metadata": {"resourceVersion": RV, "annotations": {ACTION: ACTION_MARK}},
            "spec": spec,
        },
        media_type=STRATEGIC_PATCH,
        late_bound=(RV, ACTION_MARK, *late_bound),
    )


def permission(
    eyes: Eyes, target: Object | None, *, verb: str, kind: str
) -> tuple[Permission, ...]:
    """Ask whether we may write an object of a kind, or a subresource as `Deployment/scale`."""
    if target is None:
        return ()
    main, _, subresource = kind.partition("/")
    served = KINDS[main]
    return (
        cluster_of(eyes).may(
            verb,
            group=served.group,
            resource=served.resource,
            subresource=subresource,
            namespace=text(target, "metadata", "namespace"),
            name=text(target, "metadata", "name"),
        ),
    )


def reached(says: str) -> Look:
    """Return that all is there."""
    return Look(progress=Progress.REACHED, says=says)


def waiting(says: str) -> Look:
    """Return that it may still come."""
    return Look(progress=Progress.WAITING, says=says)


def missed(says: str) -> Look:
    """Return that it will not come."""
    return Look(progress=Progress.MISSED, says=says)
