"""Which alerts are one incident: two roads, edits, groups, topology, and storms."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from typing import TYPE_CHECKING

import pytest

from bot.domain.alert import AlertStatus, Severity
from bot.domain.incident import IncidentState, Joining, Watch
from bot.domain.incident_life import STORM_ALERTS
from tests.contract.store.alerts import SLACK, WATCHED, WEBHOOK, Post, alert, bare
from tests.contract.store.builders import DAY

if TYPE_CHECKING:
    from bot.adapters.store.store import SqlStore
    from bot.domain.alert import Alert
    from bot.domain.incident import Admission, Incident

OVER = AlertStatus.RESOLVED
SUBJECT = "KubePodCrashLooping payments (checkout prod-eu)"
CRASHES = bare(SUBJECT, name="KubePodCrashLooping")
POD_A = alert(fingerprint="am-pod-a", objects=(("pod", "checkout-6d4b75cb6d-hx8kq"),))
POD_B = alert(fingerprint="am-pod-b", objects=(("pod", "checkout-6d4b75cb6d-wq2zt"),))


def the_only(store: SqlStore) -> Incident:
    (incident,) = store.open_incidents(limit=99)
    return incident


def elsewhere(number: int, **told: object) -> Alert:
    """An alert that has nothing in common with those of other numbers."""
    place = {"namespace": f"ns{number}x", "workload": f"app{number}x", "cluster": None}
    return alert(f"Rule{number}x", **(place | told))  # type: ignore[arg-type]


def send(post: Post, road: str, told: Alert) -> Admission:
    return post.slack(told) if road == SLACK else post.webhook(told)


@pytest.mark.parametrize(
    "order", list(permutations([(SLACK, CRASHES), (WEBHOOK, POD_A), (WEBHOOK, POD_B)]))
)
def test_an_alert_told_on_two_roads_is_one_incident_in_any_order(
    store: SqlStore, post: Post, order: tuple[tuple[str, Alert], ...]
) -> None:
    for road, told in order:
        send(post, road, told)
    incident = the_only(store)
    assert (incident.alerts, incident.firing, incident.messages) == (2, 2, 3)
    kept = {told.fingerprint for told in store.alerts_of(incident.incident_id)}
    assert kept == {"am-pod-a", "am-pod-b"}


def test_the_other_road_is_a_repeat(post: Post) -> None:
    post.slack(CRASHES)
    admission = post.webhook(POD_A)
    assert (admission.joining, admission.investigate) == (Joining.REPEATED, False)
    assert "on another road" in admission.reason
    assert sum(weight.points for weight in admission.why) >= 0.6


def test_the_group_is_over_when_slack_says_so(store: SqlStore, post: Post) -> None:
    post.webhook(POD_A)
    post.webhook(POD_B)
    post.slack(CRASHES)
    closed = post.slack(replace(CRASHES, status=OVER))
    assert closed.joining is Joining.CLOSED
    assert store.open_incidents(limit=9) == []
    assert closed.incident is not None
    kept = store.alerts_of(closed.incident.incident_id)
    assert {told.status for told in kept} == {OVER}


def test_the_group_is_over_when_each_of_its_alerts_is(store: SqlStore, post: Post) -> None:
    post.slack(CRASHES)
    post.webhook(POD_A)
    post.webhook(POD_B)
    assert post.webhook(replace(POD_A, status=OVER)).joining is Joining.RESOLVED_ONE
    assert post.webhook(replace(POD_B, status=OVER)).joining is Joining.CLOSED
    assert post.slack(replace(CRASHES, status=OVER)).joining is Joining.REPEATED
    assert store.open_incidents(limit=9) == []


def test_slack_alone_telling_that_it_fires_again_is_believed(store: SqlStore, post: Post) -> None:
    post.slack(CRASHES)
    post.webhook(POD_A)
    post.webhook(replace(POD_A, status=OVER))
    assert post.later(minutes=3).slack(CRASHES).joining is Joining.REOPENED
    incident = the_only(store)
    assert (incident.alerts, incident.firing) == (1, 1)


def test_two_groups_of_one_rule_are_told_apart_on_both_roads(store: SqlStore, post: Post) -> None:
    other = bare("KubePodCrashLooping search (finder prod-eu)", name="KubePodCrashLooping")
    ours = post.slack(CRASHES).incident
    theirs = post.slack(other).incident
    hook = post.webhook(alert(namespace="search", workload="finder", fingerprint="am-1")).incident
    assert ours is not None
    assert theirs is not None
    assert hook is not None
    assert hook.incident_id == theirs.incident_id != ours.incident_id
    assert len(store.open_incidents(limit=9)) == 2


def test_labels_told_later_are_kept(store: SqlStore, post: Post) -> None:
    post.slack(CRASHES)
    fuller = replace(POD_A, fingerprint=CRASHES.fingerprint)
    assert post.slack(fuller).joining is Joining.REPEATED
    assert post.slack(CRASHES).joining is Joining.REPEATED
    (kept,) = store.alerts_of(the_only(store).incident_id)
    assert kept.labels == POD_A.labels
    assert post.slack(alert("KubePodNotReady")).joining is Joining.JOINED


def test_an_edit_updates_and_never_opens(store: SqlStore, post: Post) -> None:
    assert post.slack(CRASHES, ts="4.000001", is_edit=True).joining is Joining.IGNORED
    assert store.open_incidents(limit=9) == []

    post.slack(CRASHES, ts="5.000001")
    grown = bare("KubePodCrashLooping payments (prod-eu)", name="KubePodCrashLooping")
    assert post.slack(grown, ts="5.000001", is_edit=True).joining is Joining.REPEATED
    incident = the_only(store)
    assert (incident.alerts, incident.messages) == (1, 2)


def test_an_edit_may_tell_that_it_is_over(store: SqlStore, post: Post) -> None:
    page = alert("#311 checkout is down", group_key="311")
    post.slack(page, ts="5.000001")
    taken = replace(page, status=AlertStatus.ACKNOWLEDGED)
    assert post.slack(taken, ts="5.000001", is_edit=True).joining is Joining.REPEATED
    over = bare("311 over", name="#311 checkout is down", status=OVER)
    assert post.slack(over, ts="5.000001", is_edit=True).joining is Joining.CLOSED
    assert store.open_incidents(limit=9) == []


def test_alerts_of_one_message_are_one_incident(store: SqlStore, post: Post) -> None:
    post.slack(elsewhere(1), ts="5.000001")
    assert post.slack(elsewhere(2), ts="5.000001").joining is Joining.JOINED
    assert the_only(store).thread_ts == "5.000001"


def test_what_its_sender_groups_is_one_incident_however_long_it_lasts(post: Post) -> None:
    group = '{}:{team="payments"}'
    post.webhook(elsewhere(1, group_key=group))
    joined = post.later(hours=5).webhook(elsewhere(2, group_key=group))
    assert joined.joining is Joining.JOINED
    assert joined.why[0].reason == "grouped by its sender"


def test_a_group_of_everything_groups_nothing(store: SqlStore, post: Post) -> None:
    post.webhook(elsewhere(1, group_key="{}:{}"))
    post.webhook(elsewhere(2, group_key="{}:{}"))
    assert len(store.open_incidents(limit=9)) == 2


def test_the_end_of_a_group_is_matched_by_the_group(store: SqlStore, post: Post) -> None:
    post.slack(alert("A", group_key="g"))
    post.slack(alert("B", group_key="g"))
    over = replace(bare("2 over", name="A", status=OVER), group_key="g")
    assert post.slack(over).joining is Joining.CLOSED
    assert store.open_incidents(limit=9) == []


def test_two_rules_of_one_workload_at_once_are_one_incident(post: Post) -> None:
    post.slack(alert())
    pod = (("pod", "checkout-6d4b75cb6d-hx8kq"),)
    joined = post.later(minutes=3).slack(alert("KubePodNotReady", objects=pod))
    assert joined.joining is Joining.JOINED
    assert joined.why[0].reason == "the same workload"


def test_two_rules_of_one_workload_long_apart_are_two_incidents(post: Post) -> None:
    post.slack(alert())
    assert post.later(minutes=16).slack(alert("KubePodNotReady")).joining is Joining.OPENED


def test_the_same_rule_at_the_same_place_joins_however_late(post: Post) -> None:
    post.webhook(POD_A)
    assert post.later(hours=9).webhook(POD_B).joining is Joining.JOINED


def test_equal_names_in_another_cluster_are_another_incident(post: Post) -> None:
    post.slack(alert())
    assert post.slack(alert(cluster="prod-us")).joining is Joining.OPENED


def test_one_namespace_alone_joins_nothing(post: Post) -> None:
    post.slack(alert())
    other = alert("DiskFull", workload="ledger")
    assert post.later(minutes=1).slack(other).joining is Joining.OPENED


def test_a_service_named_in_anothers_text_joins_it(post: Post) -> None:
    post.slack(alert("DatabaseDown", workload="orders-db"))
    told = alert("CheckoutErrors", text="checkout: connections to orders-db are refused")
    joined = post.later(seconds=30).slack(told)
    assert joined.joining is Joining.JOINED
    assert "share rare words" in {weight.reason for weight in joined.why}


def test_another_channels_readers_get_their_own_incident(store: SqlStore, post: Post) -> None:
    post.slack(alert())
    other = Post(store, watch=Watch(channel="C0OTHER"))
    assert other.slack(alert("KubePodNotReady"), delivery="x1").joining is Joining.OPENED
    assert other.slack(alert(), delivery="x2").joining is Joining.REPEATED


def test_ten_alerts_in_a_minute_are_one_storm(store: SqlStore, post: Post) -> None:
    admissions = [post.later(seconds=5).slack(elsewhere(n)) for n in range(STORM_ALERTS)]
    assert [a.joining for a in admissions[:-1]] == [Joining.OPENED] * (STORM_ALERTS - 1)
    storm = the_only(store)
    assert (storm.is_storm, storm.alerts, storm.firing) == (True, STORM_ALERTS, STORM_ALERTS)
    assert admissions[-1].incident == storm
    first = admissions[0].incident
    assert first is not None
    assert storm.incident_id == first.incident_id, "the first thread becomes the storm's"

    absorbed = admissions[-1].absorbed
    assert len(absorbed) == STORM_ALERTS - 2
    for gone in absorbed:
        found = store.incident(gone.incident_id)
        assert found == gone
        assert (gone.state, gone.merged_into, gone.is_due) == (
            IncidentState.MERGED,
            storm.incident_id,
            False,
        )
        assert gone.thread_ts is not None
        led = store.incident_of_thread(WATCHED, gone.thread_ts)
        assert led is not None
        assert led.incident_id == storm.incident_id


def test_a_storm_is_looked_into_once(store: SqlStore, post: Post) -> None:
    for number in range(STORM_ALERTS - 1):
        admission = post.slack(elsewhere(number))
        assert admission.incident is not None
        store.run_begun(admission.incident.incident_id, at=DAY)
    began = post.slack(elsewhere(50))
    assert began.investigate
    assert began.incident is not None
    store.run_begun(began.incident.incident_id, at=DAY)
    assert not any(post.slack(elsewhere(n)).investigate for n in range(60, 80))


def test_what_belongs_nowhere_joins_the_storm_while_it_lasts(store: SqlStore, post: Post) -> None:
    for number in range(STORM_ALERTS):
        post.slack(elsewhere(number))
    late = post.later(seconds=59).slack(elsewhere(70))
    assert late.joining is Joining.JOINED
    assert late.why[0].reason.startswith("came in a storm")
    assert post.later(seconds=61).slack(elsewhere(71)).joining is Joining.OPENED
    assert len(store.open_incidents(limit=9)) == 2


def test_a_storm_ends_with_its_last_alert(store: SqlStore, post: Post) -> None:
    for number in range(STORM_ALERTS + 2):
        post.slack(elsewhere(number))
    joinings = [
        post.slack(elsewhere(number, status=OVER)).joining for number in range(STORM_ALERTS + 2)
    ]
    assert joinings[-1] is Joining.CLOSED
    assert set(joinings[:-1]) == {Joining.RESOLVED_ONE}
    assert store.open_incidents(limit=9) == []


def test_many_pods_of_one_rule_are_no_storm(store: SqlStore, post: Post) -> None:
    for number in range(3 * STORM_ALERTS):
        post.webhook(replace(POD_A, fingerprint=f"pod-{number}", group_key="g"))
    assert not the_only(store).is_storm
    assert post.webhook(elsewhere(1)).joining is Joining.OPENED


def test_an_older_incident_is_not_drawn_into_a_storm(store: SqlStore, post: Post) -> None:
    old = post.slack(alert()).incident
    post.later(minutes=20)
    for number in range(STORM_ALERTS):
        post.slack(elsewhere(number))
    assert post.slack(alert(fingerprint="another pod")).joining is Joining.JOINED
    assert old is not None
    found = store.incident(old.incident_id)
    assert found is not None
    assert (found.state, found.alerts, found.is_storm) == (IncidentState.OPEN, 2, False)


def test_a_storm_in_one_channel_leaves_the_others_alone(store: SqlStore, post: Post) -> None:
    for number in range(STORM_ALERTS):
        post.slack(elsewhere(number))
    other = Post(store, watch=Watch(channel="C0OTHER"))
    assert other.slack(elsewhere(90), delivery="x").joining is Joining.OPENED


def test_the_worst_of_what_a_storm_took_in_is_its_severity(store: SqlStore, post: Post) -> None:
    for number in range(STORM_ALERTS):
        severity = Severity.CRITICAL if number == 4 else Severity.WARNING
        post.slack(elsewhere(number, severity=severity))
    assert the_only(store).severity is Severity.CRITICAL
