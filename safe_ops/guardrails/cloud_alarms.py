"""Guards of operations on CloudWatch alarms: what may be silenced, and what never."""

from __future__ import annotations

from typing import TYPE_CHECKING

from safe_ops.model.fields import entries, text
from safe_ops.model.guarding import Guard, passes, refuses

if TYPE_CHECKING:
    from safe_ops.model.guarding import Case
    from safe_ops.model.plans import Ruling
    from safe_ops.model.surveys import CloudSurvey, Object

OWN_RULE = "nightdesk-"
"""How names of mute rules begin that this project makes."""
MUTE_MAX_MINUTES = 240
"""Four hours; a mute always ends by itself."""
# Alarms about security, money and Nightdesk itself are nobody's to silence through Nightdesk
# (safety.md D8 and e13).
_NEVER_WORDS = (
    "audit", "billing", "cloudtrail", "cost", "fraud", "guardduty", "iam", "intrusion",
    "nightdesk", "root", "security", "unauthorized",
)  # fmt: skip
_NEVER_NAMESPACES = ("AWS/Billing", "AWS/GuardDuty", "AWS/SecurityHub", "AWS/WAFV2", "CloudTrail")
_TELLING = frozenset({"sns", "ssm", "ssm-incidents"})
"""Services whose alarm actions only tell people; others scale, recover or run something."""
_IN_FORCE = frozenset({"ACTIVE", "SCHEDULED"})


def is_own_rule(rule: str) -> bool:
    """Tell whether a mute rule was made by Nightdesk."""
    return rule.startswith(OWN_RULE)


def in_force(rules: list[Object]) -> list[str]:
    """Return the names of the mute rules that mute now or will."""
    return [
        text(one, "AlarmMuteRuleArn").rpartition(":")[2]
        for one in rules
        if text(one, "Status") in _IN_FORCE
    ]


def _kept_awake(case: Case[CloudSurvey]) -> Ruling:
    name, alarm = "never-muted", case.survey.target
    namespaces = [text(alarm, "Namespace")] + [
        text(one, "MetricStat", "Metric", "Namespace") for one in entries(alarm, "Metrics")
    ]
    for space in namespaces:
        if space.startswith(_NEVER_NAMESPACES):
            return refuses(name, f"its metric is of {space}: such alarms are never muted here")
    told = (text(alarm, "AlarmName"), text(alarm, "AlarmRule"), *case.survey.tags.values())
    words = {
        part
        for one in told
        for part in "".join(c if c.isalnum() else " " for c in one.casefold()).split()
    }
    found = sorted(words.intersection(_NEVER_WORDS))
    if found:
        return refuses(
            name, f"its name or tags say {', '.join(found)}: such alarms are never muted here"
        )
    return passes(name, "neither name, tags nor metric are of security, billing or Nightdesk")


def _only_tells(case: Case[CloudSurvey]) -> Ruling:
    name, alarm = "only-tells-people", case.survey.target or {}
    # arn:aws:sns:eu-central-1:123456789012:pages
    actions = [
        str(arn)
        for kind in ("AlarmActions", "OKActions", "InsufficientDataActions")
        for arn in alarm.get(kind) or ()
    ]
    others = sorted({one for one in actions if not _TELLING.intersection(one.split(":")[2:3])})
    if others:
        return refuses(
            name, f"the alarm does more than tell people ({others[0]}): muted, it would not"
        )
    return passes(name, f"{len(actions)} actions, all of which only tell people")


def _not_muted(case: Case[CloudSurvey]) -> Ruling:
    name = "not-muted-yet"
    rules = in_force(entries(case.survey.answers["mute_rules"]))
    if rules:
        return refuses(name, f"mute rule {rules[0]} covers the alarm already: end it first")
    if not (case.survey.target or {}).get("ActionsEnabled"):
        return refuses(name, "the alarm's actions are switched off already: nothing to mute")
    return passes(name, "no mute rule covers the alarm and its actions are on")


def _own_rules(case: Case[CloudSurvey]) -> Ruling:
    name = "own-mutes-only"
    rules = in_force(entries(case.survey.answers["mute_rules"]))
    foreign = [one for one in rules if not is_own_rule(one)]
    if not foreign:
        return passes(name, "no mute rule but Nightdesk's own covers the alarm")
    return refuses(
        name,
        f"mute rule {foreign[0]} is not Nightdesk's and may cover other alarms: end it by hand",
    )


NEVER_MUTED: Guard[CloudSurvey] = Guard(name="never-muted", decide=_kept_awake)
ONLY_TELLS: Guard[CloudSurvey] = Guard(name="only-tells-people", decide=_only_tells)
NOT_MUTED: Guard[CloudSurvey] = Guard(name="not-muted-yet", decide=_not_muted)
OWN_MUTES_ONLY: Guard[CloudSurvey] = Guard(name="own-mutes-only", decide=_own_rules)
