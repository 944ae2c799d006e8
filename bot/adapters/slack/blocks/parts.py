"""The few block shapes every card is made of, bounded to Slack's limits.

Pure. A caller hands in finished mrkdwn (escaped by `bot.adapters.slack.text`) or plain text; these
functions only place and bound it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.adapters.slack import limits
from bot.adapters.slack.text import clip, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.adapters.slack.blocks.card import Block

_BLANK: Final = "—"


def plain(text: str, limit: int) -> Block:
    """Return a plain text object; it interprets nothing, so foreign text is safe in it."""
    return {
        "type": "plain_text",
        "text": clip(printable(text).strip() or _BLANK, limit),
        "emoji": False,
    }


def section(mrkdwn: str) -> Block:
    """Return a paragraph of mrkdwn."""
    return {"type": "section", "text": _mrkdwn(mrkdwn, limits.SECTION_TEXT)}


def paragraphs(lines: Iterable[str]) -> list[Block]:
    """Return the lines as few sections as hold them; no line is cut unless it is too long alone."""
    blocks: list[Block] = []
    held = ""
    for line in lines:
        joined = f"{held}\n{line}" if held else line
        if len(joined) > limits.SECTION_TEXT and held:
            blocks.append(section(held))
            joined = line
        held = joined
    if held:
        blocks.append(section(held))
    return blocks


def fields(pairs: Sequence[tuple[str, str]]) -> Block:
    """Return labelled mrkdwn values side by side; at most ten are shown."""
    shown = pairs[: limits.SECTION_FIELDS]
    return {
        "type": "section",
        "fields": [_mrkdwn(f"*{label}*\n{value}", 2_000) for label, value in shown],
    }


def context(*lines: str) -> Block:
    """Return small print, one element a line."""
    shown = [line for line in lines if line][: limits.CONTEXT_ELEMENTS] or [_BLANK]
    return {"type": "context", "elements": [_mrkdwn(line, 2_000) for line in shown]}


def header(text: str) -> Block:
    """Return a heading."""
    return {"type": "header", "text": plain(text, limits.HEADER_TEXT)}


def divider() -> Block:
    """Return a line across."""
    return {"type": "divider"}


def markdown(text: str) -> Block:
    """Return a block of Markdown; messages only."""
    return {"type": "markdown", "text": clip(text.strip() or _BLANK, limits.MARKDOWN_SUM)}


def preformatted(text: str, limit: int) -> Block:
    """Return fixed-width text that is shown as it is, mentions and markup included."""
    shown = clip(printable(text).rstrip() or _BLANK, limit)
    return {
        "type": "rich_text",
        "elements": [
            {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": shown}]}
        ],
    }


def rich_line(text: str, limit: int) -> Block:
    """Return one line of rich text without any markup, as task cards want it."""
    shown = clip(" ".join(printable(text).split()) or _BLANK, limit)
    return {
        "type": "rich_text",
        "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": shown}]}],
    }


def button(label: str, action_id: str, value: str, *, style: str | None = None) -> Block:
    """Return a button; `value` is an id or a choice, never a right."""
    shown: Block = {
        "type": "button",
        "text": plain(label, limits.BUTTON_TEXT),
        "action_id": action_id,
        "value": clip(value, limits.BUTTON_VALUE),
    }
    return shown if style is None else {**shown, "style": style}


def actions(*buttons: Block) -> Block:
    """Return a row of controls."""
    return {"type": "actions", "elements": list(buttons)}


def without_action(blocks: Sequence[object], *action_ids: str) -> tuple[Block, ...]:
    """Return the blocks of a sent message less these controls; rows left empty go too."""
    kept: list[Block] = []
    for block in blocks:
        if not isinstance(block, dict):
            continue
        if block.get("type") != "actions":
            kept.append(block)
            continue
        left = [
            element
            for element in block.get("elements") or []
            if not str(element.get("action_id", "")).startswith(action_ids)
        ]
        if left:
            kept.append({**block, "elements": left})
    # Slack hands blocks back with the ids they had; an update wants new ones.
    return tuple(
        {name: value for name, value in block.items() if name != "block_id"} for block in kept
    )


def _mrkdwn(text: str, limit: int) -> Block:
    return {"type": "mrkdwn", "text": clip(text.strip() or _BLANK, limit), "verbatim": True}
