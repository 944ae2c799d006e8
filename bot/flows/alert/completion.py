"""An alert as its message tells it, completed by what a server holds of it.

Pure. Nothing is guessed and nothing the message says is overruled: of several active alerts that
may be meant, only what all of them share is taken over.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from bot.domain.alert import Alert, AlertObject, AlertScope
from bot.domain.secret_text import mask
from bot.triage.alert_targets import values_told

if TYPE_CHECKING:
    from collections.abc import Sequence

# Labels that name an object, and the kind each names; the first that is there is the narrowest.
OBJECT_LABELS = (
    ("pod", "pod"),
    ("deployment", "deployment"),
    ("statefulset", "statefulset"),
    ("daemonset", "daemonset"),
    ("job_name", "job"),
    ("cronjob", "cronjob"),
    ("persistentvolumeclaim", "persistentvolumeclaim"),
    ("horizontalpodautoscaler", "horizontalpodautoscaler"),
    ("node", "node"),
    ("service", "service"),
)
# Labels that say who measured, not what is ill.
_MEASURERS = frozenset({"kube-state-metrics", "prometheus-kube-state-metrics", "node-exporter"})
_PLACES = ("namespace", *(label for label, _ in OBJECT_LABELS))
# As long as an annotation of a message may be.
MAX_VALUE_CHARS = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ActiveOne:
    """One active alert, as whichever server holds it; its texts are foreign."""

    cluster: str
    """The registry's name of the cluster whose server holds it."""
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    since: datetime | None
    state: str
    """The server's own word."""
    fingerprint: str = ""
    """The sender's own; empty where the server has none."""
    expression: str = ""
    silenced_by: tuple[str, ...] = ()
    inhibited_by: tuple[str, ...] = ()
    is_readable: bool = True
    """False when it is in a namespace that may not be read here."""

    @property
    def name(self) -> str:
        """The rule's name."""
        return self.labels.get("alertname", "")

    @property
    def place(self) -> str:
        """The cluster as the alert names it, else the one whose server holds it."""
        return self.labels.get("cluster") or self.cluster


def meant(
    alert: Alert, active: Sequence[ActiveOne], *, has_all_labels: bool
) -> tuple[ActiveOne, ...]:
    """Return those of the active alerts that the message may be about.

    `has_all_labels` says that the server holds every label the sender knew. Where it does not, as
    with Prometheus, which adds its external labels on the way out, a value may be missing there.
    """
    agreeing = _of_its_cluster(
        alert, [one for one in active if one.name == alert.name and _agrees(alert, one)]
    )
    if same := tuple(one for one in agreeing if one.fingerprint == alert.fingerprint):
        return same
    told = frozenset(values_told([alert]))
    if not told:
        return agreeing
    if whole := tuple(one for one in agreeing if told <= _words(one)):
        return whole
    if has_all_labels:
        return ()
    near = [one for one in agreeing if _is_placed_by(one, told)]
    most = max((len(told & _words(one)) for one in near), default=0)
    return tuple(one for one in near if len(told & _words(one)) == most)


def completed(alert: Alert, like: Sequence[ActiveOne]) -> Alert:
    """Return the alert with what those active alerts share; the alert itself if there is none.

    What may not be read here is not taken over either.
    """
    if not like or not all(one.is_readable for one in like):
        return alert
    labels = _shared([one.labels for one in like])
    annotations = _shared([one.annotations for one in like])
    starts = [one.since for one in like if one.since is not None]
    queries = {one.expression for one in like}
    scope = _scope(alert.scope, like)
    return replace(
        alert,
        labels=_added(alert.labels, labels),
        annotations=_added(alert.annotations, annotations),
        starts_at=alert.starts_at or min(starts, default=None),
        expression=alert.expression or (mask(queries.pop()) if len(queries) == 1 else ""),
        scope=scope,
        # Values without a name still tell what it is about where no label names an object.
        is_partial=alert.is_partial and not scope.objects,
    )


def named(labels: Mapping[str, str]) -> tuple[AlertObject, ...]:
    """Return the objects that labels name, the narrowest first."""
    return tuple(
        AlertObject(kind=kind, name=labels[label])
        for label, kind in OBJECT_LABELS
        if labels.get(label) and labels[label] not in _MEASURERS
    )


def _agrees(alert: Alert, active: ActiveOne) -> bool:
    """Tell whether nothing the message says contradicts the active alert."""
    namespace = alert.scope.namespace
    if namespace and active.labels.get("namespace") not in {None, namespace}:
        return False
    for name, value in alert.labels.items():
        if active.labels.get(name, value) != value and not (
            # A message without labels has its severity on our scale, not in the sender's word.
            alert.is_partial and name == "severity"
        ):
            return False
    return True


def _of_its_cluster(alert: Alert, active: Sequence[ActiveOne]) -> tuple[ActiveOne, ...]:
    """Return the alerts of the cluster the message names, if any is; it may have another name."""
    named_there = (alert.scope.cluster or "").casefold()
    there = tuple(
        one for one in active if named_there in {one.place.casefold(), one.cluster.casefold()}
    )
    return there or tuple(active)


def _words(active: ActiveOne) -> frozenset[str]:
    return frozenset(word for value in active.labels.values() for word in value.split())


def _is_placed_by(active: ActiveOne, told: frozenset[str]) -> bool:
    """Tell whether the values name a place of the alert, if it is at one."""
    places = {active.labels[label] for label in _PLACES if active.labels.get(label)} - _MEASURERS
    return not places or not places.isdisjoint(told)


def _shared(many: Sequence[Mapping[str, str]]) -> dict[str, str]:
    first, *others = many
    return {
        name: value
        for name, value in first.items()
        if all(other.get(name) == value for other in others)
    }


def _added(told: Mapping[str, str], found: Mapping[str, str]) -> dict[str, str]:
    """Return what a message tells with what it lacks, that without secrets and bounded."""
    lacking = {name: value for name, value in found.items() if name not in told}
    return {name: mask(value[:MAX_VALUE_CHARS]) for name, value in lacking.items()} | dict(told)


def _scope(scope: AlertScope, like: Sequence[ActiveOne]) -> AlertScope:
    places = {one.place for one in like}
    objects = dict.fromkeys(
        (*scope.objects, *(thing for one in like for thing in named(one.labels)))
    )
    return replace(
        scope,
        cluster=scope.cluster or (places.pop() if len(places) == 1 else None),
        namespace=scope.namespace or _shared([one.labels for one in like]).get("namespace"),
        objects=tuple(objects),
    )
