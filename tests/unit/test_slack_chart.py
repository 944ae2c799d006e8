"""A chart as Slack's block: within its limits, true to peaks, and without invented zeros."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.adapters.slack import limits
from bot.adapters.slack.blocks.chart import chart_block
from bot.adapters.slack.validation import validate_blocks
from bot.domain.chart import Chart, ChartSeries

if TYPE_CHECKING:
    from collections.abc import Callable

START_S = 1_795_248_000.0


def line(label: str, shape: Callable[[int], float | None], count: int = 240) -> ChartSeries:
    values = ((START_S + place * 15.0, shape(place)) for place in range(count))
    return ChartSeries(label=label, points=tuple((at, v) for at, v in values if v is not None))


def chart(*series: ChartSeries, title: str = "errors", unit: str = "/s") -> Chart:
    return Chart(title=title, unit=unit, series=series)


def drawn(block: dict[str, Any]) -> dict[str, list[float]]:
    return {
        one["name"]: [point["value"] for point in one["data"]] for one in block["chart"]["series"]
    }


def test_a_window_is_thinned_to_what_the_block_holds() -> None:
    block = chart_block(chart(line("pod=cart-1", float)))
    assert validate_blocks([block], surface="message") == []
    axes = block["chart"]["axis_config"]
    assert len(axes["categories"]) == limits.CHART_CATEGORIES
    assert axes["categories"][:2] == ["08:00", "08:02"]
    assert axes["y_label"] == "/s"


def test_a_single_peak_survives_thinning() -> None:
    block = chart_block(chart(line("a", lambda i: 50.0 if i == 100 else 1.0)))
    assert sorted(drawn(block)["a"])[-2:] == [1.0, 50.0]
    block = chart_block(chart(line("a", lambda i: 0.0 if i == 100 else 7.0)))
    assert sorted(drawn(block)["a"])[:2] == [0.0, 7.0]


def test_a_gap_is_left_out_rather_than_drawn_as_zero() -> None:
    whole = line("whole", lambda _: 3.0)
    gappy = line("gappy", lambda i: None if 60 <= i < 120 else 5.0)
    block = chart_block(chart(whole, gappy))
    assert validate_blocks([block], surface="message") == []
    values = drawn(block)
    assert set(values["gappy"]) == {5.0}
    assert len(values["whole"]) == len(values["gappy"]) == 15


def test_a_series_that_hardly_exists_does_not_hide_the_others() -> None:
    block = chart_block(
        chart(line("whole", lambda _: 3.0), line("new", lambda i: 1.0 if i > 230 else None))
    )
    assert list(drawn(block)) == ["whole"]
    assert len(drawn(block)["whole"]) == limits.CHART_CATEGORIES


def test_more_series_than_fit_are_the_first_ones() -> None:
    many = [line(f"pod=cart-{number}", lambda _: 1.0) for number in range(9)]
    assert len(drawn(chart_block(chart(*many)))) == limits.CHART_SERIES


def test_long_names_stay_different() -> None:
    names = [
        "pod=storefront-tsk2kcq6c6-sd92m",
        "pod=storefront-tsk2kcq6c6-48vt8",
        "x" * 40,
        "x" * 40,
    ]
    block = chart_block(chart(*(line(name, lambda _: 1.0) for name in names)))
    assert validate_blocks([block], surface="message") == []
    found = list(drawn(block))
    assert len(set(found)) == 4
    assert found[0].endswith("sd92m")


def test_a_week_names_its_days() -> None:
    points = tuple((START_S + hour * 3_600.0, 1.0) for hour in range(7 * 24))
    block = chart_block(chart(ChartSeries(label="a", points=points)))
    assert block["chart"]["axis_config"]["categories"][0] == "21 Nov 08:00"


def test_a_long_query_is_cut_to_a_title() -> None:
    block = chart_block(chart(line("a", lambda _: 1.0), title="sum by (pod) " * 20, unit="u" * 80))
    assert validate_blocks([block], surface="message") == []


def test_a_chart_without_points_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one point"):
        chart_block(chart(ChartSeries(label="a", points=())))


SERIES = st.builds(
    ChartSeries,
    label=st.text(max_size=30),
    points=st.lists(
        st.tuples(
            st.floats(START_S, START_S + 600_000),
            st.floats(-1e300, 1e300, allow_nan=False, allow_infinity=False),
        ),
        min_size=1,
        max_size=40,
        unique_by=lambda point: point[0],
    ).map(lambda points: tuple(sorted(points))),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(SERIES, min_size=1, max_size=8))
def test_any_chart_is_a_block_that_slack_takes(series: list[ChartSeries]) -> None:
    block = chart_block(chart(*series, title="t"))
    assert validate_blocks([block], surface="message") == []
