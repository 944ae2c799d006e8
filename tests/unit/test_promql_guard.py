"""The read policy of PromQL: what passes, what is refused, by which rule, and what is said."""

from __future__ import annotations

import contextlib
import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.domain.errors import ToolError
from bot.tools.promql.guard import ResultKind, checked
from bot.tools.promql.lexical import MAX_DEPTH, MAX_OPERATORS, MAX_QUERY_CHARS
from bot.tools.promql.rules import check_span

NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)

ALLOWED = (
    'sum by (pod) (rate(http_requests_total{namespace="prod",code=~"5.."}[5m]))',
    'max_over_time(container_memory_working_set_bytes{namespace="prod",pod="a"}[1d])',
    (
        "histogram_quantile(0.99, sum by (le)"
        ' (rate(http_request_duration_seconds_bucket{service="api"}[5m])))'
    ),
    "up",
    "up == 0",
    '{__name__="http_requests_total",namespace="prod"}',
    '{"http_requests_total",namespace="prod"}',
    'topk(100, up{job="x"})',
    'up{job="x"} offset 31d',
    'rate(x{n="p"}[7d])',
    'up{job="x"} @ end()',
    'max_over_time(rate(x{n="p"}[5m])[1h:1m])',
    'sum by (pod) (a{n="p"}) / on (pod) sum by (pod) (b{n="p"})',
    'x{n="p"} # a comment',
    'x{a="(((((((((((((((((((((((((((((("}',
    "time()",
    "1 + 1",
)
# The denied cases of the safety specification, d2, in its order; then the edges of each rule.
DENIED = (
    ("P1", '{__name__=~".+"}'),
    ("P1", 'count({__name__!=""})'),
    ("P1", '{__name__=~"a|b",namespace="prod"}'),
    ("P1", '{namespace="prod"}'),
    ("P2", "rate(http_requests_total[5m])"),
    ("P2", "count by (user_agent) (http_requests_total)"),
    ("P3", 'rate(http_requests_total{namespace="prod"}[365d])'),
    ("P3", 'up{job="x"} offset 3y'),
    ("P4", 'max_over_time(rate(http_requests_total{namespace="prod"}[5m])[30d:1s])'),
    ("P4", 'avg_over_time(max_over_time(rate(a{n="p"}[5m])[1h:1m])[1d:5m])'),
    ("P7", 'a{n="p"} * on() group_left() b{n="p"}'),
    ("P8", 'topk(100000, up{job="x"})'),
    ("P9", 'rate(x{n="p"}[$__rate_interval])'),
    ("P9", 'foo{n="p"}[5m] smoothed'),
    ("P9", "x}or{y"),
    ("PL", "(" * 10_000 + "x" + ")" * 10_000),
    ("PL", "+".join(["x"] * 3_000)),
    ("PL", f'x{{n="{"y" * MAX_QUERY_CHARS}"}}'),
    ("P9", '{__name__=""}'),
    ("P9", 'up{__name__="down"}'),
    ("P1", '{__name__="a",__name__=~"b.*",n="p"}'),
    ("P2", 'x{namespace!="prod"}'),
    ("P2", 'x{namespace=~"prod"}'),
    ("P2", 'x{namespace=""}'),
    ("P2", 'a{n="p"} / b'),
    ("P3", "up offset -5m"),
    ("P3", f"up @ {NOW.timestamp() + 3600:.0f}"),
    ("P3", f"up @ {NOW.timestamp() - 40 * 86_400:.0f}"),
    ("P3", 'x{n="p"}[8d]'),
    ("P3", "up[290000000y]"),
    ("P3", "up @ 1e15"),
    ("P3", "up @ -1"),
    ("P3", "up[999999999y]"),
    ("P9", "up offset NaN"),
    ("P9", "up offset -Inf"),
    ("P3", 'max_over_time(x{n="p"}[14d:1h])'),
    ("P4", 'max_over_time(x{n="p"}[1h:])'),
    ("P7", 'a{n="p"} * on(pod) group_left(node) b{n="p"}'),
    ("P7", 'a{n="p"} and on() b{n="p"}'),
    ("P8", 'bottomk(scalar(up), up{job="x"})'),
    ("P8", "topk(0, up)"),
    ("P9", 'count_values("v", up)'),
    ("P9", "info(up)"),
    ("P9", '"a text"'),
    ("P9", 'x{a="b" or c="d"}'),
    ("P9", ""),
    ("P9", "   # nothing"),
    ("P9", "up[1e300]"),
    ("P9", "up offset 1e300"),
    ("P9", "up[१m]"),
    ("PL", "(" * (MAX_DEPTH + 1) + "up" + ")" * (MAX_DEPTH + 1)),
    ("PL", "-" * (MAX_OPERATORS + 1) + "up"),
    ("PL", " or ".join(["up"] * (MAX_OPERATORS + 2))),
    ("PL", f"up > {'9' * 40}"),
)


