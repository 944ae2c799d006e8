"""Answers of API servers and failures of connections, read without a network."""

from __future__ import annotations

import ssl
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from urllib3 import HTTPSConnectionPool
from urllib3 import exceptions as transport

from bot.adapters.cluster.discovery import find_schema
from bot.adapters.cluster.faults import read_refusal, refused, unreachable
from bot.adapters.cluster.names import closest, path_segment
from bot.adapters.cluster.tables import read_table
from bot.adapters.transport import one_line
from bot.domain.errors import BotError, DeniedError, ToolError, UpstreamError
from bot.domain.kinds import Kind

WIDGET = Kind(kind="Widget", plural="widgets", group="example.com")
REF = "#/components/schemas/"


def drawn(cells: list[object], *, priority: int = 0) -> tuple[str, ...]:
    columns = [{"name": f"c{n}", "priority": priority if n else 0} for n in range(len(cells))]
    answer: dict[str, Any] = {
        "kind": "Table",
        "columnDefinitions": columns,
        "rows": [{"cells": cells}],
    }
    return read_table(answer, wide=False, namespaces=False, limit=9).grid.rows[0]


def test_cells_read_as_kubectl_prints_them() -> None:
    cells = drawn(["cart", 3, None, True, "two\nlines", 1.5, ""])
    assert cells == ("cart", "3", "", "true", "two...", "1.5", "")


def test_columns_for_wide_are_left_out() -> None:
    assert drawn(["cart", "10.0.0.1"], priority=1) == ("cart",)


def test_a_row_that_is_too_short_is_filled_up() -> None:
    answer = {
        "kind": "Table",
        "columnDefinitions": [{"name": "a"}, {"name": "b"}],
        "rows": [{"cells": ["x"], "object": {"metadata": {"namespace": "shop"}}}, {}],
    }
    grid = read_table(answer, wide=False, namespaces=True, limit=9).grid
    assert grid.rows == (("shop", "x", ""), ("", "", ""))


def test_a_schema_that_contains_itself_ends_in_a_reference() -> None:
    schemas = {
        "widget": {
            "x-kubernetes-group-version-kind": [
                {"group": "example.com", "version": "v1", "kind": "Widget"}
            ],
            "properties": {"part": {"allOf": [{"$ref": f"{REF}part"}], "description": "Its own."}},
        },
        "part": {"description": "Any.", "properties": {"part": {"$ref": f"{REF}part"}}},
    }
    found = find_schema({"components": {"schemas": schemas}}, WIDGET)
    assert found is not None
    assert found["properties"]["part"] == {
        "description": "Its own.",
        "properties": {"part": {"$ref": f"{REF}part"}},
    }


@given(code=st.integers(300, 599), body=st.binary(max_size=200))
def test_whatever_refuses_us_is_one_of_our_errors_on_one_line(code: int, body: bytes) -> None:
    error = refused(read_refusal(code, {}, body), cluster="prod-eu")
    assert isinstance(error, BotError)
    assert isinstance(error, DeniedError) == (code in {401, 403})
    assert "\n" not in str(error)


@given(
    status=st.recursive(
        st.none() | st.text(max_size=8) | st.integers(),
        lambda inner: st.dictionaries(
            st.sampled_from(["kind", "message", "details", "name"]), inner, max_size=4
        ),
    )
)
def test_no_status_is_too_odd_to_be_read(status: object) -> None:
    import json  # noqa: PLC0415 -- only this test writes JSON

    read_refusal(404, {"retry-after": "soon"}, json.dumps({"kind": "Status"}).encode())
    body = {"kind": "Status"} | (status if isinstance(status, dict) else {"message": status})
    read_refusal(404, {}, json.dumps(body | {"kind": "Status"}).encode())


@pytest.mark.parametrize(("header", "seconds"), [("7", 7.0), ("soon", None), ("-1", None)])
def test_only_a_time_is_a_time_to_come_back(header: str, seconds: float | None) -> None:
    assert read_refusal(429, {"retry-after": header}, b"").retry_after_s == seconds


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (302, UpstreamError),
        (400, ToolError),
        (401, DeniedError),
        (403, DeniedError),
        (405, ToolError),
        (408, UpstreamError),
        (422, ToolError),
        (429, UpstreamError),
        (500, UpstreamError),
        (504, UpstreamError),
    ],
)
def test_a_refusal_is_for_whoever_can_act_on_it(code: int, kind: type[BotError]) -> None:
    body = b'{"kind": "Status", "message": "no."}'
    assert type(refused(read_refusal(code, {}, body), cluster="prod-eu")) is kind


def test_a_certificate_that_is_not_trusted_is_named() -> None:
    cause = ssl.SSLCertVerificationError(1, "certificate verify failed")
    cause.verify_message = "self-signed certificate"
    error = unreachable(transport.SSLError(cause), cluster="prod-eu", address="https://x")
    assert "not accepted (self-signed certificate). Check `certificate-authority`" in str(error)


def test_each_way_to_be_unreachable_has_its_own_advice() -> None:
    pool = HTTPSConnectionPool("x")
    causes = [
        transport.NameResolutionError("x", pool, OSError()),  # type: ignore[arg-type]
        transport.NewConnectionError(pool, "refused"),  # type: ignore[arg-type]
        transport.ConnectTimeoutError(),
        transport.ProxyError("x", OSError()),
        transport.SSLError("handshake"),
        transport.ProtocolError("reset"),
    ]
    said = {str(unreachable(cause, cluster="c", address="https://x")) for cause in causes}
    assert len(said) == len(causes)


@given(text=st.text())
def test_foreign_text_is_one_printable_line(text: str) -> None:
    line = one_line(text, 50)
    assert line.isprintable()
    assert len(line) <= 50


@given(name=st.text(max_size=30))
def test_a_path_segment_is_never_a_way_up_or_down(name: str) -> None:
    try:
        segment = path_segment(name)
    except ToolError:
        return
    assert segment == name
    assert set(segment) != {"."}
    assert not set(segment) & set("/%?#\\ ")


@given(name=st.text(max_size=10), known=st.lists(st.text(max_size=10), max_size=5))
def test_only_existing_names_are_suggested(name: str, known: list[str]) -> None:
    assert set(closest(name, known)) <= set(known)
