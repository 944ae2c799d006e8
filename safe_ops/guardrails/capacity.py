"""Refuses more pods than there is room for, and fewer than the load needs.

Knows quotas, nodes, budgets and measured use as they were read, no operation. How many pods there
are and shall be stands in the drawing's pins: `replicas` and `wanted_replicas`, or of an autoscaler
`max` and `wanted_max`.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from safe_ops.guardrails.requests import REQUESTS, requests_ruling
from safe_ops.model.budgets import budgets_over, needed_of
from safe_ops.model.fields import dig, entries, mapping, text
from safe_ops.model.guarding import Guard, passes, refuses
from safe_ops.model.objects import name_of, namespace_of
from safe_ops.model.quantities import amount
from safe_ops.model.revisions import template_of
from safe_ops.model.rollouts import desired_of
from safe_ops.model.room import asked_by, limited_to, more_pods

if TYPE_CHECKING:
    from collections.abc import Mapping

    from safe_ops.model.guarding import Case
    from safe_ops.model.plans import Json, Ruling
    from safe_ops.model.surveys import Object
    from safe_ops.model.workloads import WorkloadSurvey

MOST_MORE = 10
"""Pods one scaling adds at most; at most twice as many besides."""
FULL = 0.7
"""Share of what the pods ask for that the load may take up: 30 % headroom is left."""


def more_for(workload: Object, pods: int) -> dict[str, Decimal]:
    """Return what so many more pods take of a quota, by the quota's names."""
    spec = dig(template_of(workload), "spec")
    asked, limits = asked_by(spec), limited_to(spec)
    more = {
        "pods": Decimal(pods),
        "count/pods": Decimal(pods),
        "cpu": asked.cpu * pods,
        "requests.cpu": asked.cpu * pods,
        "limits.cpu": limits.cpu * pods,
        "memory": asked.memory * pods,
        "requests.memory": asked.memory * pods,
        "limits.memory": limits.memory * pods,
    }
    claims = entries(workload, "spec", "volumeClaimTemplates")
    storage = [amount(dig(one, "spec", "resources", "requests", "storage")) for one in claims]
    return more | {
        "persistentvolumeclaims": Decimal(pods * len(claims)),
        "requests.storage": sum((one or Decimal(0) for one in storage), Decimal(0)) * pods,
    }


def over_quota(quotas: tuple[Object, ...], more: Mapping[str, Decimal]) -> str:
    """Return which quota would not take so much more, in words; empty if all would.

    Quotas of some pods only count as being of all: rather too many than one overlooked.
    """
    for quota in quotas:
        hard, used = mapping(quota, "spec", "hard"), mapping(quota, "status", "used")
        for resource in sorted(hard.keys() & more.keys()):
            if more[resource] <= 0:
                continue
            most, taken = amount(hard[resource]), amount(used.get(resource))
            if most is None or taken is None:
                return f"quota {name_of(quota)} does not say how much {resource} is used"
            if taken + more[resource] > most:
                return (
                    f"quota {name_of(quota)} has {hard[resource]} {resource}, "
                    f"{used[resource]} of it used, and {more[resource].normalize():f} more "
                    "would be needed"
                )
    return ""


def _added(case: Case[WorkloadSurvey]) -> int:
    """Return how many pods may come: of an autoscaler as many as its raised upper bound allows."""
    pins = case.drawing.pins
    if "wanted_max" in pins:
        is_raised = int(pins["wanted_max"]) > int(pins["max"])
        return int(pins["wanted_max"]) - desired_of(case.survey.workload) if is_raised else 0
    return int(pins["wanted_replicas"]) - int(pins["replicas"])


def _ceiling(case: Case[WorkloadSurvey]) -> Ruling:
    present = int(case.drawing.pins["replicas"])
    wanted = int(case.drawing.pins["wanted_replicas"])
    most = min(max(1, 2 * present), present + MOST_MORE)
    if wanted > most:
        return refuses(
            "ceiling",
            f"{wanted} pods are more than {most}, the most one scaling goes to from {present}: "
            f"scale to {most} first, and look whether it helps.",
        )
    return passes("ceiling", f"{wanted} pods, {most} at most from {present}.")


def _quota(case: Case[WorkloadSurvey]) -> Ruling:
    added = _added(case)
    why = over_quota(case.survey.quotas, more_for(case.survey.workload, added))
    if why:
        return refuses("quota", f"{added} more pods do not fit: {why}. Ask for a larger quota.")
    return passes("quota", f"{added} more pods fit {len(case.survey.quotas)} quotas.")


def _node_room(case: Case[WorkloadSurvey]) -> Ruling:
    survey, added = case.survey, _added(case)
    spec = dig(template_of(survey.workload), "spec")
    fit = more_pods(spec, nodes=survey.nodes, pods=survey.node_pods)
    if fit < added:
        return refuses(
            "node-room",
            f"The nodes have room for {fit} more pods of this kind, not {added}: add nodes first, "
            "or scale to less.",
        )
    return passes("node-room", f"The nodes have room for {fit} more pods, {added} are wanted.")


