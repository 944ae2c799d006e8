"""A chart as a picture: what is drawn, what is said of it, and when it has to be one."""

from __future__ import annotations

import io
import math
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from bot.adapters.slack import limits
from bot.adapters.slack.blocks.chart import misfit
from bot.adapters.slack.blocks.charts import PICTURES, drawings, figures
from bot.adapters.slack.blocks.outcome import final_cards
from bot.adapters.slack.enclosures import enclosures_of
from bot.adapters.slack.picture import LINES, description, picture
from bot.domain.chart import Chart, ChartSeries, kept_within, masked_chart
from bot.domain.evidence import Window
from tests.lab.slack.values import (
    NOON,
    evidence,
    memory_chart,
    observation,
    outcome,
    typed,
    verdict,
)
from tests.unit.slack_cards import shown, takes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from bot.domain.outcome import Outcome

START_S = 1_795_248_000.0
HOUR = Window(start=NOON - timedelta(hours=1), end=NOON)


def one_line(values: Iterable[float | None], *, label: str = "a", step_s: float = 15.0) -> Chart:
    found = enumerate(values)
    points = tuple((START_S + at * step_s, value) for at, value in found if value is not None)
    return Chart(title="t", unit="", series=(ChartSeries(label=label, points=points),))


def inked(png: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(png))
    image.load()
    return image.convert("RGB")


def count_of(png: bytes, colour: tuple[int, int, int]) -> int:
    pixels = inked(png).getcolors(maxcolors=1 << 24) or []
    return sum(number for number, found in pixels if found == colour)


def cited(*charts: Chart) -> Outcome:
    ledger = tuple(
        evidence(number, observation(query=f"promql {number}", chart=chart))
        for number, chart in enumerate(charts, start=1)
    )
    labels = tuple(entry.label for entry in ledger)
    return outcome(found=replace(verdict(), evidence=labels), ledger=ledger)


def test_the_same_chart_is_the_same_picture_with_paper_of_its_own() -> None:
    first, second = (picture(memory_chart(), HOUR) for _ in range(2))
    assert first == second
    image = inked(first)
    assert image.size[0] == 1_080
    assert {image.getpixel(corner) for corner in ((0, 0), (1_079, 0))} == {(255, 255, 255)}


def test_a_gap_is_not_bridged() -> None:
    blue = (0, 114, 178)
    whole = [1.0] * 240
    gappy = [None if 60 <= at < 180 else 1.0 for at in range(240)]
    assert count_of(picture(one_line(gappy), None), blue) < 0.6 * count_of(
        picture(one_line(whole), None), blue
    )


