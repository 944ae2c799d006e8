"""A Slack message in, the alerts it tells out: the shapes tried in order.

Total over any JSON. Whose messages are believed, in which channels, and which are our own, is the
caller's business.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from bot.adapters.alerts.alertmanager_posts import read_alertmanager_post
from bot.adapters.alerts.aws_notices import read_notice_post
from bot.adapters.alerts.cloudwatch_posts import (
    read_amazon_q_post,
    read_notifier_post,
    read_pasted_json,
)
from bot.adapters.alerts.datadog import read_datadog_post
from bot.adapters.alerts.grafana_posts import read_grafana_post
from bot.adapters.alerts.opsgenie import read_opsgenie_post
from bot.adapters.alerts.pagerduty import read_pagerduty_post
from bot.adapters.alerts.post import Post, read_post
from bot.adapters.alerts.robusta_posts import read_robusta_post
from bot.adapters.alerts.screening import screened
from bot.adapters.alerts.sentry import read_sentry_post
from bot.adapters.alerts.template_posts import read_template_post
from bot.domain.alert import Alert

_Reader = Callable[[Post], tuple[Alert, ...] | None]
SHAPES: Final[tuple[tuple[str, _Reader], ...]] = (
    ("grafana", read_grafana_post),
    ("robusta", read_robusta_post),
    ("cloudwatch_json", read_pasted_json),
    ("cloudwatch_notifier", read_notifier_post),
    ("aws_notice", read_notice_post),
    ("amazon_q", read_amazon_q_post),
    ("datadog", read_datadog_post),
    ("pagerduty", read_pagerduty_post),
    ("opsgenie", read_opsgenie_post),
    ("sentry", read_sentry_post),
    # Late: it takes anything with the right keys. Before Alertmanager's own, whose title a team's
    # template often keeps while it adds the labels.
    ("template", read_template_post),
    ("alertmanager", read_alertmanager_post),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackAlert:
    """What one message of an app tells."""

    shape: str
    """Which of SHAPES read it."""
    alerts: tuple[Alert, ...]
    """Empty when all of them were dropped."""
    dropped: tuple[str, ...]
    """Names of alerts that are by design no trouble."""
    channel: str
    ts: str
    """Of the message; an edit has that of the first version."""
    thread_ts: str | None
    team_id: str
    bot_id: str
    app_id: str
    author: str
    """The name it was posted under."""
    is_edit: bool


def read_slack_alert(event: Mapping[str, Any]) -> SlackAlert | None:
    """Return the alerts a `message` event tells, or None if it has none of the shapes known."""
    post = read_post(event)
    if post is None:
        return None
    for shape, read in SHAPES:
        alerts = read(post)
        if alerts:
            kept, dropped = screened(alerts)
            return SlackAlert(
                shape=shape,
                alerts=kept,
                dropped=dropped,
                channel=post.channel,
                ts=post.ts,
                thread_ts=post.thread_ts,
                team_id=post.team_id,
                bot_id=post.bot_id,
                app_id=post.app_id,
                author=post.author,
                is_edit=post.is_edit,
            )
    return None