def refusal_of(query: str, *, ranged: bool = False) -> ToolError:
    with pytest.raises(ToolError) as caught:
        checked(query, now=NOW, ranged=ranged)
    return caught.value


@pytest.mark.parametrize("query", ALLOWED)
def test_a_narrow_query_passes(query: str) -> None:
    assert checked(query, now=NOW, ranged=False).text


@pytest.mark.parametrize(("rule", "query"), DENIED)
def test_a_wide_or_malformed_query_is_refused_with_the_nearest_form(rule: str, query: str) -> None:
    refusal = refusal_of(query)
    assert refusal.rule == rule
    assert str(refusal).startswith(f"{rule}: ")
    assert "Nearest allowed form: " in str(refusal)
    assert len(str(refusal)) < 600


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ('sum by (pod) rate(x{a="b"}[5m])', "`rate` at character 14"),
        ("foo bar", "`bar` at character 5"),
        ('sum(x{a="b"})\n  {c="d"}', "`{` at line 2, character 3"),
        ('a{n="p"} +', "ends at character 10"),
        ("x}or{y", "`}` at character 2 closes nothing"),
        ('sum(rate(x{n="p"}[5m])', "`(` at character 4 is not closed"),
        ('x{n="p}', "text that starts at character 5 is not closed"),
        ('rate(x{n="p"}[$__rate_interval])', "`$__rate_interval` at character 15"),
        ('x{n="p"} > 5xyz', "`5xyz` at character 12"),
        ("1 + rates(up)", "`rates` (at character 5)"),
        ("1 + rate(up)", "at character 5"),
        ('x{a="b",c=~"*"}', "at character 12"),
        ("up and on(pod) up up", "`up` at character 19"),
        ("histogram_quantile(0.9 up)", "`up` at character 24"),
        ("x{a='b' c='d'}", "`c` at character 9"),
        ("über", "at character 1"),
    ],
)
def test_a_syntax_error_is_located(query: str, place: str) -> None:
    assert place in str(refusal_of(query))


def test_a_misspelt_function_is_answered_with_the_one_meant() -> None:
    assert "Nearest allowed form: rate(…)" in str(refusal_of('rates(x{n="p"}[5m])'))


def test_the_nearest_form_of_a_wide_selector_keeps_its_matchers() -> None:
    said = str(refusal_of('x{code=~"5.."}'))
    assert 'x{code=~"5..",namespace="…"}' in said


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        ("up", ResultKind.VECTOR),
        ("-(up)", ResultKind.VECTOR),
        ("1 + 2", ResultKind.SCALAR),
        ("time() - 3", ResultKind.SCALAR),
        ("2 * up", ResultKind.VECTOR),
        ('x{n="p"}[5m]', ResultKind.MATRIX),
        ('(x{n="p"}[5m:1m])', ResultKind.MATRIX),
        ("vector(1)", ResultKind.VECTOR),
    ],
)
def test_the_kind_of_a_result_is_known_beforehand(query: str, kind: ResultKind) -> None:
    assert checked(query, now=NOW, ranged=False).kind is kind


