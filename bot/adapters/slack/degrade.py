"""A message Slack would refuse, made into one it takes; content shrinks before it disappears.

Pure. The steps: replace each offending block by its own words, then drop what still offends, then
send text alone. It must not send anything.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from bot.adapters.slack import limits
from bot.adapters.slack.flatten import blocks_text
from bot.adapters.slack.text import clip, clip_escaped
from bot.adapters.slack.validation import validate_message, validate_view

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.adapters.slack.validation import Violation

_BLOCK: Final = re.compile(r"^/blocks/(\d+)(?:/|$)")
_NOTHING: Final = "(this message had no text)"
_VIEW_NOTE: Final = "Part of this view could not be shown."


def sendable(
    message: Mapping[str, Any], *, for_update: bool
) -> tuple[dict[str, Any], list[Violation]]:
    """Return the message as it may be sent, and what was wrong with it; nothing wrong, no change.

    Only `text` and `blocks` are touched.
    """
    found = validate_message(message, for_update=for_update)
    if not found:
        return dict(message), []
    kept = {**message, "text": _bounded_text(message, for_update=for_update)}
    blocks = list(message.get("blocks") or [])
    for step in (_reworded, _dropped):
        bad = _offenders(validate_message({**kept, "blocks": blocks}, for_update=for_update))
        blocks = step(blocks, bad)
        if blocks and not validate_message({**kept, "blocks": blocks}, for_update=for_update):
            return {**kept, "blocks": blocks}, found
    return text_only(message, for_update=for_update), found


def text_only(message: Mapping[str, Any], *, for_update: bool) -> dict[str, Any]:
    """Return the message without blocks; their words stand in the text as far as they fit.

    Empty `blocks` are sent along: an update without any would keep the old ones.
    """
    words = blocks_text(message.get("blocks"))
    text = _bounded_text(message, for_update=for_update)
    longest = limits.UPDATE_TEXT if for_update else limits.POST_TEXT_RECOMMENDED
    if words:
        text = clip(f"{text}\n\n{clip_escaped(words, longest)}", longest)
    return {**message, "text": text, "blocks": []}


def openable(view: Mapping[str, Any]) -> tuple[dict[str, Any], list[Violation]]:
    """Return the view as Slack takes it, and what was wrong with it."""
    found = validate_view(view)
    if not found:
        return dict(view), []
    blocks = list(view.get("blocks") or [])
    bad = _offenders(found)
    kept = _dropped(blocks, bad)[: limits.BLOCKS_PER_VIEW - 1]
    note = {"type": "context", "elements": [{"type": "mrkdwn", "text": _VIEW_NOTE}]}
    smaller = {**view, "blocks": [note, *kept]}
    if validate_view(smaller):
        words = clip(blocks_text(blocks) or _VIEW_NOTE, limits.SECTION_TEXT)
        smaller = {**view, "blocks": [note, _plain(words)]}
    return smaller, found


def _bounded_text(message: Mapping[str, Any], *, for_update: bool) -> str:
    text = message.get("text")
    if not isinstance(text, str) or not text.strip():
        text = clip_escaped(blocks_text(message.get("blocks")), limits.POST_TEXT_RECOMMENDED)
    longest = limits.UPDATE_TEXT if for_update else limits.POST_TEXT
    return clip(text or _NOTHING, longest)


def _offenders(found: list[Violation]) -> set[int]:
    return {int(place[1]) for one in found if (place := _BLOCK.match(one.pointer))}


def _reworded(blocks: list[Any], bad: set[int]) -> list[Any]:
    return [
        _plain(words) if at in bad and (words := blocks_text([block])) else block
        for at, block in enumerate(blocks)
    ]


def _dropped(blocks: list[Any], bad: set[int]) -> list[Any]:
    return [block for at, block in enumerate(blocks) if at not in bad]


def _plain(words: str) -> dict[str, Any]:
    text = {"type": "plain_text", "text": clip(words, limits.SECTION_TEXT), "emoji": False}
    return {"type": "section", "text": text}
