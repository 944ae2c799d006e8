"""set_resources: what one container of a deployment asks for and may take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Self

from pydantic import Field, model_validator

from safe_ops.errors import RefusedError
from safe_ops.guardrails.autoscaling import NO_VERTICAL
from safe_ops.guardrails.ownership import ownership
from safe_ops.guardrails.resources import (
    FITS_A_NODE,
    LIMIT_RANGE,
    REQUEST_WITHIN_LIMIT,
    RESOURCES_QUOTA,
    STEP,
)
from safe_ops.guardrails.rollout import NOT_PAUSED, recreates
from safe_ops.model.fields import dig, entries, mapping, moment, text
from safe_ops.model.objects import name_of
from safe_ops.model.plans import Change, Drawing, Step, Tier
from safe_ops.model.resources import (
    BOUNDS,
    bound_of,
    container_of,
    in_force,
    quality,
    with_bounds,
    with_container,
)
from safe_ops.model.rights import Rights
from safe_ops.model.workloads import WorkloadSurvey
from safe_ops.operations.cluster_change import (
    merge_call,
    missed,
    permission,
    target_of,
    there,
)
from safe_ops.operations.cluster_parameters import ContainerName, DeploymentParameters
from safe_ops.operations.workload_change import WorkloadChange
from safe_ops.operations.workload_drawing import (
    pinned,
    rollout_look,
    rollout_radius,
    rollout_verification,
    shown,
    snapshot_of,
)
from safe_ops.operations.workload_reading import (
    beside,
    budgets_beside,
    everywhere,
    pod_spec,
    pods_of,
    reads,
    workload,
    writes,
)

if TYPE_CHECKING:
    from safe_ops.model.guarding import Guard
    from safe_ops.model.plans import Json, Place, Plan
    from safe_ops.model.surveys import Object
    from safe_ops.operations.operation import Eyes, Look, Parameters

_CALM_S = 1800
"""How long no container may be killed for memory afterwards."""
_KILLED = "OOMKilled"

Cpu = Annotated[str, Field(pattern=r"^[0-9]{1,6}m$|^[0-9]{1,3}(\.[0-9]{1,3})?$")]
Memory = Annotated[str, Field(pattern=r"^[0-9]{1,7}(\.[0-9]{1,3})?(Ki|Mi|Gi|k|M|G)$")]


class ResourcesParameters(DeploymentParameters):
    """Which container, and which of its four bounds."""

    container: ContainerName
    cpu_request: Cpu | None = None
    cpu_limit: Cpu | None = None
    memory_request: Memory | None = None
    memory_limit: Memory | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if all(getattr(self, name) is None for name in BOUNDS):
            raise ValueError(f"give at least one of {', '.join(BOUNDS)}")
        return self


class SetResources(WorkloadChange):
    """Patches one container's bounds in the template, so that new pods have them."""

    name = "set_resources"
    version = 1
    title = "Change a container's resources"
    parameters: type[Parameters] = ResourcesParameters
    guards: tuple[Guard[WorkloadSurvey], ...] = (
        NOT_PAUSED,
        STEP,
        REQUEST_WITHIN_LIMIT,
        LIMIT_RANGE,
        RESOURCES_QUOTA,
        FITS_A_NODE,
        NO_VERTICAL,
        ownership(("spec", "template", "spec", "containers")),
    )
    rights = Rights(
        cluster_reads=(
            reads("Deployment", "get"),
            reads("LimitRange", "list"),
            reads("Node", "list"),
            reads("Pod", "list"),
            reads("PodDisruptionBudget", "list"),
            reads("ResourceQuota", "list"),
            reads("VerticalPodAutoscaler", "list"),
        ),
        cluster_writes=(writes("Deployment", "patch"),),
    )

    def survey(self, wanted: Parameters, eyes: Eyes) -> WorkloadSurvey:
        """Read the deployment, and what bounds its pods."""
        asked = ResourcesParameters.model_validate(wanted)
        found = workload(eyes, asked.kind, asked.name, asked.namespace)
        return WorkloadSurvey(
            read_at=eyes.now,
            target=found,
            permissions=permission(eyes, found, verb="patch", kind=asked.kind),
            budgets=budgets_beside(eyes, found),
            scaled_objects=beside(eyes, "VerticalPodAutoscaler", found),
            quotas=beside(eyes, "ResourceQuota", found),
            limit_ranges=beside(eyes, "LimitRange", found),
            nodes=everywhere(eyes, "Node"),
        )

    def draw(self, wanted: Parameters, survey: WorkloadSurvey, place: Place) -> Drawing:
        """Return the patch of the container's bounds, and the one back."""
        asked = ResourcesParameters.model_validate(wanted)
        what = f"{asked.kind} {asked.namespace}/{asked.name}"
        found = there(survey.target, what=what, place=place)
        target, bounds = target_of(place, found, kind=asked.kind), _asked(asked)
        container = _container(found, asked.container)
        before: dict[str, Json] = {name: bound_of(container, name) or None for name in bounds}
        changed = with_bounds(container, bounds)
        classes = quality(pod_spec(found)), quality(with_container(pod_spec(found), changed))
        return Drawing(
            tier=Tier.T3 if recreates(found) else Tier.T2,
            target=target,
            pins=pinned(found) | {"container": asked.container, "before": before, "after": bounds},
            changes=(
                *(
                    Change(
                        field=f"containers.{asked.container}.resources.{'.'.join(BOUNDS[name])}",
                        before=before[name] or "none",
                        after=str(bounds[name]),
                    )
                    for name in bounds
                ),
                *_class_change(*classes),
            ),
            steps=(
                Step(
                    says=f"set resources of {asked.container} in {shown(found)}",
                    call=merge_call(target, _patch(asked.container, bounds)),
                ),
            ),
            undo=(
                Step(
                    says=f"set resources of {asked.container} in {shown(found)} back",
                    call=merge_call(target, _patch(asked.container, before)),
                ),
            ),
            verification=rollout_verification(
                found, "no container is killed for memory, 30 min long", settle_s=_CALM_S
            ),
            blast_radius=rollout_radius(found, survey.budgets),
            snapshot=snapshot_of(found),
            notes=_notes(found),
        )

    def is_after(self, plan: Plan, item: Object) -> bool:
        """Tell whether the container has the bounds wanted."""
        return _has(pod_spec(item), plan)

    def judge(self, plan: Plan, item: Object, eyes: Eyes) -> Look:
        """Tell how far the rollout is, and at once where new pods are killed for memory."""
        killed = [
            name_of(pod)
            for pod in pods_of(eyes, item)
            if _has(mapping(pod, "spec"), plan) and _is_killed(pod, plan)
        ]
        if killed:
            return missed(f"killed for memory with the new bounds: {', '.join(killed)}")
        return rollout_look(item)


