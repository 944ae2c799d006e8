"""Many alerts at once: one incident, one thread, and people's questions wait for none of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.domain.incident import IncidentState
from tests.flows.alerts.leads import concluding
from tests.flows.alerts.senders import HERE, alert_of, body_of, post_of
from tests.flows.crashing import ONE_READ, SUMMARY
from tests.flows.house import PATIENCE_S
from tests.lab.model.outages import held
from tests.lab.waiting import eventually

if TYPE_CHECKING:
    from bot.domain.incident import Incident
    from tests.flows.alerts.alarms import Alarms

# Real processes start and die here; a busy machine takes its time over that.
pytestmark = pytest.mark.timeout(300)

STORM = 30
WAITING = 200


def place(number: int) -> dict[str, str]:
    return HERE | {"namespace": f"team-{number}", "deployment": f"svc{number}"}


def the_storm(alarms: Alarms, rule: str, *, alerts: int) -> Incident:
    """Return the one incident that is left of many, once it has so many alerts."""

    def look() -> Incident | None:
        left = [one for one in alarms.incidents_of(rule) if one.state is not IncidentState.MERGED]
        return left[0] if len(left) == 1 and left[0].alerts >= alerts else None

    found = eventually(look, f"one storm of {rule}", within_s=PATIENCE_S)
    assert found is not None
    return found


def points_to_the_storm(alarms: Alarms, channel: str, thread_ts: str) -> None:
    """Return once every other announcement, of a worker quicker than the tenth alert, says so."""
    alarms.slack.wait_for(
        lambda: all(
            "part of a storm" in root.words
            for root in alarms.roots(channel)
            if root.ts != thread_ts
        ),
        timeout_s=PATIENCE_S,
        what="the other announcements brought up to date",
    )


def test_a_storm_by_webhook_is_one_incident_in_one_thread(alarms: Alarms) -> None:
    alarms.script(StormHook=concluding())
    alarms.outage(held(), "StormHook")
    for number in range(STORM):
        alert = alert_of(f"StormHook{number:02}", labels=place(number))
        assert alarms.send("webhook-storm", body_of(alert), listener=number % 2)[0] == 200
    storm = the_storm(alarms, "StormHook", alerts=STORM)
    assert storm.is_storm
    alarms.wait_until_held("StormHook")
    alarms.house.model.release()
    thread_ts = alarms.thread_of(storm.title)
    alarms.card("webhook-storm", thread_ts)
    alarms.note("webhook-storm", thread_ts, "I treat them as one incident")
    points_to_the_storm(alarms, "webhook-storm", thread_ts)


def test_a_storm_in_slack_goes_on_in_one_of_its_threads(alarms: Alarms) -> None:
    alarms.script(StormSlack=concluding())
    alarms.outage(held(), "StormSlack")
    posts = [
        alarms.post("slack-storm", post_of(f"StormSlack{number:02}", place=f"eu svc{number}"))
        for number in range(STORM)
    ]
    storm = the_storm(alarms, "StormSlack", alerts=STORM)
    alarms.wait_until_held("StormSlack")
    alarms.house.model.release()
    thread_ts = alarms.thread_of(storm.title)
    alarms.note("slack-storm", thread_ts, "I treat them as one incident")
    alarms.card("slack-storm", thread_ts)
    spoken_in = {one.ts for one in posts if alarms.replies("slack-storm", one.ts)}
    assert thread_ts in spoken_in
    # A worker that was quicker than the tenth alert began a thread, which then points to the storm.
    for ts in spoken_in - {thread_ts}:
        alarms.note("slack-storm", ts, "part of a storm")


def test_incidents_told_before_the_storm_was_seen_say_that_they_are_part_of_it(
    alarms: Alarms,
) -> None:
    alarms.script(StormLate=concluding())
    threads = []
    for number in range(STORM):
        alert = alert_of(f"StormLate{number:02}", labels=place(number))
        assert alarms.send("late-storm", body_of(alert))[0] == 200
        if number < 2:
            threads.append(alarms.thread_of(f"StormLate{number:02}"))
            alarms.card("late-storm", threads[-1])
    storm = the_storm(alarms, "StormLate", alerts=STORM)
    assert storm.thread_ts == threads[0]
    alarms.note("late-storm", threads[1], "part of a storm of alerts: I go on in the thread of")
    points_to_the_storm(alarms, "late-storm", threads[0])


def test_a_person_is_answered_while_many_alerts_wait(alarms: Alarms) -> None:
    house = alarms.house
    alarms.script({"in a hurry": ONE_READ}, Busy=concluding())
    alarms.outage(held(), "Busy")
    alarms.send("busy", body_of(alert_of("BusyFirst")))
    alarms.wait_until_held("Busy")
    for number in range(0, WAITING, 20):
        alerts = [alert_of(f"Busy{number + one}", labels=place(one)) for one in range(20)]
        assert alarms.send("busy", body_of(*alerts))[0] == 200
    _, card = house.chat.asked_and_answered("in a hurry: what is failing in shop?")
    assert SUMMARY in card.words
    # Nobody has finished with the first alert: the lane of alerts was busy all the time.
    assert alarms.chat.answers("#busy", alarms.thread_of("BusyFirst")) == []
