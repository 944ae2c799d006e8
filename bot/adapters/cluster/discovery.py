"""What a server offers, and what its kinds look like, read from discovery and OpenAPI documents.

Pure: fetching the documents is the reader's. Knows aggregated discovery (apidiscovery.k8s.io), the
older lists, and OpenAPI v3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.ports.cluster import ApiResource

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.domain.kinds import Kind

AGGREGATED = (
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,"
    "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,"
    "application/json"
)
"""Accept header for one answer about all groups; servers before 1.26 answer with plain lists."""
_REF_PREFIX = "#/components/schemas/"


def is_aggregated(answer: dict[str, Any]) -> bool:
    """Tell whether a server answered discovery in one document."""
    return answer.get("kind") == "APIGroupDiscoveryList"


def aggregated_resources(answer: dict[str, Any]) -> list[ApiResource]:
    """Return each group's resources in the version the server prefers, as kubectl lists them."""
    found: list[ApiResource] = []
    for group in answer.get("items") or []:
        name = (group.get("metadata") or {}).get("name", "")
        seen: set[str] = set()
        for version in group.get("versions") or []:
            group_version = f"{name}/{version['version']}" if name else version["version"]
            for resource in version.get("resources") or []:
                if resource["resource"] in seen:
                    continue
                seen.add(resource["resource"])
                found.append(
                    ApiResource(
                        plural=resource["resource"],
                        short_names=tuple(resource.get("shortNames") or ()),
                        group_version=group_version,
                        namespaced=resource.get("scope") == "Namespaced",
                        kind=(resource.get("responseKind") or {}).get("kind", ""),
                    )
                )
    return found


def preferred_versions(groups: dict[str, Any]) -> Iterable[str]:
    """Return the group and version to ask for each group of an APIGroupList."""
    for group in groups.get("groups") or []:
        yield group["preferredVersion"]["groupVersion"]


def listed_resources(answer: dict[str, Any]) -> list[ApiResource]:
    """Return the resources of an APIResourceList, without subresources."""
    return [
        ApiResource(
            plural=resource["name"],
            short_names=tuple(resource.get("shortNames") or ()),
            group_version=answer["groupVersion"],
            namespaced=bool(resource.get("namespaced")),
            kind=resource["kind"],
        )
        for resource in answer.get("resources") or []
        if "/" not in resource["name"]
    ]


def schema_path(index: dict[str, Any], kind: Kind) -> str | None:
    """Return where the OpenAPI document of a kind's group and version is; None if nowhere."""
    entry = (index.get("paths") or {}).get(kind.path.lstrip("/")) or {}
    location = entry.get("serverRelativeURL")
    return location if isinstance(location, str) and location.startswith("/") else None


def find_schema(document: dict[str, Any], kind: Kind) -> dict[str, Any] | None:
    """Return a kind's schema with its references filled in; None if the document lacks it.

    A schema that contains itself keeps the inner `$ref`. Equal parts are shared, not copied: the
    result is for reading only.
    """
    schemas = (document.get("components") or {}).get("schemas") or {}
    wanted = {"group": kind.group, "version": kind.version, "kind": kind.kind}
    for name, schema in schemas.items():
        if wanted in (schema.get("x-kubernetes-group-version-kind") or []):
            return _Resolution(schemas).named(name, ())
    return None


class _Resolution:
    """Fills in references, each schema once."""

    def __init__(self, schemas: dict[str, Any]) -> None:
        self._schemas = schemas
        self._resolved: dict[str, dict[str, Any]] = {}

    def named(self, name: str, above: tuple[str, ...]) -> dict[str, Any]:
        if name in above or name not in self._schemas:
            return {"$ref": f"{_REF_PREFIX}{name}"}
        if name not in self._resolved:
            self._resolved[name] = self._filled(self._schemas[name], (*above, name))
        return self._resolved[name]

    def _filled(self, node: Any, above: tuple[str, ...]) -> Any:
        if isinstance(node, list):
            return [self._filled(part, above) for part in node]
        if not isinstance(node, dict):
            return node
        match node:
            case {"$ref": str(reference), **others}:
                pass
            case {"allOf": [{"$ref": str(reference)}], **others}:
                pass
            case _:
                return {key: self._filled(value, above) for key, value in node.items()}
        return self.named(reference.removeprefix(_REF_PREFIX), above) | others
