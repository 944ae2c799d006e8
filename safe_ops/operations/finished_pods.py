"""The operation that removes pods which ended long ago and only fill lists and quotas.

Pods that end, vanish or are kept between approval and execution do not make the plan stale: it
removes what was approved and is still fit to be removed, never more.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, cast

from pydantic import Field

from safe_ops.errors import RefusedError
from safe_ops.guardrails.disruption import is_marked_protected
from safe_ops.guardrails.jobs import OF_FINISHED_PODS
from safe_ops.model.drainage import label_of
from safe_ops.model.fields import dig, entries, moment, text
from safe_ops.model.marks import is_kept
from safe_ops.model.objects import (
    created_at,
    is_finished,
    is_terminating,
    name_of,
    namespace_of,
    uid_of,
)
from safe_ops.model.plans import Call, Change, Drawing, Step, System, Target, Tier, Verification
from safe_ops.model.rights import Rights
from safe_ops.model.surveys import ClusterSurvey
from safe_ops.operations.cluster_change import cluster_of, permission, reached, there, waiting
from safe_ops.operations.cluster_parameters import Namespace  # noqa: TC001 -- pydantic reads it
from safe_ops.operations.cluster_paths import list_path, path_to
from safe_ops.operations.drift import pin_drift, return_drift
from safe_ops.operations.evicting import removal_applied
from safe_ops.operations.operation import Parameters
from safe_ops.operations.workload_reading import reads, writes

if TYPE_CHECKING:
    from datetime import datetime

    from safe_ops.model.actions import CallOutcome
    from safe_ops.model.guarding import Guard
    from safe_ops.model.plans import Json, Place, Plan
    from safe_ops.model.surveys import Object
    from safe_ops.operations.operation import Eyes, Look, Operation

# As many as a card can name.
MOST_PODS = 50
# Removal of a finished pod waits for nothing but its finalizers.
_DEADLINE_S = 120


class DeleteFinishedPodsParameters(Parameters):
    """Which finished pods."""

    namespace: Namespace
    older_than_minutes: int = Field(
        default=60, ge=60, le=43_200, description="How long ago they ended, at least."
    )


class DeleteFinishedPods:
    """Removes pods of one namespace that ended at least an hour ago, the oldest first."""

    name = "delete_finished_pods"
    version = 1
    system = System.KUBERNETES
    title = "Delete pods that ended long ago"
    parameters: type[Parameters] = DeleteFinishedPodsParameters
    guards: tuple[Guard[ClusterSurvey], ...] = OF_FINISHED_PODS
    rights = Rights(
        cluster_reads=(reads("Namespace", "get"), reads("Pod", "get", "list")),
        cluster_writes=(writes("Pod", "delete"),),
    )

    def survey(self, wanted: Parameters, eyes: Eyes) -> ClusterSurvey:
        """Read the namespace and its pods."""
        namespace, cluster = (
            cast("DeleteFinishedPodsParameters", wanted).namespace,
            cluster_of(eyes),
        )
        found = cluster.get(path_to("Namespace", namespace))
        inside: Object = {"metadata": {"namespace": namespace}}
        return ClusterSurvey(
            read_at=eyes.now,
            target=found,
            permissions=permission(eyes, inside, verb="delete", kind="Pod"),
            pods=cluster.items(list_path("Pod", namespace)),
        )

    def draw(self, wanted: Parameters, survey: ClusterSurvey, place: Place) -> Drawing:
        """Return a deletion for each pod, at most 50."""
        asked = cast("DeleteFinishedPodsParameters", wanted)
        namespace = there(survey.target, what=f"namespace {asked.namespace}", place=place)
        before = survey.read_at - timedelta(minutes=asked.older_than_minutes)
        ended = [pod for pod in survey.pods if is_finished(pod)]
        fit = sorted(
            (pod for pod in ended if _is_fit(pod, before) and not is_terminating(pod)), key=_age
        )
        if not fit:
            raise RefusedError(
                f"None of {len(ended)} finished pods in {asked.namespace} ended more than "
                f"{asked.older_than_minutes} min ago and may be removed.",
                code="parameters",
            )
        taken = fit[:MOST_PODS]
        return Drawing(
            tier=Tier.T1,
            target=Target(
                place=place,
                kind="Namespace",
                name=asked.namespace,
                namespace=asked.namespace,
                uid=uid_of(namespace),
            ),
            changes=(
                Change(
                    field="finished pods",
                    before=str(len(ended)),
                    after=str(len(ended) - len(taken)),
                ),
            ),
            steps=tuple(_deletion(pod) for pod in taken),
            cannot_be_undone="a deleted pod does not come back; it had ended",
            verification=Verification(
                says=(f"{len(taken)} pods are gone",), deadline_s=_DEADLINE_S
            ),
            blast_radius=(
                f"{len(taken)} of {len(ended)} finished pods in {asked.namespace}",
                "no running pod",
            ),
            snapshot={
                "pods": [_remains(pod) for pod in taken],
                "unfit": sorted(uid_of(pod) for pod in survey.pods if not _is_fit(pod, before)),
            },
            notes=("their logs go with them, unless a log server has them",),
        )

    def drifted(self, plan: Plan, drawing: Drawing) -> str:
        """Return which planned pods are there and must stay; those that are gone are fine."""
        return pin_drift(plan, drawing) or return_drift(plan, drawing.snapshot["unfit"])

    def look(self, plan: Plan, eyes: Eyes) -> Look:
        """Tell how many of the pods are gone."""
        pods = cluster_of(eyes).items(list_path("Pod", plan.target.namespace))
        standing = {uid_of(pod) for pod in pods}
        planned = [_uid_in(step.call) for step in plan.drawing.steps]
        left = sum(uid in standing for uid in planned)
        says = f"{len(planned) - left} of {len(planned)} pods are gone"
        return waiting(says) if left else reached(says)

    def applied(self, plan: Plan, call: Call, eyes: Eyes) -> CallOutcome:
        """Tell by reading the pod whether its deletion took effect."""
        return removal_applied(call.path, _uid_in(call), eyes)

    def bind(self, plan: Plan, call: Call, eyes: Eyes) -> dict[str, Json]:
        """Return nothing: a deletion is complete as it is."""
        return {}


def ended_at(pod: Object) -> datetime | None:
    """Return when a pod ended: its last container's end, or its last sign of life."""
    ends = [
        moment(status, "state", "terminated", "finishedAt")
        for kind in ("containerStatuses", "initContainerStatuses")
        for status in entries(pod, "status", kind)
    ]
    signs = [moment(one, "lastTransitionTime") for one in entries(pod, "status", "conditions")]
    told = [at for at in (*ends, *signs) if at is not None]
    return max(told, default=created_at(pod))