def test_a_bare_range_has_no_window() -> None:
    assert refusal_of('x{n="p"}[5m]', ranged=True).rule == "P9"


def test_selectors_are_taken_down_with_all_they_look_back() -> None:
    query = 'max_over_time(rate(x{n="p",m!="q"}[5m] offset 1h)[2h:1m]) > bool up{job="j"}'
    first, second = checked(query, now=NOW, ranged=False).selectors
    assert (first.text, first.metric) == ('x{n="p",m!="q"}', "x")
    assert (first.range_s, first.offset_s, first.is_range) == (7_500, 3_600, True)
    assert first.equal == (("n", "p"),)
    assert (second.text, second.range_s, second.is_range) == ('up{job="j"}', 0, False)


def test_a_query_is_written_on_one_line_without_comments() -> None:
    query = 'sum(  # all\n  up{job="a  # b"}\n)\n'
    assert checked(query, now=NOW, ranged=False).text == 'sum( up{job="a  # b"} )'


def test_a_window_of_a_week_passes_and_a_longer_one_does_not() -> None:
    check_span(span_s=7 * 86_400, step_s=1_800)
    for span_s, step_s in ((7 * 86_400 + 1, 1_800), (86_400, 15), (0, 15), (60, 0)):
        with pytest.raises(ToolError) as caught:
            check_span(span_s=span_s, step_s=step_s)
        assert caught.value.rule == "P5"


PIECES = st.sampled_from(
    [
        *"(){}[],:=<>!~+-*/%^@#'\"`\\ \n", "==", "=~", "!~", "!=", "up", "x", "sum", "rate", "by",
        "without", "on", "ignoring", "group_left", "offset", "bool", "and", "or", "unless",
        "5m", "1h:1m", "[5m]", '{n="p"}', '"t"', "1e308", "0x1F", "NaN", "Inf", "start()", "9e99",
        "$__interval", "topk", "label_replace", "\x00", "é", "\u0661", "__name__", "1y1w1d", "-1",
    ]
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.one_of(st.lists(PIECES, max_size=40).map("".join), st.text(max_size=80)))
@example("up @ 1e300")
@example("up offset 1e308")
@example("x[1e308]")
@example("-" * 39 + "up")
@example("[" * 19)
def test_no_text_gets_anything_but_an_expression_or_a_refusal(query: str) -> None:
    try:
        found = checked(query, now=NOW, ranged=False)
    except ToolError as error:
        refusal = error
    else:
        # What passed once passes again, in the form that is sent and shown.
        assert checked(found.text, now=NOW, ranged=False).text == found.text
        return
    assert re.fullmatch(r"P(L|\d+)", str(refusal.rule))
    assert "Nearest allowed form: " in str(refusal)


VALUES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)


@settings(max_examples=150, deadline=None)
@given(
    namespace=VALUES, minutes=st.integers(1, 7 * 1_440), ahead=st.booleans(), k=st.integers(1, 100)
)
def test_a_well_formed_query_keeps_its_labels(
    namespace: str, minutes: int, ahead: bool, k: int
) -> None:
    quoted = namespace.replace("\\", "\\\\").replace('"', '\\"')
    query = f'topk({k}, rate(http_requests_total{{namespace="{quoted}"}}[{minutes}m]))'
    (selector,) = checked(query, now=NOW, ranged=ahead).selectors
    assert selector.equal == (("namespace", namespace),)
    assert timedelta(seconds=selector.range_s) == timedelta(minutes=minutes)
    with contextlib.suppress(ToolError):
        (again,) = checked(selector.text, now=NOW, ranged=False).selectors
        assert again.equal == selector.equal
