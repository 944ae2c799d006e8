"""Somebody enrols a security key in a browser and confirms an approval with it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from safe_ops.model.actions import Factor, State
from tests.contract.operations.factor_house import House, factor_house
from tests.lab.databases import SqliteFiles

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

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
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)
KEY = {
    "protocol": "ctap2",
    "transport": "usb",
    "hasResidentKey": False,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


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
def house(tmp_path: Path) -> Iterator[House]:
    with factor_house(SqliteFiles(tmp_path).fresh()) as made:
        yield made


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A browser with a key of its own; afterwards nothing may have failed in it."""
    context = browser.new_context()
    opened = context.new_page()
    complaints: list[str] = []
    opened.on("console", lambda message: complaints.append(message.text))
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    protocol = context.new_cdp_session(opened)
    protocol.send("WebAuthn.enable")
    protocol.send("WebAuthn.addVirtualAuthenticator", {"options": KEY})
    yield opened
    context.close()
    assert complaints == []


def test_a_key_is_enrolled_in_a_browser_and_confirms_an_approval(house: House, page: Page) -> None:
    page.goto(house.invitation("idp|ana"))
    page.get_by_role("button", name="Enrol security key").click()
    expect(page.get_by_role("status")).to_contain_text("is enrolled")
    (kept,) = house.enrolments.factors_of("idp|ana")
    assert kept.kind is Factor.WEBAUTHN
    action = house.awaited("ana")
    page.goto(house.link(action))
    expect(page.locator("dl")).to_contain_text("eu/Deployment/shop/cart")
    expect(page.locator("dl")).to_contain_text(action.digest[:12])
    page.get_by_role("button", name="Confirm with security key").click()
    expect(page.get_by_role("status")).to_contain_text("Your yes counts now")
    expect(page.get_by_role("button")).to_be_hidden()
    assert house.state(action) is State.APPROVED
    (given,) = house.approvals.now(action).approvals
    assert given.factor is Factor.WEBAUTHN


def test_a_browser_without_the_right_key_says_so_and_the_action_waits(
    house: House, page: Page
) -> None:
    page.goto(house.invitation("idp|ana"))
    page.get_by_role("button", name="Enrol security key").click()
    expect(page.get_by_role("status")).to_contain_text("is enrolled")
    action = house.awaited("ana")
    another = page.context.browser
    assert another is not None
    context = another.new_context()
    elsewhere = context.new_page()
    protocol = context.new_cdp_session(elsewhere)
    protocol.send("WebAuthn.enable")
    protocol.send("WebAuthn.addVirtualAuthenticator", {"options": KEY})
    elsewhere.goto(house.link(action))
    elsewhere.get_by_role("button").click()
    expect(elsewhere.get_by_role("status")).to_contain_text("no answer of a security key")
    expect(elsewhere.get_by_role("button")).to_be_enabled()
    context.close()
    assert house.state(action) is State.PENDING_FACTOR
