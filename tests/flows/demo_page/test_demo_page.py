"""What a visitor of the demo does: writing, switching persona, following an answer."""

from __future__ import annotations

import re
from http.client import HTTPConnection
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.flows.demo_page.app import PageApp
    from tests.lab.page_server import DemoPage
    from tests.lab.slack.testing import SlackLab

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


def write(page: Page, text: str, *, into: str = "#main-text") -> None:
    page.locator(into).press_sequentially(text)
    page.locator(into).press("Enter")


def become(page: Page, name: str) -> None:
    page.locator(".persona", has_text=name).click()


def go_to(page: Page, name: str) -> None:
    page.locator("#rail").get_by_role("button", name=name).click()


def said(lab: SlackLab, channel: str = "#oncall") -> list[tuple[str, str]]:
    return [(seen.author, seen.text) for seen in lab.messages(channel)]


def test_a_typed_message_reaches_the_workspace_under_the_personas_name(
    page: Page, lab: SlackLab
) -> None:
    write(page, "is a < b & c?")
    shown = page.locator(".message", has_text="is a < b & c?")
    expect(shown.locator(".author")).to_have_text("Ana Petrova")
    assert said(lab) == [("ana", "is a &lt; b &amp; c?")]
    expect(page.locator("#main-text")).to_have_value("")


def test_shift_and_enter_begin_a_new_line(page: Page, lab: SlackLab) -> None:
    box = page.locator("#main-text")
    box.press_sequentially("one")
    box.press("Shift+Enter")
    box.press_sequentially("two")
    assert lab.messages("#oncall") == []
    box.press("Enter")
    expect(page.locator(".message")).to_have_count(1)
    assert said(lab) == [("ana", "one\ntwo")]


def test_the_completed_mention_is_heard_and_its_answer_grows_in_the_thread(
    page: Page, lab: SlackLab, app: PageApp
) -> None:
    box = page.locator("#main-text")
    box.press_sequentially("@night")
    expect(page.get_by_role("option")).to_contain_text("@Nightdesk")
    box.press("Enter")
    write(page, "why is cart unhealthy?")
    thread = page.locator("#thread")
    expect(thread.locator("#status")).to_have_text("Nightdesk is looking at pods…")
    expect(thread.get_by_role("button", name="Stop")).to_be_visible()
    assert said(lab)[0] == ("ana", f"<@{lab.bot_user_id}> why is cart unhealthy?")
    app.finish.set()
    expect(thread.get_by_role("heading", name="Why shop/cart restarts")).to_be_visible()
    expect(thread.locator(".plan")).to_contain_text("Listed pods")
    expect(thread.get_by_role("cell", name="cart-7d9f-x2v1")).to_be_visible()
    expect(thread.get_by_role("button", name="Stop")).to_be_hidden()
    expect(thread.locator("#status")).to_be_empty()
    expect(page.locator("#messages .thread-summary")).to_contain_text("1 reply")


def test_a_reply_typed_in_the_thread_stays_in_the_thread(
    page: Page, lab: SlackLab, app: PageApp
) -> None:
    root = app.post("Cart is down")
    page.locator(".message").hover()
    page.get_by_role("button", name="Reply in thread").click()
    write(page, "I look", into="#thread-text")
    expect(page.locator("#thread .message", has_text="I look")).to_be_visible()
    expect(page.locator("#messages .message")).to_have_count(1)
    assert lab.messages("#oncall")[-1].thread_ts == root


def test_a_sample_question_is_asked_with_one_click(page: Page, lab: SlackLab) -> None:
    page.get_by_role("button", name="kubectl get secrets").click()
    expect(page.locator("#thread .message")).to_contain_text("kubectl get secrets")
    assert said(lab) == [("ana", f"<@{lab.bot_user_id}> kubectl get secrets")]


def test_a_slash_command_is_completed_and_answers_only_the_one_who_typed_it(
    page: Page, lab: SlackLab
) -> None:
    box = page.locator("#main-text")
    box.press_sequentially("/night")
    expect(page.get_by_role("option").first).to_contain_text("/nightdesk help")
    box.press("Tab")
    box.press("Enter")
    answer = page.locator(".message.ephemeral")
    expect(answer).to_contain_text("Only visible to you")
    expect(answer.locator("code")).to_have_text("help")
    become(page, "Marta")
    expect(page.locator(".persona", has_text="Marta").locator("input")).to_be_checked()
    expect(page.locator(".message.ephemeral")).to_have_count(0)
    assert lab.messages("#oncall") == []


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("/deploy now", "/deploy is not a valid command"),
        ("/nightdesk help", "not supported in threads"),
    ],
)
def test_a_command_slack_would_refuse_is_refused_and_stays_in_the_box(
    page: Page, app: PageApp, typed: str, told: str
) -> None:
    app.post("root")
    page.locator(".message").hover()
    page.get_by_role("button", name="Reply in thread").click()
    write(page, typed, into="#thread-text")
    expect(page.locator("#notes")).to_contain_text(told)
    expect(page.locator("#thread-text")).to_have_value(typed)


def test_the_investigate_shortcut_opens_the_thread_where_the_app_works(
    page: Page, lab: SlackLab
) -> None:
    page.get_by_role("button", name="Post an alert").click()
    alert = page.locator(".message", has_text="KubePodCrashLooping")
    expect(alert.locator(".attachment-fields")).to_contain_text("cart")
    alert.hover()
    alert.get_by_role("button", name="More actions").click()
    page.get_by_role("menuitem", name="Investigate").click()
    expect(page.locator("#thread .message").last).to_contain_text("I am on it.")
    shortcuts = lab.deliveries("message_action")
    assert [one.payload["user"]["name"] for one in shortcuts] == ["ana"]


