"""Claims and volumes: whether they are bound, to what, and who waits for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.errors import UpstreamError
from bot.domain.fields import dig, entries, mapping, text
from bot.ports.cluster import Selection
from bot.tools.kubectl.describe.common import conditions, field, words
from bot.tools.kubectl.fields import kind, name_of, namespace_of

if TYPE_CHECKING:
    from datetime import datetime

    from bot.ports.cluster import ClusterReader, KubeObject


def describe_claim(claim: KubeObject, reader: ClusterReader, now: datetime) -> list[str]:
    """Return state, size, class and users of a claim, without its events."""
    spec = mapping(claim, "spec")
    lines = field("phase", text(claim, "status", "phase"))
    lines += field("volume", text(spec, "volumeName", default="none yet"))
    lines += field("storage class", text(spec, "storageClassName", default="the default one"))
    lines += field("requested", text(spec, "resources", "requests", "storage"))
    lines += field("capacity", text(claim, "status", "capacity", "storage"))
    lines += field("access modes", words(spec.get("accessModes")))
    lines += field("volume mode", text(spec, "volumeMode"))
    lines += conditions(claim, now)
    return lines + _users(claim, reader)


def describe_volume(volume: KubeObject, _: ClusterReader, __: datetime) -> list[str]:
    """Return state, size, claim and place of a persistent volume, without its events."""
    spec = mapping(volume, "spec")
    claim = mapping(spec, "claimRef")
    said = text(volume, "status", "message") or text(volume, "status", "reason")
    lines = field("phase", f"{text(volume, 'status', 'phase')} {said}".strip())
    bound = f"{text(claim, 'namespace')}/{text(claim, 'name')}" if claim else "none"
    lines += field("claim", bound)
    lines += field("storage class", text(spec, "storageClassName"))
    lines += field("capacity", text(spec, "capacity", "storage"))
    lines += field("access modes", words(spec.get("accessModes")))
    lines += field("reclaim policy", text(spec, "persistentVolumeReclaimPolicy"))
    lines += field("driver", text(spec, "csi", "driver"))
    lines += field("handle", text(spec, "csi", "volumeHandle"))
    terms = entries(spec, "nodeAffinity", "required", "nodeSelectorTerms")
    rules = [rule for term in terms for rule in entries(term, "matchExpressions")]
    only = [f"{text(rule, 'key')} {words(rule.get('values')) or ''}".strip() for rule in rules]
    return lines + field("only on nodes with", ", ".join(only))


def _users(claim: KubeObject, reader: ClusterReader) -> list[str]:
    try:
        pods = reader.list(kind("pods"), Selection(namespace=namespace_of(claim))).items
    except UpstreamError as error:
        return [f"Used by: could not be read: {error}"]
    users = [
        name_of(pod)
        for pod in pods
        if any(
            dig(volume, "persistentVolumeClaim", "claimName") == name_of(claim)
            for volume in entries(pod, "spec", "volumes")
        )
    ]
    return [f"Used by: {', '.join(users) or 'no pod'}"]
