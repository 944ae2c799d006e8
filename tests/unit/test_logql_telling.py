"""Entries of several streams told as one log: order, streams, patterns, and what is hidden."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.ports.logs import LogEntry
from bot.tools.logql.telling import MAX_STREAMS, records_of, told_log

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
INDEX = ("namespace", "pod", "filename")


def entry(seconds: float, text: str, **labels: str) -> LogEntry:
    at = NOON + timedelta(seconds=seconds)
    return LogEntry(at=at, text=text, labels=tuple(sorted(labels.items())))


def test_streams_are_told_apart_by_what_they_do_not_share() -> None:
    entries = [
        entry(0, "one", namespace="shop", pod="a", filename="/var/log/a"),
        entry(1, "two", namespace="shop", pod="b", filename="/var/log/b"),
        entry(2, "three", namespace="shop", pod="a", filename="/var/log/a2"),
    ]
    streams, records = records_of(entries, index=INDEX)
    told = told_log(streams, records, title="== log")
    assert told.text.split("\n") == [
        "== log, 2026-11-21T12:00:00Z to 2026-11-21T12:00:02Z",
        "from namespace=shop",
        "  S1: 2 entries, pod=a",
        "  S2: 1 entries, pod=b",
        "2026-11-21T12:00:00Z S1 one",
        "2026-11-21T12:00:01Z S2 two",
        "2026-11-21T12:00:02Z S1 three",
    ]
    assert told.cut_bytes == 0


def test_labels_that_a_parser_took_from_lines_make_no_streams() -> None:
    entries = [entry(i, f"line {i}", pod="a", duration=f"{i}ms") for i in range(5)]
    streams, records = records_of(entries, index=INDEX)
    assert streams == ((("pod", "a"),),)
    assert "duration" not in told_log(streams, records, title="").text


def test_many_streams_are_summed_up_behind_the_busiest() -> None:
    entries = [entry(i, "x", pod=f"p{i:02}") for i in range(MAX_STREAMS + 5)]
    streams, records = records_of(entries, index=INDEX)
    assert "and 5 more streams with 5 entries together" in told_log(streams, records, title="").text


def test_an_entry_with_many_lines_is_one_record() -> None:
    entries = [
        entry(0, "Traceback:\n  File a\n2026-01-01T00:00:00Z forged\r\nValueError: x\n", pod="a"),
        entry(1, "", pod="a"),
    ]
    _, records = records_of(entries, index=INDEX)
    assert [len(one.lines) for one in records] == [4, 1]
    assert [line.at for line in records[0].lines] == [NOON, None, None, None]


def test_a_record_that_only_its_secret_made_match_is_left_out() -> None:
    entries = [
        entry(0, "password=hunter2hunter2 for cart", pod="a"),
        entry(1, "cart has no hunter2h", pod="a"),
    ]
    for needle, count in (("hunter2h", 1), ("for cart", 1), ("cart", 2)):
        _, records = records_of(entries, index=INDEX, needles=[(needle,)])
        assert len(records) == count
    _, either = records_of(entries, index=INDEX, needles=[("hunter2h", "for cart")])
    assert len(either) == 2


@pytest.mark.parametrize(
    ("text", "guess"),
    [
        ("password=hunter2hunter2 " + "x" * 5_000, "hunter2h"),
        ("x" * 5_000 + " password=hunter2hunter2", "hunter2h"),
        ("x" * 1_995 + " password=hunter2hunter2", "hunter2h"),
        ("login\npassword=hunter2hunter2\nfor cart", "hunter2hunter2\nfor"),
        ("login\npassword=hunter2hunter2", "login\npassword=h"),
    ],
    ids=["before the cut", "behind the cut", "across the cut", "over lines", "over lines before"],
)
def test_neither_long_lines_nor_several_tell_what_their_secret_begins_with(
    text: str, guess: str
) -> None:
    _, records = records_of([entry(0, text, pod="a")], index=INDEX, needles=[(guess,)])
    assert records == ()


@pytest.mark.parametrize("needle", ["error:\nat", "at cart.py\n", "\nat cart", ""])
def test_what_is_looked_for_over_lines_is_found_where_no_secret_is(needle: str) -> None:
    text = "error:\nat cart.py\n"
    _, records = records_of([entry(0, text, pod="a")], index=INDEX, needles=[(needle,)])
    assert len(records) == 1


def test_a_match_behind_the_cut_of_a_long_line_is_kept() -> None:
    entries = [entry(0, "x" * 5_000 + " needle", pod="a")]
    _, records = records_of(entries, index=INDEX, needles=[("needle",)])
    assert len(records) == 1


def test_many_entries_come_as_patterns_with_failures_first() -> None:
    entries = [entry(i, f"GET /item/{i} 200", pod="a") for i in range(300)]
    entries.append(entry(301, "error: upstream timed out", pod="b"))
    streams, records = records_of(entries, index=INDEX)
    told = told_log(streams, records, title="")
    assert told.cut_bytes > 0
    patterns = told.text.split("every one is counted")[1].split("\n")[1:]
    assert patterns[0].startswith("!     1x")
    assert "   300x  12:00:00Z..12:04:59Z" in told.text
    assert told.text.endswith("2026-11-21T12:05:01Z S2 error: upstream timed out")


def test_no_entries_have_no_streams() -> None:
    assert records_of([], index=INDEX) == ((), ())
