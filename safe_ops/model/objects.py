"""What a raw Kubernetes object says of itself: identity, labels, owners, readiness.

Pure, and forgiving: whatever is missing reads as empty, so that a guard can say what is unknown.
Single fields are read by `safe_ops.model.fields`, quantities by `quantities`, disruption budgets
by `budgets`, room on nodes by `room`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from safe_ops.model.fields import dig, entries, mapping, moment, number, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from safe_ops.model.plans import Json
    from safe_ops.model.surveys import Object

# Kubernetes' recommended labels, from the most telling on; plain `app` is older and still common.
_SERVICE_LABELS = (
    "app.kubernetes.io/name",
    "app.kubernetes.io/instance",
    "app.kubernetes.io/part-of",
    "app",
)
_FINISHED = frozenset({"Succeeded", "Failed"})
_MIRROR = "kubernetes.io/config.mirror"


def name_of(item: Object) -> str:
    """Return the object's name."""
    return text(item, "metadata", "name")


def namespace_of(item: Object) -> str:
    """Return the object's namespace; empty if its kind has none."""
    return text(item, "metadata", "namespace")


def uid_of(item: Object) -> str:
    """Return the object's uid."""
    return text(item, "metadata", "uid")


def resource_version_of(item: Object) -> str:
    """Return what a write has to carry so that it fails once somebody else wrote."""
    return text(item, "metadata", "resourceVersion")


def generation_of(item: Object) -> int:
    """Return how often the object's specification was changed; 0 where it is not counted."""
    return number(item, "metadata", "generation")


def is_observed(item: Object) -> bool:
    """Tell whether the object's status speaks of its present specification."""
    return number(item, "status", "observedGeneration") >= generation_of(item)


def created_at(item: Object) -> datetime | None:
    """Return when the object was made, UTC; None if it does not say."""
    return moment(item, "metadata", "creationTimestamp")


def labels_of(item: Object) -> dict[str, str]:
    """Return the object's labels."""
    return {key: str(value) for key, value in mapping(item, "metadata", "labels").items()}


def annotations_of(item: Object) -> dict[str, str]:
    """Return the object's annotations."""
    return {key: str(value) for key, value in mapping(item, "metadata", "annotations").items()}


def service_of(item: Object) -> str:
    """Return what the object is part of, as `namespace/name`; empty if its labels do not say."""
    labels = labels_of(item)
    told = next((labels[key] for key in _SERVICE_LABELS if labels.get(key)), "")
    return f"{namespace_of(item)}/{told}" if told else ""


def controller_of(item: Object) -> Object | None:
    """Return the owner reference of the object's controller: kind, name, uid; None without one."""
    owners = entries(item, "metadata", "ownerReferences")
    return next((owner for owner in owners if owner.get("controller") is True), None)


def is_owned_by(item: Object, uid: str) -> bool:
    """Tell whether the object's controller has that uid."""
    owner = controller_of(item)
    return owner is not None and bool(uid) and owner.get("uid") == uid


def owned_by(uid: str, items: Iterable[Object]) -> tuple[Object, ...]:
    """Return those whose controller has that uid, in their order."""
    return tuple(item for item in items if is_owned_by(item, uid))


def condition(item: Object, kind: str) -> Object:
    """Return the status condition of that type; empty if there is none."""
    found = entries(item, "status", "conditions")
    return next((one for one in found if one.get("type") == kind), {})


def holds(item: Object, kind: str) -> bool:
    """Tell whether a status condition is there and `True`."""
    return text(condition(item, kind), "status") == "True"


def is_terminating(item: Object) -> bool:
    """Tell whether the object is being deleted."""
    return dig(item, "metadata", "deletionTimestamp") is not None


def is_finished(pod: Object) -> bool:
    """Tell whether a pod ended and will not run again."""
    return text(pod, "status", "phase") in _FINISHED


def is_ready(pod: Object) -> bool:
    """Tell whether a pod is ready and stays: neither finished nor being deleted."""
    return holds(pod, "Ready") and not is_terminating(pod) and not is_finished(pod)


def is_mirror(pod: Object) -> bool:
    """Tell whether a pod is the kubelet's own, which no API call removes."""
    return _MIRROR in annotations_of(pod)


def selects(selector: Json, labels: Mapping[str, str]) -> bool:
    """Tell whether a label selector takes an object with these labels.

    No selector takes nothing, an empty one everything, as the API has it. An expression with an
    operator that is not known counts as fulfilled: a budget or an autoscaler rather too many.
    """
    if not isinstance(selector, dict):
        return False
    wanted = mapping(selector, "matchLabels")
    if any(labels.get(key) != value for key, value in wanted.items()):
        return False
    return all(_fulfils(labels, rule) for rule in entries(selector, "matchExpressions"))


def _fulfils(labels: Mapping[str, str], rule: Object) -> bool:
    key = text(rule, "key")
    values = rule.get("values") or []
    match rule.get("operator"):
        case "In":
            return labels.get(key) in values
        case "NotIn":
            return labels.get(key) not in values
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
        case _:
            return True


def selector_text(selector: Json) -> str:
    """Return a label selector as list requests take it; empty where it selects everything."""
    terms = [f"{key}={value}" for key, value in mapping(selector, "matchLabels").items()]
    for rule in entries(selector, "matchExpressions"):
        key, values = text(rule, "key"), ",".join(map(str, rule.get("values") or ()))
        match rule.get("operator"):
            case "In":
                terms.append(f"{key} in ({values})")
            case "NotIn":
                terms.append(f"{key} notin ({values})")
            case "DoesNotExist":
                terms.append(f"!{key}")
            case _:
                terms.append(key)
    return ",".join(terms)
