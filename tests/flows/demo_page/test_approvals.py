"""Guarded operations on the page, with the product behind it: asked for, judged, carried out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
import yaml
from playwright.sync_api import expect

from tests.flows.house import House
from tests.lab.page_server import DemoPage
from tests.lab.tour import DEMO_POLICY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Locator, Page

READY = {"listener": "listener_ready", "operator": "worker_started", "cron": "cron_started"}
SLOWEST_MS = 20_000
"""For what the operator does: a busy machine with two cores takes its time."""
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The product at work, under the demo's policy; suspending a cron job needs two people."""
    home: Path = tmp_path_factory.mktemp("approvals")
    policy = yaml.safe_load(DEMO_POLICY.read_text(encoding="utf-8"))
    policy["operations"] = [{"operation": "cronjob_*", "tier": "T2"}]
    written = home / "policy.yaml"
    written.write_text(yaml.safe_dump(policy), encoding="utf-8")
    settings = {"NIGHTDESK_POLICY": str(written), "ANTHROPIC_API_KEY": ""}
    with House(home, **settings) as opened:
        started = [(opened.installation.start(role), said) for role, said in READY.items()]
        for process, said in started:
            process.wait_until_said(said)
        yield opened


@pytest.fixture
def demo(house: House) -> Iterator[DemoPage]:
    with DemoPage(house.slack, banner={"model": ""}, samples=[]) as served:
        yield served


class Desk:
    """One channel of a test's own, on the page."""

    def __init__(self, page: Page, house: House, channel: str) -> None:
        self.page = page
        self.house = house
        self.channel = channel

    def become(self, name: str) -> None:
        self.page.locator(".persona", has_text=name).click()

    def order(self, words: str) -> Locator:
        """Type a command for an operation; return its card once it can be decided."""
        box = self.page.locator("#main-text")
        box.fill(f"/nightdesk run {words}")
        box.press("Enter")
        card = self.card
        expect(card.get_by_role("button", name="Approve")).to_be_visible(timeout=SLOWEST_MS)
        return card

    @property
    def card(self) -> Locator:
        return self.page.locator("#messages .message", has=self.page.locator(".header-block"))

    def press(self, name: str) -> None:
        """Press a button of the card and say yes to what it asks."""
        self.card.get_by_role("button", name=name).click()
        self.page.get_by_role("dialog").get_by_role("button", name=name).click()


@pytest.fixture
def desk_at(open_page: Callable[..., Page], house: House) -> Callable[..., Desk]:
    """Open the page as Tom, who may ask for operations and decide on none."""

    def opened(**options: object) -> Desk:
        room = house.slack.add_channel(house.slack.workspace.new_id("ops-").lower(), members=STAFF)
        return Desk(open_page(f"#/tom/{room.id}", **options), house, room.id)

    return opened


STAFF = ("ana", "marta", "tom")


@pytest.fixture
def desk(desk_at: Callable[..., Desk]) -> Desk:
    return desk_at()


def suspended(house: House, cluster: str, namespace: str, name: str) -> bool:
    job = house.lab.world.cluster(cluster).get("CronJob", name, namespace)
    return bool(job["spec"].get("suspend"))


def test_two_people_approve_on_the_page_and_see_it_done(desk: Desk) -> None:
    card = desk.order("cronjob_suspend cart-cleanup -n shop cluster=prod-us resume_after_hours=4")
    expect(card).to_contain_text("🟡 T2 · prod · cronjob suspend")
    expect(card).to_contain_text("schedule: active → suspended")
    desk.become("Ana Petrova")
    card.get_by_role("button", name="Approve").click()
    question = desk.page.get_by_role("dialog")
    expect(question).to_contain_text("prod-us/CronJob/shop/cart-cleanup")
    expect(question).to_contain_text("schedule: active → suspended")
    question.get_by_role("button", name="Approve").click()
    expect(card).to_contain_text("waits for a yes of the manager tier", timeout=SLOWEST_MS)
    assert not suspended(desk.house, "prod-us", "shop", "cart-cleanup")
    desk.become("Marta Silva")
    desk.press("Approve")
    expect(card).to_contain_text("it is done, and what was wanted is so", timeout=SLOWEST_MS)
    expect(card).to_contain_text("@Ana Petrova (on-call tier) and by @Marta Silva (manager tier)")
    expect(card.locator(".actions button")).to_have_text(["Details"])
    assert suspended(desk.house, "prod-us", "shop", "cart-cleanup")


