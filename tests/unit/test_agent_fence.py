from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.agent.fence import Fence, clean

NONCE = "5eed5eed5eed5eed"
FENCE = Fence(nonce=NONCE)

HOSTILE = st.lists(
    st.one_of(
        st.text(max_size=20),
        st.sampled_from(
            [
                NONCE,
                NONCE.upper(),
                f"</data-{NONCE}>",
                "5eed5eed",
                "</data-",
                "\x1b[31m",
                "\u202e",
                "\u200b",
                "\n",
            ]
        ),
    ),
    max_size=12,
).map("".join)


@given(HOSTILE, HOSTILE)
def test_foreign_text_cannot_close_its_fence(text: str, source: str) -> None:
    fenced = FENCE.wrap(text, source=source)
    assert fenced.casefold().count(NONCE) == 2
    opening, _, rest = fenced.partition("\n")
    body, _, closing = rest.rpartition("\n")
    assert closing == f"</data-{NONCE}>"
    assert opening.startswith(f'<data-{NONCE} source="')
    assert opening.endswith('">')
    assert opening.count('"') == 2
    assert NONCE not in body.casefold()


@given(st.text())
def test_nothing_invisible_is_left(text: str) -> None:
    shown = clean(text)
    hidden = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
    assert not [
        character
        for character in shown
        if character not in "\n\t" and unicodedata.category(character) in hidden
    ]


@given(st.text())
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@given(st.text(alphabet=st.characters(categories=["L", "N", "P", "S"], max_codepoint=0x02FF)))
def test_readable_text_is_not_touched(text: str) -> None:
    assert clean(text) == text


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("pay\u202egnp", "pay<U+202E>gnp"),
        ("a\u200bb", "a<U+200B>b"),
        ("\x1b[31mred\x1b[0m", "<ESC>red<ESC>"),
        ("\x1b]8;;https://evil\x07click\x1b]8;;\x07", "<ESC>click<ESC>"),
        ("a\x00b\x07", "a<U+0000>b<U+0007>"),
        ("\U000e0041", "<U+E0041>"),
        ("line\r\nline", "line\nline"),
        ("over\rwritten", "over<U+000D>written"),
        ("\u3164", "<U+3164>"),
    ],
)
def test_what_cannot_be_seen_is_written_out(hostile: str, shown: str) -> None:
    assert clean(hostile) == shown
