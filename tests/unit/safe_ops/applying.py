"""What an API server does with the calls of workload operations, as far as they need it.

Merges, JSON patches, and writes of a scale; what conflicts raises. The real server's other rules
are tested over HTTP.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from safe_ops.model.plans import Call

Object = dict[str, Any]


class ConflictError(Exception):
    """Somebody else wrote the object."""


def apply(objects: dict[str, Object], call: Call, body: Any) -> None:
    """Write what a bound call says into the objects, as one more generation of its target."""
    path = call.path.removesuffix("/scale")
    before = objects[path]
    if call.path.endswith("/scale"):
        after = _scaled(before, body)
        objects[call.path]["spec"] = {k: v for k, v in body["spec"].items() if v}
    elif call.media_type == "application/json-patch+json":
        after = _json_patched(before, body)
    else:
        sent = body["metadata"]["resourceVersion"]
        _check(before, sent)
        after = _merged(before, body, by_name="strategic" in call.media_type)
    if after.get("spec") != before.get("spec") and "generation" in after["metadata"]:
        after["metadata"]["generation"] += 1
    version = str(int(before["metadata"]["resourceVersion"]) + 1)
    after["metadata"]["resourceVersion"] = version
    objects[path] = after
    if f"{path}/scale" in objects:
        objects[f"{path}/scale"]["metadata"]["resourceVersion"] = version


def _check(item: Object, version: str, uid: str = "") -> None:
    meta = item["metadata"]
    if meta["resourceVersion"] != version or (uid and meta["uid"] != uid):
        raise ConflictError


def _scaled(before: Object, body: Object) -> Object:
    _check(before, body["metadata"]["resourceVersion"], body["metadata"]["uid"])
    after = copy.deepcopy(before)
    after["spec"]["replicas"] = body["spec"]["replicas"]
    return after


def _json_patched(before: Object, steps: list[Object]) -> Object:
    after = copy.deepcopy(before)
    for step in steps:
        *way, last = [
            part.replace("~1", "/").replace("~0", "~") for part in step["path"].split("/")[1:]
        ]
        holder = after
        for part in way:
            holder = holder[part]
        if step["op"] == "test":
            if holder[last] != step["value"]:
                raise ConflictError
            continue
        assert step["op"] in {"add", "replace"}
        holder[last] = copy.deepcopy(step["value"])
    return after


def _merged(old: Any, new: Any, *, by_name: bool) -> Any:
    if isinstance(new, dict) and new.get("$patch") == "replace":
        return {key: value for key, value in new.items() if key != "$patch"}
    if isinstance(old, dict) and isinstance(new, dict):
        made = copy.deepcopy(old)
        for key, value in new.items():
            if value is None:
                made.pop(key, None)
            else:
                made[key] = _merged(made.get(key), value, by_name=by_name)
        return made
    if by_name and isinstance(old, list) and isinstance(new, list):
        given = {item["name"]: item for item in new}
        return [_merged(item, given.get(item["name"], {}), by_name=True) for item in old]
    if isinstance(new, dict):
        return _merged({}, new, by_name=by_name)
    return new
