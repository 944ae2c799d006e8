"""What triage is asked to do."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.conversation import Scope
from bot.domain.registry import Access


@dataclass(frozen=True, slots=True, kw_only=True)
class TriageBrief:
    """One question for the rules."""

    text: str
    scope: Scope
    access: Access
    aliases: tuple[str, ...] = ()
    """Other names of clusters, which people may use as places."""
