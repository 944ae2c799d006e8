"""The first message of an incident's thread: there once, kept up to date, found after a crash."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from slack_sdk import WebClient

from bot.adapters.slack.blocks.notice import note_card
from bot.domain.alert import AlertStatus
from bot.domain.conversation import ChannelId, MessageTs
from bot.domain.errors import UpstreamError
from bot.domain.incident import IncidentState
from tests.lab.slack.incidents import alert, incident
from tests.lab.slack.seed import ALERTS

if TYPE_CHECKING:
    from bot.domain.incident import Incident
    from tests.contract.slack.worker import Worker
    from tests.lab.slack.reading import Seen

KEY = "incident/inc-0001"


def opened(worker: Worker) -> Incident:
    """Return an incident that opened now, as the lab's clock goes."""
    return incident(opened_at=datetime.fromtimestamp(worker.lab.clock.now(), UTC))


def roots(worker: Worker) -> list[Seen]:
    return [seen for seen in worker.lab.messages(ALERTS) if seen.by_bot]


def test_an_incident_of_a_webhook_begins_a_thread_in_its_channel(worker: Worker) -> None:
    ts = worker.messenger().announce(opened(worker), [alert()])
    (root,) = roots(worker)
    assert (root.ts, root.thread_ts) == (ts, "")
    assert "KubePodCrashLooping in shop/cart" in root.words
    assert root.metadata is not None
    assert root.metadata["event_payload"] == {"key": KEY}


def test_the_same_message_is_brought_up_to_date(worker: Worker) -> None:
    first = opened(worker)
    ts = worker.messenger().announce(first, [alert()])
    over = replace(
        first,
        state=IncidentState.RESOLVED,
        firing=0,
        thread_ts=ts,
        resolved_at=first.opened_at,
    )
    again = worker.messenger().announce(over, [alert(status=AlertStatus.RESOLVED)])
    (root,) = roots(worker)
    assert again == root.ts == ts
    assert "resolved" in root.words


def test_a_message_nobody_recorded_is_found_in_the_channel(worker: Worker) -> None:
    first = opened(worker)
    # What a worker leaves behind that was killed between Slack's answer and its own mark.
    orphan = worker.gateway().post(ChannelId(ALERTS), note_card("half"), thread_ts=None, key=KEY)
    for _ in range(3):
        worker.lab.as_user("ana").post("#alerts", "anybody looking?")
    assert worker.messenger().announce(first, [alert()]) == orphan
    (root,) = roots(worker)
    assert "KubePodCrashLooping" in root.words


def test_another_incidents_message_is_not_taken_for_this_one(worker: Worker) -> None:
    first = opened(worker)
    other = worker.messenger().announce(replace(first, incident_id="inc-0002"), [alert()])
    assert worker.messenger().announce(first, [alert()]) != other
    assert len(roots(worker)) == 2


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_connection_cut_while_posting_leaves_one_message(worker: Worker, moment: str) -> None:
    worker.lab.faults.add("chat.postMessage", drop="before" if moment == "before" else "after")
    ts = worker.messenger().announce(opened(worker), [alert()])
    assert [root.ts for root in roots(worker)] == [ts]


def test_workers_that_post_at_once_leave_one_message(worker: Worker) -> None:
    first = opened(worker)
    # Every one of them has looked before any has posted.
    worker.lab.faults.add("chat.postMessage", latency_s=0.3, times=4)
    with ThreadPoolExecutor(max_workers=4) as pool:
        told = list(pool.map(lambda _: worker.messenger().announce(first, [alert()]), range(4)))
    assert len(worker.lab.calls("chat.delete")) == 3
    assert len(set(told)) == 1
    assert [root.ts for root in roots(worker)] == [told[0]]


def test_a_rate_limit_on_posting_is_waited_for(worker: Worker) -> None:
    worker.lab.faults.rate_limit("chat.postMessage", retry_after_s=1)
    ts = worker.messenger().announce(opened(worker), [alert()])
    assert [root.ts for root in roots(worker)] == [ts]


def test_while_slack_cannot_be_reached_nothing_is_announced_and_later_it_is(
    worker: Worker,
) -> None:
    first = opened(worker)
    worker.lab.faults.add("*", status=503, times=None)
    with pytest.raises(UpstreamError):
        worker.messenger(patience_s=0.1).announce(first, [alert()])
    worker.lab.faults.clear()
    worker.messenger().announce(first, [alert()])
    assert len(roots(worker)) == 1


def test_a_message_a_person_deleted_is_not_put_back_once_the_thread_has_begun(
    worker: Worker,
) -> None:
    first = opened(worker)
    ts = worker.messenger().announce(first, [alert()])
    _delete(worker, ts)
    assert worker.messenger().announce(replace(first, thread_ts=ts), [alert()]) == ts
    assert roots(worker) == []


def test_a_message_deleted_before_its_thread_was_known_is_posted_anew(worker: Worker) -> None:
    first = opened(worker)
    ts = worker.messenger().announce(first, [alert()])
    _delete(worker, ts)
    again = worker.messenger().announce(first, [alert()])
    assert [root.ts for root in roots(worker)] == [again]
    assert worker.messenger().announce(first, [alert()]) == again


def _delete(worker: Worker, ts: MessageTs) -> None:
    WebClient(token=worker.lab.bot_token, base_url=worker.lab.api_url).chat_delete(
        channel=ALERTS, ts=ts
    )
