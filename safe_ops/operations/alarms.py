"""Operations that silence a CloudWatch alarm for a while, or end such a silence.

A mute is an alarm mute rule of CloudWatch's: it ends by itself, whatever becomes of Nightdesk.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from safe_ops.errors import RefusedError
from safe_ops.guardrails.cloud import TAGGED
from safe_ops.guardrails.cloud_alarms import (
    MUTE_MAX_MINUTES,
    NEVER_MUTED,
    NOT_MUTED,
    ONLY_TELLS,
    OWN_MUTES_ONLY,
    in_force,
    is_own_rule,
)
from safe_ops.model.actions import CallOutcome
from safe_ops.model.fields import text
from safe_ops.model.plans import Call, Change, Drawing, Step, Tier, Verification
from safe_ops.model.rights import Grant, Rights
from safe_ops.operations.account import CloudOperation, is_undo
from safe_ops.operations.alarm_mutes import (
    DELETE_RULE,
    READS,
    deletion,
    find_alarm,
    mute_rules,
    nothing_there,
    pins_of,
    rule_arn,
    rule_of,
    surveyed,
    target_of,
)
from safe_ops.operations.operation import Look, Parameters, Progress

if TYPE_CHECKING:
    from safe_ops.model.guarding import Guard
    from safe_ops.model.plans import Json, Place, Plan
    from safe_ops.model.surveys import CloudSurvey, Object
    from safe_ops.operations.account import Account
    from safe_ops.operations.operation import Operation

AlarmName = Annotated[
    str, Field(pattern=r"^[^\x00-\x1f*?$]{1,255}$", description="Name of the CloudWatch alarm.")
]
_PUT = "cloudwatch:PutAlarmMuteRule"
_ENABLE = "cloudwatch:EnableAlarmActions"
_DISABLE = "cloudwatch:DisableAlarmActions"
# A rule begins at a full minute, and CloudWatch takes some time to say so.
_DEADLINE_S = 300
_MINUTE = timedelta(minutes=1)


class Mute(Parameters):
    """Which alarm, and for how long."""

    alarm: AlarmName
    minutes: int = Field(
        ge=5, le=MUTE_MAX_MINUTES, description="How long to mute it, from execution on."
    )


class Unmute(Parameters):
    """Which alarm."""

    alarm: AlarmName


class AlarmMute(CloudOperation[Mute]):
    """Silence one alarm's actions for at most four hours."""

    name = "cw_alarm_mute"
    title = "Mute a CloudWatch alarm"
    parameters: type[Parameters] = Mute
    guards: tuple[Guard[CloudSurvey], ...] = (TAGGED, NEVER_MUTED, ONLY_TELLS, NOT_MUTED)
    rights = Rights(
        cloud_reads=(*READS, "cloudwatch:GetAlarmMuteRule"), cloud_writes=(DELETE_RULE, _PUT)
    )

    def read(self, wanted: Mute, account: Account) -> CloudSurvey:
        """Read the alarm and the rules that mute it."""
        alarm = find_alarm(account, wanted.alarm)
        if alarm is None:
            return nothing_there(account, wanted.alarm)
        arn = text(alarm, "AlarmArn")
        grants = (
            Grant(action=_PUT, arn=arn),
            Grant(action=_PUT, arn=rule_arn(arn, rule_of(wanted.alarm))),
            Grant(action=DELETE_RULE, arn=rule_arn(arn, rule_of(wanted.alarm))),
        )
        return surveyed(account, alarm, grants)

    def drawn(self, wanted: Mute, survey: CloudSurvey, target: Object, place: Place) -> Drawing:
        """Draw one rule that begins with the next minute, and its deletion."""
        rule = rule_of(wanted.alarm)
        muting = rule_arn(survey.arn, rule)
        return Drawing(
            tier=Tier.T1,
            target=target_of(wanted.alarm, survey.arn, place),
            pins=pins_of(survey, target),
            changes=(
                Change(field="actions", before="on", after=f"muted for {wanted.minutes} minutes"),
            ),
            steps=(
                Step(
                    says=f"mute {wanted.alarm} for {wanted.minutes} minutes",
                    call=Call(
                        action="cloudwatch:put_alarm_mute_rule",
                        path=survey.arn,
                        body={
                            "Name": rule,
                            "Description": "$action",
                            "Rule": {
                                "Schedule": {
                                    "Expression": "$start",
                                    "Duration": f"PT{wanted.minutes}M",
                                    "Timezone": "UTC",
                                }
                            },
                            "MuteTargets": {"AlarmNames": [wanted.alarm]},
                            "ExpireDate": "$end",
                        },
                        late_bound=("$action", "$start", "$end"),
                        grants=(
                            Grant(action=_PUT, arn=survey.arn),
                            Grant(action=_PUT, arn=muting),
                        ),
                    ),
                ),
            ),
            undo=(deletion(rule, muting),),
            verification=Verification(
                says=("CloudWatch says the mute rule is ACTIVE",), deadline_s=_DEADLINE_S
            ),
            blast_radius=(f"1 alarm; nobody is told by it for {wanted.minutes} minutes",),
            notes=(
                f"It ends by itself {wanted.minutes} minutes after execution.",
                "Actions that are due when it ends are then taken.",
            ),
        )

    def seen(self, plan: Plan, account: Account) -> Look:
        """See the rule come into force."""
        rule = rule_of(plan.parameters["alarm"])
        found = account.read_if_there("cloudwatch:get_alarm_mute_rule", AlarmMuteRuleName=rule)
        status = text(found, "Status", default="absent")
        said = f"mute rule {rule} is {status}"
        if status == "SCHEDULED":
            return Look(progress=Progress.WAITING, says=said)
        reached = status == "ACTIVE"
        return Look(progress=Progress.REACHED if reached else Progress.MISSED, says=said)

    def settled(self, plan: Plan, call: Call, account: Account) -> CallOutcome:
        """Look for the rule; making it twice is once, deleting it too."""
        rule = rule_of(plan.parameters["alarm"])
        there = rule in in_force(mute_rules(account, plan.parameters["alarm"]))
        wanted = not is_undo(plan, call)
        return CallOutcome.APPLIED if there == wanted else CallOutcome.NOT_APPLIED

    def bound(self, plan: Plan, call: Call, account: Account) -> dict[str, Json]:
        """Return when the mute begins and ends: the next full minute, and so long after."""
        start = account.now.replace(second=0, microsecond=0) + _MINUTE
        end = start + int(plan.parameters["minutes"]) * _MINUTE
        return {
            "$start": f"at({start:%Y-%m-%dT%H:%M})",
            "$end": f"{end:%Y-%m-%dT%H:%M:%SZ}",
        }