OPERATIONS = (SetResources(),)


def _asked(asked: ResourcesParameters) -> dict[str, Json]:
    return {name: value for name in BOUNDS if (value := getattr(asked, name)) is not None}


def _container(workload: Object, name: str) -> Object:
    spec = pod_spec(workload)
    found = next((one for one in entries(spec, "containers") if text(one, "name") == name), None)
    if found is None:
        there = ", ".join(text(one, "name") for one in entries(spec, "containers"))
        raise RefusedError(
            f"{shown(workload)} has no container {name}: it has {there}.", code="parameters"
        )
    return found


def _patch(container: str, bounds: dict[str, Json]) -> Json:
    resources: dict[str, dict[str, Json]] = {}
    for name, value in bounds.items():
        side, resource = BOUNDS[name]
        resources.setdefault(side, {})[resource] = value
    patched = {"name": container, "resources": resources}
    return {"template": {"spec": {"containers": [patched]}}}


def _has(spec: Object, plan: Plan) -> bool:
    pins = plan.drawing.pins
    container = container_of(spec, pins["container"])
    wanted = {"resources": with_bounds({}, pins["after"])["resources"]}
    return all(in_force(container, name) == in_force(wanted, name) for name in pins["after"])


def _is_killed(pod: Object, plan: Plan) -> bool:
    for status in entries(pod, "status", "containerStatuses"):
        for state in ("state", "lastState"):
            ended = dig(status, state, "terminated")
            at = moment(ended, "finishedAt")
            if text(ended, "reason") == _KILLED and (at is None or at >= plan.created_at):
                return True
    return False


def _class_change(before: str, after: str) -> tuple[Change, ...]:
    return (Change(field="QoS class", before=before, after=after),) if before != after else ()


def _notes(workload: Object) -> tuple[str, ...]:
    if recreates(workload):
        return ("it recreates: all its pods end before new ones start",)
    return ()
