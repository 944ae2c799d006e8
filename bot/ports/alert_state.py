"""Reads of one Alertmanager: the alerts it holds now, and whether it keeps quiet about them.

Every method raises:
    DeniedError: The server answered 401 or 403.
    UpstreamError: It did not answer, not in time, or not as an Alertmanager.
Labels and annotations are foreign text: whoever shows them masks and makes them plain first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

Labels = tuple[tuple[str, str], ...]
"""Pairs of name and value, sorted by name."""


class KnownState(StrEnum):
    """What the server does with an alert."""

    ACTIVE = "active"
    """It notifies."""
    SUPPRESSED = "suppressed"
    """It keeps quiet: the alert is silenced or inhibited."""
    UNPROCESSED = "unprocessed"
    """It came in just now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownAlert:
    """A firing alert, as the server that routes it holds it."""

    labels: Labels
    annotations: Labels
    starts_at: datetime | None
    state: KnownState
    silenced_by: tuple[str, ...] = ()
    """Ids of silences."""
    inhibited_by: tuple[str, ...] = ()
    """Fingerprints of the alerts that stand for it."""
    fingerprint: str = ""
    """Of all its labels, in hexadecimal; the same in the server's webhooks."""
    generator_url: str = ""
    """Where its rule can be seen, as whoever evaluates it says."""
    expression: str = ""
    """The rule's query, where that address carries it."""


class AlertStateReader(Protocol):
    """One server; every call ends within the reader's time limit."""

    @property
    def name(self) -> str:
        """The cluster's name in the registry."""
        ...

    def alerts(self, name: str) -> tuple[KnownAlert, ...]:
        """Return the firing alerts of that name, silenced and inhibited ones included."""
        ...


class AlertStates(Protocol):
    """The Alertmanagers of the registry, connected lazily."""

    def reader(self, cluster: str) -> AlertStateReader:
        """Return the server that routes a cluster's alerts; KeyError for a cluster without one."""
        ...
