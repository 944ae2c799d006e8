from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.agent.condense import condense

LIMIT = 600

LONG = st.one_of(
    st.lists(st.text(max_size=60), min_size=20, max_size=200).map("\n".join),
    st.text(min_size=1, max_size=20).map(lambda text: text * 400),
    st.text(alphabet="äß€😀\n", min_size=300, max_size=900),
)


@given(st.text(max_size=150))
def test_what_fits_is_not_touched(text: str) -> None:
    assert condense(text, label="E1", limit_bytes=LIMIT) == text


@given(LONG)
def test_the_result_fits_and_is_the_head_and_the_tail_of_the_text(text: str) -> None:
    shown = condense(text, label="E7", limit_bytes=LIMIT)
    assert len(shown.encode()) <= LIMIT
    clean = text.encode(errors="replace").decode()
    if shown == clean:
        return
    head, notice, tail = re.split(r"\n(\[\.\.\. .*? \.\.\.\]\n)", shown, maxsplit=1)
    assert clean.startswith(head)
    assert clean.endswith(tail)
    assert 'search_evidence(label="E7"' in notice
    cut = int(re.findall(r"[\d,]+", notice)[0].replace(",", ""))
    assert len(head.encode()) + cut + len(tail.encode()) == len(clean.encode())


def test_lines_stay_whole() -> None:
    text = "\n".join(f"line {number} of many" for number in range(500))
    shown = condense(text, label="E1", limit_bytes=LIMIT)
    lines = [line for line in shown.splitlines() if line and not line.startswith("[")]
    assert set(lines) <= set(text.splitlines())
    assert lines[0] == "line 0 of many"
    assert lines[-1] == "line 499 of many"


def test_one_endless_line_is_cut_too() -> None:
    shown = condense("x" * 100_000, label="E1", limit_bytes=LIMIT)
    assert shown.startswith("xxx")
    assert shown.endswith("xxx")


def test_a_limit_without_room_for_the_notice_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 512"):
        condense("x" * 1000, label="E1", limit_bytes=100)
