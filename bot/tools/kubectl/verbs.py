"""Which function answers which command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from bot.domain.errors import ToolError
from bot.tools.kubectl import access, rollouts, schema, top
from bot.tools.kubectl.command import (
    ApiResources,
    CanI,
    Describe,
    Events,
    Explain,
    Get,
    KubectlCommand,
    Logs,
    RolloutHistory,
    RolloutStatus,
    TopNodes,
    Topology,
    TopPods,
    Version,
    WhoAmI,
)
from bot.tools.kubectl.describe.describing import describe
from bot.tools.kubectl.events import events
from bot.tools.kubectl.get import get
from bot.tools.kubectl.logs import logs

if TYPE_CHECKING:
    from datetime import datetime

    from bot.domain.kinds import Kind
    from bot.ports.cluster import ClusterReader
    from bot.tools.answer import Answer


class TopologyReader(Protocol):
    """Answers `kubectl topology`, which takes more knowledge of a cluster than a tool has."""

    def __call__(self, command: Topology, reader: ClusterReader) -> Answer:
        """Return what depends on an object and what it depends on; raises as `answered` does."""
        ...


def answered(
    command: KubectlCommand,
    reader: ClusterReader,
    *,
    now: datetime,
    extra_kinds: tuple[Kind, ...],
    topology: TopologyReader | None = None,
) -> Answer:
    """Return what a command finds.

    Raises:
        DeniedError: The cluster refuses it to the bot's credentials.
        UpstreamError: The cluster did not answer.
        ToolError: What is asked for does not exist.
    """
    match command:
        case Get() | Describe() | Logs() | Events():
            return _objects(command, reader, now)
        case TopPods():
            return top.top_pods(command, reader)
        case TopNodes():
            return top.top_nodes(command, reader)
        case RolloutHistory():
            return rollouts.history(command, reader, now)
        case RolloutStatus():
            return rollouts.status(command, reader, now)
        case CanI():
            return access.can_i(command, reader)
        case Topology():
            if topology is None:
                raise ToolError("topology is not offered here; get services,ingresses,deploy is")
            return topology(command, reader)
        case _:
            return _server(command, reader, extra_kinds)


def source_of(command: KubectlCommand) -> str:
    """Return the family of a command's evidence, for one that was not answered."""
    match command:
        case Get(targets=targets) | Describe(targets=targets):
            return ",".join(target.kind.plural for target in targets)
        case Logs():
            return "logs"
        case Events():
            return "events"
        case TopPods() | TopNodes():
            return "metrics"
        case RolloutHistory() | RolloutStatus():
            return "rollouts"
        case Topology():
            return "topology"
        case CanI() | WhoAmI():
            return "access"
        case Explain() | ApiResources() | Version():
            return "schema"


def _objects(
    command: Get | Describe | Logs | Events, reader: ClusterReader, now: datetime
) -> Answer:
    match command:
        case Get():
            return get(command, reader)
        case Describe():
            return describe(command, reader, now)
        case Logs():
            return logs(command, reader)
        case Events():
            return events(command, reader, now)


def _server(
    command: WhoAmI | Explain | ApiResources | Version,
    reader: ClusterReader,
    extra_kinds: tuple[Kind, ...],
) -> Answer:
    match command:
        case WhoAmI():
            return access.who_am_i(reader)
        case Explain():
            return schema.explain(command, reader)
        case ApiResources():
            return schema.api_resources(reader, extra_kinds)
        case Version():
            return schema.version(reader)
