"""Reads of API servers that lack what newer ones have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web

from bot.domain.errors import ToolError
from bot.ports.cluster import Selection
from tests.contract.clusters import kind, reader_for, written
from tests.lab.http import LoopbackServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bot.ports.cluster import ClusterReader

PODS = {
    "kind": "PodList",
    "apiVersion": "v1",
    "metadata": {"continue": "next"},
    "items": [
        {
            "metadata": {
                "name": "cart",
                "namespace": "shop",
                "creationTimestamp": "2026-01-01T00:00:00Z",
            }
        }
    ],
}
ANSWERS: dict[str, Any] = {
    "/api": {"kind": "APIVersions", "versions": ["v1"]},
    "/api/v1": {
        "kind": "APIResourceList",
        "groupVersion": "v1",
        "resources": [
            {"name": "pods", "shortNames": ["po"], "namespaced": True, "kind": "Pod"},
            {"name": "pods/log", "namespaced": True, "kind": "Pod"},
            {"name": "nodes", "namespaced": False, "kind": "Node"},
        ],
    },
    "/apis": {
        "kind": "APIGroupList",
        "groups": [
            {"name": "metrics.k8s.io", "preferredVersion": {"groupVersion": "metrics.k8s.io/v1"}},
            {"name": "apps", "preferredVersion": {"groupVersion": "apps/v1"}},
        ],
    },
    "/apis/apps/v1": {
        "kind": "APIResourceList",
        "groupVersion": "apps/v1",
        "resources": [{"name": "deployments", "namespaced": True, "kind": "Deployment"}],
    },
    "/api/v1/pods": PODS,
    "/version": {"major": "1"},
}


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[ClusterReader]:
    async def answer(request: web.Request) -> web.StreamResponse:
        if request.path not in ANSWERS:
            return web.Response(status=404, text="404 page not found")
        return web.json_response(ANSWERS[request.path])

    def build() -> web.Application:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", answer)
        return app

    with LoopbackServer(build) as server:
        yield reader_for(written(tmp_path, cluster={"server": server.url}))


def test_discovery_goes_group_by_group_and_past_one_that_is_down(reader: ClusterReader) -> None:
    offered = reader.api_resources()
    assert [(found.group_version, found.plural) for found in offered] == [
        ("v1", "pods"),
        ("v1", "nodes"),
        ("apps/v1", "deployments"),
    ]
    assert offered[0].short_names == ("po",)
    assert [found.namespaced for found in offered] == [True, False, True]


def test_objects_that_are_not_drawn_as_a_table_are_named(reader: ClusterReader) -> None:
    printed = reader.table(kind("pods"), Selection())
    assert printed.grid.columns == ("NAMESPACE", "NAME", "CREATED AT")
    assert printed.grid.rows == (("shop", "cart", "2026-01-01T00:00:00Z"),)
    assert printed.more


def test_a_server_that_cannot_say_who_we_are_is_too_old(reader: ClusterReader) -> None:
    with pytest.raises(ToolError, match="too old to answer a SelfSubjectReview"):
        reader.who_am_i()


def test_a_server_that_ignores_the_limit_is_cut_to_it(tmp_path: Path) -> None:
    async def everything(_request: web.Request) -> web.StreamResponse:
        return web.json_response({"items": [{"metadata": {"name": str(n)}} for n in range(9)]})

    def build() -> web.Application:
        app = web.Application()
        app.router.add_get("/{path:.*}", everything)
        return app

    with LoopbackServer(build) as server:
        reader = reader_for(written(tmp_path, cluster={"server": server.url}))
        listing = reader.list(kind("pods"), Selection(limit=4))
        printed = reader.table(kind("nodes"), Selection(limit=4))
    assert (len(listing.items), listing.more) == (4, True)
    assert (len(printed.grid.rows), printed.more) == (4, True)