def test_the_json_behind_a_message_can_be_read(page: Page, app: PageApp) -> None:
    ts = app.post("Cart is down")
    page.locator(".message").hover()
    page.get_by_role("button", name="More actions").click()
    page.get_by_role("menuitem", name="Show JSON").click()
    drawer = page.get_by_role("dialog", name="Message as JSON")
    expect(drawer).to_contain_text(f'"ts": "{ts}"')
    page.keyboard.press("Escape")
    expect(drawer).to_have_count(0)


def test_the_apps_home_is_what_it_published_for_this_person(page: Page, app: PageApp) -> None:
    go_to(page, "Nightdesk")
    page.get_by_role("tab", name="Home").click()
    expect(page.locator("#home")).to_contain_text("Hello @Ana Petrova")
    page.locator("#home").get_by_role("button", name="Refresh").click()
    become(page, "Tom")
    expect(page.locator("#home")).to_contain_text("Hello @Tom Reed")
    assert app.clicks == [("U0LABANA1", "home", "7")]


def test_the_direct_message_offers_the_apps_own_prompts_first(page: Page, lab: SlackLab) -> None:
    go_to(page, "Nightdesk")
    prompt = page.locator("#samples .chip").first
    expect(prompt).to_have_text("What is failing?")
    prompt.click()
    expect(page.locator("#thread .message")).to_contain_text("what is failing?")
    assert said(lab, lab.as_user("ana").dm_channel) == [("ana", "what is failing?")]


def test_a_link_to_a_message_leads_to_its_thread(page: Page, lab: SlackLab, app: PageApp) -> None:
    reply = app.post("It was the cache.", thread_ts=app.post("Cart is down"))
    link = app.client.chat_getPermalink(channel="C0LABONC1", message_ts=reply)["permalink"]
    lab.as_user("ana").post("#payments", f"see <{link}|this>")
    go_to(page, "payments")
    page.get_by_role("link", name="this").click()
    expect(page.locator("#thread .message").last).to_contain_text("It was the cache.")
    expect(page.locator("#pane-name")).to_have_text("#oncall")


def test_of_a_long_answer_the_beginning_is_shown(page: Page, app: PageApp) -> None:
    root = app.post("Cart is down")
    page.locator(".message").hover()
    page.get_by_role("button", name="Reply in thread").click()
    app.post("First line" + "\nand more" * 80 + "\nLast line", thread_ts=root)
    expect(page.locator("#replies").get_by_text("First line")).to_be_in_viewport()
    assert page.locator("#replies").evaluate("node => node.scrollTop") > 0


def test_what_arrives_elsewhere_is_marked_until_it_is_looked_at(page: Page, lab: SlackLab) -> None:
    payments = page.locator("#rooms .rail-item", has_text="payments")
    expect(payments.locator(".dot")).to_have_count(0)
    lab.as_user("marta").post("#payments", "refunds are slow")
    expect(payments.locator(".dot")).to_be_visible()
    payments.click()
    expect(page.locator(".message")).to_contain_text("refunds are slow")
    expect(payments.locator(".dot")).to_have_count(0)


def test_a_guest_sees_the_one_channel_they_are_in(page: Page) -> None:
    become(page, "Gus")
    expect(page.locator("#rooms .rail-item")).to_have_text(["#payments"])
    expect(page.locator("#pane-name")).to_have_text("#payments")


def test_a_reaction_is_added_and_taken_back(page: Page, lab: SlackLab, app: PageApp) -> None:
    app.post("Cart is down")
    page.locator(".message").hover()
    page.get_by_role("button", name="React with eyes").click()
    mine = page.locator(".reaction")
    expect(mine).to_have_attribute("aria-pressed", "true")
    assert lab.messages("#oncall")[0].reactions == {"eyes": ["U0LABANA1"]}
    mine.click()
    expect(mine).to_have_count(0)


def test_the_banner_says_that_no_model_answers_and_what_is_simulated(page: Page) -> None:
    banner = page.locator("#banner")
    expect(banner).to_contain_text("Answers by rules only")
    expect(banner).to_contain_text("crash_loop")


def test_the_theme_follows_the_system_until_somebody_chooses(
    open_page: Callable[..., Page],
) -> None:
    page = open_page(color_scheme="dark")
    body = page.locator("body")
    expect(body).to_have_css("background-color", "rgb(22, 24, 31)")
    page.get_by_role("button", name="Theme").click()
    expect(body).to_have_css("background-color", "rgb(255, 255, 255)")
    page.reload()
    expect(body).to_have_css("background-color", "rgb(255, 255, 255)")


def test_on_a_phone_one_column_shows_at_a_time_and_leads_back(
    open_page: Callable[..., Page], app: PageApp
) -> None:
    app.post("Cart is down", thread_ts=app.post("root"))
    page = open_page(**PHONE)
    expect(page.locator("#rail")).to_be_hidden()
    page.locator(".thread-summary").click()
    expect(page.locator("#thread .message").last).to_contain_text("Cart is down")
    expect(page.locator("#pane")).to_be_hidden()
    page.get_by_role("button", name="Back to the channel").click()
    expect(page.locator("#pane")).to_be_visible()
    page.get_by_role("button", name="Channels and apps").click()
    go_to(page, "payments")
    expect(page.locator("#pane-name")).to_have_text(re.compile("payments"))


def test_the_page_answers_to_loopback_names_only_and_runs_no_foreign_script(demo: DemoPage) -> None:
    address = urlsplit(demo.url)
    connection = HTTPConnection(str(address.hostname), address.port or 0, timeout=5)
    for host, status in ((address.netloc, 200), ("demo.evil.example", 403)):
        connection.request("GET", "/demo/state", headers={"Host": host})
        answer = connection.getresponse()
        answer.read()
        assert answer.status == status
        assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    connection.close()