def _budgets_after(case: Case[WorkloadSurvey]) -> Ruling:
    workload, wanted = case.survey.workload, int(case.drawing.pins["wanted_replicas"])
    labels = dig(template_of(workload), "metadata", "labels") or {}
    found = budgets_over(case.survey.budgets, namespace=namespace_of(workload), labels=labels)
    said = []
    for budget in found:
        needed = needed_of(budget, expected=wanted)
        if needed is None or needed > wanted:
            wants = "something unreadable" if needed is None else f"{needed} healthy pods"
            return refuses(
                "disruption-budget",
                f"Budget {name_of(budget)} wants {wants}, and {wanted} would be left: keep more.",
            )
        said.append(f"{name_of(budget)} wants {needed} of {wanted}")
    return passes("disruption-budget", "; ".join(said) or "No budget counts these pods.")


def _not_to_nothing(case: Case[WorkloadSurvey]) -> Ruling:
    wanted = int(case.drawing.pins["wanted_replicas"])
    # Whatever is neither dev nor staging counts as prod.
    if not wanted and case.circumstances.environment not in {"dev", "staging"}:
        return refuses(
            "not-to-zero",
            "Scaling to 0 stops the service, and is never done in production: no approval helps.",
        )
    return passes("not-to-zero", f"{wanted} pods would be left.")


def _keeps_volumes(case: Case[WorkloadSurvey]) -> Ruling:
    workload = case.survey.workload
    when = text(workload, "spec", "persistentVolumeClaimRetentionPolicy", "whenScaled")
    if when == "Delete" and entries(workload, "spec", "volumeClaimTemplates"):
        return refuses(
            "keeps-volumes",
            "Its volume claims would be deleted with the pods (whenScaled is Delete), and data is "
            "never deleted: set it to Retain first.",
        )
    return passes("keeps-volumes", "No volume claim is deleted.")


def _utilisation(case: Case[WorkloadSurvey]) -> Ruling:
    pins, usage = case.drawing.pins, case.survey.usage
    present, wanted = int(pins["replicas"]), int(pins["wanted_replicas"])
    if not wanted:
        return passes("utilisation", "Everything it does stops: the load is not compared.")
    shares: dict[str, Json] = (
        {}
        if usage is None
        else {
            "processor": usage.cpu_p95,
            "memory": usage.memory_p95,
            "processor a week ago": usage.cpu_p95_week_ago,
            "memory a week ago": usage.memory_p95_week_ago,
        }
    )
    unknown = [name for name, share in shares.items() if share is None] or (
        [] if shares else ["processor", "memory"]
    )
    if unknown:
        return refuses(
            "utilisation",
            f"How busy it is cannot be told ({', '.join(unknown)}): there are no metrics, or its "
            "containers ask for nothing. Without that nothing is taken away.",
        )
    after = {name: share * present / wanted for name, share in shares.items()}
    said = ", ".join(f"{name} {share:.0%}" for name, share in after.items())
    full = [name for name, share in after.items() if share > FULL]
    if full:
        return refuses(
            "utilisation",
            f"With {wanted} pods the busiest 5 % of the hour would take {said} of what they ask "
            f"for, and {FULL:.0%} is the most: keep more pods.",
        )
    return passes("utilisation", f"With {wanted} pods: {said} of what they ask for.")


def _requests(case: Case[WorkloadSurvey]) -> Ruling:
    pins, usage = case.drawing.pins, case.survey.usage
    present, wanted = int(pins["replicas"]), int(pins["wanted_replicas"])
    if not wanted:
        return passes(REQUESTS, "Everything it does stops: its requests are not compared.")
    loads = usage.requests if usage is not None else ()
    return requests_ruling(loads, before=present, after=wanted, each="pod")


CEILING: Guard[WorkloadSurvey] = Guard(name="ceiling", decide=_ceiling)
QUOTA: Guard[WorkloadSurvey] = Guard(name="quota", decide=_quota)
NODE_ROOM: Guard[WorkloadSurvey] = Guard(name="node-room", decide=_node_room)
BUDGETS_AFTER: Guard[WorkloadSurvey] = Guard(name="disruption-budget", decide=_budgets_after)
NOT_TO_ZERO: Guard[WorkloadSurvey] = Guard(name="not-to-zero", decide=_not_to_nothing)
KEEPS_VOLUMES: Guard[WorkloadSurvey] = Guard(name="keeps-volumes", decide=_keeps_volumes)
SERVED_REQUESTS: Guard[WorkloadSurvey] = Guard(name=REQUESTS, decide=_requests)
UTILISATION: Guard[WorkloadSurvey] = Guard(name="utilisation", decide=_utilisation)
