"""Reading a CloudWatch alarm with the mute rules over it, and the rule Nightdesk keeps for it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from safe_ops.guardrails.cloud_alarms import OWN_RULE
from safe_ops.model.fields import entries, text
from safe_ops.model.plans import Call, Step, Target
from safe_ops.model.rights import Grant
from safe_ops.model.surveys import CloudSurvey
from safe_ops.operations.account import SIMULATE, tags_of

if TYPE_CHECKING:
    from safe_ops.model.plans import Json, Place
    from safe_ops.model.surveys import Object
    from safe_ops.operations.account import Account

DELETE_RULE = "cloudwatch:DeleteAlarmMuteRule"
READS = (
    SIMULATE,
    "cloudwatch:DescribeAlarms",
    "cloudwatch:ListAlarmMuteRules",
    "cloudwatch:ListTagsForResource",
)
"""What every operation on an alarm reads."""


def find_alarm(account: Account, name: str) -> Object | None:
    """Return the alarm, of one metric or composite; None if there is none."""
    answer = account.read(
        "cloudwatch:describe_alarms",
        AlarmNames=[name],
        AlarmTypes=["MetricAlarm", "CompositeAlarm"],
    )
    found = [*entries(answer, "MetricAlarms"), *entries(answer, "CompositeAlarms")]
    return found[0] if found else None


def mute_rules(account: Account, name: str) -> list[Object]:
    """Return all mute rules that name the alarm."""
    answer = account.read("cloudwatch:list_alarm_mute_rules", AlarmName=name)
    return entries(answer, "AlarmMuteRuleSummaries")


def nothing_there(account: Account, name: str) -> CloudSurvey:
    """Return the survey of an alarm that does not exist."""
    return CloudSurvey(read_at=account.now, target=None, arn=f"cloudwatch alarm {name}")


def surveyed(account: Account, alarm: Object, grants: tuple[Grant, ...]) -> CloudSurvey:
    """Return the survey of an alarm, its tags, its mutes and our permissions read."""
    arn = text(alarm, "AlarmArn")
    tags = account.read("cloudwatch:list_tags_for_resource", ResourceARN=arn)
    return CloudSurvey(
        read_at=account.now,
        target=alarm,
        arn=arn,
        tags=tags_of(tags.get("Tags")),
        permissions=account.may(grants),
        answers={"mute_rules": mute_rules(account, text(alarm, "AlarmName"))},
    )


def target_of(name: str, arn: str, place: Place) -> Target:
    """Return the alarm as what is acted on."""
    return Target(place=place, kind="cloudwatch alarm", name=name, uid=arn)


def pins_of(survey: CloudSurvey, alarm: Object) -> dict[str, Json]:
    """Return what must still be so when the first call is made."""
    return {
        "arn": survey.arn,
        "configured_at": str(alarm.get("AlarmConfigurationUpdatedTimestamp")),
        "actions_enabled": bool(alarm.get("ActionsEnabled")),
    }


def rule_of(alarm: str) -> str:
    """Return the name of our rule for an alarm: one each, so that a second mute renews it."""
    return f"{OWN_RULE}{hashlib.sha256(alarm.encode()).hexdigest()[:16]}"


def rule_arn(alarm_arn: str, rule: str) -> str:
    """Return the ARN of a mute rule beside an alarm."""
    # arn:aws:cloudwatch:eu-central-1:123456789012:alarm:name
    place = ":".join(alarm_arn.split(":")[:5])
    return f"{place}:alarm-mute-rule:{rule}"


def deletion(rule: str, arn: str) -> Step:
    """Return the step that ends a mute; one that is over already is as good."""
    return Step(
        says=f"delete mute rule {rule}",
        call=Call(
            action="cloudwatch:delete_alarm_mute_rule",
            path=arn,
            body={"AlarmMuteRuleName": rule},
            grants=(Grant(action=DELETE_RULE, arn=arn),),
        ),
        gone_is_fine=True,
    )
