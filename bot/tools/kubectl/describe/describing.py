"""`kubectl describe`: each object in its own compact form, its events below, newest last."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from bot.domain.errors import ToolError, UpstreamError
from bot.ports.cluster import ClusterReader, KubeObject, Selection
from bot.tools.answer import Answer, empty, table_text, text_answer
from bot.tools.kubectl.describe.anything import describe_anything
from bot.tools.kubectl.describe.common import identity
from bot.tools.kubectl.describe.network import describe_ingress, describe_service
from bot.tools.kubectl.describe.nodes import describe_node
from bot.tools.kubectl.describe.pods import describe_pod
from bot.tools.kubectl.describe.scaling import describe_autoscaler
from bot.tools.kubectl.describe.storage import describe_claim, describe_volume
from bot.tools.kubectl.describe.workloads import describe_cron_job, describe_workload
from bot.tools.kubectl.events import event_grid, events_about
from bot.tools.kubectl.fields import name_of
from bot.tools.kubectl.redact import redact

if TYPE_CHECKING:
    from bot.tools.kubectl.command import Describe
    from bot.tools.kubectl.spelling import Target

# More in one page hide each other; the others are named.
_MAX_DESCRIBED = 10
_EVENTS_SHOWN = 25

Renderer = Callable[[KubeObject, ClusterReader, datetime], list[str]]

_RENDERERS: dict[str, Renderer] = {
    "Pod": describe_pod,
    "Deployment": describe_workload,
    "ReplicaSet": describe_workload,
    "StatefulSet": describe_workload,
    "DaemonSet": describe_workload,
    "Job": describe_workload,
    "Rollout": describe_workload,
    "CronJob": describe_cron_job,
    "Node": describe_node,
    "Service": describe_service,
    "Ingress": describe_ingress,
    "PersistentVolumeClaim": describe_claim,
    "PersistentVolume": describe_volume,
    "HorizontalPodAutoscaler": describe_autoscaler,
}


def describe(command: Describe, reader: ClusterReader, now: datetime) -> Answer:
    """Return the described objects; EMPTY when there are none, with what does not exist named.

    Raises:
        ToolError: No object of those named exists.
        UpstreamError: The objects could not be read.
    """
    source = ",".join(target.kind.plural for target in command.targets)
    items: list[KubeObject] = []
    missing: list[ToolError] = []
    more = False
    for target in command.targets:
        found, unfound, beyond = _objects(command, target, reader)
        items += found
        missing += unfound
        more = more or beyond
    if not items and missing:
        raise ToolError("\n".join(str(error) for error in missing))
    if not items:
        return empty(source, f"There are no {source}{_matching(command)}")
    shown, others = items[:_MAX_DESCRIBED], items[_MAX_DESCRIBED:]
    bodies = [described(item, reader, now, events=command.show_events) for item in shown]
    bodies += [str(error) for error in missing]
    if others or more:
        names = ", ".join(name_of(item) for item in others)
        bodies.append(f"CUT: {len(shown)} described, not these: {names}{' and more' * more}")
    return text_answer(
        source,
        "\n\n".join(bodies),
        rows=len(shown),
        # What was not described has at least the length of its name.
        cut_bytes=sum(len(name_of(item)) for item in others) + int(more),
    )


def described(item: KubeObject, reader: ClusterReader, now: datetime, *, events: bool) -> str:
    """Return one object's description, with its secrets hidden."""
    safe = redact(item)
    renderer = _RENDERERS.get(str(item.get("kind")), describe_anything)
    lines = [*identity(safe, now), *renderer(safe, reader, now)]
    if events:
        lines += _events(item, reader, now)
    return "\n".join(lines)


def _objects(
    command: Describe, target: Target, reader: ClusterReader
) -> tuple[list[KubeObject], list[ToolError], bool]:
    """Return the objects, the errors for those that do not exist, and whether there are more."""
    namespace = command.namespace if target.kind.namespaced else None
    found: list[KubeObject] = []
    missing: list[ToolError] = []
    for name in target.names:
        try:
            found.append(reader.get(target.kind, name=name, namespace=namespace))
        except ToolError as error:
            missing.append(error)
    if target.names:
        return found, missing, False
    listing = reader.list(target.kind, Selection(namespace=namespace, labels=command.labels))
    return list(listing.items), [], listing.more


def _events(item: KubeObject, reader: ClusterReader, now: datetime) -> list[str]:
    try:
        found = events_about(item, reader)
    except UpstreamError as error:
        # The object itself was read; that its events were not is part of the answer.
        return [f"Events: could not be read: {error}"]
    if not found:
        return ["Events: none (the cluster keeps them for about an hour)"]
    shown = found[-_EVENTS_SHOWN:]
    left = f", the last {len(shown)} of {len(found)}" if len(shown) < len(found) else ""
    grid = event_grid(shown, now, namespaces=False)
    return [f"Events (newest last{left}):", *(f"  {row}" for row in table_text(grid).split("\n"))]


def _matching(command: Describe) -> str:
    where = f" in namespace {command.namespace}" if command.namespace else ""
    return where + (f" with {command.labels}" if command.labels else "")
