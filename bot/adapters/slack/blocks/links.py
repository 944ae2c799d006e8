"""Addresses that came from outside, as links that lead where they say, or as plain words.

Pure. A link's words are the sender's and may say anything, so its host stands beside them.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from bot.adapters.slack.text import clip_escaped, printable

_LONGEST: Final = 1_500
"""Characters of an address that is still made a link; Slack cuts a longer message, not the link."""
_UNSAFE: Final = re.compile(r"[\s<>|\"`]")


def link(address: str, words: str) -> str:
    """Return a mrkdwn link with its host; the escaped words alone if the address is none.

    Only http and https are led to.
    """
    shown = clip_escaped(" ".join(words.split()).replace("|", "¦"), 80) or "link"
    host = _host(address)
    if host is None:
        return shown
    target = printable(address).replace("&", "&amp;")
    return f"<{target}|{shown}> ({clip_escaped(host, 80)})"


def _host(address: str) -> str | None:
    """Return the host of an address that may be linked; None if it may not."""
    if len(address) > _LONGEST or _UNSAFE.search(address):
        return None
    try:
        found = urlsplit(address)
        host = found.hostname
    except ValueError:
        return None
    if found.scheme.lower() not in {"http", "https"} or not host:
        return None
    # What stands before an @ looks like a host and is none.
    return None if "@" in found.netloc else host
