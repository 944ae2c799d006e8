"""The operation that removes a job which will not end well by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from safe_ops.errors import StaleError
from safe_ops.guardrails.jobs import OF_STUCK_JOB
from safe_ops.model.drainage import label_of
from safe_ops.model.fields import dig, number, text
from safe_ops.model.objects import (
    controller_of,
    generation_of,
    is_finished,
    is_terminating,
    labels_of,
    name_of,
    namespace_of,
    owned_by,
    resource_version_of,
    uid_of,
)
from safe_ops.model.plans import Call, Change, Drawing, Step, System, Tier, Verification
from safe_ops.model.rights import Rights
from safe_ops.model.surveys import ClusterSurvey
from safe_ops.operations.cluster_change import (
    RV,
    cluster_of,
    permission,
    reached,
    spelled,
    target_of,
    there,
    waiting,
)
from safe_ops.operations.cluster_parameters import NamespacedParameters
from safe_ops.operations.cluster_paths import list_path, path_to
from safe_ops.operations.drift import ExactDrift
from safe_ops.operations.evicting import removal_applied
from safe_ops.operations.workload_reading import reads, writes

if TYPE_CHECKING:
    from safe_ops.model.actions import CallOutcome
    from safe_ops.model.guarding import Guard
    from safe_ops.model.plans import Json, Place, Plan
    from safe_ops.model.surveys import Object
    from safe_ops.operations.operation import Eyes, Look, Operation, Parameters

# Foreground: the job stays until its pods are gone, which may take their grace periods.
_DEADLINE_S = 300
_FORBID = "Forbid"
_LEFT_OUT = "left out"


class DeleteStuckJob(ExactDrift):
    """Removes one job and its pods."""

    name = "delete_stuck_job"
    version = 1
    system = System.KUBERNETES
    title = "Delete a job that is stuck"
    parameters: type[Parameters] = NamespacedParameters
    guards: tuple[Guard[ClusterSurvey], ...] = OF_STUCK_JOB
    rights = Rights(
        cluster_reads=(reads("CronJob", "get"), reads("Job", "get"), reads("Pod", "list")),
        cluster_writes=(writes("Job", "delete"),),
    )

    def survey(self, wanted: Parameters, eyes: Eyes) -> ClusterSurvey:
        """Read the job, its pods, and the cron job above it."""
        asked, cluster = cast("NamespacedParameters", wanted), cluster_of(eyes)
        job = cluster.get(path_to("Job", asked.name, asked.namespace))
        pods = cluster.items(list_path("Pod", asked.namespace)) if job is not None else ()
        return ClusterSurvey(
            read_at=eyes.now,
            target=job,
            permissions=permission(eyes, job, verb="delete", kind="Job"),
            pods=owned_by(uid_of(job), pods) if job is not None else (),
            owners=_cron_job(job, eyes),
        )

    def draw(self, wanted: Parameters, survey: ClusterSurvey, place: Place) -> Drawing:
        """Return the one deletion."""
        asked = cast("NamespacedParameters", wanted)
        job = there(survey.target, what=f"job {asked.namespace}/{asked.name}", place=place)
        above = text(controller_of(job), "name")
        blocks = any(text(owner, "spec", "concurrencyPolicy") == _FORBID for owner in survey.owners)
        running = sum(not is_finished(pod) for pod in survey.pods)
        return Drawing(
            tier=Tier.T2 if blocks else Tier.T1,
            # Without labels it is its cron job's, whose own actions have that key too.
            target=target_of(
                place,
                job,
                kind="Job",
                service=f"CronJob/{namespace_of(job)}/{above}" if above else "",
            ),
            pins={"generation": generation_of(job), "failed": number(job, "status", "failed")},
            changes=(Change(field="job", before=_state(job), after="deleted, with its pods"),),
            steps=(_deletion(job),),
            cannot_be_undone="a deleted job does not come back; its manifest is kept",
            verification=Verification(says=(f"{asked.name} is gone",), deadline_s=_DEADLINE_S),
            blast_radius=(
                f"1 job and its {len(survey.pods)} pods, {running} of them not finished",
            ),
            snapshot=_manifest(job),
            notes=_notes(survey, blocks=blocks),
        )

    def look(self, plan: Plan, eyes: Eyes) -> Look:
        """Tell whether the job is gone."""
        target = plan.target
        job = cluster_of(eyes).get(path_to("Job", target.name, target.namespace))
        if job is None or uid_of(job) != target.uid:
            return reached(f"{spelled(target)} is gone")
        if is_terminating(job):
            return waiting(f"{spelled(target)} waits for its pods to end")
        return waiting(f"{spelled(target)} is still there")

    def applied(self, plan: Plan, call: Call, eyes: Eyes) -> CallOutcome:
        """Tell by reading the job whether its deletion took effect."""
        return removal_applied(call.path, plan.target.uid, eyes)

    def bind(self, plan: Plan, call: Call, eyes: Eyes) -> dict[str, Json]:
        """Return the job's resourceVersion.

        Raises:
            StaleError: The job is gone, or another one.
        """
        job = cluster_of(eyes).get(call.path)
        if job is None or uid_of(job) != plan.target.uid:
            raise StaleError(f"{spelled(plan.target)} is gone or was made anew; plan it again.")
        return {RV: resource_version_of(job)}


def _cron_job(job: Object | None, eyes: Eyes) -> tuple[Object, ...]:
    reference = controller_of(job) if job is not None else None
    if job is None or reference is None or reference.get("kind") != "CronJob":
        return ()
    found = cluster_of(eyes).get(path_to("CronJob", text(reference, "name"), namespace_of(job)))
    return (found,) if found is not None and uid_of(found) == reference.get("uid") else ()


def _deletion(job: Object) -> Step:
    return Step(
        says=f"delete job {label_of(job)} and its pods",
        call=Call(
            action="DELETE",
            path=path_to("Job", name_of(job), namespace_of(job)),
            body={
                "apiVersion": "v1",
                "kind": "DeleteOptions",
                "propagationPolicy": "Foreground",
                "preconditions": {"uid": uid_of(job), "resourceVersion": RV},
            },
            late_bound=(RV,),
        ),
        gone_is_fine=True,
    )


def _state(job: Object) -> str:
    counts = (f"{number(job, 'status', key)} {key}" for key in ("active", "succeeded", "failed"))
    return f"{', '.join(counts)} since {text(job, 'status', 'startTime') or 'never'}"


def _manifest(job: Object) -> Json:
    """Return what is needed to make the job again by hand, but values that may be secret."""
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": name_of(job),
            "namespace": namespace_of(job),
            "labels": labels_of(job),
        },
        "spec": _unvalued(dig(job, "spec")),
    }


def _unvalued(part: Json) -> Json:
    """Return a part of a manifest with the literal values of environment variables left out."""
    match part:
        case {"env": list(variables), **rest}:
            kept = [{**one, "value": _LEFT_OUT} if "value" in one else one for one in variables]
            return {**_unvalued(rest), "env": kept}
        case dict():
            return {key: _unvalued(value) for key, value in part.items()}
        case list():
            return [_unvalued(value) for value in part]
        case _:
            return part


def _notes(survey: ClusterSurvey, *, blocks: bool) -> tuple[str, ...]:
    if not survey.owners:
        return ("no cron job makes another one",)
    name, schedule = name_of(survey.owners[0]), text(survey.owners[0], "spec", "schedule")
    freed = "; its next run starts only once this job is gone" if blocks else ""
    return (f"cron job {name} makes the next one ({schedule}){freed}",)


OPERATIONS: tuple[Operation[ClusterSurvey], ...] = (DeleteStuckJob(),)
