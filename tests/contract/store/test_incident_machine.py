"""Any order of firing, ending, repeating, storming and waiting keeps the counts right."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from bot.domain.alert import AlertStatus
from bot.domain.incident import IncidentState, Joining, Watch
from tests.contract.store.alerts import Post, alert

if TYPE_CHECKING:
    from bot.adapters.store.store import SqlStore
    from bot.domain.alert import Alert
    from bot.domain.incident import Admission

_channels = count(1)
NAMES = st.sampled_from([f"Rule{letter}" for letter in "ABCD"])
PLACES = st.integers(min_value=0, max_value=11)
NO_INCIDENT = {Joining.IGNORED, Joining.UNMATCHED}


class Incidents(RuleBasedStateMachine):
    """One channel, beside a model that knows only which alerts fire."""

    def __init__(self, store: SqlStore) -> None:
        super().__init__()
        self.store = store
        self.number = next(_channels)
        self.post = Post(store, watch=Watch(channel=f"C{self.number}"))
        self.firing: set[str] = set()
        self.taken: list[tuple[str, Alert]] = []
        self.messages = 0

    def told(self, name: str, place: int, status: AlertStatus) -> Alert:
        # Every machine is in a world of its own, on one store.
        return alert(
            name,
            namespace=f"ns{place}x{self.number}",
            workload=f"app{place}x{self.number}",
            cluster=f"cluster{self.number}",
            status=status,
        )

    def send(self, told: Alert) -> Admission:
        delivery = f"d{self.number}-{len(self.taken)}"
        self.taken.append((delivery, told))
        admission = self.post.webhook(told, delivery=delivery)
        self.messages += admission.joining not in NO_INCIDENT
        return admission

    @rule(name=NAMES, place=PLACES)
    def fires(self, name: str, place: int) -> None:
        told = self.told(name, place, AlertStatus.FIRING)
        admission = self.send(told)
        assert admission.incident is not None, "no firing alert is lost"
        assert admission.incident.state is IncidentState.OPEN
        if told.fingerprint in self.firing:
            assert admission.joining is Joining.REPEATED
        self.firing.add(told.fingerprint)

    @rule(name=NAMES, place=PLACES)
    def is_noticed(self, name: str, place: int) -> None:
        admission = self.send(self.told(name, place, AlertStatus.NOTICE))
        assert admission.joining in {Joining.IGNORED, Joining.JOINED, Joining.REPEATED}
        assert not admission.investigate

    @rule(name=NAMES)
    def a_storm_comes(self, name: str) -> None:
        for place in range(12):
            self.fires(name, place)

    @rule(name=NAMES, place=PLACES)
    def ends(self, name: str, place: int) -> None:
        told = self.told(name, place, AlertStatus.RESOLVED)
        admission = self.send(told)
        if told.fingerprint in self.firing:
            assert admission.joining in {Joining.RESOLVED_ONE, Joining.CLOSED}
        else:
            assert admission.joining in {Joining.UNMATCHED, Joining.REPEATED}
        self.firing.discard(told.fingerprint)

    @precondition(lambda self: self.taken)
    @rule(draw=st.data())
    def is_delivered_again(self, draw: st.DataObject) -> None:
        delivery, told = draw.draw(st.sampled_from(self.taken))
        late = replace(told, status=AlertStatus.FIRING)
        assert self.post.webhook(late, delivery=delivery).joining is Joining.IGNORED

    @rule(seconds=st.sampled_from([1, 5, 61, 600, 3000]))
    def time_passes(self, seconds: int) -> None:
        self.post.later(seconds=seconds)

    @rule()
    def a_run_begins(self) -> None:
        for incident in self.own(self.store.due(limit=99)):
            number = self.store.run_begun(incident, at=self.post.now)
            found = self.store.incident(incident)
            assert found is not None
            assert (found.runs, found.is_due) == (number, False)

    def own(self, found: list) -> list[str]:  # type: ignore[type-arg]
        return [one.incident_id for one in found if one.channel == self.post.watch.channel]

    @invariant()
    def each_firing_alert_is_in_one_open_incident(self) -> None:
        fires: list[str] = []
        for incident in self.store.open_incidents(limit=999):
            if incident.channel != self.post.watch.channel:
                continue
            alerts = self.store.alerts_of(incident.incident_id)
            on = [one.fingerprint for one in alerts if one.status is AlertStatus.FIRING]
            assert (incident.alerts, incident.firing) == (len(alerts), len(on))
            assert incident.messages >= incident.alerts
            fires += on
        assert sorted(fires) == sorted(self.firing)


def test_incidents_keep_their_counts_in_any_order(store: SqlStore) -> None:
    run_state_machine_as_test(
        lambda: Incidents(store),  # type: ignore[arg-type]  # any factory does
        settings=settings(
            max_examples=25,
            stateful_step_count=30,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
