"""Files in a thread as a visitor sees them: pictures at once, long text by its beginning."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from bot.adapters.slack.picture import description, picture
from tests.lab.slack.values import memory_chart

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    from tests.flows.demo_page.app import PageApp

IS_DRAWN = "node => node.complete && node.naturalWidth > 0"
LINES = 4_000


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_shared_picture_is_seen_with_its_description(
    open_page: Callable[..., Page], app: PageApp, theme: str
) -> None:
    chart = memory_chart()
    row = {"filename": "chart-E1.png", "title": "E1: memory", "content": picture(chart, None)}
    app.client.files_upload_v2(
        channel="C0LABONC1",
        initial_comment="Chart of E1",
        file_uploads=[{**row, "alt_txt": description(chart, None)}],
    )
    page = open_page(color_scheme=theme)
    shown = page.get_by_role("img", name="Line chart of container_memory_working_set_bytes")
    expect(shown).to_be_visible()
    page.wait_for_function(IS_DRAWN, arg=shown.element_handle())
    expect(page.locator(".shared figcaption")).to_have_text("E1: memory")


def test_a_snippet_shows_its_beginning_and_opens_as_text(page: Page, app: PageApp) -> None:
    body = "\n".join(f"pod-{number:05}" for number in range(LINES))
    row = {"filename": "output-E1.txt", "title": "E1: kubectl get pods", "content": body}
    app.client.files_upload_v2(
        channel="C0LABONC1",
        initial_comment="Full output of E1",
        file_uploads=[{**row, "snippet_type": "text"}],
    )
    expect(page.locator(".snippet")).to_contain_text("pod-00004")
    expect(page.locator(".snippet-more")).to_have_text(f"… {LINES - 5} more lines")
    with page.expect_popup() as opened:
        page.get_by_role("link", name="E1: kubectl get pods").click()
    expect(opened.value.locator("body")).to_contain_text(f"pod-{LINES - 1:05}")
