"""Changes of stored objects, as kube-apiserver makes them: versions, preconditions, dry runs.

Knows the store and a parsed request; routes, rights and faults are the server's.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.lab.estate import when
from tests.lab.kubernetes.managed_fields import noted
from tests.lab.kubernetes.patching import patched
from tests.lab.kubernetes.routes import Route
from tests.lab.kubernetes.serving import one, scale_of, stored_key
from tests.lab.kubernetes.status import StatusError, conflict, invalid
from tests.lab.kubernetes.strictness import unknown_fields
from tests.lab.kubernetes.validity import problems

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.lab.estate.store import SimulatedCluster

Object = dict[str, Any]

_STRATEGIC_GROUPS_NOT = frozenset(
    {"argoproj.io", "autoscaling.k8s.io", "gateway.networking.k8s.io"}
)
_CHANGED = (
    "the object has been modified; please apply your changes to the latest version and try again"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """A changing request, parsed."""

    method: str
    route: Route
    body: Any
    media_type: str = ""
    dry_run: bool = False
    field_manager: str = "unknown"
    strict: bool = False
    """Whether fields the kind does not have are refused, instead of dropped."""


def dry_run_of(method: str, query: dict[str, str], body: Any) -> bool:
    """Whether nothing is to be stored. Of a DELETE with a body, the query is not read."""
    given = [query["dryRun"]] if "dryRun" in query else []
    if method == "DELETE" and body:
        given = list(body.get("dryRun") or ())
    if isinstance(body, dict) and body.get("kind") == "Eviction":
        given = given or list((body.get("deleteOptions") or {}).get("dryRun") or ())
    if any(value != "All" for value in given):
        wrong = next(value for value in given if value != "All")
        raise StatusError(
            422, f' "" is invalid: dryRun: Unsupported value: "{wrong}": supported values: "All"'
        )
    return bool(given)


def change(cluster: SimulatedCluster, write: Write) -> Object:
    """Patch or replace an object or its scale; returns it as it is (or would be) stored."""
    route = write.route
    with cluster.alone:
        before = one(cluster, route)
        if route.subresource == "scale":
            wanted = _scaled(before, write)
            return scale_of(_store(cluster, write, before, wanted))
        if write.method == "PUT":
            wanted = deepcopy(write.body)
            wanted.setdefault("status", before.get("status", {}))
        else:
            built_in = route.kind.group not in _STRATEGIC_GROUPS_NOT
            wanted = patched(before, write.body, write.media_type, built_in=built_in)
        return _store(cluster, write, before, wanted)


def _scaled(before: Object, write: Write) -> Object:
    scale = scale_of(before)
    if write.method == "PUT":
        asked = write.body
    else:
        asked = patched(scale, write.body, write.media_type, built_in=True)
    replicas = (asked.get("spec") or {}).get("replicas", 0)
    version = asked.get("metadata", {}).get("resourceVersion", "")
    wanted = deepcopy(before)
    wanted["spec"]["replicas"] = replicas
    wanted["metadata"]["resourceVersion"] = version
    return wanted


def _store(cluster: SimulatedCluster, write: Write, before: Object, wanted: Object) -> Object:
    kind = write.route.kind
    _check_identity(write.route, before, wanted)
    meta = wanted["metadata"] = {
        **before["metadata"],
        **{
            key: value
            for key, value in wanted["metadata"].items()
            if key not in {"managedFields", "generation", "creationTimestamp", "resourceVersion"}
        },
    }
    for name in ("annotations", "labels"):
        if not wanted["metadata"].get(name):
            meta.pop(name, None)
    wanted["status"] = before.get("status", {})
    _without_nulls(wanted.get("spec"))
    wrong = problems(kind.kind, before, wanted)
    if wrong:
        raise invalid(kind.kind, kind.group, before["metadata"]["name"], wrong)
    if write.strict:
        known = set(unknown_fields(kind, before))
        unknown = [field for field in unknown_fields(kind, wanted) if field not in known]
        if unknown:
            listed = ", ".join(f'unknown field "{field}"' for field in unknown)
            raise StatusError(400, f"strict decoding error: {listed}")
    if wanted == before:
        return deepcopy(before)
    if _raises_generation(before, wanted):
        meta["generation"] = before["metadata"]["generation"] + 1
    wanted = noted(
        before,
        wanted,
        manager=write.field_manager,
        api_version=kind.api_version,
        at=when.stamp(cluster.clock.now()),
    )
    return wanted if write.dry_run else cluster.apply(wanted)


def _check_identity(route: Route, before: Object, wanted: Object) -> None:
    kind, asked, has = route.kind, wanted.get("metadata") or {}, before["metadata"]
    wanted["metadata"] = asked
    if asked.get("name", has["name"]) != has["name"]:
        raise StatusError(
            400,
            f"the name of the object ({asked['name']}) does not match the name on the URL"
            f" ({has['name']})",
        )
    if asked.get("uid", has["uid"]) not in {has["uid"], ""}:
        raise conflict(
            kind.plural,
            kind.group,
            has["name"],
            f"Precondition failed: UID in precondition: {asked['uid']},"
            f" UID in object meta: {has['uid']}",
        )
    if asked.get("resourceVersion") not in {None, "", has["resourceVersion"]}:
        raise conflict(kind.plural, kind.group, has["name"], _CHANGED)


def _raises_generation(before: Object, after: Object) -> bool:
    """Specs do; of Deployments, annotations do too (registry/apps/deployment/strategy.go)."""
    if "generation" not in before["metadata"]:
        return False
    if before.get("spec") != after.get("spec"):
        return True
    told, tells = (item["metadata"].get("annotations") for item in (before, after))
    return bool(before["kind"] == "Deployment" and told != tells)


def _without_nulls(value: Any) -> None:
    """Drop what a client wrote as null, such as a template's creationTimestamp."""
    if isinstance(value, dict):
        for key in [key for key, item in value.items() if item is None]:
            del value[key]
        for item in value.values():
            _without_nulls(item)
    elif isinstance(value, list):
        for item in value:
            _without_nulls(item)


