"""Workers that die while they look into an alert: another finishes, and there is one card."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.flows.alerts.leads import concluding
from tests.flows.alerts.senders import CLUSTER, alert_of, body_of
from tests.flows.crashing import WARNINGS
from tests.lab.model.outages import held
from tests.lab.waiting import eventually

if TYPE_CHECKING:
    from tests.flows.alerts.alarms import Alarms

# Real processes start and die here; a busy machine takes its time over that.
pytestmark = pytest.mark.timeout(300)


def test_a_worker_killed_while_rules_read_is_replaced_and_one_card_stands(alarms: Alarms) -> None:
    alarms.script(CartReading=concluding())
    cluster = alarms.house.lab.world.cluster(CLUSTER)
    cluster.hang(on="/pods")
    server = alarms.house.lab.kubernetes[CLUSTER]
    before = len(server.requests(containing="/shop/pods"))
    alert = alarms.send("killed-reading", body_of(alert_of("CartReading")))
    assert alert == (200, {"ok": True})
    dying = alarms.worker_of("CartReading")
    eventually(
        lambda: len(server.requests(containing="/shop/pods")) > before, "its reading of the pods"
    )
    alarms.kill(dying)
    cluster.heal()
    alarms.add_worker()
    thread_ts = alarms.thread_of("CartReading")
    card = alarms.card("killed-reading", thread_ts)
    assert "keeps crashing" in card.words
    assert [one.ts for one in alarms.replies("killed-reading", thread_ts)] == [card.ts]
    assert alarms.the_incident("CartReading").runs == 1


def test_a_worker_killed_in_the_models_turn_is_replaced_and_nothing_is_asked_twice(
    alarms: Alarms,
) -> None:
    alarms.script(CartThinking=[WARNINGS, *concluding()])
    alarms.outage(held(), "CartThinking", skip=1)
    alert = alarms.send("killed-thinking", body_of(alert_of("CartThinking")))
    assert alert == (200, {"ok": True})
    thread_ts = alarms.thread_of("CartThinking")
    before = alarms.wait_until_held("CartThinking")
    alarms.kill(alarms.worker_of("CartThinking"))
    alarms.add_worker()
    card = alarms.card("killed-thinking", thread_ts)
    assert "keeps crashing" in card.words
    assert [one.ts for one in alarms.replies("killed-thinking", thread_ts)] == [card.ts]
    first, second, after = alarms.turns_about("CartThinking")
    assert first.request.turn == 0
    assert second.number == before.number
    assert after.request.body["messages"] == second.request.body["messages"]
