"""What the cluster serves, in the plain and in the aggregated form of discovery."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.lab.estate.store import SimulatedCluster
    from tests.lab.kubernetes.kinds import ResourceKind

Object = dict[str, Any]

_SUBRESOURCE_KINDS = {
    "eviction": ("policy", "v1", "Eviction"),
    "scale": ("autoscaling", "v1", "Scale"),
}
_SUBRESOURCE_VERBS = {"eviction": ["create"], "scale": ["get", "patch", "update"]}

# Groups without stored objects; clients look for them before they ask for reviews.
_REVIEWS = {
    "authentication.k8s.io": (("selfsubjectreviews", "SelfSubjectReview"),),
    "authorization.k8s.io": (
        ("selfsubjectaccessreviews", "SelfSubjectAccessReview"),
        ("selfsubjectrulesreviews", "SelfSubjectRulesReview"),
    ),
}


def version_of(cluster: SimulatedCluster) -> Object:
    """The body of /version."""
    major, minor, _ = cluster.version.lstrip("v").split(".")
    return {
        "major": major,
        "minor": minor,
        "emulationMajor": major,
        "emulationMinor": minor,
        "gitVersion": cluster.version,
        "gitCommit": "0000000000000000000000000000000000000000",
        "gitTreeState": "clean",
        "buildDate": "2026-08-27T10:05:31Z",
        "goVersion": "go1.24.6",
        "compiler": "gc",
        "platform": "linux/amd64",
    }


def groups_of(kinds: Iterable[ResourceKind]) -> dict[str, dict[str, list[Object]]]:
    """Plain-discovery resources by group and version."""
    groups: dict[str, dict[str, list[Object]]] = {}
    ordered = sorted(kinds, key=lambda kind: (kind.group, kind.version))
    for (group, version), members in groupby(ordered, key=lambda k: (k.group, k.version)):
        groups.setdefault(group, {})[version] = [
            entry for kind in members for entry in _entries(kind)
        ]
    for group, resources in _REVIEWS.items():
        groups[group] = {
            "v1": [
                {
                    "name": plural,
                    "singularName": kind.lower(),
                    "namespaced": False,
                    "kind": kind,
                    "verbs": ["create"],
                }
                for plural, kind in resources
            ]
        }
    return groups


def _entries(kind: ResourceKind) -> list[Object]:
    entry: Object = {
        "name": kind.plural,
        "singularName": kind.singular,
        "namespaced": kind.namespaced,
        "kind": kind.kind,
        "verbs": list(kind.verbs),
    }
    if kind.short_names:
        entry["shortNames"] = list(kind.short_names)
    if kind.categories:
        entry["categories"] = list(kind.categories)
    entries = [entry]
    for name in kind.subresources:
        group, version, its_kind = _SUBRESOURCE_KINDS.get(name, ("", "", kind.kind))
        part: Object = {
            "name": f"{kind.plural}/{name}",
            "singularName": "",
            "namespaced": kind.namespaced,
            "kind": its_kind,
            "verbs": _SUBRESOURCE_VERBS.get(name, ["get"]),
        }
        if group:
            part |= {"group": group, "version": version}
        entries.append(part)
    return entries


def api_versions(url: str) -> Object:
    """The body of /api."""
    address = [{"clientCIDR": "0.0.0.0/0", "serverAddress": url.removeprefix("http://")}]
    return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": address}


def group_list(groups: dict[str, dict[str, list[Object]]]) -> Object:
    """The body of /apis."""
    named = [group_entry(name, groups[name]) for name in sorted(groups) if name]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": named}


def group_entry(name: str, versions: dict[str, list[Object]]) -> Object:
    """One group's entry, which is also the body of /apis/<group> with kind and apiVersion."""
    all_versions = [
        {"groupVersion": f"{name}/{version}", "version": version} for version in versions
    ]
    return {"name": name, "versions": all_versions, "preferredVersion": all_versions[0]}


def resource_list(group: str, version: str, resources: list[Object]) -> Object:
    """The body of /api/v1 and of /apis/<group>/<version>."""
    return {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": f"{group}/{version}" if group else version,
        "resources": resources,
    }


def aggregated(groups: dict[str, dict[str, list[Object]]], *, core: bool) -> Object:
    """The one-request form of discovery for /api (`core`) or /apis."""
    wanted = [name for name in sorted(groups) if (name == "") is core]
    return {
        "kind": "APIGroupDiscoveryList",
        "apiVersion": "apidiscovery.k8s.io/v2",
        "metadata": {},
        "items": [
            {
                "metadata": {"name": name, "creationTimestamp": None} if name else {},
                "versions": [
                    {
                        "version": version,
                        "freshness": "Current",
                        "resources": _aggregated_resources(name, version, resources),
                    }
                    for version, resources in groups[name].items()
                ],
            }
            for name in wanted
        ],
    }


def _aggregated_resources(group: str, version: str, resources: list[Object]) -> list[Object]:
    made: dict[str, Object] = {}
    for entry in resources:
        plural, _, part = entry["name"].partition("/")
        kind = {
            "group": entry.get("group", group),
            "version": entry.get("version", version),
            "kind": entry["kind"],
        }
        if part:
            below = made[plural].setdefault("subresources", [])
            below.append({"subresource": part, "responseKind": kind, "verbs": entry["verbs"]})
            continue
        made[plural] = {
            "resource": plural,
            "responseKind": kind,
            "scope": "Namespaced" if entry["namespaced"] else "Cluster",
            "singularResource": entry["singularName"],
            "verbs": entry["verbs"],
        }
        for field in ("shortNames", "categories"):
            if field in entry:
                made[plural][field] = entry[field]
    return list(made.values())
