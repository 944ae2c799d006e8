"""Which fields of an object its kind does not have: what `fieldValidation=Strict` refuses.

The official client's own models say which fields there are; kinds without one are not checked.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from kubernetes.client import models

from tests.lab.kubernetes.openapi import model_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.lab.kubernetes.kinds import ResourceKind

Object = dict[str, Any]

_LIST = re.compile(r"List\[(?P<of>.+)\]")
_DICT = re.compile(r"Dict\[\w+, (?P<of>.+)\]")


def unknown_fields(kind: ResourceKind, item: Object) -> list[str]:
    """Paths of fields nobody knows, such as `spec.replicaz`, in the object's order."""
    model = model_of(kind)
    return list(_unknown(model, item, "")) if model else []


def _unknown(type_: str, value: Any, at: str) -> Iterator[str]:
    inner = _LIST.fullmatch(type_)
    if inner and isinstance(value, list):
        for number, item in enumerate(value):
            yield from _unknown(inner["of"], item, f"{at}[{number}]")
        return
    inner = _DICT.fullmatch(type_)
    if inner and isinstance(value, dict):
        for key, item in value.items():
            yield from _unknown(inner["of"], item, f"{at}.{key}")
        return
    model = getattr(models, type_, None)
    if model is None or not isinstance(value, dict):
        return
    types = {model.attribute_map[name]: named for name, named in model.openapi_types.items()}
    for key, item in value.items():
        path = f"{at}.{key}".lstrip(".")
        if key not in types:
            yield path
        else:
            yield from _unknown(types[key], item, path)
