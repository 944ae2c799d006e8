"""From an alert to what people see, over real processes, and what alerts cost people who ask.

The first card is that of a namespace of five hundred pods, each call of the cluster's API taking
50 ms. A question's yardstick is the same question while no alert waits.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from bot.adapters.slack.blocks.first_card import MARK
from tests.bench.rows import Goal, Row
from tests.bench.sampling import Sample
from tests.flows.alerts.alarms import WATCHED, Alarms
from tests.flows.alerts.leads import concluding
from tests.flows.alerts.senders import CLUSTER, alert_of, body_of
from tests.flows.house import House
from tests.lab.model.outages import held

CALL_S = 0.05
NAMESPACE, DEPLOYMENT = "fleet", "dispatcher"
AS_SHIPPED = {"NIGHTDESK_LEASE_S": "15", "NIGHTDESK_SWEEP_S": "5"}
"""Where a house is quicker than an installation."""
PLACE = {"cluster": CLUSTER, "namespace": NAMESPACE, "deployment": DEPLOYMENT}
CARDS = 12
"""First cards that are timed, after one that warms the worker; a channel and a rule for each."""
WAITING, AT_ONCE = 500, 50
QUESTIONS = 15
OK = 200
COMMAND = f"kubectl get deployments -n {NAMESPACE}"


def measure() -> list[Row]:
    """Return the time to first cards, and of answers while alerts wait."""
    with (
        tempfile.TemporaryDirectory(prefix="nd-bench-") as home,
        House(Path(home), scenario="big_namespace", **AS_SHIPPED) as house,
    ):
        alarms = Alarms(house)
        alarms.open(listeners=1)
        cards = _first_cards(alarms)
        idle, busy = _questions(alarms)
        alarms.close()
    return [
        Row(
            name="first card of an alert, 500 pods, p95",
            value=cards.percentile_s(95),
            unit="s",
            goal=Goal(at_most=3),
            note=f"from the webhook's delivery to the card in Slack; median {cards.median_s:.2f} s",
        ),
        Row(
            name=f"typed command while {WAITING} alerts wait, p95",
            value=busy.percentile_s(95),
            unit="s",
            ratio=busy.percentile_s(95) / idle.percentile_s(95),
            goal=Goal(at_most=1.5, of="ratio"),
            note=f"to the same with no alerts, {idle.percentile_s(95):.2f} s",
        ),
    ]


def _first_cards(alarms: Alarms) -> Sample:
    """Let an alert fire in one channel after the other; return the times to the first cards."""
    cluster = alarms.house.lab.world.cluster(CLUSTER)
    cluster.slow(CALL_S)
    sample = Sample()
    for number, channel in enumerate(list(WATCHED)[: CARDS + 1]):
        rule = f"FleetDown{number:02}"
        alarms.script(**{rule: concluding(f"{DEPLOYMENT} is killed again and again")})
        alarms.refill()
        began = time.perf_counter()
        status, _ = alarms.send(channel, body_of(alert_of(rule, labels=PLACE)))
        if status != OK:
            raise RuntimeError(f"the webhook answered {status}")
        thread_ts = alarms.thread_of(rule)
        alarms.live(channel, thread_ts, MARK)
        took_s = time.perf_counter() - began
        card = alarms.card(channel, thread_ts)
        if DEPLOYMENT not in card.words:
            raise RuntimeError(f"the card does not say what is wrong: {card.words}")
        if number:
            sample.seconds.append(took_s)
    cluster.heal()
    return sample


def _questions(alarms: Alarms) -> tuple[Sample, Sample]:
    """Return how long a command takes while no alert waits, and while many do."""
    channel = list(WATCHED)[CARDS + 1]
    idle = _asked(alarms)
    alarms.script(Waiting=concluding())
    alarms.outage(held(), "Waiting")
    alarms.send(channel, body_of(alert_of("WaitingFirst", labels=PLACE)))
    alarms.wait_until_held("Waiting")
    for batch in range(0, WAITING, AT_ONCE):
        alerts = [
            alert_of(f"Waiting{batch + one}", labels=PLACE | {"namespace": f"team-{one}"})
            for one in range(AT_ONCE)
        ]
        alarms.send(channel, body_of(*alerts))
    busy = _asked(alarms)
    alarms.house.model.release()
    return idle, busy


def _asked(alarms: Alarms) -> Sample:
    sample = Sample()
    for number in range(QUESTIONS + 1):
        # Slack's own rates are measured elsewhere.
        alarms.refill()
        began = time.perf_counter()
        alarms.chat.asked_and_answered(COMMAND)
        if number:
            sample.seconds.append(time.perf_counter() - began)
    return sample
