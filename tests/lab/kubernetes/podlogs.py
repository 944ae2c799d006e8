"""The pod log endpoint: which container's log, from where, how much of it.

Refusals carry the kubelet's and the API server's words, because people search for them.

A log that is followed ends where it stands.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.lab.estate import when
from tests.lab.estate.logs import first_since
from tests.lab.kubernetes.routes import is_true
from tests.lab.kubernetes.status import StatusError, not_found

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.lab.estate.logs import Log
    from tests.lab.estate.store import SimulatedCluster

Object = dict[str, Any]

_CHUNK_LINES = 512
_PULL_REASONS = {"ErrImagePull", "ImagePullBackOff"}


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRequest:
    """The log endpoint's parameters; None means not given."""

    container: str
    previous: bool
    timestamps: bool
    tail_lines: int | None
    limit_bytes: int | None
    since: float | None

    @classmethod
    def read(cls, query: Mapping[str, str], now: float) -> LogRequest:
        """The parameters of a query; a 422 Status if one is out of range."""
        since_s = _number(query, "sinceSeconds", least=1)
        since = now - since_s if since_s is not None else None
        if "sinceTime" in query:
            if since is not None:
                raise _invalid("sinceSeconds", "at most one of `sinceTime` or `sinceSeconds`")
            since = when.read_stamp(query["sinceTime"])
        return cls(
            container=query.get("container", ""),
            previous=is_true(query.get("previous", "")),
            timestamps=is_true(query.get("timestamps", "")),
            tail_lines=_number(query, "tailLines", least=0),
            limit_bytes=_number(query, "limitBytes", least=1),
            since=since,
        )


def _number(query: Mapping[str, str], name: str, *, least: int) -> int | None:
    if name not in query:
        return None
    try:
        value = int(query[name])
    except ValueError:
        raise StatusError(400, f'strconv.ParseInt: parsing "{query[name]}": invalid syntax') from (
            None
        )
    if value < least:
        raise _invalid(name, f"must be greater than or equal to {least}")
    return value


def _invalid(field: str, words: str) -> StatusError:
    return StatusError(422, f'PodLogOptions "" is invalid: {field}: Invalid value: {words}')


def read_log(
    cluster: SimulatedCluster, namespace: str, pod_name: str, asked: LogRequest
) -> Iterator[bytes]:
    """The log's bytes in chunks of some lines; a Status if there is nothing to read from."""
    pod = cluster.peek("pods", namespace, pod_name)
    if pod is None:
        raise not_found("pods", "", pod_name)
    container = _container_of(pod, asked.container)
    if not pod["spec"].get("nodeName"):
        return iter(())  # a pod without a node has an empty log, not an error
    previous = _which_run(pod, container, previous=asked.previous)
    log = cluster.log(namespace, pod_name, container, previous=previous)
    if previous and not asked.previous and not log:
        log = cluster.log(namespace, pod_name, container)
    return _cut(log, asked)


def _container_of(pod: Object, wanted: str) -> str:
    names: list[str] = [item["name"] for item in pod["spec"]["containers"]]
    inits = [item["name"] for item in pod["spec"].get("initContainers", ())]
    name = pod["metadata"]["name"]
    if not wanted:
        if len(names) == 1:
            return names[0]
        words = f"a container name must be specified for pod {name}, choose one of: "
        words += f"[{' '.join(names)}]"
        if inits:
            words += f" or one of the init containers: [{' '.join(inits)}]"
        raise StatusError(400, words)
    if wanted not in names + inits:
        raise StatusError(400, f"container {wanted} is not valid for pod {name}")
    return wanted


def _which_run(pod: Object, container: str, *, previous: bool) -> bool:
    """Whether the run before is the one to read, as the kubelet decides it from the status."""
    name = pod["metadata"]["name"]
    status = pod.get("status", {})
    statuses = [*status.get("containerStatuses", ()), *status.get("initContainerStatuses", ())]
    found = next((item for item in statuses if item["name"] == container), None)
    if found is None:
        raise StatusError(400, f'container "{container}" in pod "{name}" is not available')
    ended_before = found.get("lastState", {}).get("terminated")
    if previous:
        if not ended_before:
            raise StatusError(
                400, f'previous terminated container "{container}" in pod "{name}" not found'
            )
        return True
    if "waiting" not in found["state"]:
        return False
    if ended_before:
        return True
    reason = found["state"]["waiting"].get("reason", "ContainerCreating")
    cause = "trying and failing to pull image" if reason in _PULL_REASONS else reason
    raise StatusError(400, f'container "{container}" in pod "{name}" is waiting to start: {cause}')


def _cut(log: Log, asked: LogRequest) -> Iterator[bytes]:
    start = 0 if asked.since is None else first_since(log, asked.since)
    if asked.tail_lines is not None:
        start = max(start, len(log) - asked.tail_lines)
    left = asked.limit_bytes
    for begin in range(start, len(log), _CHUNK_LINES):
        lines = log[begin : begin + _CHUNK_LINES]
        prefixes = (when.nano_stamp(line.at) + " " if asked.timestamps else "" for line in lines)
        text = "".join(f"{p}{line.text}\n" for p, line in zip(prefixes, lines, strict=True))
        chunk = text.encode("utf-8", "surrogateescape")
        if left is not None:
            chunk = chunk[:left]
            left -= len(chunk)
        yield chunk
        if left == 0:
            return
