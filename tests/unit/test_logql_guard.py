"""The read policy of LogQL: what passes, what is refused, by which rule, and what is said."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.domain.errors import ToolError
from bot.domain.registry import FULL_ACCESS, Access, Grant
from bot.tools.logql.guard import MAX_MINUTES, checked
from bot.tools.logql.lexical import MAX_QUERY_CHARS
from bot.tools.logql.scoping import check_access, namespace_label, namespaces_of, placed
from bot.tools.logql.syntax import MAX_DEPTH, MAX_EXPRESSION_CHARS, MAX_STAGES

SHOP = Access(grants=(Grant(namespaces=("shop", "shop-*")),))

# What is written, and what is sent.
ALLOWED = (
    ('{namespace="shop"}', '{namespace="shop"}'),
    ('{ namespace = "shop" ,app=~"web|cart"}', '{namespace="shop", app=~"web|cart"}'),
    ('{namespace=~"shop|payments"}', '{namespace=~"shop|payments"}'),
    ('{a="b"} # a comment\n |= "x"', '{a="b"} |= "x"'),
    ('{a="b"} |= `say "x"`', '{a="b"} |= "say \\"x\\""'),
    ('{a="b"} |= "x" or "y" != "z" |~ "e+" !~ "f"', '{a="b"} |= "x" or "y" != "z" |~ "e+" !~ "f"'),
    ('{a="b"} |> "<_> failed" !> "<_> ok"', '{a="b"} |> "<_> failed" !> "<_> ok"'),
    ('{a="b"} |= ip("10.0.0.0/8")', '{a="b"} |= ip("10.0.0.0/8")'),
    ('{a="b"} | json | status >= 500', '{a="b"} | json | status >= 500'),
    ('{a="b"} | json code="response.code", x', '{a="b"} | json code="response.code", x'),
    ('{a="b"} | logfmt --strict | level="error"', '{a="b"} | logfmt --strict | level="error"'),
    ('{a="b"} | unpack | decolorize', '{a="b"} | unpack | decolorize'),
    ('{a="b"} | pattern "<ip> <_> <n>"', '{a="b"} | pattern "<ip> <_> <n>"'),
    ('{a="b"} | regexp "(?P<n>x)"', '{a="b"} | regexp "(?P<n>x)"'),
    ('{a="b"} | took > 1h15m3s | size<20MB', '{a="b"} | took > 1h15m3s | size < 20MB'),
    ('{a="b"} | x="1", y="2" or z="3"', '{a="b"} | x="1" and y="2" or z="3"'),
    ('{a="b"} | (x="1" or y=~"2") and z!="3"', '{a="b"} | (x="1" or y=~"2") and z!="3"'),
    ('{a="b"} | addr=ip("10.0.0.1")', '{a="b"} | addr=ip("10.0.0.1")'),
    ('{a="b"} | unpack != "x" or "y"', '{a="b"} | unpack != "x" or "y"'),
    # In double quotes LogQL wants backslashes doubled; what is meant is sent.
    ('{a="b"} |~ "\\bitem/\\d+\\b"', '{a="b"} |~ "\\\\bitem/\\\\d+\\\\b"'),
    ('{a="b"} |~ "\\\\d"', '{a="b"} |~ "\\\\d"'),
    ('{a="b"} |= "a\\tb\\u0041"', '{a="b"} |= "a\tbA"'),
    ('{a="b"} |= "C:\\Users"', '{a="b"} |= "C:\\\\Users"'),
    ('{a="b"} |= "token expired"', '{a="b"} |= "token expired"'),
    ('{a="b"} |~ "password (wrong|missing)"', '{a="b"} |~ "password (wrong|missing)"'),
)
DENIED = (
    ("LQ1", ""),
    ("LQ1", " # nothing"),
    ("LQ1", "{"),
    ("LQ1", "{}"),
    ("LQ1", '{a="b"'),
    ("LQ1", '{a="b}'),
    ("LQ1", "{a='b'}"),
    ("LQ1", '{a=="b"}'),
    ("LQ1", '{"a"="b"}'),
    ("LQ1", '{a="b"} error'),
    ("LQ1", '{a="b"} | = "x"'),
    ("LQ1", '{a="b"} |= x'),
    ("LQ1", '{a="b"} |= "x" or'),
    ("LQ1", '{a="b"} |'),
    ("LQ1", '{a="b"} | status'),
    ("LQ1", '{a="b"} | (x="1"'),
    ("LQ1", '{a="b"} |= "\x00"'),
    ("LQ1", '{a="b"} |= "\\u0000"'),
    ("LQ1", '{a="b"} |= "\\ud800"'),
    ("LQ1", '{a="b"} |= "\ud800"'),
    ("LQ1", '{a="b"} |= "x" $var'),
    ("LQ1", '{a="b"} | json="x"'),
    ("LQ2", "error"),
    ("LQ2", '|= "error"'),
    ("LQ2", '{a=~".+"}'),
    ("LQ2", '{a!="b"}'),
    ("LQ2", '{a=""}'),
    ("LQ2", '{namespace=~"shop.*"}'),
    ("LQ4", 'rate({a="b"}[5m])'),
    ("LQ4", 'sum by (pod) (count_over_time({a="b"}[5m]))'),
    ("LQ4", '{a="b"}[5m]'),
    ("LQ4", '{a="b"} |= "x" [5m]'),
    ("LQ4", 'topk(5, rate({a="b"}[1h]))'),
    ("LQ6", '{a="b"} |= "' + "x" * MAX_QUERY_CHARS + '"'),
    ("LQ6", '{a="b"} |~ "' + "x" * (MAX_EXPRESSION_CHARS + 1) + '"'),
    ("LQ6", '{a=~"' + "x" * (MAX_EXPRESSION_CHARS + 1) + '"}'),
    ("LQ6", '{a="b"}' + ' |= "x"' * (MAX_STAGES + 1)),
    ("LQ6", '{a="b"} | ' + "(" * (MAX_DEPTH + 1) + 'x="1"' + ")" * (MAX_DEPTH + 1)),
    ("LQ6", '{a="b"} | ' + "(" * 1_900),
    ("LQ7", '{a="b"} | line_format "{{.x | b64enc}}"'),
    ("LQ7", '{a="b"} | label_format namespace="shop"'),
    ("LQ7", '{a="b"} | json | unwrap took'),
    ("LQ7", '{a="b"} | drop pod'),
    ("LQ8", '{a="b"} |= "password=hunt"'),
    ("LQ8", '{a="b"} |= "x: api_key=abc"'),
    ("LQ8", '{a="b"} |~ `"password"\\s*:\\s*"h`'),
    ("LQ8", '{a="b"} |= "AKIAQYLPMN5HHHFPZAM2"'),
    ("LQ8", '{a="b"} | json | password=~"h.*"'),
    ("LQ8", '{a="b"} | json x="db.password" | x=~"h.*"'),
    ("LQ8", '{a="b"} | pattern "password=<x> <_>" | x=~"h.*"'),
    ("LQ8", '{a="b"} | pin > 1000'),
)


def refusal_of(query: str, *, minutes: int = 60) -> ToolError:
    with pytest.raises(ToolError) as caught:
        checked(query, minutes=minutes)
    return caught.value


@pytest.mark.parametrize(("query", "sent"), ALLOWED)
def test_a_narrow_query_is_written_anew(query: str, sent: str) -> None:
    found = checked(query, minutes=60)
    assert str(found) == sent
    assert str(checked(sent, minutes=60)) == sent


@pytest.mark.parametrize(("rule", "query"), DENIED)
def test_a_wide_or_malformed_query_is_refused_with_the_nearest_form(rule: str, query: str) -> None:
    refusal = refusal_of(query)
    assert refusal.rule == rule
    assert str(refusal).startswith(f"{rule}: ")
    assert "Nearest allowed form: " in str(refusal)
    assert len(str(refusal)) < 400


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ('{a="b"} error', "`error` at character 9"),
        ('{a="b"}\n| json\n| line_format "x"', "`line_format` at line 3, character 3"),
        ('{a="b"} |= "x', "starts at character 12 is not closed"),
        ("{a='b'}", "single quotes at character 4"),
        ('{a="b"', "ends where a closing }"),
    ],
)
def test_a_mistake_is_located(query: str, place: str) -> None:
    assert place in str(refusal_of(query))


def test_a_window_of_a_week_passes_and_a_longer_one_does_not() -> None:
    assert str(checked('{a="b"}', minutes=MAX_MINUTES)) == '{a="b"}'
    for minutes in (0, -5, MAX_MINUTES + 1):
        assert refusal_of('{a="b"}', minutes=minutes).rule == "LQ5"


@pytest.mark.parametrize(
    "query",
    [
        '{namespace="shop"}',
        '{namespace="shop-test", app="x"}',
        '{namespace=~"shop|shop-test"}',
        '{kubernetes_namespace_name="shop"}',
    ],
)
def test_namespaces_that_may_be_read_pass(query: str) -> None:
    check_access(checked(query, minutes=60), SHOP, "prod")


@pytest.mark.parametrize(
    "query",
    [
        '{app="web"}',
        '{namespace="payments"}',
        '{namespace=~"shop|payments"}',
        '{namespace="shop", k8s_namespace_name="payments"}',
        '{namespace!="shop", app="web"}',
        '{namespace=~"shop.*", app="web"}',
        '{namespace=~"", app="web"}',
        '{namespace="", app="web"}',
        '{app="web"} | namespace="shop"',
    ],
)
def test_any_other_namespace_is_refused(query: str) -> None:
    with pytest.raises(ToolError, match=r"readable there: namespaces shop, shop-\*") as caught:
        check_access(checked(query, minutes=60), SHOP, "prod")
    assert caught.value.rule == "LQ3"


def test_whoever_may_read_everything_need_not_name_a_namespace() -> None:
    check_access(checked('{unit="kubelet"}', minutes=60), FULL_ACCESS, "prod")


def test_whoever_may_read_nothing_of_a_cluster_is_refused() -> None:
    elsewhere = Access(grants=(Grant(clusters=("staging",)),))
    with pytest.raises(ToolError, match="may not read cluster prod"):
        check_access(checked('{namespace="shop"}', minutes=60), elsewhere, "prod")


def test_the_namespace_goes_by_the_first_name_a_server_has() -> None:
    assert namespace_label(("app", "kubernetes_namespace_name")) == "kubernetes_namespace_name"
    assert namespace_label(("k8s_namespace_name", "namespace")) == "namespace"
    assert namespace_label(("app",)) is None
    query = checked('{k8s_namespace_name="shop"} |= "x"', minutes=60)
    assert str(placed(query, "namespace")) == '{namespace="shop"} |= "x"'
    assert placed(query, None) == query
    assert namespaces_of(query) == ("shop",)


PIECES = st.sampled_from(
    [
        *"{}()[],|=<>!~\"'`\\ \n#.-", "|=", "|~", "!=", "!~", "=~", "|>", ">=", "json", "logfmt",
        "--strict", "or", "and", "ip(", "ns", '{a="b"}', '"t"', "5m", "1e9", "0.5", "password",
        "unwrap", "line_format", "rate(", "\x00", "é", "\ud800", "\\u0041", "x", "namespace", "$v",
        "=", "status >= 500", "| json | ", '|= "x"',
    ]
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(
    st.one_of(
        st.lists(PIECES, max_size=30).map("".join),
        st.lists(PIECES, max_size=20).map(lambda parts: '{a="b"} ' + "".join(parts)),
        st.text(max_size=80),
        st.text(max_size=40).map(lambda text: f'{{a="b"}} |= `{text}`'),
    )
)
@example('{a="b"} |= "\\U00110000"')
@example('{a="b"} | (((((((((((')
def test_nothing_but_a_refusal_is_raised_and_what_passes_is_stable(query: str) -> None:
    with contextlib.suppress(ToolError):
        sent = str(checked(query, minutes=60))
        sent.encode()
        assert str(checked(sent, minutes=60)) == sent


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40))
def test_a_text_is_looked_for_as_it_was_written(text: str) -> None:
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    with contextlib.suppress(ToolError):
        assert checked(f'{{a="b"}} |= "{quoted}"', minutes=60).needles == ((text,),)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(PIECES, max_size=12).map("".join),
    st.sampled_from(["payments", "shop|payments", "pay.*", ".+", ""]),
    st.sampled_from(["=", "=~", "!=", "!~"]),
)
def test_no_query_reaches_a_namespace_that_may_not_be_read(
    rest: str, namespace: str, sign: str
) -> None:
    """Whatever passes names readable namespaces only."""
    with contextlib.suppress(ToolError):
        found = checked(f'{{a="b", namespace{sign}"{namespace}"}} {rest}', minutes=60)
        check_access(found, SHOP, "prod")
        raise AssertionError(str(found))
