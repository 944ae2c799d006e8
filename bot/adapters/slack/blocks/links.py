"""Addresses that came from outside, as links to hosts we know, or as plain words.

Pure. A link's words are the sender's and may say anything, so its host stands beside them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from bot.adapters.slack.text import clip_escaped, inline_code, printable
from bot.domain.link_hosts import host_of, is_known

if TYPE_CHECKING:
    from collections.abc import Sequence

_LONGEST: Final = 1_500
"""Characters of an address that is still made a link; Slack cuts a longer message, not the link."""
_UNSAFE: Final = re.compile(r"[^\x21-\x7e]|[<>|\"`\\]")
"""What ends a link in mrkdwn, or what browsers and parsers read differently."""


def link(address: str, words: str, *, hosts: Sequence[str]) -> str:
    """Return a mrkdwn link with its host beside it, if the host is one of these.

    Another host is named in a code span, where Slack links nothing; of what is no address for a
    browser the escaped words alone are left.
    """
    shown = clip_escaped(" ".join(words.split()).replace("|", "¦"), 80) or "link"
    host = "" if _UNSAFE.search(address) else host_of(address)
    if not host:
        return shown
    if len(address) > _LONGEST or not is_known(address, hosts):
        return f"{shown} (at {inline_code(host, limit=80)}, not linked)"
    target = printable(address).replace("&", "&amp;")
    return f"<{target}|{shown}> ({clip_escaped(host, 80)})"
