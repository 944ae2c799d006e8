"""Measurements by rules, the pure parts: subjects, conditions, figures, candidates."""

from __future__ import annotations

import math
import re

import promql_parser
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.ports.metrics import Series
from bot.tools.promql.units import BYTES
from bot.triage.measures.candidates import DURATIONS
from bot.triage.measures.condition import condition_of, deciding, spans
from bot.triage.measures.figures import RATIO, shown
from bot.triage.measures.subject import Subject, namespace_subject
from safe_ops.model.request_metrics import REQUESTS
from tests.lab.estate import naming


def subject(kind: str, name: str) -> Subject:
    return Subject(cluster="prod-eu", kind=kind, namespace="shop", name=name)


@given(st.text(min_size=1, max_size=10))
def test_a_deployments_generated_pod_names_are_its_own(seed: str) -> None:
    pod = f"cart-{naming.suffix(seed, length=10)}-{naming.suffix(seed, 'pod')}"
    assert re.fullmatch(subject("deployment", "cart").pods, pod)
    assert not re.fullmatch(subject("deployment", "car").pods, pod)


@pytest.mark.parametrize(
    ("kind", "pod", "is_own"),
    [
        ("deployment", "cart-7d9fbc8d6-x2b4c", True),
        ("deployment", "cart-api-7d9fbc8d6-x2b4c", False),
        ("deployment", "cart-api-x2b4c", False),
        ("deployment", "cart-0", False),
        ("statefulset", "cart-12", True),
        ("statefulset", "cart-x2b4c", False),
        ("daemonset", "cart-x2b4c", True),
        ("cronjob", "cart-29384756-x2b4c", True),
        ("job", "cart-x2b4c", True),
        ("pod", "cart", True),
    ],
)
def test_pods_of_other_workloads_with_alike_names_are_not_counted(
    kind: str, pod: str, *, is_own: bool
) -> None:
    assert bool(re.fullmatch(subject(kind, "cart").pods, pod)) is is_own


def test_dots_in_names_match_only_dots() -> None:
    assert not re.fullmatch(subject("statefulset", "db.v1").pods, "dbxv1-0")


@pytest.mark.parametrize("kind", ["deployment", "statefulset", "daemonset", "cronjob", "pod"])
def test_matchers_are_promql(kind: str) -> None:
    for one in (subject(kind, 'od"d\\.name'), namespace_subject("prod-eu", "shop")):
        promql_parser.parse(f"metric{{{','.join(one.matchers)}}}")


@pytest.mark.parametrize(
    ("expression", "query", "sign", "threshold"),
    [
        ("a > 0.02", "a", ">", 0.02),
        ("a{x=\"1\"} / b{x='2'} >= 5e-1", "a{x=\"1\"} / b{x='2'}", ">=", 0.5),
        ("sum(rate(a[5m])) < -1", "sum(rate(a[5m]))", "<", -1.0),
        ("up == 0", "up", "==", 0.0),
    ],
)
def test_a_comparison_with_a_number_is_a_value_and_a_threshold(
    expression: str, query: str, sign: str, threshold: float
) -> None:
    found = condition_of(expression)
    assert (found.query, found.sign, found.threshold) == (query, sign, threshold)


@pytest.mark.parametrize(
    "expression",
    [
        "a > b",
        "a > 1 and b > 2",
        "a > bool 1",
        "absent(up)",
        "1 < a < 2",
        "3 > 2",
        "a unless b > 1",
        "(a > 1)",
        "a > ((((",
        "",
    ],
)
def test_any_other_expression_is_taken_as_it_is(expression: str) -> None:
    found = condition_of(expression)
    assert (found.query, found.sign) == (expression, "")


@pytest.mark.parametrize(
    ("expression", "query"),
    [
        ("a > 1", "a"),
        ("(a > 1)", "a"),
        ("((a) > 1)", "(a)"),
        ("(a) / (b) > 1", "(a) / (b)"),
        ("a > 1 and b > 2", "a"),
        ("a > 1 UNLESS on (x) b", "a"),
        ("((a > 1) and b) unless (c or d)", "a"),
        ("# why\n(a > 1) # the rest\nand b", "a"),
    ],
)
def test_an_alert_has_the_values_of_the_left_side(expression: str, query: str) -> None:
    found = deciding(expression)
    assert (found.query, found.sign, found.threshold) == (query, ">", 1.0)


@pytest.mark.parametrize(
    "expression",
    ["a > 1 or b > 2", "a and b > 1", "(a > 1) or b", "(a > bool 1)", "(a)", "(a)[5m]", "(a", ""],
)
def test_an_alert_of_no_comparison_with_a_number_has_no_deciding_one(expression: str) -> None:
    assert not deciding(expression).sign


@given(st.one_of(st.text(max_size=60), st.text(alphabet="()[]{}ab>1 ord", max_size=60)))
def test_no_expression_is_too_strange_to_be_taken_apart(expression: str) -> None:
    assert condition_of(expression).query in expression
    assert deciding(expression).query in expression


def test_spans_end_where_a_step_is_missing_or_too_low() -> None:
    condition = condition_of("a > 1")
    points = ((0.0, 2.0), (60.0, 2.0), (120.0, 0.0), (180.0, 3.0), (600.0, 3.0))
    series = (Series(labels=(), points=points),)
    assert spans(condition, series, step_s=60) == ((0.0, 60.0), (180.0, 180.0), (600.0, 600.0))


def test_spans_join_over_all_series() -> None:
    condition = condition_of("a > 1")
    series = tuple(
        Series(labels=(("pod", str(at_s)),), points=((at_s, 2.0),)) for at_s in (0.0, 60.0, 120.0)
    )
    assert spans(condition, series, step_s=60) == ((0.0, 120.0),)


def test_what_is_no_number_meets_no_threshold() -> None:
    series = (Series(labels=(), points=((0.0, math.nan),)),)
    assert spans(condition_of("a > 1"), series, step_s=60) == ()
    assert spans(condition_of("a < 1"), series, step_s=60) == ()


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (134_217_728.0, BYTES, "128Mi"),
        (1023.0 * 2**20, BYTES, "1023Mi"),
        (512.0, BYTES, "512"),
        (0.0642, RATIO, "0.0642 (6.42%)"),
        (0.0, RATIO, "0 (0.00%)"),
        (0.12345, "seconds", "0.1235 s"),
        (math.nan, RATIO, "NaN"),
        (math.inf, BYTES, "+Inf"),
    ],
)
def test_values_are_written_as_people_say_them(value: float, unit: str, text: str) -> None:
    assert shown(value, unit) == text


def test_every_candidate_has_a_reason_and_a_way_to_find_its_series() -> None:
    for one in (*REQUESTS, *DURATIONS):
        assert one.reason
        assert one.ways
        assert all(any("{" in want.value for want in way) for way in one.ways)
    assert all(one.failures for one in REQUESTS)
    assert all(one.metric.endswith("_bucket") for one in DURATIONS)
    names = [one.metric for one in (*REQUESTS, *DURATIONS)]
    assert len(set(names)) == len(names)
