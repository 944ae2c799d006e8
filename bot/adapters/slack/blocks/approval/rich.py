"""Rich text that says what it was given: no markup, no mention, no link, nothing cut.

Pure. Plan text goes into Slack through these pieces only, because mrkdwn would drop underscores and
turn words into emoji. A card that is too long is found so by the validator, not shortened here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from bot.adapters.slack.visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.adapters.slack.blocks.card import Block

EMPTY: Final = "(empty)"
_PERSON: Final = re.compile(r"[UW][A-Z0-9]{2,20}")


def text(words: str, *, bold: bool = False, code: bool = False) -> Block:
    """Return one run of text; unseen characters are made visible."""
    run: Block = {"type": "text", "text": visible(words) or EMPTY}
    style = {name: True for name, on in (("bold", bold), ("code", code)) if on}
    return {**run, "style": style} if style else run


def person(slack_id: str, name: str) -> Block:
    """Return a person: by Slack's id where there is one, else by name."""
    if _PERSON.fullmatch(slack_id):
        return {"type": "user", "user_id": slack_id}
    return text(name or slack_id or "somebody")


def line(*runs: Block) -> Block:
    """Return one paragraph."""
    return {"type": "rich_text", "elements": [_part(runs)]}


def labelled(label: str, words: Sequence[str]) -> Block:
    """Return a bold label with what belongs to it: behind it, or as a list under it."""
    if len(words) == 1:
        return line(text(f"{label}: ", bold=True), text(words[0]))
    return {"type": "rich_text", "elements": [_part((text(label, bold=True),)), _list(words)]}


def listed(words: Iterable[str]) -> Block:
    """Return the lines as a list."""
    return {"type": "rich_text", "elements": [_list(words)]}


def fixed(lines: Iterable[str]) -> Block:
    """Return the lines in fixed width, each on a line of its own whatever it holds."""
    return written("\n".join(visible(one) or EMPTY for one in lines))


def written(shown: str) -> Block:
    """Return text that went through `visible` already, line by line, in fixed width."""
    run = {"type": "text", "text": shown or EMPTY}
    return {
        "type": "rich_text",
        "elements": [{"type": "rich_text_preformatted", "elements": [run]}],
    }


def quote(words: str) -> Block:
    """Return somebody's words, set off by a bar."""
    return {
        "type": "rich_text",
        "elements": [{"type": "rich_text_quote", "elements": [text(words)]}],
    }


def folded(title: str, blocks: Sequence[Block]) -> Block:
    """Return the blocks behind a line that opens them."""
    return {
        "type": "container",
        "title": {"type": "plain_text", "text": title, "emoji": False},
        "is_collapsible": True,
        "default_collapsed": True,
        "child_blocks": list(blocks),
    }


def _part(runs: Sequence[Block]) -> Block:
    return {"type": "rich_text_section", "elements": list(runs)}


def _list(words: Iterable[str]) -> Block:
    return {
        "type": "rich_text_list",
        "style": "bullet",
        "elements": [_part((text(one),)) for one in words],
    }