def test_a_lone_sample_is_a_dot() -> None:
    values = [1.0] * 20 + [None] * 20 + [5.0] + [None] * 20 + [1.0] * 20
    image = inked(picture(one_line(values), None))
    upper_half = image.crop((0, 0, image.width, image.height // 2))
    assert (0, 114, 178) in {found for _, found in upper_half.getcolors(1 << 24) or []}
    assert picture(one_line([1.0]), None)


def test_the_axis_shows_the_whole_window_asked_for() -> None:
    late = one_line([1.0] * 240)
    window = Window(start=NOON - timedelta(days=40_000), end=NOON)
    assert count_of(picture(late, window), (0, 114, 178)) < count_of(
        picture(late, None), (0, 114, 178)
    )


def test_more_lines_than_anybody_tells_apart_are_counted_instead() -> None:
    chart = memory_chart(lines=LINES + 5, left_out=3)
    assert picture(chart, HOUR) != picture(memory_chart(lines=LINES), HOUR)
    assert f"{LINES + 8} series" in description(chart, HOUR)


@pytest.mark.parametrize(
    "label", ["_hidden", "$x^{2$", "日本語 \U0001f9e8", "", "a\nb\x00", "x" * 500]
)
def test_any_label_is_drawn_without_a_complaint(label: str) -> None:
    chart = one_line([1.0, 2.0, 3.0], label=label)
    assert picture(Chart(title=label, unit=label, series=chart.series), None)


@settings(max_examples=12, deadline=None)
@given(
    st.lists(
        st.floats(allow_nan=False, allow_infinity=False),
        min_size=1,
        max_size=12,
    ),
    st.floats(0.001, 1e6),
)
def test_any_numbers_are_a_picture(values: list[float], step_s: float) -> None:
    assert picture(one_line(values, step_s=step_s), None).startswith(b"\x89PNG")


def test_a_chart_without_points_is_no_picture() -> None:
    with pytest.raises(ValueError, match="at least one point"):
        picture(Chart(title="t", unit="", series=()), None)


def test_the_description_says_what_the_picture_shows() -> None:
    said = description(memory_chart(lines=2), HOUR)
    assert said.startswith("Line chart of container_memory_working_set_bytes")
    assert "in bytes, 2031-05-06 11:00 to 2031-05-06 12:00 UTC, 2 series." in said
    assert "pod=cart-1: from 146800640 (140Mi) to 208666624 (199Mi), last" in said
    assert len(description(memory_chart(lines=80), HOUR)) <= limits.FILE_ALT_TEXT


@pytest.mark.parametrize(
    ("shape", "why"),
    [
        (float, ""),
        (lambda at: 50.0 if at == 100 else 1.0, ""),
        (lambda _: 3.0, ""),
        (lambda at: 100.0 + at % 2, ""),
        (lambda at: float(at % 8), "swings faster"),
        (lambda at: 50 + 40 * math.sin(at), "swings faster"),
        (lambda at: None if at == 100 else 1.0, ""),
        (lambda at: None if 100 <= at < 120 else 1.0, "gaps"),
        (lambda at: None if at % 12 else 1.0, ""),
    ],
    ids=["ramp", "peak", "flat", "jitter", "teeth", "wave", "lost sample", "gap", "few samples"],
)
def test_a_chart_is_a_picture_only_where_a_block_would_say_something_else(
    shape: Callable[[int], float | None], why: str
) -> None:
    found = misfit(one_line(shape(at) for at in range(240)))
    assert why in found
    assert bool(found) == bool(why)


def test_a_line_that_begins_late_beside_others_has_a_gap() -> None:
    whole = one_line([1.0] * 240).series[0]
    late = one_line([None] * 120 + [1.0] * 120, label="b").series[0]
    assert "gaps" in misfit(Chart(title="t", unit="", series=(whole, late)))


def test_an_answer_has_two_charts_in_its_card_and_further_ones_as_pictures() -> None:
    smooth = one_line(float(at) for at in range(240))
    answer = cited(smooth, smooth, smooth)
    assert [bool(one.why_picture) for one in drawings(answer)] == [False, False, True]
    (card,) = final_cards(answer)
    takes(card)
    assert sum(block["type"] == "data_visualization" for block in card.blocks) == 2
    assert "*Chart of E3:* a picture in this thread (a message holds 2 charts)" in shown((card,))


def test_a_picture_that_is_lost_is_named_and_its_figures_stay() -> None:
    answer = cited(memory_chart())
    for lost in (False, True):
        (card,) = final_cards(answer, files_lost=lost)
        takes(card)
        said = shown((card,))
        assert ("*The picture of E1 is missing:*" in said) is lost
        assert "pod=cart-1" in said
        assert "146800640 (140Mi)" in said


def test_an_answer_comes_with_few_pictures_and_names_the_rest() -> None:
    answer = cited(*[memory_chart()] * (PICTURES + 1))
    enclosed = enclosures_of(answer)
    assert enclosed is not None
    assert enclosed.names == tuple(f"chart-E{number}.png" for number in range(1, PICTURES + 1))
    assert f"*Chart of E{PICTURES + 1}:* not drawn" in shown(final_cards(answer))


def test_an_answer_whose_charts_fit_comes_without_files() -> None:
    assert enclosures_of(cited(one_line(float(at) for at in range(9)))) is None
    assert enclosures_of(outcome()) is None


def test_a_long_output_is_enclosed_whole_and_cut_visibly_where_it_is_too_long() -> None:
    body = "\n".join(f"line {number:06}" for number in range(5_000))
    enclosed = enclosures_of(typed(observation(body=body)))
    assert enclosed is not None
    (file,) = enclosed.uploads()
    assert (file.name, file.content.decode()) == ("output-E1.txt", body)
    endless = enclosures_of(typed(observation(body="ü" * limits.SNIPPET_BYTES)))
    assert endless is not None
    (file,) = endless.uploads()
    assert limits.SNIPPET_BYTES - 4 <= len(file.content) <= limits.SNIPPET_BYTES
    kept, _, said = file.content.decode().partition("\n")
    assert said == f"[cut here: {2 * (limits.SNIPPET_BYTES - len(kept))} more bytes]\n"


def test_figures_are_a_table_whose_columns_stand_below_each_other() -> None:
    lines = figures(memory_chart(lines=10)).splitlines()
    assert len({len(line) for line in lines[:-1]}) == 1
    assert lines[-1] == "… and 2 more series"


def test_samples_beyond_the_bytes_are_left_out_whole_and_counted() -> None:
    every = memory_chart(lines=5).series
    whole = kept_within(title="t", unit="", series=every)
    assert (whole.series, whole.left_out) == (every, 0)
    size = 34 * 241 + len("pod=cart-0")
    some = kept_within(title="t", unit="", series=every, most_bytes=2 * size + 10)
    assert (some.series, some.left_out) == (every[:2], 3)
    least = kept_within(title="t", unit="", series=every, most_bytes=1)
    assert (least.series, least.left_out) == (every[:1], 4)


def test_samples_that_were_left_out_are_named_on_the_card() -> None:
    card = final_cards(cited(memory_chart(lines=7, left_out=4)))
    assert "*E1:* the samples of 4 more series were not kept" in shown(card)


def test_foreign_texts_of_a_chart_are_masked_and_its_samples_are_not() -> None:
    chart = memory_chart(lines=2)
    masked = masked_chart(chart, str.upper)
    assert masked is not None
    assert [one.label for one in masked.series] == ["POD=CART-0", "POD=CART-1"]
    assert masked.title == chart.title.upper()
    assert [one.points for one in masked.series] == [one.points for one in chart.series]
    assert masked_chart(None, str.upper) is None
