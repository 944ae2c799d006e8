"""What a container asks for and may take, before and after a change of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from safe_ops.model.fields import dig, entries, mapping, text
from safe_ops.model.quantities import amount

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from safe_ops.model.plans import Json
    from safe_ops.model.surveys import Object

BOUNDS = {
    "cpu_request": ("requests", "cpu"),
    "cpu_limit": ("limits", "cpu"),
    "memory_request": ("requests", "memory"),
    "memory_limit": ("limits", "memory"),
}
"""Parameters of a change, and where in a container's `resources` they stand."""
_COUNTED = ("cpu", "memory")


def container_of(spec: Json, name: str) -> Object | None:
    """Return a pod specification's container, init containers too; None if it has none such."""
    listed = [*entries(spec, "containers"), *entries(spec, "initContainers")]
    return next((one for one in listed if text(one, "name") == name), None)


def bound_of(container: Json, parameter: str) -> str:
    """Return a bound as it is written, such as `512Mi`; empty if there is none."""
    return text(container, "resources", *BOUNDS[parameter])


def in_force(container: Json, parameter: str) -> Decimal | None:
    """Return a bound's amount; a missing request is the limit, as the API fills it in for pods."""
    written = bound_of(container, parameter)
    if not written and parameter.endswith("_request"):
        written = bound_of(container, parameter.replace("_request", "_limit"))
    return amount(written or None)


def with_bounds(container: Object, wanted: Mapping[str, Json]) -> Object:
    """Return the container with those bounds of `wanted` that are not None."""
    made: dict[str, dict[str, Json]] = {}
    for parameter, (side, resource) in BOUNDS.items():
        if wanted.get(parameter) is not None:
            made.setdefault(side, {})[resource] = wanted[parameter]
    resources = mapping(container, "resources")
    merged = {side: mapping(resources, side) | more for side, more in made.items()}
    return container | {"resources": resources | merged}


def with_container(spec: Object, changed: Object) -> Object:
    """Return a pod specification in which the container of that name is the changed one."""
    name = text(changed, "name")
    return spec | {
        key: [changed if text(one, "name") == name else one for one in entries(spec, key)]
        for key in ("containers", "initContainers")
        if key in spec
    }


def quality(spec: Json) -> str:
    """Return the quality-of-service class of a pod: Guaranteed, Burstable or BestEffort."""
    listed = [*entries(spec, "containers"), *entries(spec, "initContainers")]
    asked = [mapping(one, "resources") for one in listed]
    if not any(
        amount(dig(one, side, name))
        for one in asked
        for side in ("requests", "limits")
        for name in _COUNTED
    ):
        return "BestEffort"
    return "Guaranteed" if all(_is_fixed(one) for one in asked) else "Burstable"


def _is_fixed(resources: Object) -> bool:
    for name in _COUNTED:
        limit = amount(dig(resources, "limits", name))
        request = dig(resources, "requests", name)
        if not limit or (request is not None and amount(request) != limit):
            return False
    return True
