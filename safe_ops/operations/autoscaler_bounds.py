"""hpa_bounds: between how many pods an autoscaler may move."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Self

from pydantic import Field, model_validator

from safe_ops.guardrails.autoscaling import IS_ABLE, NOT_BOTH_WAYS, SOUND_BOUNDS
from safe_ops.guardrails.capacity import NODE_ROOM, QUOTA
from safe_ops.guardrails.ownership import ownership
from safe_ops.model.fields import dig, number, text
from safe_ops.model.marks import ACTION
from safe_ops.model.objects import condition, holds, service_of, uid_of
from safe_ops.model.plans import Call, Change, Drawing, Step, Tier, Verification
from safe_ops.model.rights import Rights
from safe_ops.model.workloads import WorkloadSurvey
from safe_ops.operations.cluster_change import (
    ACTION_MARK,
    MERGE_PATCH,
    RV,
    ClusterChange,
    permission,
    reached,
    target_of,
    there,
    waiting,
)
from safe_ops.operations.cluster_parameters import NamespacedParameters
from safe_ops.operations.cluster_paths import path_to
from safe_ops.operations.workload_drawing import shown
from safe_ops.operations.workload_reading import beside, everywhere, reads, workload, writes

if TYPE_CHECKING:
    from safe_ops.model.guarding import Guard
    from safe_ops.model.plans import Json, Place, Plan, Target
    from safe_ops.model.surveys import Object
    from safe_ops.operations.operation import Eyes, Look, Parameters

KIND = "HorizontalPodAutoscaler"
_SCALED = frozenset({"Deployment", "StatefulSet"})
_SIGNS = ("AbleToScale", "ScalingActive")
_DEADLINE_S, _SETTLE_S = 300, 60
"""An autoscaler looks every 15 s by default."""

Bound = Annotated[int, Field(ge=1, le=1000)]


class BoundsParameters(NamespacedParameters):
    """Which autoscaler, and which of its bounds."""

    min_replicas: Bound | None = None
    max_replicas: Bound | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.min_replicas is None and self.max_replicas is None:
            raise ValueError("give min_replicas, max_replicas, or both")
        if self.min_replicas and self.max_replicas and self.min_replicas > self.max_replicas:
            raise ValueError("min_replicas is above max_replicas")
        return self


class HpaBounds(ClusterChange):
    """Sets the two bounds, and nothing else of the autoscaler."""

    name = "hpa_bounds"
    version = 1
    title = "Change an autoscaler's bounds"
    parameters: type[Parameters] = BoundsParameters
    guards: tuple[Guard[WorkloadSurvey], ...] = (
        SOUND_BOUNDS,
        IS_ABLE,
        NOT_BOTH_WAYS,
        QUOTA,
        NODE_ROOM,
        ownership(("spec", "minReplicas"), ("spec", "maxReplicas")),
    )
    rights = Rights(
        cluster_reads=(
            reads("Deployment", "get"),
            reads(KIND, "get"),
            reads("Node", "list"),
            reads("Pod", "list"),
            reads("ResourceQuota", "list"),
            reads("StatefulSet", "get"),
            reads("VerticalPodAutoscaler", "list"),
        ),
        cluster_writes=(writes(KIND, "patch"),),
    )

    def survey(self, wanted: Parameters, eyes: Eyes) -> WorkloadSurvey:
        """Read the autoscaler, what it scales, and what room there is."""
        asked = BoundsParameters.model_validate(wanted)
        found = workload(eyes, KIND, asked.name, asked.namespace)
        return WorkloadSurvey(
            read_at=eyes.now,
            target=found,
            permissions=permission(eyes, found, verb="patch", kind=KIND),
            scaled=_scaled_by(eyes, found, asked.namespace),
            scaled_objects=beside(eyes, "VerticalPodAutoscaler", found),
            quotas=beside(eyes, "ResourceQuota", found),
            nodes=everywhere(eyes, "Node"),
            node_pods=everywhere(eyes, "Pod"),
        )

    def draw(self, wanted: Parameters, survey: WorkloadSurvey, place: Place) -> Drawing:
        """Return the patch of the bounds, and the one back."""
        asked = BoundsParameters.model_validate(wanted)
        what = f"{KIND} {asked.namespace}/{asked.name}"
        found = there(survey.target, what=what, place=place)
        scaled = there(survey.scaled, what=f"workload that {what} scales", place=place)
        target = target_of(place, found, kind=KIND, service=service_of(scaled))
        before = _bounds(found)
        after = (asked.min_replicas or before[0], asked.max_replicas or before[1])
        return Drawing(
            tier=Tier.T2,
            target=target,
            pins={
                "uid": target.uid,
                "min": before[0],
                "max": before[1],
                "wanted_min": after[0],
                "wanted_max": after[1],
                "scaled": uid_of(scaled),
            },
            changes=tuple(
                Change(field=f"spec.{field}", before=str(was), after=str(becomes))
                for field, was, becomes in zip(_FIELDS, before, after, strict=True)
                if was != becomes
            ),
            steps=(Step(says=f"bound {what} to {_range(after)}", call=_call(target, after)),),
            undo=(Step(says=f"bound {what} to {_range(before)}", call=_call(target, before)),),
            verification=Verification(
                says=(f"the bounds are {_range(after)}, and it can scale by its metrics",),
                deadline_s=_DEADLINE_S,
                settle_s=_SETTLE_S,
            ),
            blast_radius=(
                f"{number(found, 'status', 'currentReplicas')} pods of {shown(scaled)} now",
                f"it may have {_range(after)} instead of {_range(before)}",
            ),
            snapshot={"minReplicas": before[0], "maxReplicas": before[1]},
        )

    def is_before(self, plan: Plan, item: Object) -> bool:
        """Tell whether the bounds are those that were planned for."""
        return _bounds(item) == (plan.drawing.pins["min"], plan.drawing.pins["max"])

    def is_after(self, plan: Plan, item: Object) -> bool:
        """Tell whether the bounds are those wanted."""
        return _bounds(item) == (plan.drawing.pins["wanted_min"], plan.drawing.pins["wanted_max"])

    def judge(self, plan: Plan, item: Object, eyes: Eyes) -> Look:
        """Tell whether the autoscaler works with them."""
        failing = [
            f"{sign} is not True: {text(condition(item, sign), 'message')}"
            for sign in _SIGNS
            if not holds(item, sign)
        ]
        return waiting("; ".join(failing)) if failing else reached("it can scale by its metrics")


OPERATIONS = (HpaBounds(),)
_FIELDS = ("minReplicas", "maxReplicas")


def _bounds(autoscaler: Object) -> tuple[int, int]:
    """Return the bounds; the lower is 1 where it is left out, as the API has it."""
    return (
        number(autoscaler, "spec", "minReplicas", default=1),
        number(autoscaler, "spec", "maxReplicas"),
    )


def _range(bounds: tuple[int, int]) -> str:
    return f"{bounds[0]} to {bounds[1]}"


def _scaled_by(eyes: Eyes, autoscaler: Object | None, namespace: str) -> Object | None:
    ref: Json = dig(autoscaler, "spec", "scaleTargetRef")
    kind = text(ref, "kind")
    return workload(eyes, kind, text(ref, "name"), namespace) if kind in _SCALED else None


def _call(target: Target, bounds: tuple[int, int]) -> Call:
    return Call(
        action="PATCH",
        path=path_to(KIND, target.name, target.namespace),
        body={
            "metadata": {"resourceVersion": RV, "annotations": {ACTION: ACTION_MARK}},
            "spec": dict(zip(_FIELDS, bounds, strict=True)),
        },
        media_type=MERGE_PATCH,
        late_bound=(RV, ACTION_MARK),
    )
