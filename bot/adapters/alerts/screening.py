"""Alerts that are by design no trouble, left out before anything is correlated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.domain.alert import Alert

NEVER_TROUBLE: Final = frozenset({"Watchdog", "InfoInhibitor", "DeadMansSwitch"})
"""Watchdog always fires to prove that alerting works; InfoInhibitor only silences others."""


def screened(alerts: Iterable[Alert]) -> tuple[tuple[Alert, ...], tuple[str, ...]]:
    """Return the alerts that may be trouble, and the names of those that never are."""
    kept: list[Alert] = []
    dropped: list[str] = []
    for alert in alerts:
        if alert.name in NEVER_TROUBLE or alert.labels.get("alertname") in NEVER_TROUBLE:
            dropped.append(alert.name)
        else:
            kept.append(alert)
    return tuple(kept), tuple(dropped)
