"""The three kinds of patch an API server takes, applied to plain objects.

Knows documents and merge keys only; versions, rights and storage are its callers'.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import jsonpatch

from tests.lab.kubernetes.status import StatusError

Object = dict[str, Any]

JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"

# Lists the API merges by a key of their items (patchMergeKey in k8s.io/api); others are replaced.
_MERGE_KEYS = {
    "conditions": "type",
    "containers": "name",
    "env": "name",
    "ephemeralContainers": "name",
    "imagePullSecrets": "name",
    "initContainers": "name",
    "ownerReferences": "uid",
    "ports": "containerPort",
    "volumeMounts": "mountPath",
    "volumes": "name",
}


def patched(item: Object, body: Any, media_type: str, *, built_in: bool) -> Object:
    """The object with a patch applied; a refusal if the patch cannot be."""
    if media_type == JSON_PATCH:
        return _json_patched(item, body)
    if not isinstance(body, dict):
        raise StatusError(400, "error decoding patch: json: cannot unmarshal into Go value")
    if media_type == MERGE_PATCH:
        merged: Object = _merged(item, body)
        return merged
    if media_type == STRATEGIC and built_in:
        return _strategic(item, body)
    accepted = [JSON_PATCH, MERGE_PATCH] + ([STRATEGIC] if built_in else [])
    raise StatusError(
        415,
        "the body of the request was in an unknown format - accepted media types include: "
        + ", ".join(accepted),
    )


def _json_patched(item: Object, body: Any) -> Object:
    if not isinstance(body, list):
        raise StatusError(400, "error decoding patch: json: cannot unmarshal into Go value")
    try:
        changed: Object = jsonpatch.apply_patch(deepcopy(item), body)
    except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException):
        # kube-apiserver keeps the failed test to itself (endpoints/handlers/patch.go).
        raise StatusError(
            422, "the server rejected our request due to an error in our request"
        ) from None
    return changed


def _merged(target: Any, patch: Any) -> Any:
    """RFC 7396."""
    if not isinstance(patch, dict):
        return deepcopy(patch)
    result = deepcopy(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = _merged(result.get(key), value)
    return result


def _strategic(target: Object, patch: Object) -> Object:
    if patch.get("$patch") == "replace":
        return {key: deepcopy(value) for key, value in patch.items() if key != "$patch"}
    result = deepcopy(target)
    kept = patch.get("$retainKeys")
    if kept is not None:
        result = {key: value for key, value in result.items() if key in kept}
    for key, value in patch.items():
        if key.startswith("$"):
            continue
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict):
            present = result.get(key)
            result[key] = _strategic(present if isinstance(present, dict) else {}, value)
        elif isinstance(value, list) and key in _MERGE_KEYS and _keyed(value, _MERGE_KEYS[key]):
            result[key] = _by_key(result.get(key) or [], value, _MERGE_KEYS[key])
        else:
            result[key] = deepcopy(value)
    return result


def _keyed(items: list[Any], key: str) -> bool:
    return all(isinstance(item, dict) and (key in item or "$patch" in item) for item in items)


def _by_key(present: list[Object], patch: list[Object], key: str) -> list[Object]:
    result = [] if any(item == {"$patch": "replace"} for item in patch) else deepcopy(present)
    for item in patch:
        if key not in item:
            continue
        place = next((i for i, one in enumerate(result) if one.get(key) == item[key]), None)
        if item.get("$patch") == "delete":
            result = [one for one in result if one.get(key) != item[key]]
        elif place is None:
            result.append(_strategic({}, item))
        else:
            result[place] = _strategic(result[place], item)
    return result
