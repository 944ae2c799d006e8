"""Guards of operations on Lambda functions."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from safe_ops.guardrails.cloud import step_ruling
from safe_ops.model.fields import entries, moment, number, text
from safe_ops.model.guarding import Guard, passes, refuses

if TYPE_CHECKING:
    from safe_ops.model.guarding import Case
    from safe_ops.model.plans import Json, Ruling
    from safe_ops.model.surveys import CloudSurvey

API_GATEWAY_TIMEOUT_S = 29
"""What API Gateway waits for an integration unless its quota was raised (API Gateway quotas)."""
VISIBILITY_TIMES = 6
"""A queue's visibility timeout should be six times its function's timeout (Lambda developer guide,
Configuring an Amazon SQS queue)."""
PROVEN_FOR = timedelta(hours=1)


def _settled(case: Case[CloudSurvey]) -> Ruling:
    name = "update-settled"
    state = text(case.survey.target, "State", default="unknown")
    update = text(case.survey.target, "LastUpdateStatus", default="unknown")
    if (state, update) == ("Active", "Successful"):
        return passes(name, "the function is Active and its last update was Successful")
    return refuses(
        name,
        f"the function is {state} and its last update {update}: wait until that is over, or repair"
        " it first",
    )


def _memory_step(case: Case[CloudSurvey]) -> Ruling:
    return step_ruling(
        "step",
        what="memory in MB",
        before=number(case.survey.target, "MemorySize"),
        after=case.parameters["memory_mb"],
    )


def _timeout_step(case: Case[CloudSurvey]) -> Ruling:
    return step_ruling(
        "step",
        what="timeout in seconds",
        before=number(case.survey.target, "Timeout"),
        after=case.parameters["timeout_s"],
    )


def _callers(case: Case[CloudSurvey]) -> Ruling:
    name, after = "callers-wait", int(case.parameters["timeout_s"])
    before = number(case.survey.target, "Timeout")
    if after <= before:
        return passes(name, f"the timeout falls from {before} s to {after} s: nobody waits longer")
    limits = {
        f"queue {queue} hides a message for {visible_s} s, six times the timeout at least": (
            int(visible_s) // VISIBILITY_TIMES
        )
        for queue, visible_s in case.survey.answers["visibility_s"].items()
    }
    if case.survey.answers["behind_api_gateway"]:
        limits["API Gateway gives up after that"] = API_GATEWAY_TIMEOUT_S
    if not limits:
        return passes(name, "no queue and no API Gateway calls it, as far as AWS knows")
    why, least = min(limits.items(), key=lambda one: one[1])
    if after <= least:
        return passes(name, f"{after} s is within the {least} s its callers wait")
    return refuses(
        name, f"{after} s is more than the {least} s its callers wait: {why}; change that first"
    )


def _proven(case: Case[CloudSurvey]) -> Ruling:
    name, wanted = "version-proven", str(case.parameters["version"])
    published = {
        text(one, "Version"): moment(one, "LastModified")
        for one in entries(case.survey.answers["versions"])
    }
    was = published.get(wanted)
    later = [
        at
        for version, at in published.items()
        if at is not None and version.isdecimal() and int(version) > int(wanted)
    ]
    if was is None or not later:
        return refuses(
            name, f"version {wanted} is not among the published versions before the present one"
        )
    lasted = min(later) - was
    said = f"version {wanted} was the newest for {lasted.total_seconds() / 3600:.1f} h"
    if lasted >= PROVEN_FOR:
        return passes(name, said)
    return refuses(
        name, f"{said}, less than an hour: whether it ever worked is not known; take an older one"
    )


def _active(case: Case[CloudSurvey]) -> Ruling:
    name = "version-active"
    state = text(case.survey.answers["wanted"], "State", default="unknown")
    version = case.parameters["version"]
    if state == "Active":
        return passes(name, f"version {version} is Active")
    return refuses(name, f"version {version} is {state}: it cannot take calls; take another")


def _same_rights(case: Case[CloudSurvey]) -> Ruling:
    name, differs = "same-role-network", []
    served, wanted = case.survey.answers["served"], case.survey.answers["wanted"]
    if text(served, "Role") != text(wanted, "Role"):
        differs.append("another execution role")
    if _network(served) != _network(wanted):
        differs.append("another network")
    version = case.parameters["version"]
    if not differs:
        return passes(name, f"version {version} has the same execution role and network")
    return refuses(
        name,
        f"version {version} has {' and '.join(differs)} than the one that is served: going back to"
        " it changes rights, which is done by hand",
    )


def _network(configuration: Json) -> tuple[tuple[str, ...], ...]:
    vpc = (configuration or {}).get("VpcConfig") or {}
    return tuple(tuple(sorted(vpc.get(key) or ())) for key in ("SubnetIds", "SecurityGroupIds"))


UPDATE_SETTLED: Guard[CloudSurvey] = Guard(name="update-settled", decide=_settled)
MEMORY_STEP: Guard[CloudSurvey] = Guard(name="step", decide=_memory_step)
TIMEOUT_STEP: Guard[CloudSurvey] = Guard(name="step", decide=_timeout_step)
CALLERS_WAIT: Guard[CloudSurvey] = Guard(name="callers-wait", decide=_callers)
VERSION_PROVEN: Guard[CloudSurvey] = Guard(name="version-proven", decide=_proven)
VERSION_ACTIVE: Guard[CloudSurvey] = Guard(name="version-active", decide=_active)
SAME_RIGHTS: Guard[CloudSurvey] = Guard(name="same-role-network", decide=_same_rights)
