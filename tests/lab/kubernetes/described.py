"""Requests about the server itself: version, health, discovery, OpenAPI documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.lab.kubernetes import discovery, openapi
from tests.lab.kubernetes.replies import json_reply
from tests.lab.kubernetes.status import unknown_path

if TYPE_CHECKING:
    from tests.lab.estate.store import SimulatedCluster

Object = dict[str, Any]

_AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"


def described(
    cluster: SimulatedCluster, path: str, accept: str, *, url: str
) -> web.Response | None:
    """Discovery, version, health and OpenAPI; None for everything else."""
    kinds = cluster.kinds
    if path in {"/healthz", "/livez", "/readyz"}:
        return web.Response(text="ok")
    if path == "/version":
        return json_reply(discovery.version_of(cluster))
    if path == "/openapi/v3":
        return json_reply(openapi.index(kinds))
    if path.startswith("/openapi/v3/"):
        return json_reply(openapi.document(path.removeprefix("/openapi/v3/"), kinds))
    groups = discovery.groups_of(kinds)
    if path in {"/api", "/apis"}:
        core = path == "/api"
        if "as=APIGroupDiscoveryList" in accept and "v=v2;" in accept.replace(" ", "") + ";":
            return json_reply(discovery.aggregated(groups, core=core), content_type=_AGGREGATED)
        return json_reply(discovery.api_versions(url) if core else discovery.group_list(groups))
    return _group_or_version(path.strip("/").split("/"), groups)


def _group_or_version(
    parts: list[str], groups: dict[str, dict[str, list[Object]]]
) -> web.Response | None:
    if parts == ["api", "v1"]:
        return json_reply(discovery.resource_list("", "v1", groups[""]["v1"]))
    if parts[0] != "apis" or len(parts) not in {2, 3}:
        return None
    versions = groups.get(parts[1])
    if versions is None:
        raise unknown_path()
    if len(parts) == 2:
        entry = discovery.group_entry(parts[1], versions)
        return json_reply({"kind": "APIGroup", "apiVersion": "v1"} | entry)
    if parts[2] not in versions:
        raise unknown_path()
    return json_reply(discovery.resource_list(parts[1], parts[2], versions[parts[2]]))
