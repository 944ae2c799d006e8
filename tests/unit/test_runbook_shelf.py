"""Runbooks: read whole or refused by name, found by alert first and by words second."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.runbooks import RunbookShelf, open_shelf, read_page
from bot.domain.errors import SettingsError
from bot.domain.runbook import SLOTS, Check
from bot.tools.kubectl.grammar import parse
from bot.tools.kubectl.tool import is_command, strip_command
from bot.tools.promql.guard import checked

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
PAGE = """---
title: {title}
alerts: [{alerts}]
services: [{services}]
checks:
  - run: kubectl get pods -n {{namespace}}
    why: what restarts
---
{body}
"""


def page(
    title: str = "Pods restart", alerts: str = "", services: str = "", body: str = "Look."
) -> str:
    return PAGE.format(title=title, alerts=alerts, services=services, body=body)


def shelf(*texts: str) -> RunbookShelf:
    return RunbookShelf(
        [read_page(f"page-{number}", text, origin="team") for number, text in enumerate(texts)]
    )


def found(
    books: RunbookShelf, *alerts: str, services: tuple[str, ...] = (), text: str = ""
) -> list[str]:
    return [one.title for one in books.matching(alerts=alerts, services=services, text=text)]


def test_a_page_that_names_the_alert_comes_before_one_that_shares_words() -> None:
    books = shelf(
        page("Crash looping pods of every kind", body="pods crash looping crash loop"),
        page("The page", alerts="KubePodCrashLooping"),
    )
    assert found(books, "KubePodCrashLooping")[0] == "The page"


def test_a_page_is_found_by_the_words_of_a_complaint() -> None:
    books = shelf(
        page("Queue depth", body="consumers of the message queue lag behind"),
        page("Certificates", body="the certificate expired and browsers refuse it"),
        page("Disks", body="a volume is full"),
    )
    assert found(books, text="customers see an expired certificate") == ["Certificates"]


def test_a_services_own_page_comes_first_and_only_for_that_service() -> None:
    books = shelf(
        page("General", alerts="HighErrorRate"),
        page("Of checkout", alerts="HighErrorRate", services="checkout"),
    )
    assert found(books, "HighErrorRate", services=("checkout",)) == ["Of checkout", "General"]
    assert found(books, "HighErrorRate", services=("cart",)) == ["General"]


def test_a_teams_page_replaces_ours_of_the_same_name(tmp_path: Path) -> None:
    ours = open_shelf().pages[0]
    (tmp_path / f"{ours.name}.md").write_text(page("Our own way"))
    pages = {one.name: one for one in open_shelf(tmp_path).pages}
    assert pages[ours.name].title == "Our own way"
    assert len(pages) == len(open_shelf().pages)


def test_every_wrong_page_is_named_with_what_to_write(tmp_path: Path) -> None:
    (tmp_path / "bare.md").write_text("no head")
    (tmp_path / "odd.md").write_text("---\ntitel: x\n---\nbody")
    (tmp_path / "slot.md").write_text(page().replace("{namespace}", "{ns}"))
    (tmp_path / "latin.md").write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError) as raised:
        open_shelf(tmp_path)
    told = "\n".join(raised.value.problems)
    assert "bare.md has no head" in told
    assert "odd.md has a wrong head" in told
    assert "slot.md: {ns} is no slot; there are cluster" in told
    assert "latin.md is not a text file" in told


def test_a_directory_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="is no directory"):
        open_shelf(tmp_path / "absent")


def test_a_check_is_filled_from_labels() -> None:
    check = Check(command='sum(rate(x{namespace="{namespace}"}[5m]))', why="")
    assert check.filled({"namespace": "shop"}) == 'sum(rate(x{namespace="shop"}[5m]))'


@given(st.text(max_size=40))
def test_a_value_can_add_no_word_to_a_command(value: str) -> None:
    filled = Check(command="kubectl get pods -n {namespace}", why="").filled({"namespace": value})
    assert filled is None or len(filled.split()) == len(["kubectl", "get", "pods", "-n", "x"])


def test_a_check_without_its_value_is_not_run() -> None:
    assert Check(command="kubectl logs {pod} -n {namespace}", why="").filled({"pod": "a"}) is None


@given(st.text(max_size=60))
def test_any_text_can_be_searched_for(text: str) -> None:
    shelf(page("One"), page("Two")).matching(alerts=(text,), services=(text,), text=text)


FILLED = dict.fromkeys(SLOTS, "checkout")


@pytest.mark.parametrize(
    ("name", "command"),
    [(page.name, check.command) for page in open_shelf().pages for check in page.checks],
)
def test_every_check_of_ours_passes_the_read_policy(name: str, command: str) -> None:
    filled = Check(command=command, why=name).filled(FILLED)
    assert filled is not None
    if is_command(filled):
        parse(strip_command(filled))
    else:
        checked(filled, now=NOW, ranged=True)


def test_there_are_pages_for_what_teams_meet_most() -> None:
    books = open_shelf()
    assert len(books.pages) >= 30
    for alert in ("KubePodCrashLooping", "LambdaErrors", "ECSServiceCPUHigh", "RDSStorageFull"):
        assert books.matching(alerts=(alert,), services=(), text="")
