"""All rules, run over an estate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.triage.ranking import rank
from bot.triage.rules import (
    creation,
    images,
    jobs,
    nodes,
    probes,
    rollouts,
    scheduling,
    startup,
    storage,
)

if TYPE_CHECKING:
    from bot.triage.estate import Estate
    from bot.triage.finding import Finding

FAMILIES = (startup, images, scheduling, storage, creation, probes, nodes, jobs, rollouts)


def findings(estate: Estate) -> list[Finding]:
    """Return what is wrong, likeliest root first; empty when the rules see nothing wrong."""
    return rank(found for family in FAMILIES for found in family.find(estate))
