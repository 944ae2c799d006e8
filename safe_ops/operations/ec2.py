"""The operation that reboots one instance whose status check fails and that others stand in for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field

from safe_ops.errors import UpstreamError
from safe_ops.guardrails.cloud import TAGGED
from safe_ops.guardrails.cloud_instances import (
    CHECK_FAILING,
    INSTANCE_RUNNING,
    NO_NODE,
    ORDINARY_ROLE,
    OTHERS_HEALTHY,
)
from safe_ops.model.actions import CallOutcome
from safe_ops.model.fields import entries, text
from safe_ops.model.plans import Call, Change, Drawing, Step, Target, Tier, Verification
from safe_ops.model.rights import Grant, Rights
from safe_ops.model.surveys import CloudSurvey
from safe_ops.operations.account import SIMULATE, CloudOperation, tags_of
from safe_ops.operations.operation import Look, Parameters, Progress

if TYPE_CHECKING:
    from safe_ops.model.guarding import Guard
    from safe_ops.model.plans import Place, Plan
    from safe_ops.model.surveys import Object
    from safe_ops.operations.account import Account
    from safe_ops.operations.operation import Operation

_REBOOT = "ec2:RebootInstances"
_GROUPS_MAX = 100
"""Target groups of a network that are looked through for the instance."""
_DEADLINE_S = 1_800
_SETTLE_S = 600


class Reboot(Parameters):
    """Which instance."""

    instance: str = Field(
        pattern=r"^i-[0-9a-f]{8}([0-9a-f]{9})?$", description="Id of the instance."
    )


class InstanceReboot(CloudOperation[Reboot]):
    """Reboot one instance."""

    name = "ec2_reboot"
    title = "Reboot an EC2 instance"
    parameters: type[Parameters] = Reboot
    guards: tuple[Guard[CloudSurvey], ...] = (
        TAGGED,
        INSTANCE_RUNNING,
        NO_NODE,
        ORDINARY_ROLE,
        CHECK_FAILING,
        OTHERS_HEALTHY,
    )
    rights = Rights(
        cloud_reads=(
            SIMULATE,
            "ec2:DescribeInstanceStatus",
            "ec2:DescribeInstances",
            "elasticloadbalancing:DescribeTargetGroups",
            "elasticloadbalancing:DescribeTargetHealth",
        ),
        cloud_writes=(_REBOOT,),
    )

    def read(self, wanted: Reboot, account: Account) -> CloudSurvey:
        """Read the instance, its status checks, and who else stands behind its load balancers."""
        found = _found(account, wanted.instance)
        if found is None:
            return CloudSurvey(
                read_at=account.now, target=None, arn=f"ec2 instance {wanted.instance}"
            )
        instance, reservation = found
        arn = _arn(account, instance, reservation)
        groups = _groups(account, instance)
        return CloudSurvey(
            read_at=account.now,
            target=instance,
            arn=arn,
            tags=tags_of(instance.get("Tags")),
            permissions=account.may((Grant(action=_REBOOT, arn=arn),)),
            answers={
                "status": _status(account, wanted.instance),
                "groups": sorted(groups),
                "healthy_others": {
                    _name(arn): _healthy_others(states, wanted.instance)
                    for arn, states in groups.items()
                },
            },
        )

    def drawn(self, wanted: Reboot, survey: CloudSurvey, target: Object, place: Place) -> Drawing:
        """Draw one reboot, which nothing takes back."""
        name = survey.tags.get("Name", wanted.instance)
        groups = ", ".join(survey.answers["healthy_others"]) or "no target group"
        return Drawing(
            tier=Tier.T3,
            target=Target(place=place, kind="ec2 instance", name=wanted.instance, uid=survey.arn),
            pins={
                "arn": survey.arn,
                "launched_at": str(target.get("LaunchTime")),
                "type": text(target, "InstanceType"),
                "groups": survey.answers["groups"],
            },
            changes=(
                Change(
                    field="instance",
                    before=f"{name}, running since {target.get('LaunchTime')}",
                    after="rebooted; address, disks and launch time stay",
                ),
            ),
            steps=(
                Step(
                    says=f"reboot {wanted.instance}",
                    call=Call(
                        action="ec2:reboot_instances",
                        path=survey.arn,
                        body={"InstanceIds": [wanted.instance]},
                        grants=(Grant(action=_REBOOT, arn=survey.arn),),
                    ),
                ),
            ),
            cannot_be_undone=(
                "A reboot cannot be taken back. If the status checks stay as they are, stop and"
                " start the instance by hand: AWS then moves it to other hardware."
            ),
            verification=Verification(
                says=(
                    "system and instance status checks are ok",
                    "its target groups find it healthy",
                ),
                deadline_s=_DEADLINE_S,
                settle_s=_SETTLE_S,
            ),
            blast_radius=(f"1 instance, in {groups}; what runs on it is down for some minutes",),
        )

    def seen(self, plan: Plan, account: Account) -> Look:
        """See both status checks and the load balancers agree."""
        instance = plan.target.name
        status = _status(account, instance)
        if not status:
            return Look(progress=Progress.MISSED, says=f"{instance} does not exist any more")
        checks = (
            text(status, "SystemStatus", "Status", default="unknown"),
            text(status, "InstanceStatus", "Status", default="unknown"),
        )
        said = f"system status {checks[0]}, instance status {checks[1]}"
        if checks != ("ok", "ok"):
            return Look(progress=Progress.WAITING, says=said)
        sick = [
            _name(group)
            for group in plan.drawing.pins["groups"]
            if _state(account, group, instance) != "healthy"
        ]
        if sick:
            return Look(
                progress=Progress.WAITING, says=f"{said}; not healthy yet in {', '.join(sick)}"
            )
        return Look(progress=Progress.REACHED, says=said)

    def settled(self, plan: Plan, call: Call, account: Account) -> CallOutcome:
        """Say that reading cannot tell: EC2 shows no time of a reboot."""
        return CallOutcome.UNKNOWN


def _arn(account: Account, instance: Object, reservation: Object) -> str:
    """Return the instance's ARN, which EC2 does not tell."""
    place = f"arn:{account.partition}:ec2:{account.region}:{text(reservation, 'OwnerId')}"
    return f"{place}:instance/{text(instance, 'InstanceId')}"


