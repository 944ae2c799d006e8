"""How long one alert of a burst takes to find its incident, and whether each of them does.

Ten thousand alerts of many rules, services and namespaces, told in one channel without a pause, on
SQLite; a tenth of them is told twice.
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from bot.adapters.clock import SystemClock
from bot.adapters.store.engine import open_engine
from bot.adapters.store.store import SqlStore
from bot.bootstrap.installation import new_id
from bot.domain.alert import Origin
from bot.domain.incident import Joining
from tests.bench.rows import Goal, Row
from tests.bench.sampling import Sample
from tests.contract.store.alerts import WATCH, alert
from tests.lab.databases import SqliteFiles

if TYPE_CHECKING:
    from bot.domain.alert import Alert
    from bot.domain.incident import Admission

BURST = 10_000
SERVICES = 600
RULES = 40
NAMESPACES = 60
TOLD_TWICE_EACH = 10
PER_SECOND = 100
P99_AT_MOST_MS = 5.0


def measure() -> list[Row]:
    """Return the time an alert takes, and how many were lost on the way."""
    with tempfile.TemporaryDirectory(prefix="nd-bench-") as directory:
        engine = open_engine(SqliteFiles(Path(directory)).fresh())
        try:
            return _rows(SqlStore(engine, SystemClock(), new_id))
        finally:
            engine.dispose()


def _rows(store: SqlStore) -> list[Row]:
    sample, computing = Sample(), Sample()
    admissions: list[Admission] = []
    sent = {one.fingerprint for one in map(_alert, range(BURST))}
    began = datetime.now(UTC)
    for number in range(BURST):
        origin = Origin(road="alertmanager", delivery_id=f"hook-{number}")
        now = began + timedelta(seconds=number / PER_SECOND)
        told = replace(_alert(number), starts_at=now)
        admit = partial(store.admit, told, origin=origin, watch=WATCH, now=now)
        began_cpu_s = time.thread_time()
        sample.time(lambda admit=admit: admissions.append(admit()))  # type: ignore[misc]
        computing.seconds.append(time.thread_time() - began_cpu_s)
    kept = {
        one.fingerprint
        for incident in store.open_incidents(limit=BURST)
        for one in store.alerts_of(incident.incident_id)
    }
    repeated = sum(one.joining is Joining.REPEATED for one in admissions)
    lost = len(sent - kept) + (BURST - repeated - len(sent))
    open_now = store.open_incidents(limit=BURST)
    name = f"correlation in a burst of {BURST:,}, SQLite"
    return [
        Row(name=f"{name}, p50", value=sample.median_s * 1000, unit="ms"),
        Row(
            name=f"{name}, p99",
            value=sample.percentile_s(99) * 1000,
            unit="ms",
            goal=Goal(at_most=P99_AT_MOST_MS),
            note=f"of it computing {computing.percentile_s(99) * 1000:.2f} ms",
        ),
        Row(
            name=f"{name}, lost",
            value=float(lost),
            unit="alerts",
            goal=Goal(at_most=0),
            note=f"{len(sent):,} different ones in {len(open_now)} incidents, {repeated:,} repeats",
        ),
    ]


def _alert(number: int) -> Alert:
    """One of the burst: every tenth says what the one before it said."""
    different = number - 1 if number % TOLD_TWICE_EACH == TOLD_TWICE_EACH - 1 else number
    return alert(
        f"Rule{different % RULES}Fires",
        namespace=f"team-{different % NAMESPACES}",
        workload=f"service-{different % SERVICES}-{different // SERVICES}",
        annotations={"description": f"Service {different} answers every call with an error."},
    )
