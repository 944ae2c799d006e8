"""How strong a firing alert is: which way is worse, whose rule it is, when nobody can say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.operations.strength import Figure, figures_of, still_firing, worst
from bot.ports.metrics import ActiveAlert, Labels, Rule
from bot.tools.promql.lexical import MAX_DEPTH, MAX_QUERY_CHARS

NAME = "Errors"
POSITIVE = st.floats(min_value=1e-9, max_value=1e9)


def rule(query: str, *, name: str = NAME, **labels: str) -> Rule:
    return Rule(name=name, query=query, is_alert=True, labels=tuple(sorted(labels.items())))


def alert(value: str, *, name: str = NAME, **labels: str) -> ActiveAlert:
    held: Labels = tuple(sorted({"alertname": name, **labels}.items()))
    return ActiveAlert(labels=held, annotations=(), state="firing", active_since=None, value=value)


def strength(query: str, value: str) -> float | None:
    return worst(figures_of([alert(value)], [rule(query)]))


@pytest.mark.parametrize(
    ("query", "value", "expected"),
    [
        ("a > 0.05", "4.2e-01", 8.4),
        ("a >= 5", "5", 1.0),
        ("a > 0", "3", 3.0),
        ("(a > 2) and on (x) b > 9", "4e+00", 2.0),
        ("a < 0.1", "0.04", 2.5),
        ("a <= 3", "1", 3.0),
        ("a < 3", "0", 1000.0),
        ("a < 5e-324", "0", 1000.0),
    ],
)
def test_a_number_is_as_strong_as_it_is_far_beyond(query: str, value: str, expected: float) -> None:
    assert strength(query, value) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("query", "value"),
    [
        ("a == 0", "0"),
        ("a != 1", "3"),
        ("absent(a)", "1"),
        ("a > bool 1", "1"),
        ("a > b", "3"),
        ("time() - a > 60", "90"),
        ("(time() - timestamp(a)) > 60", "90"),
        ("5 < a", "9"),
        ("a > 1 or b > 2", "3"),
        ("a > -5", "3"),
        ("a < 0", "-3"),
        ("a < 5", "-1"),
        ("a < -5", "-9"),
        ("a > 1", "+Inf"),
        ("a > 1", "NaN"),
        ("a > 1", ""),
        ("a > 1", "a lot"),
        ("a > ((((", "2"),
        ("(" * (MAX_DEPTH + 1) + "a > 1" + ")" * (MAX_DEPTH + 1), "2"),
        (f"a{{x='{'y' * MAX_QUERY_CHARS}'}} > 1", "2"),
    ],
)
def test_where_no_factor_means_anything_there_is_no_strength(query: str, value: str) -> None:
    assert strength(query, value) is None


@given(value=POSITIVE, threshold=POSITIVE, factor=st.floats(min_value=1.01, max_value=100))
def test_worse_is_stronger_whichever_way_worse_is(
    value: float, threshold: float, factor: float
) -> None:
    def of(value: float, *, is_low: bool) -> float:
        found = Figure(name=NAME, value=value, threshold=threshold, is_low=is_low).strength
        assert found is not None
        return found

    assert of(value * factor, is_low=False) > of(value, is_low=False)
    assert of(value / factor, is_low=True) >= of(value, is_low=True)


def test_of_several_series_the_worst_counts() -> None:
    active = [alert("0.9", pod="a"), alert("0.2", pod="b"), alert("0.5", pod="c")]
    assert worst(figures_of(active, [rule("a < 1")])) == 5.0


def test_of_several_rules_the_worst_counts_in_thresholds() -> None:
    rules = [rule("bytes > 1000000000"), rule("ratio > 0.05", name="Ratio"), rule("a == 0")]
    active = [alert("2e9"), alert("0.42", name="Ratio")]
    assert worst(figures_of(active, rules[:2])) == pytest.approx(8.4)
    assert worst(figures_of(active, rules[1:])) == pytest.approx(8.4)
    assert worst(()) is None


def test_rules_of_one_name_are_told_apart_by_their_labels() -> None:
    rules = [rule("a > 2", severity="warning"), rule("a > 5", severity="critical")]
    (found,) = figures_of([alert("10", severity="critical")], rules)
    assert found.threshold == 5.0


def test_a_rule_s_templated_label_may_be_anything() -> None:
    (found,) = figures_of([alert("10", team="shop")], [rule("a > 5", team="{{ $labels.team }}")])
    assert found.threshold == 5.0


@pytest.mark.parametrize(
    "rules",
    [
        [],
        [rule("a > 2"), rule("a > 5")],
        [rule("a > 2", name="Other")],
        [rule("a > 2", severity="critical")],
        [Rule(name=NAME, query="a > 2", is_alert=False)],
    ],
)
def test_an_alert_of_no_certain_rule_has_no_figure(rules: list[Rule]) -> None:
    assert figures_of([alert("10")], rules) == ()


def test_people_are_told_the_worst_number_of_each_rule() -> None:
    rules = [rule("a > 0.05"), rule("b < 3", name="Replicas"), rule("c == 0", name="Down")]
    active = [alert("0.1"), alert("4.2e-01"), alert("1", name="Replicas"), alert("0", name="Down")]
    said = still_firing({NAME, "Replicas", "Down"}, figures_of(active, rules))
    assert said == (
        "Down still fires; Errors still fires at 0.42, threshold 0.05;"
        " Replicas still fires at 1, threshold 3"
    )
