"""Foreign text in our sentences: bounded, on one line, unable to do anything."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.triage.quoting import QUOTED_CHARS, quoted


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<!channel> look", "channel look"),
        ("<@U0000BOSS> please", "U0000BOSS please"),
        ("@here now", "here now"),
        ("[fix](https://login.example.net/x)", "fix"),
        ("<https://login.example.net|runbook>", "runbook"),
        ("see https://login.example.net/steal now", "see (link removed) now"),
        ("it is so [E1] and [e2, E3]", "it is so (E1) and (e2, E3)"),
        ("```rm -rf```", "'''rm -rf'''"),
        ("one\ntwo\tthree", "one two three"),
        ("a\u202eb", "a<U+202E>b"),
        ('Get "http://10.0.0.1:9090/ready": refused', 'Get "10.0.0.1:9090/ready": refused'),
        ("http://cart.shop.svc.cluster.local/x down", "cart.shop.svc.cluster.local/x down"),
        ("http://localhost:8080/ down", "localhost:8080/ down"),
        ("{object} {0}", "{object} {0}"),
    ],
)
def test_a_text_is_shown_without_its_powers(text: str, shown: str) -> None:
    assert quoted(text) == shown


def test_a_secret_is_not_quoted() -> None:
    assert "canary" not in quoted("login failed password=canary-1 for cart")


def test_a_long_text_is_cut_visibly() -> None:
    assert quoted("x" * 5000) == "x" * (QUOTED_CHARS - 1) + "…"


@given(st.text(max_size=400))
def test_no_text_leaves_its_code_span_or_calls_anybody(text: str) -> None:
    shown = quoted(text)
    assert len(shown) <= QUOTED_CHARS
    assert "`" not in shown
    assert "\n" not in shown
    assert "<!" not in shown
    assert not re.search(r"@(?:here|channel|everyone)\b", shown)
    assert not re.search(r"\[E\d+\]", shown)


@given(st.text(alphabet="<!@#>[]()`:/htpsE1|. channelre", max_size=120))
def test_pieces_of_spells_never_join_to_one(text: str) -> None:
    shown = quoted(text)
    assert not re.search(r"<[!@#][^<>]*>|\[[^\]]*\]\([^)]*\)|@(?:here|channel)\b|\[E\d+\]", shown)
    assert quoted(shown) == shown
