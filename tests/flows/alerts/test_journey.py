"""The alert journey in Slack: what fires in a watched channel becomes one incident, one thread."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from bot.adapters.slack.actions import DETAILS, STOP
from bot.domain.incident import IncidentState
from bot.domain.verdict import Cause, Status
from tests.flows.alerts.leads import concluding
from tests.flows.alerts.senders import alert_of, body_of, post_of
from tests.flows.crashing import WARNINGS
from tests.flows.house import PATIENCE_S
from tests.lab.model.outages import held, unauthorized

if TYPE_CHECKING:
    from tests.flows.alerts.alarms import Alarms

# Real processes start and die here; a busy machine takes its time over that.
pytestmark = pytest.mark.timeout(300)


def test_an_alert_becomes_one_incident_with_a_first_card_and_then_a_verdict(
    alarms: Alarms,
) -> None:
    alarms.script(CartJourney=concluding())
    alarms.outage(held(), "CartJourney")
    alert = alarms.post("journey", post_of("CartJourney"))
    first = alarms.live("journey", alert.ts, "First look, by rules only")
    assert "cart" in first.words
    assert "keeps crashing" in first.words
    assert STOP in first.action_ids
    alarms.wait_until_held("CartJourney")
    alarms.house.model.release()
    card = alarms.card("journey", alert.ts)
    assert card.ts == first.ts
    assert "First look" not in card.words
    assert "answered by anthropic" in card.words
    assert [one.ts for one in alarms.replies("journey", alert.ts)] == [card.ts]
    incident = alarms.the_incident("CartJourney")
    assert (incident.alerts, incident.firing, incident.runs) == (1, 1, 1)
    found, read = alarms.concluded("CartJourney")
    assert (found.status, found.cause) == (Status.CONFIRMED, Cause.APPLICATION_CRASH)
    assert found.object == "prod-eu/deployment/shop/cart"
    assert "CrashLoopBackOff" in read[found.evidence[0]].observation.body
    alarms.slack.as_user("ana").click(card.ts, DETAILS)
    alarms.slack.wait_for_view("ana", timeout_s=PATIENCE_S)


def test_an_alert_that_comes_through_slack_and_webhook_is_one_incident_in_one_thread(
    alarms: Alarms,
) -> None:
    alarms.script(CartBoth=concluding())
    alert = alarms.post("both-roads", post_of("CartBoth"))
    alarms.the_incident("CartBoth")
    assert alarms.send("both-roads", body_of(alert_of("CartBoth"))) == (200, {"ok": True})
    incident = alarms.the_incident("CartBoth", lambda one: one.messages == 2, what="told twice")
    assert (incident.alerts, incident.thread_ts) == (1, alert.ts)
    alarms.card("both-roads", alert.ts)
    assert [one.ts for one in alarms.roots("both-roads")] == [alert.ts]


def test_an_incident_that_came_by_webhook_keeps_its_thread_when_slack_tells_it_too(
    alarms: Alarms,
) -> None:
    alarms.script(CartFirst=concluding())
    alarms.send("webhook-first", body_of(alert_of("CartFirst")))
    thread_ts = alarms.thread_of("CartFirst")
    alarms.card("webhook-first", thread_ts)
    post = alarms.post("webhook-first", post_of("CartFirst"))
    alarms.the_incident("CartFirst", lambda one: one.messages == 2, what="told twice")
    announced, told = alarms.roots("webhook-first")
    assert announced.ts == thread_ts
    assert announced.by_bot
    assert "CartFirst" in announced.words
    assert told.ts == post.ts
    assert alarms.replies("webhook-first", post.ts) == []


def test_an_edit_of_an_alert_opens_nothing(alarms: Alarms) -> None:
    alarms.script(CartEdited=concluding())
    alert = alarms.post("edited", post_of("CartEdited"))
    alarms.card("edited", alert.ts)
    alarms.slack.edit_as_app(alert.ts, attachments=post_of("CartEdited", count=2)["attachments"])
    incident = alarms.the_incident("CartEdited", lambda one: one.messages == 2, what="edited")
    assert (incident.runs, incident.is_due) == (1, False)
    assert len(alarms.replies("edited", alert.ts)) == 1
    assert len(alarms.roots("edited")) == 1


def test_a_resolution_closes_the_incident_and_is_said_once(alarms: Alarms) -> None:
    alarms.script(CartResolved=concluding())
    alert = alarms.post("resolved", post_of("CartResolved"))
    card = alarms.card("resolved", alert.ts)
    for _ in range(2):
        alarms.post("resolved", post_of("CartResolved", resolved=True))
    note = alarms.note("resolved", alert.ts, "Resolved at")
    incident = alarms.the_incident("CartResolved", lambda one: one.messages == 3, what="told")
    assert incident.state is IncidentState.RESOLVED
    assert [one.ts for one in alarms.replies("resolved", alert.ts)] == [card.ts, note.ts]


def test_an_alert_that_fires_again_soon_opens_the_same_incident_again(alarms: Alarms) -> None:
    alarms.script(CartAgain=concluding())
    alert = alarms.post("again", post_of("CartAgain"))
    alarms.card("again", alert.ts)
    alarms.post("again", post_of("CartAgain", resolved=True))
    alarms.note("again", alert.ts, "Resolved at")
    second = alarms.post("again", post_of("CartAgain"))
    alarms.note("again", alert.ts, "It fires again")
    incident = alarms.the_incident("CartAgain")
    assert (incident.state, incident.reopened) == (IncidentState.OPEN, 1)
    assert alarms.replies("again", second.ts) == []
    # Looked into minutes ago: it is told, not paid for again.
    assert incident.runs == 1


def test_two_replicas_told_at_once_make_one_incident_and_one_thread(alarms: Alarms) -> None:
    alarms.script(CartTwice=concluding())
    alert = alert_of("CartTwice")
    bodies = [body_of(alert) | {"receiver": f"nightdesk-{number}"} for number in range(8)]
    with ThreadPoolExecutor(max_workers=8) as pool:
        answers = list(
            pool.map(
                lambda pair: alarms.send("replicas", pair[1], listener=pair[0] % 2),
                enumerate(bodies),
            )
        )
    assert {status for status, _ in answers} == {200}
    incident = alarms.the_incident("CartTwice", lambda one: one.thread_ts is not None)
    assert (incident.alerts, incident.messages) == (1, 8)
    alarms.card("replicas", str(incident.thread_ts))
    assert [one.ts for one in alarms.roots("replicas")] == [incident.thread_ts]
    assert len(alarms.replies("replicas", str(incident.thread_ts))) == 1


def test_a_cluster_that_cannot_be_reached_makes_it_inconclusive_and_is_named(
    alarms: Alarms,
) -> None:
    alarms.house.lab.world.cluster("prod-eu").fail(503)
    alarms.outage(unauthorized(), "CartBlind", times=None)
    alarms.send("blind", body_of(alert_of("CartBlind")))
    card = alarms.card("blind", alarms.thread_of("CartBlind"))
    assert "Inconclusive" in card.words
    assert "prod-eu" in card.words
    assert "server error (503)" in card.words


def test_a_model_lost_on_the_way_leaves_the_rules_verdict_on_the_same_card(
    alarms: Alarms,
) -> None:
    alarms.script(CartOutage=[WARNINGS, *concluding()])
    model = alarms.house.model
    alarms.outage(held(), "CartOutage")
    alarms.outage(unauthorized(), "CartOutage", times=None)
    alarms.send("outage", body_of(alert_of("CartOutage")))
    thread_ts = alarms.thread_of("CartOutage")
    alarms.wait_until_held("CartOutage")
    first = alarms.live("outage", thread_ts, "First look, by rules only")
    model.release()
    card = alarms.card("outage", thread_ts)
    assert card.ts == first.ts
    assert "judged by rules" in card.words
    assert "answered by rules" in card.words
    assert "keeps crashing" in card.words


def test_a_shadowed_channel_hears_nothing_and_the_review_channel_everything(
    alarms: Alarms,
) -> None:
    alarms.script(CartShadow=concluding())
    alert = alarms.post("shadowed", post_of("CartShadow"))
    thread_ts = alarms.thread_of("CartShadow")
    card = alarms.card("review", thread_ts)
    assert "keeps crashing" in card.words
    assert [one.ts for one in alarms.slack.messages("#shadowed")] == [alert.ts]
    assert alarms.slack.messages("#shadowed")[0].reactions == {}


def test_an_alert_below_the_channels_severity_is_kept_and_not_looked_into(alarms: Alarms) -> None:
    alert = alarms.post("minor", post_of("CartMinor", severity="info"))
    alarms.wait_for_event("alert_admitted", road="slack", joining="opened", investigate=False)
    incident = alarms.the_incident("CartMinor")
    assert (incident.runs, incident.is_due) == (0, False)
    # The next alert has been seen through by then, so this one would have been.
    alarms.script(CartMajor=concluding())
    louder = alarms.post("minor", post_of("CartMajor", place="prod-eu checkout platform"))
    alarms.card("minor", louder.ts)
    assert alarms.replies("minor", alert.ts) == []


def test_stop_on_the_card_ends_the_look_and_keeps_what_rules_found(alarms: Alarms) -> None:
    alarms.script(CartStopped=[WARNINGS, *concluding()])
    alarms.outage(held(), "CartStopped")
    alert = alarms.post("stopped", post_of("CartStopped"))
    first = alarms.live("stopped", alert.ts, "First look, by rules only")
    alarms.wait_until_held("CartStopped")
    alarms.slack.as_user("ana").click(first.ts, STOP)
    card = alarms.card("stopped", alert.ts)
    assert card.ts == first.ts
    assert "Stopped" in card.words
    assert f"<@{alarms.slack.as_user('ana').id}>" in card.words
    assert len(alarms.turns_about("CartStopped")) == 1


def test_a_suggested_cause_goes_to_the_lead_and_any_other_question_does_not(
    alarms: Alarms,
) -> None:
    questions = {"how many replicas": [WARNINGS, *concluding("Two replicas are wanted")]}
    alarms.script(questions, CartSuggested=concluding())
    alert = alarms.post("suggested", post_of("CartSuggested"))
    alarms.card("suggested", alert.ts)
    before = len(alarms.turns_about("CartSuggested"))
    alarms.slack.as_user("ana").post("#suggested", "could it be DNS?", alert.ts)
    alarms.card("suggested", alert.ts, number=2)
    again = alarms.turns_about("CartSuggested")[before:]
    assert len(again) == 1
    assert "consider this as well" in again[0].request.first_user_text
    assert "could it be DNS?" in again[0].request.first_user_text
    alarms.slack.as_user("ana").post("#suggested", "how many replicas has cart?", alert.ts)
    alarms.card("suggested", alert.ts, number=3)
    asked = alarms.house.turns_about("how many replicas")[0].request.first_user_text
    assert "The alerts, as their senders tell them" not in asked