def _found(account: Account, instance: str) -> tuple[Object, Object] | None:
    """Return the instance and the reservation it belongs to; None if it is not there."""
    answer = account.read_if_there("ec2:describe_instances", InstanceIds=[instance])
    pairs = [
        (one, reservation)
        for reservation in entries(answer, "Reservations")
        for one in entries(reservation, "Instances")
    ]
    return pairs[0] if pairs else None


def _status(account: Account, instance: str) -> Object:
    answer = account.read_if_there(
        "ec2:describe_instance_status", InstanceIds=[instance], IncludeAllInstances=True
    )
    found = entries(answer, "InstanceStatuses")
    return found[0] if found else {}


def _groups(account: Account, instance: Object) -> dict[str, dict[str, str]]:
    """Return the state of each target, by target group the instance is in.

    Raises:
        UpstreamError: There are too many groups to look through.
    """
    network, own = text(instance, "VpcId"), text(instance, "InstanceId")
    groups = [
        one
        for one in entries(account.read("elbv2:describe_target_groups"), "TargetGroups")
        if (text(one, "VpcId"), text(one, "TargetType")) == (network, "instance")
    ]
    if len(groups) > _GROUPS_MAX:
        raise UpstreamError(
            f"{network} has {len(groups)} target groups, more than the {_GROUPS_MAX} that are"
            " looked through: which the instance is in cannot be known",
            system="aws",
        )
    found: dict[str, dict[str, str]] = {}
    for group in groups:
        states = _states(account, text(group, "TargetGroupArn"))
        if own in states:
            found[text(group, "TargetGroupArn")] = states
    return found


def _states(account: Account, group: str) -> dict[str, str]:
    answer = account.read("elbv2:describe_target_health", TargetGroupArn=group)
    return {
        text(one, "Target", "Id"): text(one, "TargetHealth", "State")
        for one in entries(answer, "TargetHealthDescriptions")
    }


def _state(account: Account, group: str, instance: str) -> str:
    return _states(account, group).get(instance, "absent")


def _name(group: str) -> str:
    # arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/web/0123456789abcdef
    return group.split("/")[-2]


def _healthy_others(states: dict[str, str], instance: str) -> int:
    return sum(state == "healthy" for one, state in states.items() if one != instance)


OPERATIONS: tuple[Operation[Any], ...] = (InstanceReboot(),)