def test_an_outsider_is_told_who_may_and_the_card_stays(desk: Desk) -> None:
    card = desk.order("cronjob_suspend settlement -n payments cluster=prod-us resume_after_hours=4")
    desk.press("Approve")
    told = desk.page.locator("#messages .message.ephemeral").last
    expect(told).to_contain_text("ask somebody of oncall", timeout=SLOWEST_MS)
    expect(told).to_be_in_viewport()
    expect(card.locator(".actions button")).to_have_text(["Approve", "Deny", "Details"])


def test_a_denial_asks_why_and_everybody_reads_it(desk: Desk) -> None:
    card = desk.order("cronjob_suspend settlement -n payments cluster=prod-eu resume_after_hours=4")
    desk.become("Ana Petrova")
    card.get_by_role("button", name="Deny").click()
    form = desk.page.get_by_role("dialog")
    form.get_by_label(re.compile("^Reason")).fill("The books are open until noon.")
    form.get_by_role("button", name="Deny").click()
    expect(card).to_contain_text("was denied", timeout=SLOWEST_MS)
    expect(card).to_contain_text("The books are open until noon.")
    expect(card.locator(".actions button")).to_have_text(["Details"])
    assert not suspended(desk.house, "prod-eu", "payments", "settlement")


@pytest.mark.parametrize(
    ("options", "cluster"), [({}, "prod-eu"), (PHONE, "prod-us")], ids=["desk", "phone"]
)
def test_calls_and_guards_are_folded_and_nothing_of_them_is_cut(
    desk_at: Callable[..., Desk], options: dict[str, object], cluster: str
) -> None:
    desk = desk_at(**options)
    card = desk.order(f"rollout_undo deployment/checkout -n shop cluster={cluster}")
    expect(desk.page.locator(".unknown-block")).to_have_count(0)
    calls, guards = card.locator("details").all()
    expect(calls.locator("pre").first).to_be_hidden()
    expect(guards).to_contain_text(re.compile(r"Guards: (\d+) of \1 passed"))
    calls.locator("summary").click()
    expect(calls).to_contain_text("PATCH /apis/apps/v1/namespaces/shop/deployments/checkout")
    for block in card.locator("pre").all():
        assert block.evaluate("node => node.scrollWidth - node.clientWidth") == 0
    assert desk.page.locator("html").evaluate("node => node.scrollWidth - node.clientWidth") == 0


def test_what_an_order_lacks_is_asked_for_in_a_form(desk: Desk) -> None:
    box = desk.page.locator("#main-text")
    box.press_sequentially("/nightdesk run scale_u")
    expect(desk.page.get_by_role("option")).to_have_text([re.compile("scale_up")])
    box.press("Enter")
    box.press("Enter")
    form = desk.page.get_by_role("dialog", name="Run an operation")
    form.get_by_role("combobox").first.select_option("prod-us")
    form.get_by_label("Namespace").fill("platform")
    form.get_by_label("Name", exact=True).fill("ingress-nginx")
    form.get_by_label("Replicas").fill("many")
    form.get_by_role("button", name="Ask for it").click()
    expect(form.locator(".field-error:visible")).to_contain_text("Replicas")
    form.get_by_label("Replicas").fill("3")
    form.get_by_role("button", name="Ask for it").click()
    expect(form).to_have_count(0)
    target = "prod-us/Deployment/platform/ingress-nginx"
    expect(desk.card).to_contain_text(target, timeout=SLOWEST_MS)
    expect(desk.card).to_contain_text("spec.replicas: 2 → 3")


def test_operations_are_offered_once_somebody_wants_to_run_one(desk: Desk) -> None:
    box = desk.page.locator("#main-text")
    box.press_sequentially("/nightdesk ru")
    expect(desk.page.get_by_role("option")).to_have_text([re.compile("/nightdesk run")])
    box.press("Enter")
    expect(desk.page.get_by_role("option", name="rollout_undo")).to_be_visible()
