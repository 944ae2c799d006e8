"""OpenAPI v3 documents of the served resources, made from the official client's own models.

The client is generated from Kubernetes' OpenAPI, so its models hold every field with its
description; turning them back gives `kubectl explain` the real texts without shipping a copy.
Resources without a model (metrics, custom resources) get no schema.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from kubernetes.client import models

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.lab.kubernetes.kinds import ResourceKind

Object = dict[str, Any]

_GVK = "x-kubernetes-group-version-kind"
_PLAIN: dict[str, Object] = {
    "str": {"type": "string"},
    "int": {"type": "integer"},
    "float": {"type": "number"},
    "bool": {"type": "boolean"},
    "datetime": {"type": "string", "format": "date-time"},
    "bytes": {"type": "string", "format": "byte"},
    "object": {"type": "object"},
}
_MODEL = re.compile(r"(?P<group>[A-Z][a-z]+?)?(?P<version>V\d+(?:(?:alpha|beta)\d+)?)(?P<kind>.+)")


def index(kinds: Iterable[ResourceKind]) -> Object:
    """The body of /openapi/v3: where each group and version's document is."""
    roots = sorted({kind.root.lstrip("/") for kind in kinds})
    return {"paths": {root: {"serverRelativeURL": f"/openapi/v3/{root}"} for root in roots}}


def document(root: str, kinds: Iterable[ResourceKind]) -> Object:
    """The OpenAPI v3 document of one group and version, for example "apis/apps/v1"."""
    schemas: Object = {}
    paths: Object = {}
    for kind in kinds:
        model = model_of(kind)
        if kind.root != f"/{root}" or not model:
            continue
        marker = {"group": kind.group, "version": kind.version, "kind": kind.kind}
        _collect(model, schemas)
        schemas[_schema_name(model)][_GVK] = [marker]
        scope = "/namespaces/{namespace}" if kind.namespaced else ""
        paths[f"{kind.root}{scope}/{kind.plural}"] = {
            "get": {
                "operationId": f"list{kind.kind}",
                "responses": {"200": {"description": "OK"}},
                "x-kubernetes-action": "list",
                _GVK: marker,
            }
        }
    return {
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes", "version": "v1"},
        "paths": paths,
        "components": {"schemas": schemas},
    }


def model_of(kind: ResourceKind) -> str:
    """The client's model of a kind by name; empty if it has none."""
    version = kind.version.capitalize()
    group = (kind.group or "core").split(".")[0].capitalize()
    for name in (f"{version}{kind.kind}", f"{group}{version}{kind.kind}"):
        if hasattr(models, name) and kind.group != "metrics.k8s.io":
            return name
    return ""


def _schema_name(model: str) -> str:
    """A dotted name whose last part is the kind, which is what `kubectl explain` prints."""
    match = _MODEL.fullmatch(model)
    if match is None:
        return f"io.k8s.api.{model}"
    return (
        f"io.k8s.api.{(match['group'] or 'any').lower()}.{match['version'].lower()}.{match['kind']}"
    )


def _collect(model: str, schemas: Object) -> None:
    """Add a model's schema, and those it refers to."""
    name = _schema_name(model)
    if name in schemas:
        return
    made = getattr(models, model)
    schema: Object = {"type": "object", "description": _first_paragraph(made.__doc__ or "")}
    schemas[name] = schema
    properties: Object = {}
    required = []
    fields = {field.serialization_alias or name: field for name, field in made.model_fields.items()}
    for attribute, type_ in made.openapi_types.items():
        key = made.attribute_map[attribute]
        words = {"description": fields[key].description or ""}
        properties[key] = _typed(type_, schemas) | words
        if fields[key].is_required():
            required.append(key)
    schema["properties"] = properties
    if required:
        schema["required"] = required


def _first_paragraph(text: str) -> str:
    return text.strip().split("\n\n")[0]


def _typed(type_: str, schemas: Object) -> Object:
    if type_ in _PLAIN:
        return dict(_PLAIN[type_])
    if type_.startswith("List["):
        return {"type": "array", "items": _typed(type_[5:-1], schemas)}
    if type_.startswith("Dict["):
        inner = type_[5:-1].split(", ", 1)[1]
        return {"type": "object", "additionalProperties": _typed(inner, schemas)}
    _collect(type_, schemas)
    return {"allOf": [{"$ref": f"#/components/schemas/{_schema_name(type_)}"}], "default": {}}
