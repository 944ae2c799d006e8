"""Guards of evictions: nobody loses a service, a budget, work or files by one.

Knows pods, their controllers and budgets. Must not know how a pod is evicted.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from safe_ops.model.budgets import allowance
from safe_ops.model.drainage import budgets_of, label_of, occupants, owner_in
from safe_ops.model.fields import entries, text
from safe_ops.model.guarding import Guard, passes, refuses
from safe_ops.model.objects import (
    controller_of,
    is_finished,
    is_ready,
    is_terminating,
    labels_of,
    namespace_of,
    uid_of,
)
from safe_ops.policy.protection import OWN_NAME, PROTECTED_LABEL

if TYPE_CHECKING:
    from collections.abc import Iterable

    from safe_ops.model.guarding import Case
    from safe_ops.model.plans import Ruling
    from safe_ops.model.surveys import ClusterSurvey, Object

REPLACING = frozenset({"ReplicaSet", "StatefulSet", "DaemonSet"})
"""Controllers that make a new pod for one that was evicted, and that can be asked whether it is."""
# Time for a replacement to start and for its readiness to count in the budget.
REST = timedelta(minutes=15)
_RESTARTS = frozenset({"evict_pod", "rollout_restart"})
# Where programs keep what they can do without: losing it is what a restart does as well.
_SCRATCH = ("/tmp", "/var/tmp", "/run", "/var/run", "/dev/shm")  # noqa: S108 -- compared only
_LISTED = 5


def _controlled(case: Case[ClusterSurvey]) -> Ruling:
    name, pod = "controlled", case.survey.target or {}
    reference = controller_of(pod) or {}
    kind = text(reference, "kind") or "no controller"
    if kind not in REPLACING or owner_in(case.survey.owners, pod) is None:
        return refuses(
            name,
            f"{label_of(pod)} has {kind} above it that is not known to replace it; only pods of "
            f"an existing {_any_of(REPLACING)} are evicted",
        )
    return passes(name, f"{kind} {text(reference, 'name')} replaces it")


def _unfinished(case: Case[ClusterSurvey]) -> Ruling:
    name, pod = "pod-running", case.survey.target or {}
    if is_finished(pod) or is_terminating(pod):
        state = "being deleted" if is_terminating(pod) else text(pod, "status", "phase")
        return refuses(name, f"{label_of(pod)} is {state} already; evicting it changes nothing")
    return passes(name, f"{label_of(pod)} is {text(pod, 'status', 'phase')}")


def _last_ready(case: Case[ClusterSurvey]) -> Ruling:
    name, pod = "last-ready-pod", case.survey.target or {}
    others = sum(is_ready(one) for one in case.survey.pods if uid_of(one) != uid_of(pod))
    if is_ready(pod) and others == 0:
        return refuses(
            name,
            f"{label_of(pod)} is the only ready pod of {len(case.survey.pods)}: the service would "
            "be down until the next one is ready; scale up first",
        )
    return passes(name, f"{others} other pods are ready")


def _budget(case: Case[ClusterSurvey]) -> Ruling:
    name, pod = "disruption-budget", case.survey.target or {}
    over = [allowance(budget) for budget in budgets_of(case.survey.budgets, pod)]
    said = "; ".join(one.says for one in over)
    if len(over) > 1:
        return refuses(
            name,
            f"{len(over)} disruption budgets count {label_of(pod)} ({said}): the API evicts no pod "
            "of more than one; leave it to one of them",
        )
    if over and over[0].allowed < 1:
        return refuses(
            name, f"{said}: no eviction is allowed now; wait until more of its pods are healthy"
        )
    return passes(name, said or "no disruption budget counts it")


def _rested(case: Case[ClusterSurvey]) -> Ruling:
    name, around = "rest-between-restarts", case.circumstances
    target = case.drawing.target
    late = [
        past
        for past in around.recent
        if past.operation in _RESTARTS
        and past.service_key == target.service_key
        and around.now - past.changed_at < REST
    ]
    minutes = REST // timedelta(minutes=1)
    if late:
        ago = (around.now - late[0].changed_at) // timedelta(minutes=1)
        return refuses(
            name,
            f"A{late[0].number} ({late[0].operation}) restarted pods of {target.service} {ago} min "
            f"ago; wait until {minutes} min have passed and see what it did",
        )
    return passes(name, f"nothing of {target.service} was restarted by us in {minutes} min")


def _replaceable(case: Case[ClusterSurvey]) -> Ruling:
    name, leaving = "replaceable-pods", occupants(case.survey.pods).leaving
    lost = [
        pod
        for pod in leaving
        if not _is_of_job(pod)
        and (
            text(controller_of(pod), "kind") not in REPLACING
            or owner_in(case.survey.owners, pod) is None
        )
    ]
    if lost:
        return refuses(
            name,
            f"{_some(lost)}: nothing is known to make these pods anew; move or delete them by hand "
            "before the node is drained",
        )
    return passes(name, f"each of {len(leaving)} pods has a controller that replaces it")


def _unprotected(case: Case[ClusterSurvey]) -> Ruling:
    name, leaving = "protected-pods", occupants(case.survey.pods).leaving
    held = [pod for pod in leaving if _is_protected(pod)]
    if held:
        return refuses(
            name,
            f"{_some(held)}: Nightdesk's own, or marked {PROTECTED_LABEL}; whoever owns them moves "
            "them first",
        )
    return passes(name, f"none of {len(leaving)} pods is protected")


def _no_jobs(case: Case[ClusterSurvey]) -> Ruling:
    name, leaving = "running-jobs", occupants(case.survey.pods).leaving
    working = [pod for pod in leaving if _is_of_job(pod)]
    if working:
        return refuses(
            name,
            f"{_some(working)}: jobs are at work there and would lose it; cordon the node and "
            "drain it when they are done",
        )
    return passes(name, "no job is at work on it")


def _no_local_files(case: Case[ClusterSurvey]) -> Ruling:
    name, leaving = "local-files", occupants(case.survey.pods).leaving
    keeping = [pod for pod in leaving if _local_volumes(pod)]
    if keeping:
        volumes = ", ".join(_local_volumes(keeping[0]))
        return refuses(
            name,
            f"{_some(keeping)}: their files on the node (such as volume {volumes}) would be lost; "
            "move these pods by hand",
        )
    return passes(name, "no pod keeps files on the node but scratch")


def _one_budget(case: Case[ClusterSurvey]) -> Ruling:
    name, leaving = "one-budget-each", occupants(case.survey.pods).leaving
    torn = [pod for pod in leaving if len(budgets_of(case.survey.budgets, pod)) > 1]
    if torn:
        return refuses(
            name,
            f"{_some(torn)}: more than one disruption budget counts them, and the API evicts no "
            "such pod; leave each to one budget",
        )
    return passes(name, f"each of {len(leaving)} pods has at most one disruption budget")


def _budgets_allow(case: Case[ClusterSurvey]) -> Ruling:
    name, leaving = "budgets-allow", occupants(case.survey.pods).leaving
    over = {
        label_of(budget): allowance(budget)
        for pod in leaving
        for budget in budgets_of(case.survey.budgets, pod)
    }
    spent = [one.says for _, one in sorted(over.items()) if one.allowed < 1]
    if spent:
        return refuses(
            name,
            f"{'; '.join(spent)}: the drain would stand still there; wait until more of their pods "
            "are healthy, or add replicas",
        )
    return passes(name, "; ".join(one.says for _, one in sorted(over.items())) or "no budgets")


def is_marked_protected(item: Object) -> bool:
    """Tell whether an object is marked as one nothing may touch."""
    return labels_of(item).get(PROTECTED_LABEL, "false").lower() != "false"


def _is_protected(pod: Object) -> bool:
    """Tell whether a pod is ours, or marked as one nothing may touch.

    Whoever drains the node its own operator runs on would not see it through.
    """
    return is_marked_protected(pod) or namespace_of(pod).startswith(OWN_NAME)


def _is_of_job(pod: Object) -> bool:
    return text(controller_of(pod), "kind") == "Job"


def _local_volumes(pod: Object) -> tuple[str, ...]:
    """Return the volumes whose content is lost when the pod leaves, scratch left out."""
    return tuple(
        text(volume, "name")
        for volume in entries(pod, "spec", "volumes")
        if "ephemeral" in volume
        or ("emptyDir" in volume and not _is_scratch(pod, text(volume, "name")))
    )


def _is_scratch(pod: Object, volume: str) -> bool:
    containers = (*entries(pod, "spec", "containers"), *entries(pod, "spec", "initContainers"))
    paths = (
        text(mount, "mountPath").rstrip("/")
        for container in containers
        for mount in entries(container, "volumeMounts")
        if mount.get("name") == volume
    )
    return all(
        any(path == root or path.startswith(f"{root}/") for root in _SCRATCH) for path in paths
    )


def _any_of(kinds: Iterable[str]) -> str:
    return " or ".join(sorted(kinds))


def _some(pods: list[Object]) -> str:
    named = ", ".join(label_of(pod) for pod in pods[:_LISTED])
    return f"{named} and {len(pods) - _LISTED} more" if len(pods) > _LISTED else named


OF_EVICTION: tuple[Guard[ClusterSurvey], ...] = (
    Guard(name="controlled", decide=_controlled),
    Guard(name="pod-running", decide=_unfinished),
    Guard(name="last-ready-pod", decide=_last_ready),
    Guard(name="disruption-budget", decide=_budget),
    Guard(name="rest-between-restarts", decide=_rested),
)
"""Of one pod."""
OF_DRAIN: tuple[Guard[ClusterSurvey], ...] = (
    Guard(name="replaceable-pods", decide=_replaceable),
    Guard(name="protected-pods", decide=_unprotected),
    Guard(name="running-jobs", decide=_no_jobs),
    Guard(name="local-files", decide=_no_local_files),
    Guard(name="one-budget-each", decide=_one_budget),
    Guard(name="budgets-allow", decide=_budgets_allow),
)
"""Of all pods of a node."""
