"""The reason that came with a request: shown apart, under the name of whoever wrote it.

Pure. A model writes it mostly, out of logs anybody can write into: it is short, links are taken
out, it mentions nobody, and it never stands between facts.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from bot.adapters.slack.blocks.approval import rich
from bot.adapters.slack.text import clip, neutral_markdown
from bot.adapters.slack.visible import visible
from safe_ops.model.actions import Author

if TYPE_CHECKING:
    from bot.adapters.slack.blocks.card import Block

LONGEST: Final = 600
_HEADINGS: Final = {
    Author.RULES: "Why, by Nightdesk's own rules:",
    Author.MODEL: "Why, in a model's words (unverified):",
    Author.PERSON: "Why, in the words of who asked:",
}
_LINK: Final = re.compile(
    r"(?:[a-z][a-z0-9+.\-]{1,20}:/{1,2}|www\.)[^\s<>|()]*"
    r"|\b(?:[a-z0-9\-]{1,63}\.){1,8}[a-z]{2,24}/[^\s<>|()]*",
    re.IGNORECASE,
)
_LEFT_OUT: Final = "[link left out]"
_MARKS: Final = re.compile(r"\*\*|`")
"""Markup of Markdown, which would be shown as it is."""


def rationale_blocks(words: str, *, author: Author) -> list[Block]:
    """Return the reason in its own quoted block; none for no words."""
    line = " ".join(_LINK.sub(_LEFT_OUT, _MARKS.sub("", words)).split())
    if not line:
        return []
    shown = clip(neutral_markdown(visible(line)), LONGEST)
    quoted = {"type": "rich_text_quote", "elements": [{"type": "text", "text": shown}]}
    return [
        rich.line(rich.text(_HEADINGS[author], bold=True)),
        {"type": "rich_text", "elements": [quoted]},
    ]