def check_preconditions(route: Route, item: Object, given: Object | None) -> None:
    """Refuse a delete or eviction that is meant for another object of that name."""
    kind, meta, wanted = route.kind, item["metadata"], given or {}
    for field, words in (("uid", "UID"), ("resourceVersion", "ResourceVersion")):
        if wanted.get(field) not in {None, "", meta[field]}:
            raise conflict(
                kind.plural,
                kind.group,
                meta["name"],
                f"Precondition failed: {words} in precondition: {wanted[field]},"
                f" {words} in object meta: {meta[field]}",
            )


def remove(
    cluster: SimulatedCluster, write: Write, forget: Callable[[Object, str], None]
) -> Object:
    """Delete a job or pod; what happens to those it owns is told to `forget`."""
    options = write.body or {}
    with cluster.alone:
        item = one(cluster, write.route)
        check_preconditions(write.route, item, options.get("preconditions"))
        if write.dry_run:
            return deepcopy(item)
        return _removed(cluster, write.route, item, options, forget)


def _removed(
    cluster: SimulatedCluster,
    route: Route,
    item: Object,
    options: Object,
    forget: Callable[[Object, str], None],
) -> Object:
    # Of jobs, what they own is left alone unless asked otherwise, for old clients' sake.
    policy = options.get("propagationPolicy") or (
        "Orphan" if item["kind"] == "Job" else "Background"
    )
    if item["kind"] == "Pod" or policy == "Foreground":
        going = deepcopy(item)
        grace_s = options.get(
            "gracePeriodSeconds", item["spec"].get("terminationGracePeriodSeconds")
        )
        going["metadata"].setdefault("deletionTimestamp", when.stamp(cluster.clock.now()))
        if item["kind"] == "Pod":
            going["metadata"]["deletionGracePeriodSeconds"] = grace_s
        else:
            finalizers = going["metadata"].setdefault("finalizers", [])
            if "foregroundDeletion" not in finalizers:
                finalizers.append("foregroundDeletion")
        stored = cluster.apply(going)
        forget(stored, policy)
        return stored
    meta = item["metadata"]
    cluster.delete(stored_key(route.kind), meta["name"], meta.get("namespace", ""))
    forget(item, policy)
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "details": {"name": meta["name"], "group": route.kind.group, "kind": route.kind.plural}
        | {"uid": meta["uid"]},
    }
