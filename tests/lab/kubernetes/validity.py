"""What the API's own validation finds wrong with a changed object, in its words."""

from __future__ import annotations

from typing import Any

from tests.lab.estate.quantities import cpu_cores, memory_bytes

Object = dict[str, Any]
Problem = tuple[str, str, str]
"""Field, kind of fault as FieldValue names it, and sentence."""

_TEMPLATED = frozenset({"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"})


def problems(kind: str, before: Object, after: Object) -> list[Problem]:
    """Everything that is wrong, in the order of fields; empty if the object may be stored."""
    spec = after.get("spec") or {}
    found: list[Problem] = []
    replicas = spec.get("replicas", 0)
    if not isinstance(replicas, int) or replicas < 0:
        found.append(_invalid("spec.replicas", replicas, "must be greater than or equal to 0"))
    if kind in _TEMPLATED:
        if spec.get("selector") != before["spec"].get("selector"):
            found.append(_invalid("spec.selector", spec.get("selector"), "field is immutable"))
        found += _template_problems(spec.get("template") or {})
    if kind == "HorizontalPodAutoscaler":
        found += _autoscaler_problems(spec)
    if kind == "Pod" and _but_images(before["spec"]) != _but_images(spec):
        found.append(
            ("spec", "FieldValueForbidden", "Forbidden: pod updates may not change fields")
        )
    return found


def _invalid(field: str, value: Any, why: str) -> Problem:
    shown = f'"{value}"' if isinstance(value, str) else f"{value}"
    return field, "FieldValueInvalid", f"Invalid value: {shown}: {why}"


def _template_problems(template: Object) -> list[Problem]:
    containers = (template.get("spec") or {}).get("containers") or []
    at = "spec.template.spec.containers"
    if not containers:
        return [(at, "FieldValueRequired", "Required value")]
    found: list[Problem] = []
    for number, container in enumerate(containers):
        if not container.get("image"):
            found.append((f"{at}[{number}].image", "FieldValueRequired", "Required value"))
        found += _size_problems(f"{at}[{number}].resources", container.get("resources") or {})
    return found


def _size_problems(at: str, sizes: Object) -> list[Problem]:
    found = []
    for resource, read in (("cpu", cpu_cores), ("memory", memory_bytes)):
        request = (sizes.get("requests") or {}).get(resource)
        limit = (sizes.get("limits") or {}).get(resource)
        if request and limit and read(str(request)) > read(str(limit)):
            why = f"must be less than or equal to {resource} limit of {limit}"
            found.append(_invalid(f"{at}.requests", str(request), why))
    return found


def _autoscaler_problems(spec: Object) -> list[Problem]:
    least, most = spec.get("minReplicas", 1), spec.get("maxReplicas", 0)
    if least < 1:
        return [_invalid("spec.minReplicas", least, "must be greater than or equal to 1")]
    if most < least:
        why = "must be greater than or equal to `minReplicas`"
        return [_invalid("spec.maxReplicas", most, why)]
    return []


def _but_images(spec: Object) -> Object:
    return {key: value for key, value in spec.items() if key not in {"containers", "tolerations"}}
