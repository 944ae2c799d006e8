"""Which objects of a cluster an alert is about: by kind and name, by their makers, by words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.alert import AlertSource
from bot.domain.alert_identity import workload_of_job, workload_of_pod, workload_of_replica_set
from bot.triage.intent import understand
from bot.triage.places import by_name, objects_meant

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.domain.alert import Alert, AlertObject
    from bot.triage.estate import Estate
    from bot.triage.objects import ObjectRef

# What an alert says of a pod that is gone is said of the workload that made it.
_MAKERS = {
    "pod": workload_of_pod,
    "replicaset": workload_of_replica_set,
    "job": workload_of_job,
}
# Annotations in which the parsers keep values without a name.
VALUES = ("group_values", "common_values")
# Kinds that alerts use for whatever carries a name.
_ANY = frozenset({"workload", "service", "app", "container", "host"})


def targets_of(alerts: Sequence[Alert], estates: Sequence[Estate]) -> tuple[ObjectRef, ...]:
    """Return the objects the alerts are about, as far as they are in these clusters."""
    found: dict[ObjectRef, None] = {}
    for alert in alerts:
        for estate in estates:
            names = by_name(estate)
            for told in alert.scope.objects:
                found |= dict.fromkeys(
                    _among(names, told, estate=estate, namespace=alert.scope.namespace)
                )
        words = [word.casefold() for word in values_told([alert])]
        for estate in estates:
            names = by_name(estate)
            found |= dict.fromkeys(ref for word in words for ref in names.get(word, []))
        if alert.source is AlertSource.PERSON:
            intent = understand(alert.text or alert.name)
            named = [alert.scope.namespace] if alert.scope.namespace else []
            found |= dict.fromkeys(objects_meant(intent, estates, not_these=named))
    return tuple(found)


def namespaces_of(alerts: Iterable[Alert]) -> tuple[str, ...]:
    """Return the namespaces the alerts name, in their order."""
    return tuple(dict.fromkeys(alert.scope.namespace for alert in alerts if alert.scope.namespace))


def values_told(alerts: Iterable[Alert]) -> tuple[str, ...]:
    """Return the values of labels whose names the sender kept to itself.

    Alertmanager's default message in Slack is `[FIRING:2] Rule value (value value)`: what a value
    is can be told only by what exists under that name.
    """
    return tuple(
        dict.fromkeys(
            word
            for alert in alerts
            if alert.is_partial
            for key in VALUES
            for word in alert.annotations.get(key, "").split()
            if word != alert.name
        )
    )


def _among(
    names: dict[str, list[ObjectRef]],
    told: AlertObject,
    *,
    estate: Estate,
    namespace: str | None,
) -> list[ObjectRef]:
    """Return the objects of that name, of its kind where there is one of it."""
    refs = names.get(told.name.casefold(), [])
    if not refs and told.kind in _MAKERS:
        maker = _MAKERS[told.kind](told.name)
        refs = [ref for ref in names.get(maker.casefold(), []) if ref.kind != told.kind]
    here = [ref for ref in refs if namespace is None or ref.namespace in {namespace, ""}]
    same = [ref for ref in here if ref.kind == told.kind]
    if told.kind == "job":
        # What fails again and again is the CronJob; a later run may have made good this one.
        same = list(dict.fromkeys(estate.controller_of(ref) for ref in same))
    if same or told.kind not in _ANY:
        pods = [
            pod.ref
            for pod in estate.pods
            if told.kind == "pod"
            and pod.ref.name == told.name
            and namespace in {None, pod.ref.namespace}
        ]
        return pods or same or here
    return here
