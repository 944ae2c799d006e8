"""The app's home tab: what can be asked, what is open, how the clusters are, what was asked.

Pure; links to earlier answers are handed in, because only Slack can make them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from bot.adapters.slack.blocks import parts
from bot.adapters.slack.blocks.answer import BADGES, ENDINGS
from bot.adapters.slack.blocks.approval.listing import waiting_blocks
from bot.adapters.slack.blocks.incident import SEVERITIES
from bot.adapters.slack.blocks.notice import cluster_lines, help_card
from bot.adapters.slack.text import clip_escaped, escape, first_line, inline_code, when
from bot.domain.investigation import RunState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.adapters.slack.blocks.card import Block
    from bot.ports.desk import HomePage, OpenIncident, RecentQuestion
    from bot.ports.operations_desk import Waiting

RECENT: Final = 8
OPEN: Final = 5
"""Incidents that are listed."""


def home_view(
    page: HomePage, *, links: Mapping[str, str], waiting: Sequence[Waiting] = ()
) -> dict[str, Any]:
    """Return the view.

    `links` maps ids of incidents and investigations to their address; `waiting` are the operations
    this person may decide now.
    """
    if page.barred is not None:
        blocks = [parts.section(f"You cannot ask here: {clip_escaped(page.barred, 1_000)}")]
        return {"type": "home", "blocks": blocks}
    model = (
        f"Answers come from {inline_code(page.model)}; evidence and coverage are checked by code."
        if page.model
        else "No model is configured: typed commands and the common questions are answered by"
        " rules."
    )
    blocks = [
        *help_card().blocks,
        parts.context(model),
        *waiting_blocks(waiting),
        *_incidents(page.incidents, links),
        parts.divider(),
        parts.header("Clusters"),
        *parts.paragraphs(cluster_lines(page.clusters)),
        parts.divider(),
        parts.header("Your recent questions"),
    ]
    recent = [_recent(one, links.get(one.investigation_id)) for one in page.recent[:RECENT]]
    blocks += parts.paragraphs(recent or ["You have not asked anything yet."])
    return {"type": "home", "blocks": blocks}


def _incidents(incidents: Sequence[OpenIncident], links: Mapping[str, str]) -> list[Block]:
    if not incidents:
        return []
    lines = [_incident(one, links.get(one.incident_id)) for one in incidents[:OPEN]]
    if len(incidents) > OPEN:
        lines.append("… and more")
    return [parts.divider(), parts.header("Open incidents"), *parts.paragraphs(lines)]


def _incident(one: OpenIncident, link: str | None) -> str:
    words = clip_escaped(first_line(one.title, 120) or "(no title)", 160).replace("|", "¦")
    shown = f"<{link}|{words}>" if link else words
    return (
        f"• *{SEVERITIES[one.severity]}* · {shown} · {one.firing} firing"
        f" · since {when(one.opened_at)}"
    )


def _recent(one: RecentQuestion, link: str | None) -> str:
    words = clip_escaped(first_line(one.text, 120) or "(no text)", 160).replace("|", "¦")
    shown = f"<{link}|{words}>" if link else words
    ending = ENDINGS[one.state]
    if one.state is RunState.DONE and one.status is not None:
        ending = BADGES[one.status]
    return f"• {shown} · {escape(ending)} · {when(one.asked_at)}"
