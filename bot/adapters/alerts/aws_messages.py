"""What AWS puts on an SNS topic: alarms, EventBridge events, notices, and custom notifications.

One reader for three roads: the SNS webhook, JSON pasted into Slack, and Amazon Q's own schema.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from bot.adapters.alerts import severities
from bot.adapters.alerts.aws_notices import read_notice_event
from bot.adapters.alerts.cloudwatch import read_alarm, read_alarm_event
from bot.adapters.alerts.json_text import parsed
from bot.adapters.alerts.shaping import shaped
from bot.adapters.alerts.values import key_of, line, pairs, prose, told
from bot.domain.alert import Alert, AlertSource, AlertStatus

if TYPE_CHECKING:
    from collections.abc import Mapping

_OVER: Final = re.compile(r"\b(?:resolved|recovered|ok|closed)\b", re.IGNORECASE)


def read_sns_webhook(body: Mapping[str, Any]) -> tuple[Alert, ...] | None:
    """Return what an SNS notification says; None if its message is nothing that we know.

    The signature is the caller's to check before.
    """
    if body.get("Type") != "Notification":
        return None
    return read_aws_message(body)


def read_aws_message(body: Mapping[str, Any]) -> tuple[Alert, ...] | None:
    """Return the alerts of a message, looking inside its SNS envelope if it has one."""
    inner = body.get("Message")
    if "TopicArn" in body and isinstance(inner, str):
        body = parsed(inner) or {}
    return (
        read_alarm(body)
        or read_alarm_event(body)
        or read_notice_event(body)
        or _custom_notification(body)
    )


def _custom_notification(body: Mapping[str, Any]) -> tuple[Alert, ...] | None:
    """Return a custom notification of Amazon Q's schema; updates of a thread share its group.

    https://docs.aws.amazon.com/chatbot/latest/adminguide/custom-notifs.html
    """
    content, metadata = body.get("content"), body.get("metadata")
    if body.get("source") != "custom" or not isinstance(content, dict):
        return None
    about: Mapping[str, Any] = metadata if isinstance(metadata, dict) else {}
    title = told(content.get("title")) or told(about.get("summary"))
    if not title:
        return None
    thread = line(about.get("threadId")) or title
    context = pairs(about.get("additionalContext"))
    text = prose(content.get("description"))
    return (
        shaped(
            source=AlertSource.CLOUDWATCH,
            name=title,
            status=AlertStatus.RESOLVED if _OVER.search(title) else AlertStatus.FIRING,
            severity=severities.of_labels(context, severities.of_words(f"{title} {text}")),
            labels=context,
            annotations={"event_type": line(about.get("eventType"))},
            identity={"thread": thread},
            group_key=key_of(AlertSource.CLOUDWATCH, "thread", thread),
            text=f"{title}\n{text}",
            is_partial=True,
        ),
    )