def _is_fit(pod: Object, before: datetime) -> bool:
    """Tell whether a pod ended before a time and nobody needs it any more.

    A finalizer is somebody who still has to count it, such as the job controller.
    """
    at = ended_at(pod)
    return (
        is_finished(pod)
        and at is not None
        and at <= before
        and not is_kept(pod)
        and not is_marked_protected(pod)
        and not dig(pod, "metadata", "finalizers")
    )


def _age(pod: Object) -> tuple[str, str]:
    return str(ended_at(pod)), name_of(pod)


def _deletion(pod: Object) -> Step:
    return Step(
        says=f"delete pod {label_of(pod)} ({text(pod, 'status', 'phase')})",
        call=Call(
            action="DELETE",
            path=path_to("Pod", name_of(pod), namespace_of(pod)),
            body={
                "apiVersion": "v1",
                "kind": "DeleteOptions",
                "preconditions": {"uid": uid_of(pod)},
            },
        ),
        gone_is_fine=True,
    )


def _uid_in(call: Call) -> str:
    return text(call.body, "preconditions", "uid")


def _remains(pod: Object) -> Json:
    return {
        "name": name_of(pod),
        "uid": uid_of(pod),
        "phase": text(pod, "status", "phase"),
        "reason": text(pod, "status", "reason"),
        "ended_at": str(ended_at(pod)),
    }


OPERATIONS: tuple[Operation[ClusterSurvey], ...] = (DeleteFinishedPods(),)
