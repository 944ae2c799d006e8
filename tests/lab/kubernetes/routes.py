"""What a request path asks for: which resource, where, which object, which part of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.lab.kubernetes.kinds import ResourceKind
from tests.lab.kubernetes.status import unknown_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


_TRUE = {"1", "true", "True"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A resource request; empty strings stand for what the path does not name."""

    kind: ResourceKind
    namespace: str = ""
    name: str = ""
    subresource: str = ""

    @property
    def resource(self) -> str:
        """As RBAC names it: "pods" or "pods/log"."""
        return "/".join(filter(None, (self.kind.plural, self.subresource)))


def find_route(path: str, kinds: Iterable[ResourceKind]) -> Route:
    """The route of a path below /api or /apis; a 404 Status if no resource is served there."""
    parts = path.strip("/").split("/")
    if parts[0] == "api":
        group, version, rest = "", parts[1] if len(parts) > 1 else "", parts[2:]
    elif parts[0] == "apis" and len(parts) > 2:
        group, version, rest = parts[1], parts[2], parts[3:]
    else:
        raise unknown_path()
    served = {kind.plural: kind for kind in kinds if (kind.group, kind.version) == (group, version)}
    namespace = ""
    if len(rest) > 2 and rest[0] == "namespaces" and rest[2] in served:
        namespace, rest = rest[1], rest[2:]
    plural, name, subresource, *more = (*rest, "", "", "")[: max(3, len(rest))]
    kind = served.get(plural)
    if kind is None or any(more) or (subresource and subresource not in kind.subresources):
        raise unknown_path()
    if name and kind.namespaced and not namespace:
        raise unknown_path()
    return Route(kind=kind, namespace=namespace, name=name, subresource=subresource)


def verb_of(method: str, route: Route, query: Mapping[str, str]) -> str:
    """The RBAC verb of a request."""
    if method in {"GET", "HEAD"}:
        if is_true(query.get("watch", "")):
            return "watch"
        return "get" if route.name else "list"
    verbs = {"POST": "create", "PUT": "update", "PATCH": "patch"}
    return verbs.get(method) or ("delete" if route.name else "deletecollection")


def is_true(value: str) -> bool:
    """Whether a query parameter says yes."""
    return value in _TRUE
