"""What triage is asked to do."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.conversation import PersonId, Scope
from bot.domain.registry import Access

NOBODY = PersonId("")
"""Asks where no person does, as when an alert is looked into."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TriageBrief:
    """One question for the rules."""

    text: str
    scope: Scope
    access: Access
    aliases: tuple[str, ...] = ()
    """Other names of clusters, which people may use as places."""
    person: PersonId = NOBODY
    """Whose pace the queries count against."""
    subject: str | None = None
    """Text of the message the question is about: quoted material."""
