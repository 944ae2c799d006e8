"""Jobs and CronJobs of a scenario, with their pods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.lab.estate import naming, when
from tests.lab.estate.deployments import state_of
from tests.lab.estate.templates import pod_spec

if TYPE_CHECKING:
    from tests.lab.estate.builder import ClusterBuilder

Object = dict[str, Any]


def add_cron_job(builder: ClusterBuilder, namespace: str, name: str, given: Object) -> None:
    """Write the CronJob and a Job for each relative time in `runs` (newest last)."""
    given = {"container": name, **given}
    runs: list[Object] = given.get("runs", [])
    manifest: Object = {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": {"app": name},
            "generation": 1,
            "creationTimestamp": when.stamp(builder.at(given.get("created", "-30d"))),
        },
        "spec": {
            "schedule": given["schedule"],
            "suspend": bool(given.get("suspend")),
            "concurrencyPolicy": "Forbid",
            "successfulJobsHistoryLimit": 3,
            "failedJobsHistoryLimit": 1,
            "jobTemplate": {"spec": _job_spec(name, given)},
        },
        "status": {},
    }
    stored = builder.cluster.apply(manifest)
    for run in runs:
        at = builder.at(run["at"])
        marker = str(int(at // 60))
        add_job(builder, namespace, f"{name}-{marker}", given | run, owned_by=stored)
    if runs:
        last = builder.at(runs[-1]["at"])
        stored["status"] = {
            "lastScheduleTime": when.stamp(last),
            "lastSuccessfulTime": when.stamp(last + 20),
        }
        builder.cluster.apply(stored)


def add_job(
    builder: ClusterBuilder,
    namespace: str,
    name: str,
    given: Object,
    *,
    owned_by: Object | None = None,
) -> None:
    """Write the Job and its pod; `state` is completed, failed or running."""
    at = builder.at(given["at"])
    state = {"run": "18s"} | state_of(given.get("state", "completed"))
    job_uid = naming.uid(builder.cluster.name, "jobs.batch", namespace, name)
    labels = {"app": given.get("app", name.rsplit("-", 1)[0])} | {
        "batch.kubernetes.io/controller-uid": job_uid,
        "batch.kubernetes.io/job-name": name,
        "job-name": name,
    }
    spec = _job_spec(name, given)
    spec["selector"] = {"matchLabels": {"batch.kubernetes.io/controller-uid": job_uid}}
    spec["template"]["metadata"] = {"labels": labels}
    stored = builder.cluster.apply(
        {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {
                "name": name,
                "namespace": namespace,
                "labels": labels,
                "generation": 1,
                "creationTimestamp": when.stamp(at),
                "ownerReferences": [builder.owner(owned_by)] if owned_by else [],
            },
            "spec": spec,
            "status": _job_status(at, state),
        }
    )
    builder.add_pod(
        name=f"{name}-{naming.suffix(namespace, name)}",
        owned_by=stored,
        labels=labels,
        spec=spec["template"]["spec"],
        created_at=at,
        given=given,
        state=state,
    )


def _job_spec(name: str, given: Object) -> Object:
    return {
        "parallelism": 1,
        "completions": 1,
        "backoffLimit": 6,
        "completionMode": "NonIndexed",
        "suspend": False,
        "template": {"spec": pod_spec(given.get("container", name), given, restart="Never")},
    }


def _job_status(at: float, state: Object) -> Object:
    ended = at + 3 + when.offset_s(str(state["run"]))
    status: Object = {"startTime": when.stamp(at)}
    if state["is"] == "completed":
        return status | {
            "completionTime": when.stamp(ended),
            "succeeded": 1,
            "conditions": [_condition("Complete", "CompletionsReached", "", ended)],
        }
    if state["is"] == "failed":
        words = "Job has reached the specified backoff limit"
        return status | {
            "failed": 1,
            "conditions": [_condition("Failed", "BackoffLimitExceeded", words, ended)],
        }
    return status | {"active": 1, "ready": 1}


def _condition(type_: str, reason: str, message: str, at: float) -> Object:
    return {
        "type": type_,
        "status": "True",
        "reason": reason,
        "message": message,
        "lastProbeTime": when.stamp(at),
        "lastTransitionTime": when.stamp(at),
    }
