"""What a well-formed registry may still get wrong about alerts: channels, severities, webhooks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from bot.domain.alert import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.domain.registry import AlertRules, Registry, Webhook

Place = tuple[int | str, ...]
Problem = tuple[Place, str]

SENDERS: Final = ("alertmanager", "grafana", "sns", "pagerduty", "datadog")
# It stands in a URL.
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_CHANNEL_ID: Final = re.compile(r"[CG][A-Z0-9]{6,}")
_VARIABLE: Final = re.compile(r"[A-Z][A-Z0-9_]{0,127}")
_TOPIC: Final = re.compile(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w.-]{1,256}")
_LONGEST_MIN: Final = 7 * 24 * 60


def alert_contradictions(registry: Registry) -> Iterator[Problem]:
    """Yield what is wrong in channels' `alerts` and in `webhooks`."""
    for index, entry in enumerate(registry.channels):
        if entry.alerts is not None:
            yield from _rules(("channels", index, "alerts"), entry.alerts, entry.channel)
    seen: set[str] = set()
    for index, hook in enumerate(registry.webhooks):
        place: Place = ("webhooks", index)
        if not _NAME.fullmatch(hook.name):
            yield (
                (*place, "name"),
                f"{hook.name!r} stands in a URL: lower-case letters, digits and - only",
            )
        if hook.name in seen:
            yield (*place, "name"), f"{hook.name!r} already names another webhook"
        seen.add(hook.name)
        yield from _webhook(place, hook, registry)


def _rules(place: Place, rules: AlertRules, channel: str) -> Iterator[Problem]:
    names = [severity.name.lower() for severity in Severity]
    if rules.investigate_from not in names:
        yield (
            (*place, "investigate_from"),
            f"{rules.investigate_from!r} is none of {', '.join(names)}",
        )
    if rules.shadow_channel is not None and not _CHANNEL_ID.fullmatch(rules.shadow_channel):
        yield (
            (*place, "shadow_channel"),
            f"{rules.shadow_channel!r} is no channel id such as C0123ABCD",
        )
    if rules.shadow_channel == channel:
        yield (*place, "shadow_channel"), "is the watched channel itself: leave it out"
    if not (rules.apps or rules.people):
        yield (*place, "apps"), "is empty and `people` is false, so nothing there is an alert"
    for key in ("cooldown_min", "reopen_within_min", "join_within_min"):
        if not 0 <= getattr(rules, key) <= _LONGEST_MIN:
            yield (*place, key), f"is to be between 0 and {_LONGEST_MIN} minutes"


def _webhook(place: Place, hook: Webhook, registry: Registry) -> Iterator[Problem]:
    if hook.sender not in SENDERS:
        yield (*place, "sender"), f"{hook.sender!r} is none of {', '.join(SENDERS)}"
    watched = registry.channel(hook.channel)
    if watched is None or watched.alerts is None:
        yield (
            (*place, "channel"),
            f"{hook.channel!r} has no `alerts` rules: add them to its entry under `channels`",
        )
    if hook.sender == "sns":
        if hook.topic_arn is None or not _TOPIC.fullmatch(hook.topic_arn):
            yield (*place, "topic_arn"), "names no SNS topic: write the ARN of the one believed"
        return
    if hook.topic_arn is not None:
        yield (*place, "topic_arn"), "is for sender sns only"
    for key in ("secret_env", "next_secret_env"):
        if str(getattr(hook, key) or "").startswith("NIGHTDESK_"):
            yield (*place, key), "may not begin with NIGHTDESK_, which is for settings"
    if hook.secret_env is None or not _VARIABLE.fullmatch(hook.secret_env):
        yield (
            (*place, "secret_env"),
            "names no environment variable: an unsigned webhook is never believed",
        )
