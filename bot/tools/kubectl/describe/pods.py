"""A pod: where it runs, why it does not, and what it refers to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.domain.fields import entries, mapping, text
from bot.domain.spans import since
from bot.tools.kubectl.describe.common import conditions, field, pairs
from bot.tools.kubectl.describe.containers import containers

if TYPE_CHECKING:
    from datetime import datetime

    from bot.ports.cluster import ClusterReader, KubeObject

# Where the name of what a volume refers to stands, by the volume's type.
_NAMED_BY = {
    "persistentVolumeClaim": "claimName",
    "configMap": "name",
    "secret": "secretName",
    "hostPath": "path",
    "csi": "driver",
    "nfs": "server",
}
# Every pod tolerates these two; they explain nothing.
_USUAL_TOLERATIONS = frozenset({"node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"})


def describe_pod(pod: KubeObject, _: ClusterReader, now: datetime) -> list[str]:
    """Return what there is to know about a pod, without its events."""
    spec, status = mapping(pod, "spec"), mapping(pod, "status")
    phase = text(status, "phase", default="Unknown")
    said = ": ".join(part for part in (text(status, "reason"), text(status, "message")) if part)
    lines = field("phase", f"{phase}  {said}".strip())
    lines += field("node", text(spec, "nodeName", default="none yet"))
    lines += field("pod IP", text(status, "podIP"))
    if status.get("startTime"):
        lines += field("started", since(now, status.get("startTime")))
    lines += field("quality of service", text(status, "qosClass"))
    lines += field("service account", text(spec, "serviceAccountName"))
    lines += field("priority class", text(spec, "priorityClassName"))
    lines += placement(spec)
    lines += conditions(pod, now)
    lines += containers(spec, status, now)
    return lines + volumes(spec)


def placement(spec: dict[str, Any]) -> list[str]:
    """Return what limits the nodes a pod can run on, and how its images are fetched."""
    tolerations = [
        f"{text(one, 'key', default='every taint')}"
        + (f"={text(one, 'value')}" if one.get("value") else "")
        + (f":{text(one, 'effect')}" if one.get("effect") else "")
        for one in entries(spec, "tolerations")
        if one.get("key") not in _USUAL_TOLERATIONS
    ]
    pulls = [text(one, "name") for one in entries(spec, "imagePullSecrets")]
    lines = field("node selector", pairs(mapping(spec, "nodeSelector")))
    lines += field("tolerations", ", ".join(tolerations))
    lines += field("affinity", ", ".join(_affinity(mapping(spec, "affinity"))))
    spread = [
        f"{text(one, 'topologyKey')} skew {text(one, 'maxSkew')} {text(one, 'whenUnsatisfiable')}"
        for one in entries(spec, "topologySpreadConstraints")
    ]
    lines += field("topology spread", ", ".join(spread))
    return lines + field("image pull secrets", ", ".join(pulls))


def volumes(spec: dict[str, Any]) -> list[str]:
    """Return the volumes with what each refers to."""
    found = entries(spec, "volumes")
    lines = ["Volumes:"] if found else []
    for volume in found:
        sources = [key for key in volume if key != "name"]
        refers = ", ".join(_refers(key, mapping(volume, key)) for key in sources)
        lines.append(f"  {text(volume, 'name')}: {refers or 'emptyDir'}")
    return lines


def _refers(key: str, source: dict[str, Any]) -> str:
    if key == "projected":
        parts = [
            f"{name} {text(entry, name, 'name')}".strip()
            for entry in entries(source, "sources")
            for name in entry
        ]
        return f"projected ({', '.join(parts)})"
    name = text(source, _NAMED_BY.get(key, "name"))
    optional = " (optional)" if source.get("optional") else ""
    limit = f" up to {source['sizeLimit']}" if source.get("sizeLimit") else ""
    return f"{key} {name}{optional}{limit}".strip()


def _affinity(affinity: dict[str, Any]) -> list[str]:
    """Return the rules that must hold; preferences keep no pod from running."""
    found = []
    required = mapping(affinity, "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution")
    for term in entries(required, "nodeSelectorTerms"):
        found += [
            f"node {text(rule, 'key')} {text(rule, 'operator')}"
            f" {'/'.join(map(str, rule.get('values') or ()))}".rstrip()
            for rule in entries(term, "matchExpressions")
        ]
    for label, key in (("with pods", "podAffinity"), ("away from pods", "podAntiAffinity")):
        for term in entries(affinity, key, "requiredDuringSchedulingIgnoredDuringExecution"):
            matching = pairs(mapping(term, "labelSelector", "matchLabels")) or "selected by rules"
            found.append(f"{label} {matching} per {text(term, 'topologyKey')}")
    return found
