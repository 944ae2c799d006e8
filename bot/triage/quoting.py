"""Foreign text on its way into our sentences: one bounded line that can do nothing but be read.

Names, images, messages and log lines come from whoever can create an object or write a log. They
are shown in code spans, so what would close one, mention somebody, link anywhere or look like a
citation of ours is taken apart here.
"""

from __future__ import annotations

import re

from bot.agent.fence import clean
from bot.agent.outgoing import Outgoing
from bot.domain.secret_text import mask

# A sentence in a card; the whole text is in the ledger.
QUOTED_CHARS = 240

_INSIDE = re.compile(
    r"(?i)\bhttps?://(?=(?:\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-f:]+\]|localhost|[a-z0-9-]+"
    r"|[a-z0-9.-]+\.svc(?:\.[a-z0-9-]+)*)(?::\d+)?(?:[/\s\"'?]|:\s|$))"
)
"""Scheme of an address that leads nowhere outside the cluster; without it nothing links it."""

_CITATION = re.compile(r"\[\s*(E\d{1,5}(?:\s*[,;]\s*E\d{1,5})*)\s*\]", re.IGNORECASE)


def plain_line(text: str) -> str:
    """Return the text on one line, invisible characters shown and secrets hidden."""
    return " ".join(mask(clean(text)).split())


def quoted(text: str, limit: int = QUOTED_CHARS) -> str:
    """Return the text fit to stand in a code span; quoting that again changes nothing."""
    line = plain_line(text)[: 4 * limit]
    line = Outgoing().text(_INSIDE.sub("", line))
    line = " ".join(_CITATION.sub(r"(\1)", line).replace("`", "'").split())
    return line if len(line) <= limit else f"{line[: limit - 1].rstrip()}…"
