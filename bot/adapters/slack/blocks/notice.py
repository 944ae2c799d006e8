"""Short things said to one person or thread: help, status, receipts, refusals.

Pure. Sentences come in plain text and are escaped here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.adapters.slack.blocks import parts
from bot.adapters.slack.blocks.card import Card
from bot.adapters.slack.text import clip_escaped, count, escape, inline_code, when
from bot.ports.desk import Reach

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.ports.desk import ClusterHealth, ServiceStatus

_NOTE: Final = 2_900
REACH_WORDS: Final = {
    Reach.REACHABLE: "reachable",
    Reach.UNREACHABLE: "*not reachable*",
    Reach.DENIED: "*refuses our credentials*",
    Reach.UNKNOWN: "not looked at yet",
}
PROMPTS: Final = (
    {"title": "What is failing?", "message": "What is failing right now?"},
    {"title": "Why is it unhealthy?", "message": "Why is the deployment checkout unhealthy?"},
    {"title": "What changed?", "message": "What changed in the last hour?"},
    {"title": "Run a read command", "message": "kubectl get pods --all-namespaces"},
)
PROMPTS_TITLE: Final = "Ask about your clusters"
_HELP: Final = (
    "*Ask me about your clusters.* I read, I quote what I read, and I say what I could not check.",
    "• Mention me in a channel, or write to me here: `why is checkout failing in shop?`",
    "• Type a read-only command: `kubectl get pods -n shop`",
    (
        "• In a thread I am part of you need not mention me again. Say `use cluster NAME` or"
        " `use cluster NAME namespace NAME` to set what it is about, `stop` to end a run,"
        " `retry` to ask again."
    ),
    "• On any message: More actions → Investigate.",
    "• `/nightdesk status` shows clusters and workers; `/nightdesk use NAME` names a cluster.",
    (
        "• `/nightdesk run rollout_restart deployment/cart -n shop` asks for an operation: it is"
        " planned, shown, and run only after the approvals it needs, given with the buttons on its"
        " card. `/nightdesk actions` lists open ones, `/nightdesk autonomy` what runs with one"
        " approval less, `/nightdesk cancel A12` takes one back, `/nightdesk stop` stops all of"
        " them, `/nightdesk release` lets them go on."
    ),
)
_LACKS: Final = {
    "cancel": "Say which, and why if you like: `/nightdesk cancel A12 wrong cluster`.",
    "freeze": "Say why: `/nightdesk freeze month end`. `/nightdesk thaw` lifts it.",
    "readonly": "Say `/nightdesk readonly on`, or `off`.",
    "read-only": "Say `/nightdesk readonly on`, or `off`.",
    "use": "Say which cluster: `/nightdesk use NAME`.",
}
"""What is missing behind the first word of a command, in mrkdwn."""
_SAID: Final = 200


def note_card(text: str) -> Card:
    """Return one sentence."""
    shown = clip_escaped(text, _NOTE).strip() or "…"
    return Card(text=shown, blocks=(parts.section(shown),))


def help_card(said: str = "") -> Card:
    """Return what can be asked, and how; what was typed and is no command is answered alone."""
    if not said:
        return Card(text=_HELP[0], blocks=tuple(parts.paragraphs(_HELP)))
    line = _LACKS.get(said.split(maxsplit=1)[0].lower()) or (
        f"{inline_code(f'/nightdesk {said}', limit=_SAID)} is no command: `/nightdesk help` lists"
        " them. To ask something, mention me in a channel or write to me directly."
    )
    return Card(text=line, blocks=(parts.section(line),))


def status_card(status: ServiceStatus) -> Card:
    """Return how the service stands."""
    answers = (
        f"Answers come from {inline_code(status.model)}."
        if status.model
        else "No model is configured: answers come by rules."
    )
    work = (
        f"{count(status.running, 'investigation')} running,"
        f" {count(status.waiting, 'thread')} waiting."
    )
    lines = ["*Status*", answers, work, *cluster_lines(status.clusters)]
    return Card(text=f"{answers} {work}", blocks=tuple(parts.paragraphs(lines)))


def cluster_lines(clusters: Sequence[ClusterHealth]) -> list[str]:
    """Return a line of mrkdwn for each cluster."""
    if not clusters:
        return ["There is no cluster you may read here."]
    lines = []
    for cluster in clusters[:40]:
        line = (
            f"• {inline_code(cluster.name)} ({clip_escaped(cluster.environment, 40)}):"
            f" {REACH_WORDS[cluster.reach]}"
        )
        if cluster.note:
            line += f", {clip_escaped(cluster.note, 200)}"
        if cluster.seen_at is not None:
            line += f" · {when(cluster.seen_at)}"
        lines.append(line)
    if len(clusters) > 40:  # noqa: PLR2004 -- as above
        lines.append(escape(f"… and {len(clusters) - 40} more"))
    return lines
