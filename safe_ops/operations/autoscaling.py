"""The operation that changes how many instances an Auto Scaling group keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field

from safe_ops.errors import RefusedError
from safe_ops.guardrails.cloud import TAGGED
from safe_ops.guardrails.cloud_instances import (
    GROUP_BOUNDS,
    GROUP_HEADROOM,
    GROUP_REQUESTS,
    GROUP_SETTLED,
    GROUP_STEP,
    NO_MEMORY,
    NO_NODE,
    NO_REFRESH,
    NOTHING_SUSPENDED,
    PROTECTED_INSTANCES,
)
from safe_ops.guardrails.requests import UNCOUNTED
from safe_ops.model.actions import CallOutcome
from safe_ops.model.fields import entries, number, text
from safe_ops.model.plans import Call, Change, Drawing, Step, Target, Tier, Verification
from safe_ops.model.rights import Grant, Rights
from safe_ops.model.surveys import CloudSurvey
from safe_ops.operations.account import SIMULATE, CloudOperation, check_untouched, is_undo, tags_of
from safe_ops.operations.account_metrics import METRICS, Gauge, usage_of
from safe_ops.operations.operation import Look, Parameters, Progress

if TYPE_CHECKING:
    from safe_ops.model.guarding import Guard
    from safe_ops.model.plans import Json, Place, Plan
    from safe_ops.model.surveys import Object
    from safe_ops.operations.account import Account
    from safe_ops.operations.operation import Operation

_SET = "autoscaling:SetDesiredCapacity"
# An instance takes some minutes to start and to be found healthy.
_DEADLINE_S = 1_800
_SETTLE_S = 120


class SetDesired(Parameters):
    """Which group, and how many instances."""

    group: str = Field(
        pattern=r"^[A-Za-z0-9 ._:/@+=-]{1,255}$", description="Name of the Auto Scaling group."
    )
    desired: int = Field(ge=1, le=500, description="New desired number of instances.")


class DesiredCapacity(CloudOperation[SetDesired]):
    """Change a group's desired capacity inside its own bounds."""

    name = "asg_set_desired"
    title = "Scale an Auto Scaling group"
    parameters: type[Parameters] = SetDesired
    guards: tuple[Guard[CloudSurvey], ...] = (
        TAGGED,
        NO_NODE,
        GROUP_BOUNDS,
        GROUP_STEP,
        GROUP_SETTLED,
        NO_REFRESH,
        NOTHING_SUSPENDED,
        PROTECTED_INSTANCES,
        GROUP_HEADROOM,
        GROUP_REQUESTS,
    )
    rights = Rights(
        cloud_reads=(
            METRICS,
            SIMULATE,
            "autoscaling:DescribeAutoScalingGroups",
            "autoscaling:DescribeInstanceRefreshes",
        ),
        cloud_writes=(_SET,),
    )

    def read(self, wanted: SetDesired, account: Account) -> CloudSurvey:
        """Read the group, its refreshes, and how busy it is."""
        group = _group(account, wanted.group)
        if group is None:
            return CloudSurvey(
                read_at=account.now, target=None, arn=f"auto scaling group {wanted.group}"
            )
        refreshes = account.read(
            "autoscaling:describe_instance_refreshes", AutoScalingGroupName=wanted.group
        )
        arn = text(group, "AutoScalingGroupARN")
        return CloudSurvey(
            read_at=account.now,
            target=group,
            arn=arn,
            tags=tags_of(group.get("Tags")),
            permissions=account.may((Grant(action=_SET, arn=arn),)),
            answers={"refreshes": entries(refreshes, "InstanceRefreshes")},
            # EC2 measures no memory from outside, so none is known here.
            usage=usage_of(
                account,
                cpu=Gauge(
                    namespace="AWS/EC2",
                    name="CPUUtilization",
                    dimensions={"AutoScalingGroupName": wanted.group},
                ),
                target_groups=tuple(group.get("TargetGroupARNs") or ()),
            ),
        )

    def drawn(
        self, wanted: SetDesired, survey: CloudSurvey, target: Object, place: Place
    ) -> Drawing:
        """Draw one change of the number, and the same backwards."""
        before = number(target, "DesiredCapacity")
        if before == wanted.desired:
            raise RefusedError(
                f"{wanted.group} has a desired capacity of {before} already", code="parameters"
            )
        down = wanted.desired < before
        return Drawing(
            tier=Tier.T3 if down else Tier.T2,
            target=Target(
                place=place, kind="auto scaling group", name=wanted.group, uid=survey.arn
            ),
            pins=_pins_of(target),
            changes=(
                Change(field="DesiredCapacity", before=str(before), after=str(wanted.desired)),
            ),
            steps=(_step(wanted.group, survey.arn, wanted.desired, waits=True),),
            # Taking back does not wait for a cool-down.
            undo=(_step(wanted.group, survey.arn, before, waits=False),),
            verification=Verification(
                says=(f"{wanted.desired} instances are InService and healthy",),
                deadline_s=_DEADLINE_S,
                settle_s=_SETTLE_S,
            ),
            blast_radius=(
                f"{abs(wanted.desired - before)} of {before} instances of {wanted.group}",
            ),
            snapshot={"desired": before},
            notes=_fewer_notes(survey) if down else (),
        )

    def seen(self, plan: Plan, account: Account) -> Look:
        """See the number reached by healthy instances."""
        wanted = SetDesired.model_validate(plan.parameters)
        group = _group(account, wanted.group)
        desired = number(group, "DesiredCapacity")
        serving = sum(
            (text(one, "LifecycleState"), text(one, "HealthStatus")) == ("InService", "Healthy")
            for one in entries(group, "Instances")
        )
        said = f"{serving} of {desired} instances are InService and healthy"
        if desired != wanted.desired:
            before = plan.drawing.undo[0].call.body["DesiredCapacity"]
            progress = Progress.WAITING if desired == before else Progress.MISSED
            return Look(progress=progress, says=said)
        there = len(entries(group, "Instances"))
        reached = serving == desired == there
        return Look(progress=Progress.REACHED if reached else Progress.WAITING, says=said)

    def bound(self, plan: Plan, call: Call, account: Account) -> dict[str, Json]:
        """Return nothing, if nobody else changed the number: AWS compares nothing itself."""
        now = _pins_of(_group(account, plan.target.name) or {})
        check_untouched(plan, call, now, member="DesiredCapacity", pin="desired")
        return {}

    def settled(self, plan: Plan, call: Call, account: Account) -> CallOutcome:
        """Compare the number with the call's; setting it twice is once."""
        found = number(_group(account, plan.target.name), "DesiredCapacity")
        if found == call.body["DesiredCapacity"]:
            return CallOutcome.APPLIED
        other = plan.drawing.steps[0] if is_undo(plan, call) else plan.drawing.undo[0]
        unchanged = found == other.call.body["DesiredCapacity"]
        return CallOutcome.NOT_APPLIED if unchanged else CallOutcome.UNKNOWN


