"""Every block as a person sees and uses it: pressing, choosing, filling in, sorting, folding."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Page, expect

from tests.flows.demo_page import block_samples as samples
from tests.flows.demo_page.block_parts import section

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.flows.demo_page.app import PageApp
    from tests.lab.slack.testing import SlackLab

MESSAGES: dict[str, Callable[[], list[dict[str, Any]]]] = {
    "texts": samples.texts,
    "controls": samples.controls,
    "rich": samples.rich,
    "pods_table": samples.pods_table,
    "old_table": samples.old_table,
    "line_and_bar": lambda: [samples.chart("line"), samples.chart("bar")],
    "area_and_pie": lambda: [samples.chart("area"), samples.chart("pie")],
    "work": samples.work,
    "holders": samples.holders,
    "hostile": samples.hostile,
}
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
OVERFLOW = "node => node.scrollWidth - node.clientWidth"


@pytest.fixture
def open_form(page: Page, app: PageApp) -> Page:
    app.post("controls", samples.controls())
    page.get_by_role("button", name="Details").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    return page


@pytest.mark.parametrize("name", MESSAGES)
def test_each_block_is_drawn_as_what_it_is(page: Page, app: PageApp, name: str) -> None:
    blocks = MESSAGES[name]()
    app.post("all blocks", blocks)
    drawn = page.locator(".message .body > .block")
    expect(drawn).to_have_count(len(blocks))
    assert drawn.evaluate_all("nodes => nodes.map(node => node.dataset.type)") == [
        block["type"] for block in blocks
    ]
    expect(page.locator(".unknown-block")).to_have_count(0)


def test_a_block_nobody_knows_is_named(page: Page, lab: SlackLab) -> None:
    # The lab's Slack would refuse it from an app; a webhook's attachment is not looked into.
    lab.post_webhook_alert(attachments=[{"blocks": [{"type": "hologram"}]}])
    expect(page.locator(".unknown-block")).to_contain_text("hologram")


def test_a_press_reaches_the_app_as_the_persona_who_pressed(
    open_page: Callable[..., Page], app: PageApp
) -> None:
    app.post("controls", samples.controls())
    ana, marta = open_page(), open_page("#/marta/C0LABONC1")
    expect(ana.get_by_role("button", name="Details")).to_be_visible()
    expect(ana.get_by_role("button", name="Only Marta")).to_have_count(0)
    marta.get_by_role("button", name="Only Marta").click()
    expect(marta.locator(".ephemeral")).to_contain_text("Noted: secret")
    assert app.clicks == [("U0LABMAR1", "secret", "7")]
    expect(ana.locator(".ephemeral")).to_have_count(0)


def test_menus_and_ratings_send_what_was_chosen(page: Page, app: PageApp) -> None:
    app.post("controls", samples.controls())
    page.get_by_label("Choose a cluster").select_option("staging")
    expect(page.locator(".ephemeral")).to_have_count(1)
    page.get_by_role("button", name="More options").click()
    page.get_by_role("menuitem", name="Hand over").click()
    expect(page.locator(".ephemeral")).to_have_count(2)
    page.get_by_role("button", name="Not helpful").click()
    expect(page.locator(".ephemeral")).to_have_count(3)
    ana = "U0LABANA1"
    assert app.clicks == [
        (ana, "cluster", "staging"),
        (ana, "more", "hand_over"),
        (ana, "rate", "bad"),
    ]


def test_a_dangerous_button_asks_before_it_acts(page: Page, app: PageApp) -> None:
    app.post("controls", samples.controls())
    asked = page.get_by_role("dialog", name="Restart cart?")
    page.get_by_role("button", name="Restart").click()
    asked.get_by_role("button", name="Keep").click()
    expect(asked).to_have_count(0)
    assert app.clicks == []
    page.get_by_role("button", name="Restart").click()
    asked.get_by_role("button", name="Restart").click()
    expect(page.locator(".ephemeral")).to_contain_text("Noted: restart")
    assert [action for _, action, _ in app.clicks] == ["restart"]


def test_a_press_without_an_answer_waits_and_then_says_so(page: Page, app: PageApp) -> None:
    app.post("controls", samples.controls())
    button = page.get_by_role("button", name="Silent")
    button.click()
    expect(button).to_have_attribute("aria-disabled", "true")
    expect(page.locator(".trouble")).to_contain_text("did not answer in time")
    expect(button).not_to_have_attribute("aria-disabled", "true")


def test_a_form_names_what_is_missing_then_what_the_app_refuses_then_closes(
    open_form: Page, app: PageApp
) -> None:
    dialog = open_form.get_by_role("dialog")
    expect(dialog.get_by_role("note")).to_contain_text("This changes nothing here.")
    dialog.get_by_role("button", name="Restart").click()
    expect(dialog.locator(".field-error:visible")).to_have_text(
        "Please complete this required field."
    )
    expect(dialog.get_by_label("Reason")).to_be_focused()
    dialog.get_by_label("Reason").fill("short")
    dialog.get_by_role("button", name="Restart").click()
    expect(dialog.locator(".field-error:visible")).to_have_text("That is too short a reason.")
    dialog.get_by_label("Reason").fill("memory limit was raised")
    dialog.get_by_label("Page me").check()
    dialog.get_by_role("button", name="Restart").click()
    expect(dialog).to_be_hidden()
    (values,) = app.submitted
    assert values["reason"]["text"]["value"] == "memory limit was raised"
    assert values["where"]["where"]["selected_option"]["value"] == "staging"
    assert [one["value"] for one in values["sure"]["also"]["selected_options"]] == ["page"]


def test_a_pushed_view_lies_on_top_and_leads_back(open_form: Page) -> None:
    dialog = open_form.get_by_role("dialog")
    dialog.get_by_role("button", name="More").click()
    expect(dialog.get_by_role("heading")).to_have_text("More")
    dialog.get_by_role("button", name="Back").click()
    expect(dialog.get_by_role("heading")).to_have_text("Restart cart")
    open_form.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_a_table_sorts_numbers_as_numbers_and_keeps_its_pages(page: Page, app: PageApp) -> None:
    app.post("pods", samples.pods_table())
    names = page.locator(".data-table tbody th")
    expect(names).to_have_text(["cart-a", "cart-b", "checkout-c"])
    sort = page.get_by_role("columnheader", name="RESTARTS")
    sort.get_by_role("button").click()
    expect(sort).to_have_attribute("aria-sort", "ascending")
    expect(names).to_have_text(["checkout-c", "cart-a", "search-e"])
    expect(sort.get_by_role("button")).to_be_focused()
    sort.get_by_role("button").press("Enter")
    expect(names).to_have_text(["payments-d", "cart-b", "search-e"])
    page.get_by_role("button", name="Next page").click()
    expect(names).to_have_text(["cart-a", "checkout-c"])
    expect(page.locator(".pager")).to_contain_text(re.compile("4.5 of 5"))


def test_what_is_folded_opens_and_stays_open_when_the_message_is_edited(
    page: Page, app: PageApp
) -> None:
    ts = app.post("holders", samples.holders())
    inside = page.get_by_text("5 rows")
    expect(inside).to_be_hidden()
    page.get_by_text("Evidence").click()
    expect(inside).to_be_visible()
    edited = samples.holders()
    edited[2]["child_blocks"][0] = section("now 6 rows")
    app.client.chat_update(channel="C0LABONC1", ts=ts, text="holders", blocks=edited)
    expect(page.get_by_text("now 6 rows")).to_be_visible()
    expect(page.locator(".edited")).to_have_count(0)


def test_a_plan_shows_how_each_task_stands(page: Page, app: PageApp) -> None:
    app.post("work", samples.work())
    tasks = page.locator(".plan .task")
    expect(tasks).to_have_count(4)
    assert tasks.evaluate_all("nodes => nodes.map(node => node.dataset.state)") == [
        "complete",
        "error",
        "in_progress",
        "pending",
    ]
    expect(tasks.nth(0).locator(".task-output")).to_have_text("3 of 5 not ready")
    expect(page.locator(".plan-count")).to_have_text("2 of 4")


@pytest.mark.parametrize(
    ("kind", "marks"), [("line", "polyline"), ("bar", "rect"), ("area", "polygon"), ("pie", "path")]
)
def test_a_chart_draws_every_series_and_says_its_numbers(
    page: Page, app: PageApp, kind: str, marks: str
) -> None:
    app.post("chart", [samples.chart(kind)])
    drawn = {"line": 2, "bar": 10, "area": 2, "pie": 3}[kind]
    expect(page.locator(f".chart svg {marks}")).to_have_count(drawn)
    first = {"pie": "26"}.get(kind, "31")
    expect(page.locator(".chart table td").first).to_have_text(first)


def test_hostile_text_is_only_text_wherever_it_stands(page: Page, app: PageApp) -> None:
    blocks = samples.hostile()
    app.post("hostile", blocks)
    message = page.locator(".message")
    expect(message.locator(".body > .block")).to_have_count(len(blocks))
    assert "<script>alert(1)</script>" in message.inner_text()
    assert message.locator("script, img, iframe, [onerror], [onclick]").count() == 0
    links = message.locator("a").evaluate_all("nodes => nodes.map(node => node.href)")
    # Only the picture, and as a link that nobody has to follow.
    assert links == ["https://evil.example/x.png"]
    assert message.locator("a").get_attribute("rel") == "noopener noreferrer"
    # The one place where nobody escaped it shows what Slack would do.
    expect(message.locator(".broadcast")).to_have_count(1)


def test_no_block_makes_a_phone_scroll_sideways(
    open_page: Callable[..., Page], app: PageApp
) -> None:
    root = app.post("root")
    for blocks in MESSAGES.values():
        app.post("blocks", blocks())
        app.post("blocks", blocks(), thread_ts=root)
    page = open_page(**PHONE)
    expect(page.locator("#messages .message")).to_have_count(len(MESSAGES) + 1)
    assert page.locator("html").evaluate(OVERFLOW) == 0
    assert page.locator("#messages").evaluate(OVERFLOW) == 0
    page.locator(".thread-summary").click()
    expect(page.locator("#replies .message")).to_have_count(len(MESSAGES) + 1)
    assert page.locator("#replies").evaluate(OVERFLOW) == 0
    assert page.locator("html").evaluate(OVERFLOW) == 0
