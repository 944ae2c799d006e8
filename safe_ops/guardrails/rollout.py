"""Refuses rollouts that would not move, would take too much away, or collide with another.

Knows workloads and budgets as they were read, no operation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from safe_ops.model.budgets import allowance, budgets_over, taken_by_update
from safe_ops.model.fields import dig, number, text
from safe_ops.model.guarding import Guard, passes, refuses
from safe_ops.model.marks import PAUSED_BY
from safe_ops.model.objects import annotations_of, name_of, namespace_of
from safe_ops.model.revisions import template_of
from safe_ops.model.rollouts import DEPLOYMENT, desired_of, is_paused, rollout_of

if TYPE_CHECKING:
    from safe_ops.model.guarding import Case
    from safe_ops.model.plans import Ruling
    from safe_ops.model.surveys import Object
    from safe_ops.model.workloads import WorkloadSurvey

_ROLLING = "RollingUpdate"


def _not_paused(case: Case[WorkloadSurvey]) -> Ruling:
    workload = case.survey.workload
    if is_paused(workload):
        return refuses(
            "not-paused",
            f"The rollout of {name_of(workload)} is paused, so its pods would not change: resume "
            "it first (rollout_resume).",
        )
    return passes("not-paused", "The rollout is not paused.")


def _settled(case: Case[WorkloadSurvey]) -> Ruling:
    rollout = rollout_of(case.survey.workload)
    if rollout.moving:
        return refuses(
            "no-rollout-in-progress",
            f"A rollout is in progress: {rollout.says}. Wait for it, or go back (rollout_undo).",
        )
    return passes("no-rollout-in-progress", f"No rollout is in progress: {rollout.says}.")


def _in_progress(case: Case[WorkloadSurvey]) -> Ruling:
    rollout = rollout_of(case.survey.workload)
    if not rollout.moving:
        return refuses(
            "rollout-in-progress", f"No rollout is in progress to be paused: {rollout.says}."
        )
    return passes("rollout-in-progress", f"A rollout is in progress: {rollout.says}.")


def _is_running(case: Case[WorkloadSurvey]) -> Ruling:
    if is_paused(case.survey.workload):
        return refuses("is-running", "The rollout is paused already.")
    return passes("is-running", "The rollout is not paused.")


def _is_paused(case: Case[WorkloadSurvey]) -> Ruling:
    if not is_paused(case.survey.workload):
        return refuses("is-paused", "The rollout is not paused: there is nothing to resume.")
    return passes("is-paused", "The rollout is paused.")


def _paused_by_us(case: Case[WorkloadSurvey]) -> Ruling:
    by = annotations_of(case.survey.workload).get(PAUSED_BY, "")
    if not by:
        return refuses(
            "paused-by-us",
            "It was not paused by an action of ours: whoever paused it knows why, and resumes it.",
        )
    return passes("paused-by-us", f"It was paused by {by}.")


def _has_pods(case: Case[WorkloadSurvey]) -> Ruling:
    desired = desired_of(case.survey.workload)
    if not desired:
        return refuses("has-pods", "It wants no pods now: there is nothing to restart.")
    return passes("has-pods", f"It wants {desired} pods.")


def why_not_rolling(workload: Object) -> str:
    """Return why a change of the template would not reach all pods; empty if it would."""
    if text(workload, "kind") == DEPLOYMENT:
        return ""
    update = dig(workload, "spec", "updateStrategy")
    kind = text(update, "type", default=_ROLLING)
    if kind != _ROLLING:
        return f"its update strategy is {kind}: pods change only when somebody deletes them"
    partition = number(update, "rollingUpdate", "partition")
    if partition:
        return f"its update stops at partition {partition}: pods below it would not change"
    return ""


def recreates(workload: Object) -> bool:
    """Tell whether an update takes all pods away before new ones come."""
    strategy = text(workload, "spec", "strategy", "type", default=_ROLLING)
    return text(workload, "kind") == DEPLOYMENT and strategy != _ROLLING


def _rolls(case: Case[WorkloadSurvey]) -> Ruling:
    why = why_not_rolling(case.survey.workload)
    if why:
        return refuses("update-strategy", f"The change would not take effect: {why}.")
    return passes("update-strategy", "A change of the template reaches all pods.")


def _keeps_serving(case: Case[WorkloadSurvey]) -> Ruling:
    workload = case.survey.workload
    if recreates(workload):
        return refuses(
            "update-strategy",
            f"{name_of(workload)} recreates: all {desired_of(workload)} pods would be away at "
            "once. Evict one pod at a time instead (evict_pod).",
        )
    return _rolls(case)


def _within_budgets(case: Case[WorkloadSurvey]) -> Ruling:
    workload = case.survey.workload
    taken = taken_by_update(workload, replicas=desired_of(workload))
    labels = dig(template_of(workload), "metadata", "labels") or {}
    found = budgets_over(case.survey.budgets, namespace=namespace_of(workload), labels=labels)
    told = [allowance(budget) for budget in found]
    tight = [one for one in told if one.allowed < taken]
    if tight:
        return refuses(
            "disruption-budget",
            f"The update may take {taken} pods away at once, and updates do not heed budgets: "
            f"{'; '.join(one.says for one in tight)}. Evict one pod at a time instead "
            "(evict_pod), or wait until more are healthy.",
        )
    said = "; ".join(one.says for one in told) or "no budget counts these pods"
    return passes("disruption-budget", f"At most {taken} pods away at once; {said}.")


NOT_PAUSED: Guard[WorkloadSurvey] = Guard(name="not-paused", decide=_not_paused)
SETTLED: Guard[WorkloadSurvey] = Guard(name="no-rollout-in-progress", decide=_settled)
IN_PROGRESS: Guard[WorkloadSurvey] = Guard(name="rollout-in-progress", decide=_in_progress)
IS_RUNNING: Guard[WorkloadSurvey] = Guard(name="is-running", decide=_is_running)
IS_PAUSED: Guard[WorkloadSurvey] = Guard(name="is-paused", decide=_is_paused)
PAUSED_BY_US: Guard[WorkloadSurvey] = Guard(name="paused-by-us", decide=_paused_by_us)
HAS_PODS: Guard[WorkloadSurvey] = Guard(name="has-pods", decide=_has_pods)
ROLLS: Guard[WorkloadSurvey] = Guard(name="update-strategy", decide=_rolls)
KEEPS_SERVING: Guard[WorkloadSurvey] = Guard(name="update-strategy", decide=_keeps_serving)
WITHIN_BUDGETS: Guard[WorkloadSurvey] = Guard(name="disruption-budget", decide=_within_budgets)
