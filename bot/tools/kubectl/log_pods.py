"""Whose logs are meant: from a pod, a workload or a selector to the containers to read.

kubectl takes any pod of a deployment; somebody on call wants the one that fails, and the newest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.domain.errors import ToolError
from bot.domain.fields import dig, entries, mapping, number, text
from bot.ports.cluster import KubeObject, Selection
from bot.tools.kubectl.fields import is_owned_by, kind, label_selector, name_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.ports.cluster import ClusterReader
    from bot.tools.kubectl.command import Logs
    from bot.tools.kubectl.spelling import Target

# One command answers in one page; more pods are read one by one.
_PODS_OF_SELECTOR = 5
_DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container"
_STARTING = frozenset({"ContainerCreating", "PodInitializing"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The containers to read, and in words how they were chosen."""

    places: tuple[tuple[KubeObject, str], ...]
    """Pod and container name."""
    notes: tuple[str, ...] = ()


def chosen(command: Logs, reader: ClusterReader) -> Chosen:
    """Return the containers a `logs` command means.

    Raises:
        ToolError: There is no such pod, workload or container; the text names those that are.
    """
    pods, notes = _pods(command, reader)
    places: list[tuple[KubeObject, str]] = []
    for pod in pods:
        names, note = _containers(command, pod)
        places += [(pod, name) for name in names]
        notes += [note] if note else []
    return Chosen(places=tuple(places), notes=tuple(dict.fromkeys(notes)))


def trouble(pod: KubeObject) -> str | None:
    """Return what is wrong with a pod in a word or two; None if it runs well."""
    statuses = _statuses(pod)
    for status in statuses:
        reason = text(status, "state", "waiting", "reason")
        if reason and reason not in _STARTING:
            return reason
    for status in statuses:
        ended = mapping(status, "state", "terminated")
        if ended and number(ended, "exitCode") != 0:
            return text(ended, "reason", default="Error")
    phase = text(pod, "status", "phase")
    if phase in {"Failed", "Pending", "Unknown"}:
        return text(pod, "status", "reason", default=phase)
    if phase == "Running" and not all(status.get("ready") for status in _running(pod)):
        return "not ready"
    restarts = sum(number(status, "restartCount") for status in _running(pod))
    return f"{restarts} restarts" if restarts else None


def _pods(command: Logs, reader: ClusterReader) -> tuple[list[KubeObject], list[str]]:
    target = command.target
    if target is None:
        found = _matching(command, command.labels, reader)
        if not found:
            raise ToolError(f"no pod has the labels {command.labels} in {command.namespace}")
        shown = _worst_first(found)[:_PODS_OF_SELECTOR]
        note = f"{len(shown)} of {len(found)} pods with {command.labels}, failing and newest first"
        return shown, [note] if len(shown) < len(found) else []
    if target.kind.kind == "Pod":
        return [reader.get(target.kind, name=target.names[0], namespace=command.namespace)], []
    labels = _selector(target, command.namespace, reader)
    found = _matching(command, labels, reader) if labels else []
    if not found:
        raise ToolError(
            f"{target.kind.singular} {target.names[0]} has no pods now; its events say why:"
            f" kubectl describe {target.kind.singular} {target.names[0]} -n {command.namespace}"
        )
    shown = _worst_and_newest(found)
    names = ", ".join(f"{name_of(pod)} ({trouble(pod) or 'newest'})" for pod in shown)
    return shown, [f"{target.kind.singular} {target.names[0]} has {len(found)} pods; read: {names}"]


def _matching(command: Logs, labels: str | None, reader: ClusterReader) -> list[KubeObject]:
    selection = Selection(namespace=command.namespace, labels=labels)
    return list(reader.list(kind("pods"), selection).items)


def _selector(target: Target, namespace: str | None, reader: ClusterReader) -> str | None:
    found = reader.get(target.kind, name=target.names[0], namespace=namespace)
    if target.kind.kind == "Service":
        return label_selector({"matchLabels": mapping(found, "spec", "selector")})
    if target.kind.kind == "CronJob":
        uid = text(found, "metadata", "uid")
        jobs = [
            job
            for job in reader.list(kind("jobs"), Selection(namespace=namespace)).items
            if is_owned_by(job, uid)
        ]
        if not jobs:
            return None
        found = max(jobs, key=_created)
    return label_selector(mapping(found, "spec", "selector"))


def _worst_and_newest(pods: Sequence[KubeObject]) -> list[KubeObject]:
    worst, newest = _worst_first(pods)[0], max(pods, key=_created)
    if trouble(worst) is None or worst is newest:
        return [newest if trouble(worst) is None else worst]
    return [worst, newest]


def _worst_first(pods: Sequence[KubeObject]) -> list[KubeObject]:
    newest_first = sorted(pods, key=_created, reverse=True)
    return sorted(newest_first, key=_rank)


def _rank(pod: KubeObject) -> int:
    """Return how far from being in trouble a pod is; 0 is worst."""
    wrong = trouble(pod)
    if wrong is None:
        return 3
    if wrong.endswith("restarts"):
        return 2
    return 1 if wrong == "not ready" else 0


def _created(pod: KubeObject) -> str:
    return text(pod, "metadata", "creationTimestamp")


def _containers(command: Logs, pod: KubeObject) -> tuple[list[str], str | None]:
    """Return the container names to read, and a note when we chose one of several."""
    main = [text(one, "name") for one in entries(pod, "spec", "containers")]
    others = [
        text(one, "name")
        for field in ("initContainers", "ephemeralContainers")
        for one in entries(pod, "spec", field)
    ]
    if command.container is not None:
        if command.container not in (*main, *others):
            known = ", ".join((*main, *others))
            raise ToolError(f"{name_of(pod)} has no container {command.container}; it has {known}")
        return [command.container], None
    if command.all_containers:
        return [*others, *main], None
    if len(main) == 1:
        return main, None
    preferred = dig(pod, "metadata", "annotations", _DEFAULT_CONTAINER)
    failing = [text(status, "name") for status in _running(pod) if not status.get("ready")]
    picked = preferred if preferred in main else (failing or main)[0]
    left = ", ".join(name for name in main if name != picked)
    return [picked], f"{name_of(pod)}: container {picked} was taken; -c also takes {left}"


def _running(pod: KubeObject) -> list[dict[str, Any]]:
    return entries(pod, "status", "containerStatuses")


def _statuses(pod: KubeObject) -> list[dict[str, Any]]:
    return [*entries(pod, "status", "initContainerStatuses"), *_running(pod)]
