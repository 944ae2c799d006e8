"""Text in pieces is redacted as if it had come at once."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.redaction.engine import Redactor
from bot.domain.redaction.stream import LONGEST_HELD_CHARS, StreamRedactor
from tests.unit.redaction_benign import benign
from tests.unit.redaction_corpus import working
from tests.unit.redaction_secrets import pem_lines, some

REDACTOR = Redactor(key=b"one installation")


def _streamed(text: str, sizes: list[int]) -> list[str]:
    stream = StreamRedactor(REDACTOR)
    pieces: list[str] = []
    at = 0
    while at < len(text):
        size = sizes[len(pieces) % len(sizes)]
        pieces.append(stream.feed(text[at : at + size]))
        at += size
    return [*pieces, stream.finish()]


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    count=st.integers(1, 90),
    sizes=st.lists(st.integers(1, 3000), min_size=1, max_size=8),
    lines=st.booleans(),
)
def test_pieces_give_what_the_whole_gives(
    seed: int, count: int, sizes: list[int], lines: bool
) -> None:
    rng = Random(seed)
    parts = [one.text for one in working(rng)] + list(benign(rng, 1))
    rng.shuffle(parts)
    text = "\n".join(parts[:count])
    if not lines:
        text = text.replace("\n", " ")

    assert "".join(_streamed(text, sizes)) == REDACTOR.mask(text)


@pytest.mark.parametrize("size", [1, 7, 64, 1000])
def test_a_private_key_is_hidden_whatever_the_pieces(size: int) -> None:
    lines = pem_lines(Random(1))
    text = "\n".join(["start", *lines, *("end",) * 10])

    out = "".join(_streamed(text, [size]))

    assert [line for line in lines[1:-1] if line in out] == []
    assert out == REDACTOR.mask(text)


def test_plain_lines_travel_before_the_stream_ends() -> None:
    pieces = _streamed("all is well\n" * 100, [60])

    assert len("".join(pieces[:-1])) > 1000


def test_a_line_without_end_does_not_fill_the_memory() -> None:
    rng = Random(2)
    stream = StreamRedactor(REDACTOR)
    held = 0
    fed = out = 0
    for _ in range(40):
        piece = some(rng, "abcdef ,.:{}", 40_000)
        fed += len(piece)
        out += len(stream.feed(piece))
        held = max(held, fed - out)

    assert held <= LONGEST_HELD_CHARS


@pytest.mark.parametrize(
    "prefix", ["password=", "cGFzc3dvcmQgaXMg", 'token: "', "eyJhbGciOiJI.eyJzdWIi."]
)
def test_a_secret_without_end_is_swallowed_to_the_end_of_its_line(prefix: str) -> None:
    endless = some(Random(3), "ABCDEFabcdef0123456789", 300_000)
    text = f"first\n{prefix}{endless} tail\nlast\n"

    out = "".join(_streamed(text, [5000]))

    assert out == REDACTOR.mask(text)
    assert endless[100_000:100_020] not in out
    assert out.endswith("\nlast\n")


def test_a_stream_may_be_used_again_after_its_end() -> None:
    stream = StreamRedactor(REDACTOR)
    first = stream.feed("password=hunter2abc") + stream.finish()

    assert stream.feed("password=hunter2abc") + stream.finish() == first
