"""A message as it is sent: the blocks, and the one text that says the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Block = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One message; `text` is what notifications and screen readers give (mrkdwn, escaped)."""

    text: str
    blocks: tuple[Block, ...] = ()
