"""A cluster in memory behind the write side's port: objects by their API path, and what breaks.

It answers as the port promises: lists are of one collection, cluster-wide ones of all namespaces.
What a real API server does is tested over HTTP in tests/contract.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from safe_ops.errors import GoneError, UpstreamError
from safe_ops.model.fields import text
from safe_ops.model.objects import labels_of
from safe_ops.model.surveys import Object, Permission

_SET_TERM = re.compile(r"(?P<key>\S+) (?P<operator>in|notin) \((?P<values>[^)]*)\)")
# Commas separate terms, but not within the brackets of `in (a,b)`.
_COMMA = re.compile(r",(?![^(]*\))")


@dataclass
class FakeCluster:
    """`objects` maps API paths to objects; `broken` holds paths that cannot be read now.

    `denied` holds what we may not do, such as `create pods/eviction`.
    """

    objects: dict[str, Object]
    denied: frozenset[str] = frozenset()
    broken: frozenset[str] = frozenset()
    unserved: frozenset[str] = frozenset()
    """Kinds the cluster does not know, by their plural."""
    reads: list[str] = field(default_factory=list)
    """Paths asked for, in order; lists with their selectors behind `?`."""

    def get(self, path: str) -> Object | None:
        self._reach(path, path)
        return self.objects.get(path)

    def items(
        self, path: str, *, labels: str = "", fields: str = "", required: bool = False
    ) -> tuple[Object, ...]:
        if required and path.rpartition("/")[2] in self.unserved:
            raise GoneError(f"lab does not serve {path}", system="kubernetes lab")
        selectors = "&".join(part for part in (labels, fields) if part)
        self._reach(path, f"{path}?{selectors}" if selectors else path)
        return tuple(
            _listed(item)
            for at, item in self.objects.items()
            if _is_in(at, path) and _matches_labels(item, labels) and _matches_fields(item, fields)
        )

    def may(
        self,
        verb: str,
        *,
        group: str,
        resource: str,
        subresource: str = "",
        namespace: str = "",
        name: str = "",
    ) -> Permission:
        what = "/".join(part for part in (resource, subresource) if part)
        allowed = f"{verb} {what}" not in self.denied
        full = f"{verb} {what}" + (f".{group}" if group else "")
        where = f" in {namespace}" if namespace else ""
        return Permission(says=f"{full} {name}".strip() + where, allowed=allowed)

    def _reach(self, path: str, asked: str) -> None:
        self.reads.append(asked)
        if path in self.broken:
            raise UpstreamError(f"lab: {path} could not be read", system="kubernetes lab")


def _listed(item: Object) -> Object:
    """Return an object as lists have it: the API says only of the whole list what it is of."""
    return {key: value for key, value in item.items() if key not in {"apiVersion", "kind"}}


def _is_in(at: str, collection: str) -> bool:
    """Tell whether an object's path is of a collection; `/api/v1/pods` has those of everywhere."""
    if "/namespaces/" in collection or "/namespaces/" not in at:
        prefix = f"{collection}/"
        return at.startswith(prefix) and "/" not in at.removeprefix(prefix)
    base, _, rest = at.partition("/namespaces/")
    parts = rest.split("/")
    return len(parts) == 3 and f"{base}/{parts[1]}" == collection


def _matches_labels(item: Object, selector: str) -> bool:
    labels = labels_of(item)
    for term in (part.strip() for part in _COMMA.split(selector) if part):
        if (found := _SET_TERM.fullmatch(term)) is not None:
            listed = labels.get(found["key"]) in found["values"].split(",")
            if listed != (found["operator"] == "in"):
                return False
        elif "=" in term:
            key, _, value = term.partition("=")
            if labels.get(key) != value:
                return False
        elif (term.removeprefix("!") in labels) == term.startswith("!"):
            return False
    return True


def _matches_fields(item: Object, selector: str) -> bool:
    for term in (part for part in selector.split(",") if part):
        path, negated, value = term.partition("!=")
        if not negated:
            path, _, value = term.partition("=")
        if (text(item, *path.split(".")) == value) == bool(negated):
            return False
    return True
