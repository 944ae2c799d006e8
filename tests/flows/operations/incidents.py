"""An incident that is open in a ground's channel, and the rule that fires for it, or not."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from bot.adapters.clock import SystemClock
from bot.adapters.store.store import SqlStore
from bot.bootstrap.installation import new_id
from bot.domain.alert import Alert, AlertSource, AlertStatus, Origin, Severity
from bot.domain.incident import Joining, Watch
from tests.flows.house import database_of
from tests.flows.operations.guarded import CLUSTER

if TYPE_CHECKING:
    from tests.flows.operations.ground import Ground

ALWAYS: Final = "sum(up) > 0"
"""Holds as long as the lab scrapes anything."""


class Gauge:
    """A metric of the ground's own, which shows what a test says."""

    def __init__(self, ground: Ground, value: float) -> None:
        lab = ground.guarded.house.lab
        # Scraped for a minute: rules that hold are asked since when.
        self._track = lab.metrics[CLUSTER].store.add(
            "reports_failing",
            {"channel": ground.channel},
            lambda _: value,
            begins_s=lab.clock.now() - 60,
        )
        self.query: Final = f'reports_failing{{channel="{ground.channel}"}}'

    def show(self, value: float) -> None:
        """Have it show this from now on; a scrape already made is changed, too."""
        self._track.odd = [(-math.inf, math.inf, value)]


class OpenIncident:
    """An incident with a thread, brought in as an alert does; nobody looks into it."""

    def __init__(self, ground: Ground, *, query: str = ALWAYS) -> None:
        guarded = ground.guarded
        self.name = f"ReportsFail{ground.channel}".replace("-", "")
        self._rules = guarded.house.lab.metrics[CLUSTER].rules
        self._rule = {
            "name": self.name,
            "query": query,
            "for_s": 0,
            "labels": {"severity": "warning"},
            "annotations": {},
        }
        self.root = guarded.slack.post_as_app(
            {"text": f"{self.name} fires"}, channel=f"#{ground.channel}"
        )
        alert = Alert(
            source=AlertSource.ALERTMANAGER,
            name=self.name,
            status=AlertStatus.FIRING,
            severity=Severity.LOW,
            fingerprint=self.name,
            group_key=self.name,
            labels={"alertname": self.name},
            starts_at=datetime.now(UTC),
        )
        with database_of(guarded.house.installation) as engine:
            store = SqlStore(engine, SystemClock(), new_id)
            admission = store.admit(
                alert,
                origin=Origin(road="test", delivery_id=new_id(), team_id="T0LAB"),
                watch=Watch(channel=ground.room.id, investigate_from=Severity.CRITICAL),
                now=datetime.now(UTC),
            )
            assert admission.joining is Joining.OPENED
            assert admission.incident is not None
            self.incident_id = admission.incident.incident_id
            store.bind_thread(self.incident_id, channel=ground.room.id, thread_ts=self.root.ts)

    def fire(self) -> None:
        """Have its rule fire from now on."""
        self._rules.append(self._rule)

    def fall_silent(self) -> None:
        """Have its rule hold no more."""
        self._rules.remove(self._rule)
