"""Who set which field: the managedFields entry an API server writes for a change."""

from __future__ import annotations

from typing import Any

Object = dict[str, Any]

_LIST_KEYS = ("name", "type", "containerPort", "mountPath", "uid")
_SERVERS_OWN = frozenset({"managedFields", "resourceVersion", "generation", "uid"})


def noted(before: Object, after: Object, *, manager: str, api_version: str, at: str) -> Object:
    """The changed object with an entry of this manager, which then owns what it changed."""
    changed = changes(before, after)
    if not changed:
        return after
    entries = [
        entry
        for entry in after["metadata"].get("managedFields", ())
        if (entry["manager"], entry["operation"]) != (manager, "Update")
    ]
    earlier: Object = next(
        (e["fieldsV1"] for e in before["metadata"].get("managedFields", ()) if e not in entries), {}
    )
    entries.append(
        {
            "manager": manager,
            "operation": "Update",
            "apiVersion": api_version,
            "time": at,
            "fieldsType": "FieldsV1",
            "fieldsV1": _joined(earlier, changed),
        }
    )
    return after | {"metadata": after["metadata"] | {"managedFields": entries}}


def changes(before: Any, after: Any) -> Object:
    """What differs, in the form of FieldsV1: `{"f:spec": {"f:replicas": {}}}`."""
    if isinstance(before, dict) and isinstance(after, dict):
        return _of_dicts(before, after)
    key = _key_of(before, after)
    if key:
        return _of_lists(before or [], after, key)
    return {}


def _of_dicts(before: Object, after: Object) -> Object:
    found: Object = {}
    for name, value in after.items():
        if name in _SERVERS_OWN or before.get(name) == value:
            continue
        has = before.get(name, {} if isinstance(value, dict) else None)
        below = changes(has, value)
        if below or not (isinstance(value, dict) and name in before):
            found[f"f:{name}"] = below
    found |= {f"f:{name}": {} for name in before if name not in after and name not in _SERVERS_OWN}
    return found


def _of_lists(before: list[Object], after: list[Object], key: str) -> Object:
    known = {item[key]: item for item in before}
    return {
        f'k:{{"{key}":"{item[key]}"}}': changes(known.get(item[key], {}), item)
        for item in after
        if known.get(item[key]) != item
    }


def _key_of(before: Any, after: Any) -> str:
    if not isinstance(after, list) or not after:
        return ""
    items = [*(before or []), *after]
    for key in _LIST_KEYS:
        if all(isinstance(item, dict) and key in item for item in items):
            return key
    return ""


def _joined(one: Object, other: Object) -> Object:
    return one | {name: _joined(one.get(name, {}), below) for name, below in other.items()}