def _group(account: Account, name: str) -> Object | None:
    answer = account.read("autoscaling:describe_auto_scaling_groups", AutoScalingGroupNames=[name])
    found = entries(answer, "AutoScalingGroups")
    return found[0] if found else None


def _fewer_notes(survey: CloudSurvey) -> tuple[str, ...]:
    chosen = "AWS chooses which instances end; the undo starts new ones, not the same."
    counted = survey.usage is not None and survey.usage.requests
    return (chosen, NO_MEMORY) if counted else (chosen, NO_MEMORY, UNCOUNTED)


def _pins_of(group: Object) -> dict[str, Json]:
    """Return what must still be so when the first call is made."""
    return {
        "arn": text(group, "AutoScalingGroupARN"),
        "desired": number(group, "DesiredCapacity"),
        "min": number(group, "MinSize"),
        "max": number(group, "MaxSize"),
    }


def _step(group: str, arn: str, desired: int, *, waits: bool) -> Step:
    return Step(
        says=f"set the desired capacity of {group} to {desired}",
        call=Call(
            action="autoscaling:set_desired_capacity",
            path=arn,
            body={
                "AutoScalingGroupName": group,
                "DesiredCapacity": desired,
                "HonorCooldown": waits,
            },
            grants=(Grant(action=_SET, arn=arn),),
        ),
    )


OPERATIONS: tuple[Operation[Any], ...] = (DesiredCapacity(),)
