"""Reading API objects whose fields may be missing or null anywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.domain.fields import dig, entries, mapping, text
from bot.domain.kinds import KINDS, Kind

if TYPE_CHECKING:
    from bot.ports.cluster import KubeObject


def name_of(item: KubeObject) -> str:
    """Return the object's name."""
    return text(item, "metadata", "name")


def namespace_of(item: KubeObject) -> str | None:
    """Return the object's namespace; None if its kind has none."""
    found = dig(item, "metadata", "namespace")
    return str(found) if found else None


def owner_of(item: KubeObject) -> str | None:
    """Return the controlling owner as `Kind/name`; None if nothing owns the object."""
    owners = entries(item, "metadata", "ownerReferences")
    controlling = [owner for owner in owners if owner.get("controller")] or owners
    return f"{controlling[0].get('kind')}/{controlling[0].get('name')}" if controlling else None


def is_owned_by(item: KubeObject, uid: str) -> bool:
    """Tell whether the object has an owner of that uid."""
    owners = entries(item, "metadata", "ownerReferences")
    return any(owner.get("uid") == uid for owner in owners)


def label_selector(selector: dict[str, Any]) -> str | None:
    """Return an object's selector as kubectl's -l takes it; None if it selects nothing."""
    terms = [f"{key}={value}" for key, value in mapping(selector, "matchLabels").items()]
    for rule in entries(selector, "matchExpressions"):
        key, values = rule.get("key"), ",".join(map(str, rule.get("values") or ()))
        terms.append(
            {
                "In": f"{key} in ({values})",
                "NotIn": f"{key} notin ({values})",
                "Exists": f"{key}",
                "DoesNotExist": f"!{key}",
            }.get(str(rule.get("operator")), f"{key}")
        )
    return ",".join(terms) or None


def kind(plural: str) -> Kind:
    """Return the listed kind of that plural; KeyError if the list has none."""
    return {known.plural: known for known in KINDS}[plural]
