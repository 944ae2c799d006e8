"""The alert journey on the page: the sender's message, the thread, and every card of it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from bot.adapters.slack.blocks.first_card import first_card
from bot.adapters.slack.blocks.incident import incident_card
from bot.adapters.slack.blocks.outcome import final_cards
from bot.domain.investigation import RunState
from bot.domain.progress import Task, TaskState
from bot.domain.verdict import Status
from tests.lab.page_server import ALERT, DemoPage
from tests.lab.slack.incidents import alert, incident
from tests.lab.slack.seed import ALERTS
from tests.lab.slack.values import INVESTIGATION, outcome, verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Page

    from bot.adapters.slack.blocks.card import Card
    from tests.flows.demo_page.app import PageApp

PLAN = (
    Task(task_id="1", title="Read pods", state=TaskState.COMPLETE, outcome="34 rows · E1"),
    Task(task_id="2", title="Read logs", state=TaskState.IN_PROGRESS),
)
LONG = "kubectl get pods -n shop -l 'app in (" + ", ".join(f"cart-{n}" for n in range(40)) + ")'"
CARDS: dict[str, Card] = {
    "root": incident_card(
        incident(alerts=2, messages=5),
        [alert(), alert(name="HighLatency")],
        link_hosts=("runbooks.example",),
    ),
    "first": first_card(outcome(state=RunState.RUNNING), PLAN, investigation=INVESTIGATION),
    "verdict": final_cards(outcome(found=verdict(text=LONG)))[0],
    "undecided": final_cards(
        outcome(
            found=replace(verdict(status=Status.INCONCLUSIVE), answered_by="rules"),
            notice="The language model gave no answer: judged by rules.",
        )
    )[0],
}
VIEWPORTS: dict[str, dict[str, Any]] = {
    "desk": {"viewport": {"width": 1280, "height": 1000}},
    "dark": {"viewport": {"width": 1280, "height": 1000}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True},
}


@pytest.fixture
def demo(app: PageApp) -> Iterator[DemoPage]:
    watched = {**ALERT, "channel": "#alerts"}
    with DemoPage(app.lab, banner={"model": ""}, samples=[], alert=watched) as served:
        yield served


def test_an_alert_is_posted_where_alerts_are_watched_and_shown_there(page: Page) -> None:
    page.get_by_role("button", name="Post an alert").click()
    expect(page).to_have_url(re.compile(f"#/ana/{ALERTS}$"))
    message = page.locator("#messages .message", has_text="KubePodCrashLooping")
    expect(message.locator(".attachment-fields")).to_contain_text("cart")
    expect(message).to_contain_text("Alertmanager")


@pytest.mark.parametrize("where", VIEWPORTS)
def test_every_card_is_drawn_whole_and_fits(
    open_page: Callable[..., Page], app: PageApp, where: str
) -> None:
    root = app.lab.post_as_app({name: ALERT[name] for name in ("username", "attachments")})
    for card in CARDS.values():
        app.client.chat_postMessage(
            channel=ALERTS, text=card.text, blocks=list(card.blocks), thread_ts=root.ts
        )
    page = open_page(f"#/ana/{ALERTS}/{root.ts}", **VIEWPORTS[where])
    expect(page.locator("#replies .message")).to_have_count(len(CARDS) + 1)
    expect(page.locator(".unknown-block")).to_have_count(0)
    thread = page.locator("#replies")
    assert thread.evaluate("node => node.scrollWidth - node.clientWidth") == 0
    assert page.locator("html").evaluate("node => node.scrollWidth - node.clientWidth") == 0
    first = thread.locator(".message", has_text="First look, by rules only.")
    kinds = first.locator(".body > .block").evaluate_all(
        "nodes => nodes.map(node => node.dataset.type)"
    )
    assert kinds.index("markdown") < kinds.index("plan")
    expect(thread.get_by_role("button", name="Look again")).to_have_count(1)
    expect(thread.get_by_role("link", name="Runbook")).to_have_attribute(
        "href", "https://runbooks.example/KubePodCrashLooping"
    )


def test_the_commands_of_a_verdict_are_shown_unchanged(page: Page, app: PageApp) -> None:
    card = CARDS["verdict"]
    app.client.chat_postMessage(channel="C0LABONC1", text=card.text, blocks=list(card.blocks))
    shown = page.locator("#messages .message pre", has_text="cart-39")
    expect(shown.first).to_have_text(LONG)
