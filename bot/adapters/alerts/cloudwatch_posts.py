"""CloudWatch alarms in Slack (shapes 9 to 11): a notifier's fields, pasted JSON, Amazon Q's card.

The layout of Amazon Q's card is not documented; it is read by its heading alone.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from bot.adapters.alerts import scopes
from bot.adapters.alerts.aws_messages import read_aws_message
from bot.adapters.alerts.cloudwatch import alarm, region_of, state_of
from bot.adapters.alerts.json_text import json_object
from bot.adapters.alerts.keyed_text import keyed
from bot.adapters.alerts.post import without_emoji, without_links
from bot.adapters.alerts.values import host_of, moment, query_of, told
from bot.domain.alert import Alert, AlertStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bot.adapters.alerts.post import Attachment, Post
    from bot.domain.alert import AlertLink

_HEADING: Final = re.compile(
    r".{0,40}?CloudWatch Alarm\s*\|\s*(?P<name>[^|]{1,255}?)\s*\|\s*(?P<region>[^|]{1,60}?)\s*\|"
    r"\s*Account:\s*(?P<account>[\w -]{1,40}).*"
)
_CALM: Final = re.compile(
    r"\bw(?:as|ere) not (?:greater|less|lower|outside)\b|treated as \[NonBreaching\]"
)
_STATE_LINE: Final = re.compile(
    r"(?:(?:new |current )?state\W{1,3})?(?P<word>ALARM|OK|INSUFFICIENT[_ ]DATA)", re.IGNORECASE
)
"""A line of its own: reasons end in `for OK -> ALARM transition` whatever the state is."""
_GREEN: Final = frozenset({"good", "2eb886", "36a64f", "1d8102", "008000"})
_LINK_KEYS: Final = ("link to alarm", "alarm link")


def read_notifier_post(post: Post) -> tuple[Alert, ...] | None:
    """Return the alarm of a message whose fields are `Alarm Name`, `Current State` and so on."""
    for part in post.attachments:
        keys = {title.casefold(): told(value, 2_000) for title, value in part.fields}
        found = _notified(keys, post)
        if found is not None:
            return found
    # Newer notifiers write the same fields as blocks.
    keys = keyed(post.lines)
    return _notified(keys, post) if "alarm name" in keys else None


def _notified(keys: Mapping[str, str], post: Post) -> tuple[Alert, ...] | None:
    name, status = keys.get("alarm name", ""), state_of(keys.get("current state", ""))
    if not name or status is None:
        return None
    links = [entry for entry in post.links if "console" in entry.url]
    return (
        alarm(
            name=name,
            status=status,
            account=keys.get("account", "") or keys.get("account id", ""),
            region=region_of(keys.get("region", "")) or _region(links),
            description=keys.get("alarm description", ""),
            reason=keys.get("alarm reason", ""),
            old_state=keys.get("old state", ""),
            changed_at=moment(keys.get("state change time")),
            links=links,
            is_partial=True,
        ),
    )


def read_pasted_json(post: Post) -> tuple[Alert, ...] | None:
    """Return what an SNS message says that was pasted as text, with or without its envelope."""
    texts: list[str] = [post.raw_text, post.body, *(_texts(post.attachments))]
    for text in texts:
        found = json_object(text)
        if found is not None and (alerts := read_aws_message(found)) is not None:
            return alerts
    return None


def _texts(parts: Iterable[Attachment]) -> Iterable[str]:
    for part in parts:
        yield from (part.text, part.fallback)


def read_amazon_q_post(post: Post) -> tuple[Alert, ...] | None:
    """Return the alarm of Amazon Q in chat applications, formerly AWS Chatbot."""
    for entry in post.lines:
        heading = _HEADING.fullmatch(without_links(entry))
        if heading is not None:
            rest = [text for text in post.lines if text != entry]
            reason = next((text for text in rest if "hreshold" in text or "datapoint" in text), "")
            return (
                alarm(
                    name=without_emoji(heading["name"]),
                    status=_status(post, entry, rest, reason),
                    account=heading["account"].strip(),
                    region=region_of(heading["region"]),
                    reason=reason or "\n".join(rest[:5]),
                    links=post.links,
                    is_partial=True,
                ),
            )
    return None


def _status(post: Post, heading: str, rest: list[str], reason: str) -> AlertStatus:
    """Return the state: a word of CloudWatch's own first, then the reason, emoji and colour."""
    lines = [found["word"] for text in rest if (found := _STATE_LINE.fullmatch(text))]
    said = state_of(lines[-1]) if lines else None
    if said is not None:
        return said
    if any("insufficient data" in text.casefold() for text in (reason, heading)):
        return AlertStatus.BLIND
    if _CALM.search(reason) or "white_check_mark" in heading or "\u2705" in heading:
        return AlertStatus.RESOLVED
    first = post.first
    is_green = first is not None and first.color in _GREEN
    return AlertStatus.RESOLVED if is_green else AlertStatus.FIRING


def _region(links: Iterable[AlertLink]) -> str:
    """Return the region in a console's address: its query has it, or its host begins with it."""
    for entry in links:
        named = scopes.region_code(query_of(entry.url).get("region", ""))
        code = named or scopes.region_code(host_of(entry.url).partition(".")[0])
        if code:
            return code
    return ""
