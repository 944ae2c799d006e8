"""An incident's life: opened, told of again, resolved, fired again, looked into."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from bot.domain.alert import AlertStatus, Severity
from bot.domain.incident import IncidentState, Joining, Watch
from bot.domain.incident_life import FLAP_WITHIN, NO_TROUBLE
from tests.contract.store.alerts import WATCHED, alert
from tests.contract.store.builders import DAY

if TYPE_CHECKING:
    from bot.adapters.store.store import SqlStore
    from bot.domain.incident import Incident
    from tests.contract.store.alerts import Post
    from tests.lab.clock import LabClock

OVER = AlertStatus.RESOLVED


def stored(store: SqlStore, incident_id: str) -> Incident:
    found = store.incident(incident_id)
    assert found is not None
    return found


def opened(post: Post, **told: object) -> str:
    admission = post.slack(alert(**told))  # type: ignore[arg-type]
    assert admission.incident is not None
    return admission.incident.incident_id


def test_the_first_alert_opens_an_incident_in_its_own_thread(store: SqlStore, post: Post) -> None:
    admission = post.slack(alert(), ts="7.000001")
    incident = admission.incident
    assert admission.joining is Joining.OPENED
    assert admission.investigate
    assert incident is not None
    assert incident == stored(store, incident.incident_id)
    assert (incident.channel, incident.thread_ts) == (WATCHED, "7.000001")
    assert incident.title == "KubePodCrashLooping payments/checkout in prod-eu"
    assert (incident.alerts, incident.firing, incident.messages) == (1, 1, 1)
    assert incident.service == "checkout"
    assert not incident.is_announced


def test_the_same_delivery_again_changes_nothing(store: SqlStore, post: Post) -> None:
    first = post.slack(alert(), delivery="Ev1")
    again = post.slack(alert(), delivery="Ev1")
    assert first.incident is not None
    assert (again.joining, again.incident, again.investigate) == (Joining.IGNORED, None, False)
    assert stored(store, first.incident.incident_id) == first.incident


def test_one_delivery_may_tell_of_several_alerts(store: SqlStore, post: Post) -> None:
    post.webhook(alert(), delivery="hook-1")
    other = post.webhook(alert("KubePodNotReady"), delivery="hook-1")
    assert other.joining is Joining.JOINED
    assert len(store.open_incidents(limit=9)) == 1


def test_the_same_alert_again_is_a_repeat(store: SqlStore, post: Post) -> None:
    incident = opened(post)
    again = post.later(minutes=4).slack(alert())
    assert (again.joining, again.investigate) == (Joining.REPEATED, False)
    found = stored(store, incident)
    assert (found.alerts, found.firing, found.messages) == (1, 1, 2)


def test_an_alert_is_kept_as_it_was_last_told(store: SqlStore, post: Post) -> None:
    incident = opened(post)
    newest = replace(alert(), annotations={"summary": "42 restarts"})
    post.slack(newest)
    assert store.alerts_of(incident) == [newest]


def test_alerts_come_back_in_the_order_they_arrived(store: SqlStore, post: Post) -> None:
    incident = opened(post)
    post.later(seconds=5).slack(alert("A"))
    post.later(seconds=5).slack(alert("B"))
    assert [told.name for told in store.alerts_of(incident)] == ["KubePodCrashLooping", "A", "B"]


def test_text_that_databases_refuse_is_stored_all_the_same(store: SqlStore, post: Post) -> None:
    odd = alert("Läuft\x00 nicht \ud83d", workload="x" * 4000, group_key="k" * 9000)
    admission = post.slack(odd)
    assert admission.incident is not None
    assert store.alerts_of(admission.incident.incident_id) == [odd]
    assert post.slack(odd).joining is Joining.REPEATED


def test_one_of_two_alerts_over_leaves_the_incident_open(store: SqlStore, post: Post) -> None:
    incident = opened(post)
    post.slack(alert("KubePodNotReady"))
    over = post.slack(alert(status=OVER))
    assert over.joining is Joining.RESOLVED_ONE
    found = stored(store, incident)
    assert (found.state, found.alerts, found.firing) == (IncidentState.OPEN, 2, 1)


def test_the_last_alert_over_closes_the_incident(store: SqlStore, post: Post) -> None:
    incident = opened(post)
    over = post.later(minutes=5).slack(alert(status=OVER))
    assert (over.joining, over.investigate) == (Joining.CLOSED, False)
    found = stored(store, incident)
    assert (found.state, found.firing) == (IncidentState.RESOLVED, 0)
    assert found.resolved_at == DAY + timedelta(minutes=5)
    assert store.open_incidents(limit=9) == []


def test_a_second_end_of_the_same_alert_changes_nothing_but_the_count(
    store: SqlStore, post: Post
) -> None:
    incident = opened(post)
    post.slack(alert(status=OVER))
    assert post.slack(alert(status=OVER)).joining is Joining.REPEATED
    assert stored(store, incident).firing == 0


def test_an_end_of_what_was_never_seen_is_logged_only(store: SqlStore, post: Post) -> None:
    admission = post.slack(alert(status=OVER, starts_at=DAY - timedelta(hours=2)))
    assert (admission.joining, admission.incident) == (Joining.UNMATCHED, None)
    assert store.open_incidents(limit=9) == []


def test_firing_again_soon_opens_the_same_incident_again(store: SqlStore, post: Post) -> None:
    incident = opened(post)
    post.later(minutes=5).slack(alert(status=OVER))
    again = post.later(minutes=29).slack(alert())
    assert again.joining is Joining.REOPENED
    found = stored(store, incident)
    assert (found.state, found.firing, found.reopened) == (IncidentState.OPEN, 1, 1)
    assert found.resolved_at is None


def test_a_new_pod_of_the_workload_opens_the_same_incident_again(post: Post) -> None:
    first = post.webhook(alert(fingerprint="pod-a"))
    post.later(minutes=1).webhook(alert(fingerprint="pod-a", status=OVER))
    again = post.later(minutes=1).webhook(alert(fingerprint="pod-b"))
    assert again.joining is Joining.REOPENED
    assert first.incident is not None
    assert again.incident is not None
    assert again.incident.incident_id == first.incident.incident_id
    assert (again.incident.alerts, again.incident.firing) == (2, 1)


def test_an_incident_opened_again_is_found_by_what_it_was_found_by(post: Post) -> None:
    first = post.slack(alert())
    post.later(minutes=5).slack(alert(status=OVER))
    post.later(minutes=5).slack(alert())
    joined = post.later(seconds=5).slack(alert("KubePodNotReady"))
    assert joined.joining is Joining.JOINED
    assert first.incident is not None
    assert joined.incident is not None
    assert joined.incident.incident_id == first.incident.incident_id


def test_firing_again_late_opens_another_incident(post: Post) -> None:
    incident = opened(post)
    post.slack(alert(status=OVER))
    again = post.later(minutes=31).slack(alert())
    assert again.joining is Joining.OPENED
    assert again.incident is not None
    assert again.incident.incident_id != incident


def test_a_firing_told_after_its_end_opens_nothing_again(store: SqlStore, post: Post) -> None:
    began = DAY - timedelta(minutes=1)
    incident = opened(post, starts_at=began)
    post.later(minutes=5).slack(alert(status=OVER, starts_at=began, ends_at=post.now))
    late = post.later(seconds=2).slack(alert(starts_at=began))
    assert late.joining is Joining.REPEATED
    assert stored(store, incident).state is IncidentState.RESOLVED


def test_the_end_of_an_earlier_firing_does_not_end_a_later_one(store: SqlStore, post: Post) -> None:
    incident = opened(post, starts_at=DAY)
    late = post.slack(alert(status=OVER, starts_at=DAY - timedelta(hours=1)))
    assert late.joining is Joining.REPEATED
    assert stored(store, incident).firing == 1


def test_a_flapping_alert_stays_open_and_says_so(
    store: SqlStore, post: Post, lab: LabClock
) -> None:
    incident = opened(post)
    joinings = []
    for _ in range(3):
        over = post.later(minutes=1).slack(alert(status=OVER))
        joinings.append(over.joining)
        again = post.later(minutes=1).slack(alert())
        joinings.append(again.joining)
    assert joinings[:4] == [Joining.CLOSED, Joining.REOPENED] * 2
    assert joinings[4:] == [Joining.RESOLVED_ONE, Joining.JOINED]
    over = post.later(minutes=1).slack(alert(status=OVER))
    assert "flapping" in over.reason
    assert stored(store, incident).state is IncidentState.OPEN

    quiet = post.now + FLAP_WITHIN
    lab.advance((quiet - DAY).total_seconds())
    store.due(limit=9)
    found = stored(store, incident)
    assert (found.state, found.resolved_at) == (IncidentState.RESOLVED, quiet)


def test_a_rule_without_data_is_not_over(store: SqlStore, post: Post) -> None:
    incident = opened(post)
    blind = post.slack(alert(status=AlertStatus.BLIND))
    assert blind.joining is Joining.REPEATED
    assert stored(store, incident).firing == 1


def test_a_new_rule_without_data_opens_an_incident_nobody_looks_into(post: Post) -> None:
    blind = post.slack(alert(status=AlertStatus.BLIND))
    assert (blind.joining, blind.investigate) == (Joining.OPENED, False)
    assert "no data" in blind.reason


def test_an_acknowledged_alert_still_fires(store: SqlStore, post: Post) -> None:
    incident = opened(post)
    post.slack(alert(status=AlertStatus.ACKNOWLEDGED))
    assert stored(store, incident).firing == 1
    assert store.alerts_of(incident)[0].status is AlertStatus.ACKNOWLEDGED


def test_a_notice_joins_but_neither_fires_nor_is_looked_into(store: SqlStore, post: Post) -> None:
    incident = opened(post)
    store.run_begun(incident, at=DAY)
    notice = post.slack(alert("NodeMaintenance", status=AlertStatus.NOTICE))
    assert (notice.joining, notice.investigate) == (Joining.JOINED, False)
    found = stored(store, incident)
    assert (found.alerts, found.firing) == (2, 1)
    assert post.slack(alert(status=OVER)).joining is Joining.CLOSED


def test_a_notice_alone_opens_nothing(store: SqlStore, post: Post) -> None:
    assert post.slack(alert(status=AlertStatus.NOTICE)).joining is Joining.IGNORED
    assert store.open_incidents(limit=9) == []


@pytest.mark.parametrize("name", sorted(NO_TROUBLE))
def test_what_fires_by_design_is_ignored(store: SqlStore, post: Post, name: str) -> None:
    assert post.slack(alert(name)).joining is Joining.IGNORED
    assert store.open_incidents(limit=9) == []


def test_an_alert_below_the_watchs_severity_is_not_looked_into(post: Post) -> None:
    post.watch = Watch(channel=WATCHED, investigate_from=Severity.CRITICAL)
    admission = post.slack(alert())
    assert (admission.joining, admission.investigate) == (Joining.OPENED, False)
    assert "severity high is below critical" in admission.reason


def test_a_severity_raised_later_makes_it_due(store: SqlStore, post: Post) -> None:
    post.watch = Watch(channel=WATCHED, investigate_from=Severity.CRITICAL)
    incident = opened(post)
    assert not stored(store, incident).is_due
    raised = post.slack(alert(severity=Severity.CRITICAL))
    assert (raised.joining, raised.investigate) == (Joining.REPEATED, True)
    assert stored(store, incident).severity is Severity.CRITICAL
    assert stored(store, incident).is_due


def test_a_run_that_is_due_is_asked_for_once(store: SqlStore, post: Post) -> None:
    incident = opened(post)
    second = post.slack(alert("KubePodNotReady"))
    assert not second.investigate
    assert [found.incident_id for found in store.due(limit=9)] == [incident]
    assert store.run_begun(incident, at=DAY) == 1
    assert store.run_begun(incident, at=DAY) == 1, "the same due run, begun twice"
    found = stored(store, incident)
    assert (found.runs, found.is_due) == (1, False)


def test_a_new_rule_breaks_the_cooldown_and_a_known_one_does_not(
    store: SqlStore, post: Post
) -> None:
    incident = opened(post)
    store.run_begun(incident, at=DAY)
    known = post.later(minutes=1).slack(alert(fingerprint="another pod"))
    assert (known.joining, known.investigate) == (Joining.JOINED, False)
    assert "not again before" in known.reason
    unseen = post.slack(alert("KubePodNotReady"))
    assert unseen.investigate
    assert store.run_begun(incident, at=post.now) == 2


def test_a_new_rule_of_no_weight_does_not_break_the_cooldown(store: SqlStore, post: Post) -> None:
    incident = opened(post)
    store.run_begun(incident, at=DAY)
    assert not post.slack(alert("CPUThrottlingHigh", severity=Severity.LOW)).investigate


def test_after_the_cooldown_a_known_rule_is_looked_into_again(store: SqlStore, post: Post) -> None:
    incident = opened(post)
    store.run_begun(incident, at=DAY)
    assert post.later(minutes=31).slack(alert(fingerprint="another pod")).investigate
    assert not post.slack(alert()).investigate


def test_what_its_thread_does_not_tell_yet_is_due(store: SqlStore, post: Post) -> None:
    incident = opened(post)
    store.run_begun(incident, at=DAY)
    assert [found.incident_id for found in store.due(limit=9)] == [incident]
    store.told(incident, messages=1)
    assert store.due(limit=9) == []

    post.slack(alert())
    assert store.due(limit=9) == [], "a repeat is nothing to tell"

    post.slack(alert(status=OVER))
    (behind,) = store.due(limit=9)
    store.told(incident, messages=behind.messages)
    store.told(incident, messages=1)
    assert store.due(limit=9) == [], "told never goes backwards"


def test_the_oldest_due_comes_first(store: SqlStore, post: Post) -> None:
    first = opened(post)
    second = opened(post.later(seconds=9), namespace="shop", workload="cart", cluster="prod-us")
    assert [found.incident_id for found in store.due(limit=9)] == [first, second]
    assert [found.incident_id for found in store.due(limit=1)] == [first]


def test_the_worst_and_newest_open_incident_comes_first(store: SqlStore, post: Post) -> None:
    old = opened(post, namespace="a", workload="a")
    new = opened(post.later(seconds=9), namespace="b", workload="b", cluster="prod-us")
    worst = opened(post, namespace="c", workload="c", cluster="x", severity=Severity.CRITICAL)
    assert [found.incident_id for found in store.open_incidents(limit=9)] == [worst, new, old]
    assert [found.incident_id for found in store.open_incidents(limit=1)] == [worst]


def test_a_thread_is_bound_once(store: SqlStore, post: Post) -> None:
    admission = post.webhook(alert())
    assert admission.incident is not None
    incident = admission.incident.incident_id
    assert admission.incident.thread_ts is None
    bound = store.bind_thread(incident, channel=WATCHED, thread_ts="5.000001")
    assert (bound.thread_ts, bound.is_announced) == ("5.000001", True)
    assert store.bind_thread(incident, channel=WATCHED, thread_ts="6.000001") == bound
    assert store.incident_of_thread(WATCHED, "5.000001") == bound
    assert store.incident_of_thread(WATCHED, "6.000001") is None


def test_a_later_message_leads_to_its_incident_too(store: SqlStore, post: Post) -> None:
    incident = opened(post)
    post.slack(alert("KubePodNotReady"), ts="9.000009")
    found = store.incident_of_thread(WATCHED, "9.000009")
    assert found is not None
    assert found.incident_id == incident


def test_in_shadow_the_watched_channel_stays_as_it_is(post: Post) -> None:
    post.watch = Watch(channel=WATCHED, shadow_channel="C0REVIEW")
    incident = post.slack(alert()).incident
    assert incident is not None
    assert incident.is_shadow
    assert (incident.channel, incident.thread_ts) == ("C0REVIEW", None)
    assert post.slack(alert("KubePodNotReady")).joining is Joining.JOINED


def test_recurrence_is_anchored_on_the_last_conclusive_run(store: SqlStore, post: Post) -> None:
    incidents = []
    for conclusive in (True, False, None):
        incidents.append(opened(post))
        store.run_begun(incidents[-1], at=post.now)
        if conclusive is not None:
            store.run_concluded(incidents[-1], at=post.now, conclusive=conclusive)
        post.later(minutes=1).slack(alert(status=OVER))
        post.later(hours=2)
    last = stored(store, incidents[-1])
    assert last.recurrence_of == incidents[0]
    assert [found.incident_id for found in store.recurrences(last.incident_id, limit=9)] == [
        incidents[0]
    ]
    assert stored(store, incidents[0]).recurrence_of is None


def test_an_unknown_incident_is_an_error_where_it_is_changed(store: SqlStore) -> None:
    assert store.incident("nowhere") is None
    assert store.recurrences("nowhere", limit=1) == []
    with pytest.raises(KeyError):
        store.bind_thread("nowhere", channel=WATCHED, thread_ts="1.000001")
    with pytest.raises(KeyError):
        store.run_begun("nowhere", at=DAY)
    with pytest.raises(KeyError):
        store.run_concluded("nowhere", at=DAY, conclusive=True)
