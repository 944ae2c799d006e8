"""Whose measurements an incident needs: the workloads of its alerts, and those under a Service."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bot.domain.alert_identity import workload_of_pod
from bot.triage.backing import under
from bot.triage.measured.asking import MAX_SUBJECTS
from bot.triage.measures.subject import Subject, subject_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.alert import Alert
    from bot.triage.estate import Estate
    from bot.triage.objects import ObjectRef

_MEASURED = ("deployment", "statefulset", "daemonset", "pod")
"""Kinds whose pods live long enough for a line of measurements."""
_CLAIM = "persistentvolumeclaim"
# How controllers name pods; generated parts have no vowels.
_OF_DEPLOYMENT = re.compile(r".+-[^-aeiou]{1,10}-[^-aeiou]{5}")
_OF_SET = re.compile(r".+-[0-9]+")


def named_by(alerts: Sequence[Alert], *, cluster: str) -> tuple[Subject, ...]:
    """Return the workloads that alerts name without a doubt, before any cluster is looked at.

    Empty where an alert names something that only the cluster can tell the workload of, or where
    the alerts are of several namespaces.
    """
    found: dict[Subject, None] = {}
    for alert in alerts:
        told = [one for one in alert.scope.objects if one.kind != "container"]
        if not told or not alert.scope.namespace:
            return ()
        for one in told:
            kind, name = one.kind, one.name
            if kind == "pod" and _OF_DEPLOYMENT.fullmatch(name):
                kind, name = "deployment", workload_of_pod(name)
            elif kind == "pod" and _OF_SET.fullmatch(name):
                kind, name = "statefulset", workload_of_pod(name)
            if kind not in _MEASURED[:-1]:
                return ()
            found[
                Subject(cluster=cluster, kind=kind, namespace=alert.scope.namespace, name=name)
            ] = None
    places = {one.namespace for one in found}
    return tuple(found)[:MAX_SUBJECTS] if len(places) == 1 else ()


def subjects_of(estates: Sequence[Estate], targets: Sequence[ObjectRef]) -> tuple[Subject, ...]:
    """Return the workloads to measure, all of the first target's namespace, five at most."""
    found: dict[ObjectRef, None] = {}
    for estate in estates:
        for target in targets:
            if target.cluster == estate.cluster:
                found |= dict.fromkeys(_workloads(estate, target))
    refs = [ref for ref in found if ref.kind in _MEASURED]
    here = [
        ref for ref in refs if (ref.cluster, ref.namespace) == (refs[0].cluster, refs[0].namespace)
    ]
    return tuple(subject_of(ref) for ref in here[:MAX_SUBJECTS])


def claims_of(estate: Estate, subjects: Sequence[Subject]) -> tuple[ObjectRef, ...]:
    """Return the claims that the pods of these workloads mount, of those that are bound."""
    named = {(one.kind, one.namespace, one.name) for one in subjects}
    mounted = {
        (pod.ref.namespace, claim)
        for pod in estate.pods
        for owner in (estate.workload_of(pod),)
        if (owner.kind, owner.namespace, owner.name) in named
        for claim in pod.claims
    }
    return tuple(
        one.ref
        for one in estate.claims
        if (one.ref.namespace, one.ref.name) in mounted and one.phase == "Bound"
    )


def _workloads(estate: Estate, target: ObjectRef) -> list[ObjectRef]:
    pod = estate.pod(target)
    if pod is not None:
        return [estate.workload_of(pod)]
    if target.kind == _CLAIM:
        users = (
            estate.workload_of(one)
            for one in estate.pods
            if one.ref.namespace == target.namespace and target.name in one.claims
        )
        return list(dict.fromkeys(users))
    return [target, *sorted(under(estate, target), key=str)]
