"""Logs of one container, bounded, and the reasons there are none.

Knows the log endpoint and the sentences kubelets refuse with. Must not search or condense.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from bot.adapters.cluster import faults
from bot.adapters.cluster.objects import PODS, object_path
from bot.domain.errors import ToolError, UpstreamError
from bot.ports.cluster import LogText

if TYPE_CHECKING:
    from bot.adapters.cluster.objects import Objects
    from bot.adapters.cluster.wire import Query, Wire
    from bot.adapters.transport import Deadline
    from bot.ports.cluster import KubeObject, LogQuery


class PodLogs:
    """Log reads of one cluster."""

    def __init__(self, wire: Wire, objects: Objects) -> None:
        self._wire = wire
        self._objects = objects

    def read(self, query: LogQuery) -> LogText:
        """Return the lines; ToolError names the containers or the reason there are none.

        A log that was cut ends with its last whole line: redaction must never see half a secret.
        """
        deadline = self._wire.deadline()
        try:
            content, cut = self._wire.text(
                f"{object_path(PODS, namespace=query.namespace, name=query.pod)}/log",
                deadline=deadline,
                query=_parameters(query),
                limit_bytes=query.limit_bytes,
            )
        except faults.RefusedError as error:
            raise self._explained(query, error.refusal, deadline) from error
        if cut:
            content = content[: content.rfind(b"\n") + 1] or content
        return LogText(text=content.decode("utf-8", "replace"), cut=cut)

    def _explained(
        self, query: LogQuery, refusal: faults.Refusal, deadline: Deadline
    ) -> ToolError | UpstreamError:
        if refusal.object_missing and refusal.named == query.pod:
            return self._objects.missing(
                PODS, name=query.pod, namespace=query.namespace, deadline=deadline
            )
        said = refusal.message
        if refusal.code not in {HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND} or said is None:
            return faults.refused(refusal, cluster=self._wire.cluster)
        if "is not valid for pod" in said:
            there = self._containers(query, deadline)
            return ToolError(f"pod {query.pod} has no container {query.container}; {there}")
        if "previous terminated container" in said:
            return ToolError(
                f"{self._place(query)} has no previous run whose log is kept: it has not"
                " restarted on its node. Ask without --previous"
            )
        if "is waiting to start" in said:
            reason = said.rpartition("is waiting to start")[2].strip(" :")
            return ToolError(
                f"{self._place(query)} has not started, so it has no log yet"
                f" ({reason or 'no reason given'}). The pod's events say why; a crashed run's log"
                " is under --previous"
            )
        return ToolError(f"no log of {self._place(query)}: {said}")

    def _containers(self, query: LogQuery, deadline: Deadline) -> str:
        try:
            pod = self._objects.read(
                PODS, deadline=deadline, namespace=query.namespace, name=query.pod
            )
        except (ToolError, UpstreamError):
            return "its containers could not be read"
        return "it has: " + ", ".join(_container_names(pod))

    def _place(self, query: LogQuery) -> str:
        container = f"container {query.container} of " if query.container else ""
        return f"{container}pod {query.pod} in namespace {query.namespace}"


def _parameters(query: LogQuery) -> Query:
    # One byte more than is kept, so that a log of exactly the limit is not called cut.
    parameters = {"tailLines": str(query.tail_lines), "limitBytes": str(query.limit_bytes + 1)}
    if query.container is not None:
        parameters["container"] = query.container
    if query.since_s is not None:
        parameters["sinceSeconds"] = str(query.since_s)
    if query.previous:
        parameters["previous"] = "true"
    if query.timestamps:
        parameters["timestamps"] = "true"
    return parameters


def _container_names(pod: KubeObject) -> list[str]:
    spec = pod.get("spec") or {}
    return [
        str(container.get("name"))
        for field in ("containers", "initContainers", "ephemeralContainers")
        for container in spec.get(field) or []
    ]
