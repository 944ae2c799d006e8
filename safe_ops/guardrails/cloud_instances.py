"""Guards of operations on instances and the groups that keep them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from safe_ops.guardrails.cloud import capacity_step_ruling, fewer_ruling, headroom_ruling
from safe_ops.guardrails.requests import REQUESTS
from safe_ops.model.fields import dig, entries, number, text
from safe_ops.model.guarding import Guard, passes, refuses

if TYPE_CHECKING:
    from safe_ops.model.guarding import Case
    from safe_ops.model.plans import Ruling
    from safe_ops.model.surveys import CloudSurvey

_REFRESHING = frozenset({"Pending", "InProgress", "Cancelling", "RollbackInProgress", "Baking"})
# Tags that mark nodes of Kubernetes, whoever made them (EKS user guide; kubernetes/cloud-provider).
_NODE_TAGS = ("kubernetes.io/cluster/", "eks:", "k8s.io/", "aws:eks:")
_ROLE_TAGS = frozenset({"name", "role", "purpose", "nightdesk/role"})
_KEPT_ROLES = ("bastion", "jump", "control-plane", "control plane", "master", "nightdesk")

NO_MEMORY = "memory was not compared: EC2 measures none without an agent in the instances"
"""For the card of less capacity."""


def node_tag(tags: dict[str, str]) -> str:
    """Return the tag by which something is a node of Kubernetes; empty if none is."""
    return next((tag for tag in sorted(tags) if tag.startswith(_NODE_TAGS)), "")


def _group_bounds(case: Case[CloudSurvey]) -> Ruling:
    name, after = "group-bounds", int(case.parameters["desired"])
    low, high = number(case.survey.target, "MinSize"), number(case.survey.target, "MaxSize")
    if low <= after <= high:
        return passes(name, f"{after} is within the group's {low} to {high}")
    return refuses(
        name, f"{after} is outside the group's {low} to {high}: its bounds are changed by hand"
    )


def _no_refresh(case: Case[CloudSurvey]) -> Ruling:
    name = "no-instance-refresh"
    found = [
        text(one, "Status")
        for one in entries(case.survey.answers["refreshes"])
        if text(one, "Status") in _REFRESHING
    ]
    if not found:
        return passes(name, "no instance refresh is under way")
    return refuses(name, f"an instance refresh is {found[0]}: wait until it is over")


def _suspensions(case: Case[CloudSurvey]) -> Ruling:
    name = "no-process-suspended"
    suspended = sorted(
        text(one, "ProcessName") for one in entries(case.survey.target, "SuspendedProcesses")
    )
    if not suspended:
        return passes(name, "none of the group's processes is suspended")
    return refuses(
        name, f"{', '.join(suspended)} is suspended: somebody works on the group, ask them"
    )


def _group_settled(case: Case[CloudSurvey]) -> Ruling:
    name, desired = "group-settled", number(case.survey.target, "DesiredCapacity")
    serving = len(
        [
            one
            for one in entries(case.survey.target, "Instances")
            if (text(one, "LifecycleState"), text(one, "HealthStatus")) == ("InService", "Healthy")
        ]
    )
    if serving == desired:
        return passes(name, f"{serving} of {desired} instances are InService and healthy")
    return refuses(
        name,
        f"{serving} of {desired} instances are InService and healthy: wait until the group is"
        " steady",
    )


def _group_step(case: Case[CloudSurvey]) -> Ruling:
    return capacity_step_ruling(
        "step",
        what="instances",
        before=number(case.survey.target, "DesiredCapacity"),
        after=case.parameters["desired"],
    )


def _group_headroom(case: Case[CloudSurvey]) -> Ruling:
    return headroom_ruling(
        "headroom",
        case,
        before=number(case.survey.target, "DesiredCapacity"),
        after=case.parameters["desired"],
        made_at=dig(case.survey.target, "CreatedTime"),
        unmeasured=NO_MEMORY,
    )


def _group_requests(case: Case[CloudSurvey]) -> Ruling:
    before, after = number(case.survey.target, "DesiredCapacity"), int(case.parameters["desired"])
    return fewer_ruling(case, before=before, after=after, each="instance")


def _protected_fit(case: Case[CloudSurvey]) -> Ruling:
    name, after = "protected-instances", int(case.parameters["desired"])
    protected = sum(
        bool(one.get("ProtectedFromScaleIn")) for one in entries(case.survey.target, "Instances")
    )
    if after >= protected:
        return passes(name, f"{protected} instances are protected from scaling in; {after} stay")
    return refuses(
        name,
        f"{protected} instances are protected from scaling in, so the group cannot fall to {after}",
    )


def _no_node(case: Case[CloudSurvey]) -> Ruling:
    name, tag = "no-kubernetes-node", node_tag(case.survey.tags)
    if not tag:
        return passes(name, "no tag marks it as part of a Kubernetes cluster")
    return refuses(
        name,
        f"{tag} marks it as part of a Kubernetes cluster: its pods would not be drained; act on"
        " the node or the node group instead",
    )


def _role(case: Case[CloudSurvey]) -> Ruling:
    name = "ordinary-role"
    for key, value in sorted(case.survey.tags.items()):
        kept = [word for word in _KEPT_ROLES if word in value.casefold()]
        if key.casefold() in _ROLE_TAGS and kept:
            return refuses(
                name, f"its tag {key}={value} says it is a {kept[0]}: those are rebooted by hand"
            )
    return passes(name, "no tag says it is a bastion, a control plane or Nightdesk's own")


def _instance_runs(case: Case[CloudSurvey]) -> Ruling:
    name, state = "instance-running", text(case.survey.target, "State", "Name", default="unknown")
    if state == "running":
        return passes(name, "the instance is running")
    return refuses(name, f"the instance is {state}: a reboot does nothing for it")


def _check_fails(case: Case[CloudSurvey]) -> Ruling:
    name, status = "status-check-failing", case.survey.answers["status"]
    checks = {
        "system": text(status, "SystemStatus", "Status", default="unknown"),
        "instance": text(status, "InstanceStatus", "Status", default="unknown"),
    }
    said = ", ".join(f"{what} status {state}" for what, state in checks.items())
    if "impaired" in checks.values():
        return passes(name, said)
    return refuses(name, f"{said}: no status check fails, so AWS sees no reason for a reboot")


def _others_healthy(case: Case[CloudSurvey]) -> Ruling:
    name = "others-healthy"
    groups: dict[str, int] = case.survey.answers["healthy_others"]
    if not groups:
        return refuses(
            name, "no load balancer sends to the instance: nothing would take over from it"
        )
    said = ", ".join(f"{group} has {count} other healthy" for group, count in groups.items())
    if min(groups.values()) >= 1:
        return passes(name, said)
    return refuses(name, f"{said}: repair or add another target first")


GROUP_BOUNDS: Guard[CloudSurvey] = Guard(name="group-bounds", decide=_group_bounds)
NO_REFRESH: Guard[CloudSurvey] = Guard(name="no-instance-refresh", decide=_no_refresh)
NOTHING_SUSPENDED: Guard[CloudSurvey] = Guard(name="no-process-suspended", decide=_suspensions)
GROUP_SETTLED: Guard[CloudSurvey] = Guard(name="group-settled", decide=_group_settled)
GROUP_STEP: Guard[CloudSurvey] = Guard(name="step", decide=_group_step)
GROUP_HEADROOM: Guard[CloudSurvey] = Guard(name="headroom", decide=_group_headroom)
GROUP_REQUESTS: Guard[CloudSurvey] = Guard(name=REQUESTS, decide=_group_requests)
PROTECTED_INSTANCES: Guard[CloudSurvey] = Guard(name="protected-instances", decide=_protected_fit)
NO_NODE: Guard[CloudSurvey] = Guard(name="no-kubernetes-node", decide=_no_node)
ORDINARY_ROLE: Guard[CloudSurvey] = Guard(name="ordinary-role", decide=_role)
INSTANCE_RUNNING: Guard[CloudSurvey] = Guard(name="instance-running", decide=_instance_runs)
CHECK_FAILING: Guard[CloudSurvey] = Guard(name="status-check-failing", decide=_check_fails)
OTHERS_HEALTHY: Guard[CloudSurvey] = Guard(name="others-healthy", decide=_others_healthy)