class AlarmUnmute(CloudOperation[Unmute]):
    """End Nightdesk's mute of an alarm, and switch its actions on if they are off."""

    name = "cw_alarm_unmute"
    title = "Unmute a CloudWatch alarm"
    parameters: type[Parameters] = Unmute
    guards: tuple[Guard[CloudSurvey], ...] = (TAGGED, OWN_MUTES_ONLY)
    rights = Rights(cloud_reads=READS, cloud_writes=(DELETE_RULE, _DISABLE, _ENABLE))

    def read(self, wanted: Unmute, account: Account) -> CloudSurvey:
        """Read the alarm and the rules that mute it."""
        alarm = find_alarm(account, wanted.alarm)
        if alarm is None:
            return nothing_there(account, wanted.alarm)
        arn = text(alarm, "AlarmArn")
        grants = (
            Grant(action=DELETE_RULE, arn=rule_arn(arn, rule_of(wanted.alarm))),
            Grant(action=_DISABLE, arn=arn),
            Grant(action=_ENABLE, arn=arn),
        )
        return surveyed(account, alarm, grants)

    def drawn(self, wanted: Unmute, survey: CloudSurvey, target: Object, place: Place) -> Drawing:
        """Draw the end of each of our rules, and the actions switched on where they are off."""
        own = [one for one in in_force(survey.answers["mute_rules"]) if is_own_rule(one)]
        steps = [deletion(rule, rule_arn(survey.arn, rule)) for rule in own]
        is_off = not target.get("ActionsEnabled")
        if is_off:
            steps.append(_switch(wanted.alarm, survey.arn, on=True))
        if not steps:
            raise RefusedError(
                f"{wanted.alarm} is not muted by Nightdesk and its actions are on",
                code="parameters",
            )
        before = "off" if is_off else f"muted by {', '.join(own)}"
        return Drawing(
            tier=Tier.T1,
            target=target_of(wanted.alarm, survey.arn, place),
            pins=pins_of(survey, target) | {"rules": own},
            changes=(Change(field="actions", before=before, after="on"),),
            steps=tuple(steps),
            undo=(_switch(wanted.alarm, survey.arn, on=False),) if is_off else (),
            cannot_be_undone="" if is_off else "A mute that ended is made anew: cw_alarm_mute.",
            verification=Verification(
                says=("the alarm's actions are on and no mute rule covers it",),
                deadline_s=_DEADLINE_S,
            ),
            blast_radius=("1 alarm; people are told by it again",),
        )

    def seen(self, plan: Plan, account: Account) -> Look:
        """See the actions on, and no rule in force."""
        name = plan.parameters["alarm"]
        alarm, rules = find_alarm(account, name) or {}, in_force(mute_rules(account, name))
        is_on = bool(alarm.get("ActionsEnabled"))
        said = f"actions are {'on' if is_on else 'off'}; {len(rules)} mute rules in force"
        reached = is_on and not rules
        return Look(progress=Progress.REACHED if reached else Progress.WAITING, says=said)

    def settled(self, plan: Plan, call: Call, account: Account) -> CallOutcome:
        """Look whether it is so; each of these calls made twice is once."""
        name = plan.parameters["alarm"]
        if call.action == "cloudwatch:delete_alarm_mute_rule":
            is_so = call.body["AlarmMuteRuleName"] not in in_force(mute_rules(account, name))
        else:
            wanted = call.action == "cloudwatch:enable_alarm_actions"
            is_so = bool((find_alarm(account, name) or {}).get("ActionsEnabled")) == wanted
        return CallOutcome.APPLIED if is_so else CallOutcome.NOT_APPLIED


def _switch(alarm: str, arn: str, *, on: bool) -> Step:
    return Step(
        says=f"switch the actions of {alarm} {'on' if on else 'off'}",
        call=Call(
            action=f"cloudwatch:{'enable' if on else 'disable'}_alarm_actions",
            path=arn,
            body={"AlarmNames": [alarm]},
            grants=(Grant(action=_ENABLE if on else _DISABLE, arn=arn),),
        ),
    )


OPERATIONS: tuple[Operation[Any], ...] = (AlarmMute(), AlarmUnmute())
