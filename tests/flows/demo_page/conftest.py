"""One browser for each module; for each test a workspace, an app, the page and a fresh window."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from tests.flows.demo_page.app import PageApp
from tests.lab.page_server import Banner, DemoPage
from tests.lab.slack.testing import SlackLab

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Even a request the page should not make would end here.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
SAMPLES = ["what is failing in shop?", "kubectl get secrets"]
BANNER: Banner = {
    "model": "",
    "scenario": "crash_loop",
    "description": "cart is killed for memory.",
}
# A press that is never acknowledged must not hold a test for Slack's three seconds.
ACK_TIMEOUT_S = 1.0
LOOPBACK = {"127.0.0.1", ""}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("chromium is not installed; .ci/run installs Debian's")
    expect.set_options(timeout=8_000)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        yield launched
        launched.close()


@pytest.fixture
def lab() -> Iterator[SlackLab]:
    with SlackLab(ack_timeout_s=ACK_TIMEOUT_S) as running:
        yield running


@pytest.fixture
def app(lab: SlackLab) -> Iterator[PageApp]:
    with PageApp(lab) as connected:
        yield connected


@pytest.fixture
def demo(app: PageApp) -> Iterator[DemoPage]:
    with DemoPage(app.lab, banner=BANNER, samples=SAMPLES) as served:
        yield served


@pytest.fixture
def open_page(browser: Browser, demo: DemoPage) -> Iterator[Callable[..., Page]]:
    """Open the page; afterwards nothing may have failed in it or left this machine."""
    contexts = []
    asked: list[str] = []
    complaints: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            complaints.append(message.text)

    def opened(at: str = "#/ana/C0LABONC1", **options: Any) -> Page:
        context = browser.new_context(**options)
        contexts.append(context)
        context.on("request", lambda request: asked.append(request.url))
        context.on("dialog", lambda dialog: complaints.append(f"dialog {dialog.message}"))
        page = context.new_page()
        page.on("console", listen)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{demo.url}{at}")
        expect(page.locator("#rooms .rail-item").first).to_be_attached()
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []
    strangers = [url for url in asked if (urlsplit(url).hostname or "") not in LOOPBACK]
    assert strangers == []


@pytest.fixture
def page(open_page: Callable[..., Page]) -> Page:
    """The page as Ana sees #oncall."""
    return open_page()
