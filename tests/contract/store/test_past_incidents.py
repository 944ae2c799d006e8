"""What became of earlier incidents: their last conclusive verdict, and how people rated it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.domain.conversation import PersonId, Rating
from bot.domain.investigation import RunState
from bot.domain.verdict import Cause, Status, Verdict
from bot.flows.alert.knowledge import LEAST, likeness
from tests.contract.store.alerts import Post, alert
from tests.contract.store.builders import DAY, question

if TYPE_CHECKING:
    from bot.adapters.store.store import SqlStore
    from bot.domain.incident import Incident

LEASE = timedelta(seconds=30)
DNS = Verdict(
    status=Status.CONFIRMED,
    summary="The name did not resolve [E1].",
    object="prod-eu/deployment/payments/checkout",
    cause=Cause.DNS,
)


def looked_into(store: SqlStore, incident: Incident, verdict: Verdict, number: int = 1) -> str:
    """Take one run of the incident to its end; return the run's id."""
    asked = replace(
        question(number, thread=f"{number}.000001"),
        question_id=f"incident/{incident.incident_id}/{number}",
        incident_id=incident.incident_id,
    )
    thread = store.add_question(asked)
    run = store.claim(thread.thread_id, worker="w1", lease=LEASE, max_attempts=3)
    assert run is not None
    store.finish(run.investigation_id, fence=run.fence, state=RunState.DONE, verdict=verdict)
    return run.investigation_id


def an_incident(post: Post) -> Incident:
    found = post.webhook(alert()).incident
    assert found is not None
    return found


def test_the_last_conclusive_verdict_is_told(store: SqlStore, post: Post) -> None:
    incident = an_incident(post)
    looked_into(store, incident, DNS)
    looked_into(store, incident, replace(DNS, status=Status.INCONCLUSIVE), number=2)
    (past,) = store.concluded(since=DAY - timedelta(days=1), limit=5)
    assert (past.title, past.cause, past.object) == (incident.title, Cause.DNS, DNS.object)
    assert not past.rated_bad


def test_an_incident_nobody_concluded_is_no_lesson(store: SqlStore, post: Post) -> None:
    looked_into(store, an_incident(post), replace(DNS, status=Status.INCONCLUSIVE))
    assert store.concluded(since=DAY - timedelta(days=1), limit=5) == []


def test_older_incidents_are_left_out(store: SqlStore, post: Post) -> None:
    looked_into(store, an_incident(post), DNS)
    assert store.concluded(since=DAY + timedelta(days=1), limit=5) == []


def test_a_verdict_that_people_called_wrong_is_not_offered_again(
    store: SqlStore, post: Post
) -> None:
    run = looked_into(store, an_incident(post), DNS)
    store.rate(run, person=PersonId("U1"), rating=Rating.BAD)
    (past,) = store.concluded(since=DAY - timedelta(days=1), limit=5)
    assert past.rated_bad


def test_the_same_rule_on_the_same_object_is_alike_and_another_is_not(
    store: SqlStore, post: Post
) -> None:
    incident = an_incident(post)
    looked_into(store, incident, DNS)
    (past,) = store.concluded(since=DAY - timedelta(days=1), limit=5)
    same = likeness(past, title=incident.title, words=frozenset(), triaged=DNS)
    other = likeness(
        past,
        title="Disk of db-1 fills up",
        words=frozenset({"disk", "fills"}),
        triaged=replace(DNS, object="prod-eu/node//n1", cause=Cause.STORAGE),
    )
    assert same >= LEAST > other
