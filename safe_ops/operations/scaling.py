"""scale_up and scale_down: more or fewer pods of a workload, within room and load."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from safe_ops.errors import RefusedError
from safe_ops.guardrails.autoscaling import NOT_AUTOSCALED
from safe_ops.guardrails.capacity import (
    BUDGETS_AFTER,
    CEILING,
    KEEPS_VOLUMES,
    NODE_ROOM,
    NOT_TO_ZERO,
    QUOTA,
    SERVED_REQUESTS,
    UTILISATION,
)
from safe_ops.guardrails.ownership import ownership
from safe_ops.guardrails.requests import UNCOUNTED
from safe_ops.model.fields import entries, moment, number, text
from safe_ops.model.objects import condition, name_of
from safe_ops.model.plans import Drawing, Tier
from safe_ops.model.rights import Rights
from safe_ops.model.rollouts import STATEFUL_SET, rollout_of
from safe_ops.operations.cluster_change import (
    missed,
    reached,
    waiting,
)
from safe_ops.operations.replica_count import REPLICAS, SETTLE_S, ReplicaChange
from safe_ops.operations.request_queries import requests_of
from safe_ops.operations.usage_queries import busiest_now, usage_of
from safe_ops.operations.workload_reading import (
    beside,
    everywhere,
    pods_of,
    reads,
    writes,
)

if TYPE_CHECKING:
    from datetime import datetime

    from safe_ops.model.guarding import Guard
    from safe_ops.model.plans import Place, Plan
    from safe_ops.model.surveys import Object
    from safe_ops.model.workloads import WorkloadSurvey
    from safe_ops.operations.operation import Eyes, Look, Parameters

_UNPLACED = timedelta(minutes=5)
"""A pod no node has taken by then is waiting for a node that will not come."""
_BUSY = 0.8
"""Share of what the pods ask for that fewer pods may take up; above it they are given back."""
_CALM_S = 900
_FEWEST = 2


class ScaleUp(ReplicaChange):
    """More pods, where there is room for them."""

    name = "scale_up"
    title = "Scale up"
    guards: tuple[Guard[WorkloadSurvey], ...] = (
        CEILING,
        NOT_AUTOSCALED,
        QUOTA,
        NODE_ROOM,
        ownership(REPLICAS),
    )
    rights = Rights(
        cluster_reads=(
            reads("Deployment", "get"),
            reads("Deployment", "get", subresource="scale"),
            reads("HorizontalPodAutoscaler", "list"),
            reads("Node", "list"),
            reads("Pod", "list"),
            reads("PodDisruptionBudget", "list"),
            reads("ResourceQuota", "list"),
            reads("ScaledObject", "list"),
            reads("StatefulSet", "get"),
            reads("StatefulSet", "get", subresource="scale"),
        ),
        cluster_writes=(
            writes("Deployment", "update", subresource="scale"),
            writes("StatefulSet", "update", subresource="scale"),
        ),
    )

    def survey(self, wanted: Parameters, eyes: Eyes) -> WorkloadSurvey:
        """Read besides what room there is."""
        survey = self.base_survey(wanted, eyes)
        return replace(
            survey,
            quotas=beside(eyes, "ResourceQuota", survey.target),
            nodes=everywhere(eyes, "Node"),
            node_pods=everywhere(eyes, "Pod"),
        )

    def draw(self, wanted: Parameters, survey: WorkloadSurvey, place: Place) -> Drawing:
        """Return the larger count, undone by the present one."""
        drawing = self.base_drawing(wanted, survey, place)
        pins = drawing.pins
        if pins["wanted_replicas"] <= pins["replicas"]:
            raise RefusedError(
                f"{drawing.target.name} has {pins['replicas']} pods: {pins['wanted_replicas']} "
                "would not be more (scale_down makes it fewer).",
                code="parameters",
            )
        return drawing

    def judge(self, plan: Plan, item: Object, eyes: Eyes) -> Look:
        """Tell whether all are ready, and at once where one finds no node."""
        rollout = rollout_of(item)
        if rollout.observed and rollout.ready >= rollout.desired:
            return reached(f"{rollout.ready} of {rollout.desired} pods ready")
        lost = [
            name_of(pod)
            for pod in pods_of(eyes, item)
            if (since := _unplaced_since(pod)) is not None and eyes.now - since > _UNPLACED
        ]
        says = f"{rollout.ready} of {rollout.desired} pods ready"
        if lost:
            return missed(f"{says}; no node took {', '.join(lost)} within 5 min")
        return waiting(says)


class ScaleDown(ReplicaChange):
    """Fewer pods, where the load leaves them idle."""

    name = "scale_down"
    title = "Scale down"
    guards: tuple[Guard[WorkloadSurvey], ...] = (
        NOT_TO_ZERO,
        KEEPS_VOLUMES,
        UTILISATION,
        SERVED_REQUESTS,
        BUDGETS_AFTER,
        NOT_AUTOSCALED,
        ownership(REPLICAS),
    )
    rights = Rights(
        cluster_reads=(
            reads("Deployment", "get"),
            reads("Deployment", "get", subresource="scale"),
            reads("HorizontalPodAutoscaler", "list"),
            reads("PodDisruptionBudget", "list"),
            reads("ScaledObject", "list"),
            reads("StatefulSet", "get"),
            reads("StatefulSet", "get", subresource="scale"),
        ),
        cluster_writes=ScaleUp.rights.cluster_writes,
    )

    def survey(self, wanted: Parameters, eyes: Eyes) -> WorkloadSurvey:
        """Read besides how busy it is."""
        survey = self.base_survey(wanted, eyes)
        usage = usage_of(eyes, survey.target)
        if usage is None:
            return survey
        return replace(survey, usage=replace(usage, requests=requests_of(eyes, survey.target)))

    def draw(self, wanted: Parameters, survey: WorkloadSurvey, place: Place) -> Drawing:
        """Return the smaller count, undone by the present one."""
        drawing = self.base_drawing(wanted, survey, place)
        present, asked = int(drawing.pins["replicas"]), int(drawing.pins["wanted_replicas"])
        if asked >= present:
            raise RefusedError(
                f"{drawing.target.name} has {present} pods: {asked} would not be fewer "
                "(scale_up makes it more).",
                code="parameters",
            )
        calm = f"its pods take up less than {_BUSY:.0%} of what they ask for, 15 min long"
        verification = replace(
            drawing.verification,
            says=(f"{asked} of {asked} pods ready and no more", *((calm,) if asked else ())),
            settle_s=_CALM_S if asked else SETTLE_S,
        )
        return replace(
            drawing,
            tier=Tier.T3 if asked < _FEWEST or 2 * asked < present else Tier.T2,
            verification=verification,
            notes=(*_notes(survey.target or {}, present, asked), *_uncounted(survey, asked)),
        )

    def judge(self, plan: Plan, item: Object, eyes: Eyes) -> Look:
        """Tell whether the others are gone, and at once where those that are left are too busy."""
        rollout, total = rollout_of(item), number(item, "status", "replicas")
        says = f"{total} pods there, {rollout.ready} of {rollout.desired} ready"
        if not rollout.observed or total > rollout.desired or rollout.ready < rollout.desired:
            return waiting(says)
        if not rollout.desired:
            return reached(says)
        busy = busiest_now(eyes, item)
        said = f"{says}, {busy:.0%} of what they ask for taken up"
        return missed(said) if busy >= _BUSY else reached(said)


OPERATIONS = (ScaleUp(), ScaleDown())


def _notes(workload: Object, present: int, wanted: int) -> tuple[str, ...]:
    if text(workload, "kind") != STATEFUL_SET:
        return ()
    name, first = name_of(workload), number(workload, "spec", "ordinals", "start")
    last = f"{name}-{first + present - 1}"
    gone = last if present - wanted == 1 else f"{name}-{first + wanted} to {last}"
    told = f"the pods with the highest ordinals go: {gone}"
    claims = len(entries(workload, "spec", "volumeClaimTemplates")) * (present - wanted)
    return (told, f"{claims} volume claims stay, unused") if claims else (told,)


def _uncounted(survey: WorkloadSurvey, wanted: int) -> tuple[str, ...]:
    counted = survey.usage is not None and survey.usage.requests
    return () if counted or not wanted else (UNCOUNTED,)


def _unplaced_since(pod: Object) -> datetime | None:
    placed = condition(pod, "PodScheduled")
    return moment(placed, "lastTransitionTime") if text(placed, "status") == "False" else None
