"""One case taken the way an alert goes: admitted, dispatched, answered; the same parts as
`nightdesk investigate`, with everything read over HTTP from the lab.

Knows nothing of what is expected.
"""

from __future__ import annotations

import io
import os
import secrets
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from bot.adapters.alerts.complaints import read_complaint
from bot.adapters.clock import SystemClock
from bot.adapters.kept_keys import KEY_BYTES
from bot.adapters.store.engine import open_engine
from bot.adapters.store.schema import upgrade
from bot.adapters.store.store import SqlStore
from bot.adapters.store.tables import spend
from bot.adapters.terminal import TerminalMessenger, TerminalRoster
from bot.bootstrap.installation import load_registry, new_id
from bot.bootstrap.investigator import build_answering
from bot.domain import secret_text
from bot.domain.alert import Origin, Severity
from bot.domain.conversation import MessageTs
from bot.domain.incident import Watch
from bot.domain.registry import FULL_ACCESS, AlertRules, Channel
from bot.domain.verdict import Verdict
from bot.entrypoints.investigate import CHANNEL, Place, alerts_in, placed
from bot.flows.alert.desk import without_secrets
from bot.flows.alert.dispatch import Dispatch
from bot.settings import Role, load
from tests.evals.telling import posts_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.alert import Alert
    from bot.domain.incident import Incident
    from bot.domain.outcome import Outcome
    from bot.settings import Settings
    from tests.evals.case import Case
    from tests.evals.worlds import EvalLab

SLOWED = 12
_TOKENS = ("input_tokens", "cache_write_tokens", "cache_read_tokens", "output_tokens")
MOST_LOOKED_INTO = 3
"""Incidents of one case that are investigated; more are a wrong count already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """What came of a case."""

    incidents: int
    verdicts: tuple[Verdict, ...]
    """Of the incidents with the most alerts, most first."""
    tokens: int
    seconds: float
    error: str = ""
    """Why it could not be run; empty when it was."""


class _Unhurried(SystemClock):
    """A clock by which time budgets last longer: cases are about what is right, not how fast.

    Without it a busy machine would turn answers into "not read in time".
    """

    def monotonic(self) -> float:
        """Return seconds that pass more slowly than real ones."""
        return super().monotonic() / SLOWED


class _Threads(TerminalMessenger):
    """A terminal in which every incident has a thread of its own."""

    def __init__(self) -> None:
        super().__init__(out=io.StringIO(), err=io.StringIO(), as_json=True)
        self.threads = 0
        self.verdicts: list[Verdict] = []

    def close(self, outcome: Outcome) -> None:
        """Keep every verdict, in the order of the runs."""
        super().close(outcome)
        if outcome.verdict is not None:
            self.verdicts.append(outcome.verdict)

    def announce(self, incident: Incident, alerts: Sequence[Alert]) -> MessageTs:
        """Return another thread's root each time."""
        super().announce(incident, alerts)
        self.threads += 1
        return MessageTs(f"{self.threads}.0")


def settled(lab: EvalLab, **more: str) -> Settings:
    """The product's settings for a lab; of this process's own environment nothing is left."""
    for name in list(os.environ):
        if name.startswith(("NIGHTDESK_", "SLACK_", "ANTHROPIC_", "AWS_", "LAB_EXTERNAL")):
            del os.environ[name]
    os.environ.update(lab.environment() | more)
    settings = load(Role.TERMINAL)
    service = settings.service.model_copy(update={"burst_s": 0.0})
    return settings.model_copy(update={"service": service})


def take(case: Case, lab: EvalLab, settings: Settings) -> Ending:
    """Tell the product of the case's alerts and return what it concludes."""
    began = time.monotonic()
    clock = _Unhurried()
    engine = open_engine("sqlite://")
    upgrade(engine)
    store = SqlStore(engine, clock, new_id)
    registry = load_registry(settings)
    registry = replace(
        registry,
        access=FULL_ACCESS.grants,
        channels=(*registry.channels, Channel(channel=CHANNEL, alerts=AlertRules())),
    )
    messenger = _Threads()
    answering = build_answering(
        settings,
        store=store,
        messenger=messenger,
        roster=TerminalRoster(),
        registry=registry,
        clock=clock,
        key=secrets.token_bytes(KEY_BYTES),
        call_another=lambda _thread_id: None,
    )
    dispatch = Dispatch(
        incidents=store, store=store, messenger=messenger, registry=registry, clock=clock
    )
    place = Place(cluster=case.cluster, account=case.account, namespace=case.namespace)
    incidents = _admitted(case, lab, store, place)
    for incident_id in sorted(incidents, key=lambda one: -incidents[one])[:MOST_LOOKED_INTO]:
        thread_id = dispatch.bring_up(incident_id)
        if thread_id is not None:
            answering.answer(thread_id)
    verdicts = messenger.verdicts
    with engine.connect() as connection:
        spent = func.sum(sum(spend.c[name] for name in _TOKENS))
        tokens = connection.execute(select(spent)).scalar()
    engine.dispose()
    return Ending(
        incidents=len(incidents),
        verdicts=tuple(verdicts),
        tokens=int(tokens or 0),
        seconds=time.monotonic() - began,
    )


def _admitted(case: Case, lab: EvalLab, store: SqlStore, place: Place) -> dict[str, int]:
    """Admit all alerts and return how many each incident has that is no part of another."""
    clock = SystemClock()
    watch = Watch(channel=CHANNEL, investigate_from=Severity.LOW)
    known: dict[str, None] = {}
    for number, post in enumerate(posts_of(case, lab)):
        read = alerts_in(post, now_text=lambda text: read_complaint(text, now=clock.now()))
        for at, alert in enumerate(placed(one, place) for one in read):
            admission = store.admit(
                without_secrets(alert, secret_text.mask),
                origin=Origin(road="terminal", delivery_id=f"{number}/{at}", team_id="evals"),
                watch=watch,
                now=clock.now(),
            )
            if admission.incident is not None:
                known[admission.incident.incident_id] = None
    found = [store.incident(incident_id) for incident_id in known]
    return {
        one.incident_id: one.alerts for one in found if one is not None and one.merged_into is None
    }
