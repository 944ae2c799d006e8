"""Views, pickers, progress and notices are what Slack takes and what people need."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.adapters.slack import actions
from bot.adapters.slack.blocks import notice, scope
from bot.adapters.slack.blocks.details import details_view, loading_view, message_view
from bot.adapters.slack.blocks.home import home_view
from bot.adapters.slack.blocks.outcome import final_cards
from bot.adapters.slack.blocks.parts import without_action
from bot.adapters.slack.blocks.plan import chunks, plan_card
from bot.adapters.slack.flatten import blocks_text
from bot.adapters.slack.validation import validate_view
from bot.domain.alert import Severity
from bot.domain.conversation import ChannelId, MessageTs, PersonId
from bot.domain.investigation import RunState
from bot.domain.progress import Task, TaskState
from bot.domain.verdict import Status
from bot.ports.desk import (
    ClusterHealth,
    HomePage,
    OpenIncident,
    Reach,
    RecentQuestion,
    ServiceStatus,
)
from tests.lab.slack.values import (
    INVESTIGATION,
    NOON,
    evidence,
    outcome,
)
from tests.unit.slack_cards import HOSTILE, everything, shown, takes


@pytest.mark.parametrize("text", HOSTILE)
def test_views_of_hostile_text_are_views_slack_takes(text: str) -> None:
    page = HomePage(
        clusters=(
            ClusterHealth(
                name=text, environment=text, reach=Reach.UNREACHABLE, note=text, seen_at=NOON
            ),
        )
        * 60,
        recent=(
            RecentQuestion(
                investigation_id=INVESTIGATION,
                text=text,
                state=RunState.DONE,
                status=Status.LIKELY,
                channel=ChannelId("C1"),
                ts=MessageTs("1.000001"),
                asked_at=NOON,
            ),
        )
        * 20,
        model=text or None,
        incidents=(
            OpenIncident(
                incident_id="inc-0001",
                title=text,
                severity=Severity.HIGH,
                opened_at=NOON,
                firing=2,
                channel=ChannelId("C1"),
                ts=MessageTs("1.000002"),
            ),
        )
        * 20,
    )
    views = (
        details_view(everything(text)),
        loading_view(),
        message_view(text),
        home_view(page, links={INVESTIGATION: "https://lab.slack.com/archives/C1/p1000001"}),
        home_view(replace(page, barred=text), links={}),
    )
    for view in views:
        assert validate_view(view) == []


def test_the_home_tab_lists_open_incidents_above_what_was_asked() -> None:
    page = HomePage(
        clusters=(),
        recent=(),
        model=None,
        incidents=(
            OpenIncident(
                incident_id="inc-0001",
                title="KubePodCrashLooping in shop/cart",
                severity=Severity.CRITICAL,
                opened_at=NOON,
                firing=2,
                channel=ChannelId("C1"),
                ts=MessageTs("1.000002"),
            ),
        ),
    )
    link = "https://lab.slack.com/archives/C1/p1000002"
    said = blocks_text(home_view(page, links={"inc-0001": link})["blocks"])
    line = f"• *Critical* · <{link}|KubePodCrashLooping in shop/cart> · 2 firing · since <!date^"
    assert line in said
    assert said.index("Open incidents") < said.index("Your recent questions")
    calm = blocks_text(home_view(replace(page, incidents=()), links={})["blocks"])
    assert "Open incidents" not in calm


def test_details_show_query_state_window_and_digest_of_each_piece() -> None:
    found = outcome(ledger=(evidence(1),))
    words = blocks_text(details_view(found)["blocks"])
    assert "kubectl get pods -n shop" in words
    assert "window 2031-05-06 11:00:00 UTC to 2031-05-06 12:00:00 UTC" in words
    assert f"sha256 `{evidence(1).digest}`" in words
    assert "checkout-1   0/1   CrashLoopBackOff" in words


def test_details_of_a_long_ledger_are_paged_and_every_piece_is_on_one_page() -> None:
    found = outcome(ledger=tuple(evidence(number) for number in range(1, 41)))
    pages = [details_view(found, page=page) for page in range(7)]
    for page in pages:
        assert validate_view(page) == []
    words = [blocks_text(page["blocks"]) for page in pages]
    for number in range(1, 41):
        assert sum(f"*E{number}* ·" in page for page in words) == 1


def test_a_page_that_does_not_exist_shows_the_nearest() -> None:
    found = outcome(ledger=(evidence(1),))
    assert details_view(found, page=99) == details_view(found, page=0)


@pytest.mark.parametrize("number", [1, 5, 6, 100, 130])
def test_the_picker_has_buttons_for_few_clusters_and_a_menu_for_many(number: int) -> None:
    card = scope.scope_card([f"cluster-{index}" for index in range(number)])
    assert takes(card) == []
    assert ("static_select" in str(card.blocks)) == (number > 5)
    assert ("more are not listed" in shown((card,))) == (number > 100)


def test_once_chosen_the_picker_has_no_control_left() -> None:
    card = scope.chosen_card("prod-eu", PersonId("U1"))
    assert takes(card) == []
    assert "action_id" not in str(card.blocks)


def test_progress_names_every_task_with_its_state_and_outcome() -> None:
    tasks = (
        Task(task_id="1", title="Read pods", state=TaskState.COMPLETE, outcome="14 rows · E1"),
        Task(task_id="2", title="Read logs", state=TaskState.IN_PROGRESS),
    )
    card = plan_card(tasks, investigation=INVESTIGATION)
    assert takes(card) == []
    assert card.text == "Looking into it: 1 of 2 steps done, now Read logs"
    assert "14 rows · E1" in shown((card,))
    assert [chunk["status"] for chunk in chunks(tasks, title="T")[1:]] == [
        "complete",
        "in_progress",
    ]


@pytest.mark.parametrize("text", HOSTILE)
def test_progress_made_of_hostile_text_is_a_message_slack_takes(text: str) -> None:
    tasks = [
        Task(task_id=f"{number}", title=text, state=TaskState.ERROR, outcome=text)
        for number in range(60)
    ]
    assert takes(plan_card(tasks, investigation=INVESTIGATION)) == []


def test_status_and_help_are_messages_slack_takes() -> None:
    status = ServiceStatus(
        clusters=(ClusterHealth(name="prod-eu", environment="prod", reach=Reach.REACHABLE),),
        model=None,
        running=1,
        waiting=0,
    )
    card = notice.status_card(status)
    assert takes(card) == takes(notice.help_card()) == []
    assert "No model is configured" in shown((card,))
    assert "1 investigation running, 0 threads waiting" in shown((card,))


def test_taking_a_control_out_leaves_the_rest_of_the_message() -> None:
    card = final_cards(outcome(state=RunState.FAILED))[0]
    left = without_action(card.blocks, actions.RETRY)
    assert actions.RETRY not in str(left)
    assert actions.DETAILS in str(left)
    assert len(left) == len(card.blocks)
