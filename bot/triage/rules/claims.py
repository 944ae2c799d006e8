"""Why a PersistentVolumeClaim is not bound: its class, its size, its access mode, its volume."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.verdict import Category, Cause
from bot.tools.kubectl.quantity import amount
from bot.triage.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.triage.bounds import Claim, Volume
    from bot.triage.estate import Estate, Pod

_BY_HAND = "kubernetes.io/no-provisioner"


def find(estate: Estate) -> Iterator[Finding]:
    """Yield a finding for each claim that cannot be bound, and each that a pod misses."""
    for claim in estate.claims:
        pods = [
            pod
            for pod in estate.pods
            if pod.ref.namespace == claim.ref.namespace
            and claim.ref.name in pod.claims
            and not estate.is_over(pod)
        ]
        if claim.phase == "Lost":
            yield _finding(estate, claim, pods, "claim_lost", volume=claim.volume)
        elif claim.phase != "Bound":
            yield from _pending(estate, claim, pods)
    yield from _missing(estate)


def _pending(estate: Estate, claim: Claim, pods: list[Pod]) -> Iterator[Finding]:
    if not estate.is_complete("storageclasses", namespace=""):
        return
    classes = {one.ref.name: one for one in estate.storage_classes}
    volumes = [
        one
        for one in estate.volumes
        if one.storage_class == claim.storage_class and one.phase == "Available"
    ]
    default = next((one for one in classes.values() if one.is_default), None)
    kept = classes.get(claim.storage_class) if claim.storage_class else default
    if kept is None and not volumes:
        phrase = "claim_class" if claim.storage_class else "claim_no_default"
        yield _finding(
            estate,
            claim,
            pods,
            phrase,
            wanted=claim.storage_class,
            classes=", ".join(sorted(classes)) or "-",
        )
    elif kept is None or kept.provisioner == _BY_HAND:
        yield from _unfit(estate, claim, pods, volumes)


def _unfit(
    estate: Estate, claim: Claim, pods: list[Pod], volumes: list[Volume]
) -> Iterator[Finding]:
    """Yield why none of the volumes made by hand will do."""
    if not volumes:
        yield _finding(estate, claim, pods, "claim_no_volume", wanted=claim.storage_class)
        return
    asked = amount(claim.size) or 0
    large = [one for one in volumes if (amount(one.size) or 0) >= asked]
    if not large:
        sizes = ", ".join(one.size for one in volumes)
        yield _finding(estate, claim, pods, "claim_size", wanted=claim.size, sizes=sizes)
    elif not any(set(claim.modes) <= set(one.modes) for one in large):
        modes = "; ".join(" ".join(one.modes) for one in large)
        yield _finding(estate, claim, pods, "claim_mode", wanted=" ".join(claim.modes), modes=modes)


def _missing(estate: Estate) -> Iterator[Finding]:
    known = {(one.ref.namespace, one.ref.name) for one in estate.claims}
    for pod in estate.pods:
        namespace = pod.ref.namespace
        if estate.is_over(pod) or not estate.is_complete(
            "persistentvolumeclaims", namespace=namespace
        ):
            continue
        for name in pod.claims:
            if (namespace, name) not in known and not pod.ready:
                yield Finding(
                    object=estate.workload_of(pod),
                    cause=Cause.STORAGE,
                    category=Category.CONFIGURATION,
                    phrase="claim_absent",
                    values={"claim": name, "pod": pod.ref.name},
                    evidence=estate.cite("pods", "persistentvolumeclaims", namespace=namespace),
                    weight=0.95,
                    since=pod.created_at,
                    check=f"kubectl get persistentvolumeclaims -n {namespace}",
                    pods=(pod.ref,),
                )


def _finding(estate: Estate, claim: Claim, pods: list[Pod], phrase: str, **values: str) -> Finding:
    namespace = claim.ref.namespace
    return Finding(
        object=claim.ref,
        cause=Cause.STORAGE,
        category=Category.CONFIGURATION,
        phrase=phrase,
        values=values,
        evidence=estate.cite(
            "persistentvolumeclaims", "storageclasses", "persistentvolumes", namespace=namespace
        ),
        weight=0.95,
        affected=max(len(pods), 1),
        since=claim.created_at,
        check=f"kubectl describe persistentvolumeclaim {claim.ref.name} -n {namespace}",
        pods=tuple(pod.ref for pod in pods),
        depth=1,
        stops=frozenset({Cause.STORAGE}),
        # Nobody waits for what no pod mounts; a class may wait for the first pod, too.
        quiet=not pods,
    )
