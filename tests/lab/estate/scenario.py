"""Scenario files: read, merged over what they extend, and written into simulated clusters.

The vocabulary is listed in `tests/lab/scenarios/README.md`. Unknown words are refused, so that a
misspelt key cannot silently leave something out.
"""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from tests.lab.estate import when
from tests.lab.estate.batch import add_cron_job, add_job
from tests.lab.estate.builder import ClusterBuilder
from tests.lab.estate.deployments import add_deployment
from tests.lab.estate.foundation import add_namespace, add_nodes
from tests.lab.estate.network import add_ingress, add_service
from tests.lab.estate.pod_status import EventNote
from tests.lab.estate.scaling import add_autoscaler, add_budget
from tests.lab.estate.sets import add_daemon_set, add_stateful_set
from tests.lab.estate.store import SimulatedCluster
from tests.lab.estate.templates import TEMPLATE_KEYS
from tests.lab.kubernetes.kinds import kind_named

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.lab.clock import LabClock

Object = dict[str, Any]

SCENARIOS = Path(__file__).parent.parent / "scenarios"

_WORKLOADS: dict[str, tuple[str, Callable[[ClusterBuilder, str, str, Object], None]]] = {
    "deployments": ("Deployment", add_deployment),
    "statefulsets": ("StatefulSet", add_stateful_set),
    "daemonsets": ("DaemonSet", add_daemon_set),
    "cronjobs": ("CronJob", add_cron_job),
    "jobs": ("Job", add_job),
}
_WORKLOAD_KEYS = TEMPLATE_KEYS | {
    "at",
    "change_cause",
    "chatter",
    "created",
    "history",
    "hpa",
    "huge_log",
    "ingress",
    "labels",
    "pdb",
    "replicas",
    "revision",
    "rolled_out",
    "runs",
    "schedule",
    "service",
    "state",
    "states",
    "refused",
    "storage",
    "storage_class",
    "storage_unbound",
    "strategy",
    "suspend",
    "usage",
}
_NAMESPACE_KEYS = frozenset(
    {
        "config_maps",
        "created",
        "events",
        "labels",
        "limits",
        "objects",
        "quota",
        "secrets",
        *_WORKLOADS,
    }
)
_CLUSTER_KEYS = frozenset(
    {"copy_of", "denied", "environment", "extensions", "namespaces", "nodes", "objects", "version"}
)


# Endings of the API's names for fields that hold a time.
_TIMES = ("Time", "Timestamp", "At", "time", "timeAdded")


def scenario_names() -> list[str]:
    """Names of all scenario files."""
    return sorted(path.stem for path in SCENARIOS.glob("*.yaml"))


def read_scenario(name: str) -> Object:
    """A scenario's tree with everything it extends merged in; `null` removes a key."""
    path = SCENARIOS / f"{name}.yaml"
    if not path.is_file():
        raise FileNotFoundError(f"no scenario {name}; there are {', '.join(scenario_names())}")
    return completed_tree(yaml.safe_load(path.read_text(encoding="utf-8")))


def completed_tree(tree: Object) -> Object:
    """The tree over the scenarios it extends and copies from; `null` removes a key."""
    tree = deepcopy(tree)
    base = tree.pop("extends", None)
    if base:
        tree = merged(read_scenario(base), tree)
    for key, cluster in tree["clusters"].items():
        if "copy_of" in cluster:
            source, wanted = cluster.pop("copy_of").split("/")
            copied = read_scenario(source)["clusters"][wanted]
            tree["clusters"][key] = merged(copied, cluster)
    return tree


def build_clusters(tree: Object, clock: LabClock) -> dict[str, SimulatedCluster]:
    """The clusters of a scenario tree, filled."""
    return {name: _build(name, given, clock) for name, given in tree["clusters"].items()}


def merged(base: Object, over: Object) -> Object:
    """The one tree with the other laid over it; `null` removes a key, lists replace."""
    result = deepcopy(base)
    for key, value in over.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict) and isinstance(result.get(key), dict):
            result[key] = merged(result[key], value)
        else:
            result[key] = deepcopy(value)
    return result


def _build(name: str, given: Object, clock: LabClock) -> SimulatedCluster:
    _refuse_unknown(f"cluster {name}", given, _CLUSTER_KEYS)
    cluster = SimulatedCluster(
        name,
        clock=clock,
        version=given.get("version", "v1.33.4"),
        environment=given.get("environment", "production"),
        extensions=given.get("extensions", ("metrics",)),
    )
    builder = ClusterBuilder(cluster)
    add_nodes(builder, given["nodes"])
    for namespace, content in given["namespaces"].items():
        _build_namespace(builder, namespace, content or {})
    for manifest in given.get("objects", []):
        cluster.apply(_dated(manifest, builder))
    for denial in given.get("denied", []):
        cluster.deny(**denial)
    return cluster


def _build_namespace(builder: ClusterBuilder, namespace: str, given: Object) -> None:
    _refuse_unknown(f"namespace {namespace}", given, _NAMESPACE_KEYS)
    add_namespace(builder, namespace, given)
    for family, (kind, add) in _WORKLOADS.items():
        for name, workload in given.get(family, {}).items():
            _refuse_unknown(f"{family} {namespace}/{name}", workload, _WORKLOAD_KEYS)
            add(builder, namespace, name, workload)
            _surround(builder, kind, namespace, name, workload)
    for manifest in given.get("objects", []):
        manifest["metadata"].setdefault("namespace", namespace)
        builder.cluster.apply(_dated(manifest, builder))
    for event in given.get("events", []):
        _tell(builder, namespace, event)


def _tell(builder: ClusterBuilder, namespace: str, given: Object) -> None:
    """Write an event about the newest object whose name begins as `about: Kind/name` does."""
    kind, _, name = given["about"].partition("/")
    key = kind_named(kind).key
    objects = [
        item
        for item in builder.cluster.listed(key, namespace)
        if item["metadata"]["name"].startswith(name)
    ]
    about = max(objects, key=lambda item: str(item["metadata"]["creationTimestamp"]))
    last = builder.at(given.get("last", "-1m"))
    builder.tell(
        about,
        EventNote(
            reason=given["reason"],
            message=given.get("message", ""),
            first_at=builder.at(given["first"]) if "first" in given else last,
            last_at=last,
            count=given.get("count", 1),
            type=given.get("type", "Warning"),
            component=given.get("from", "controller"),
        ),
    )


def _surround(builder: ClusterBuilder, kind: str, namespace: str, name: str, given: Object) -> None:
    stored = builder.cluster.get(kind, name, namespace)
    if "service" in given:
        add_service(builder, namespace, name, given)
    if "ingress" in given:
        add_ingress(builder, namespace, name, given)
    if "hpa" in given:
        add_autoscaler(builder, stored, given)
    if "pdb" in given:
        add_budget(builder, stored, given)


def _dated(value: Any, builder: ClusterBuilder, key: str = "") -> Any:
    """A raw object with the relative times in its time fields made absolute."""
    if isinstance(value, dict):
        return {name: _dated(item, builder, name) for name, item in value.items()}
    if isinstance(value, list):
        return [_dated(item, builder, key) for item in value]
    if key.endswith(_TIMES) and when.is_offset(value):
        return when.stamp(builder.at(value))
    return value


def _refuse_unknown(what: str, given: Object, known: frozenset[str]) -> None:
    unknown = sorted(given.keys() - known)
    if unknown:
        raise ValueError(f"{what}: unknown words {', '.join(unknown)}; see scenarios/README.md")
