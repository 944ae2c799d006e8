"""Containers that do not start or do not stay: crashes, memory, commands, configuration."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.domain.verdict import Category, Cause
from bot.triage.finding import Finding
from bot.triage.intent import resembling

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.triage.estate import Container, Ending, Estate, Pod

# The runtime's words for a command that cannot be run; 126 and 127 are the shell's.
BAD_COMMAND_EXITS = frozenset({126, 127})
BAD_COMMAND_REASONS = frozenset({"StartError", "ContainerCannotRun", "RunContainerError"})
BAD_CONFIG_REASONS = frozenset({"CreateContainerConfigError", "CreateContainerError"})
# A container that ended this often and lately is crashing, though it may run at this moment.
CRASHING_RESTARTS = 3
# The kubelet forgets a container's back-off once it has run so long without an end.
# https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#restart-policy
STEADY_AFTER = timedelta(minutes=10)
# 128 plus SIGKILL: the kernel's answer to too much memory, and the kubelet's to a failed probe.
KILLED_EXIT = 137
PROBE_KILL = "failed liveness probe"

WARNINGS = ("BackOff", "Failed")

_Judged = tuple[str, Cause, Category, float]
"""Phrase, cause, category, weight."""
_OUT_OF_MEMORY: _Judged = ("out_of_memory", Cause.OUT_OF_MEMORY, Category.CAPACITY, 0.95)
_EXITS: _Judged = ("exits", Cause.BAD_COMMAND, Category.CONFIGURATION, 0.6)
# What a program ends with says less than its log does; the log's rules raise it.
_CRASH: _Judged = ("crash", Cause.APPLICATION_CRASH, Category.APPLICATION, 0.6)
_CONFIG_REFUSED: _Judged = ("config_refused", Cause.WRONG_CONFIG, Category.CONFIGURATION, 0.7)
_CONFIG_MISSING: _Judged = ("config_missing", Cause.MISSING_CONFIG, Category.CONFIGURATION, 0.95)
_BAD_COMMAND: _Judged = ("bad_command", Cause.BAD_COMMAND, Category.CONFIGURATION, 0.9)

_WRONG_ARCHITECTURE: _Judged = (
    "wrong_architecture",
    Cause.BAD_COMMAND,
    Category.CONFIGURATION,
    0.9,
)
# The kernel's words for a program of another kind of processor, or for none at all.
FOREIGN_FORMAT = "exec format error"

_MISSING = re.compile(
    r"""(?P<kind>configmap|secret)\s+"(?P<name>[^"]+)"\s+not\s+found"""
    r"""|couldn't\s+find\s+key\s+(?P<key>\S+)\s+in\s+(?P<keykind>ConfigMap|Secret)\s+(?P<owner>\S+)""",
    re.IGNORECASE,
)


def find(estate: Estate) -> Iterator[Finding]:
    """Yield a finding for each container that cannot start or keeps ending."""
    for pod in estate.pods:
        if estate.is_over(pod) or pod.reason == "Evicted":
            continue
        for container in pod.containers:
            found = _judge(estate, pod, container)
            if found is not None:
                yield found


def missing_reference(message: str) -> str | None:
    """Return the config map, secret or key a message says does not exist; None if it says none."""
    match = _MISSING.search(message)
    if match is None:
        return None
    kind = (match["kind"] or match["keykind"]).casefold()
    if match["key"]:
        return f"{match['key']} in {kind} {match['owner']}"
    return f"{kind} {match['name']}"


def lacks_key(message: str) -> bool:
    """Tell whether a message says that a ConfigMap has no such key."""
    match = _MISSING.search(message)
    return match is not None and (match["keykind"] or "").casefold() == "configmap"


def _judge(estate: Estate, pod: Pod, container: Container) -> Finding | None:
    if container.waiting_reason in BAD_CONFIG_REASONS:
        return _configuration(estate, pod, container)
    if container.waiting_reason in BAD_COMMAND_REASONS:
        return _bad_command(estate, pod, container, container.waiting_message)
    ended = container.ended
    if ended is None or not _is_crashing(estate, container, ended):
        return None
    if ended.reason in BAD_COMMAND_REASONS or ended.exit_code in BAD_COMMAND_EXITS:
        return _bad_command(estate, pod, container, ended.message or ended.reason)
    if ended.reason == "OOMKilled":
        return _finding(estate, pod, container, _OUT_OF_MEMORY)
    if ended.exit_code == KILLED_EXIT:
        return _killed(estate, pod, container)
    if ended.exit_code == 0:
        return _finding(estate, pod, container, _EXITS)
    return _finding(estate, pod, container, _CRASH)


def _is_crashing(estate: Estate, container: Container, ended: Ending) -> bool:
    if container.waiting_reason == "CrashLoopBackOff":
        return True
    if container.is_ended:
        return ended.exit_code != 0
    is_recent = ended.finished_at is None or estate.at - ended.finished_at < STEADY_AFTER
    return container.restarts >= CRASHING_RESTARTS and is_recent


def _killed(estate: Estate, pod: Pod, container: Container) -> Finding | None:
    """Return what a kill without a reason means; None when a probe's rule tells it better."""
    if any(
        PROBE_KILL in event.message and container.name in event.message
        for event in estate.about(pod.ref, "Killing")
    ):
        return None
    weight = 0.6 if container.memory_limit else 0.4
    return _finding(
        estate, pod, container, ("killed", Cause.OUT_OF_MEMORY, Category.CAPACITY, weight)
    )


def _configuration(estate: Estate, pod: Pod, container: Container) -> Finding:
    message = container.waiting_message
    missing = missing_reference(message)
    if missing is None:
        return _finding(estate, pod, container, _CONFIG_REFUSED, message=message)
    found = _finding(estate, pod, container, _CONFIG_MISSING, missing=missing)
    return _with_closest_key(estate, found, message)


def _with_closest_key(estate: Estate, found: Finding, message: str) -> Finding:
    """Return the finding with the key that most resembles the missing one, if one does."""
    match = _MISSING.search(message)
    owner = (match["owner"] or "").rpartition("/")[2] if match else ""
    keys = next((one.keys for one in estate.config_keys if one.ref.name == owner), ())
    closest = resembling(match["key"], keys) if match and match["key"] else None
    if closest is None:
        return found
    return replace(
        found,
        phrase="key_mistaken",
        values={**found.values, "closest": closest},
        evidence=(
            *found.evidence,
            *estate.cite("configmaps", namespace=found.object.namespace),
        ),
    )


def _bad_command(estate: Estate, pod: Pod, container: Container, message: str) -> Finding:
    is_foreign = FOREIGN_FORMAT in message.casefold()
    judged = _WRONG_ARCHITECTURE if is_foreign else _BAD_COMMAND
    return _finding(estate, pod, container, judged, message=message)


def _finding(
    estate: Estate, pod: Pod, container: Container, judged: _Judged, **values: str
) -> Finding:
    phrase, cause, category, weight = judged
    ended = container.ended
    has_log = ended is not None and cause is not Cause.BAD_COMMAND
    return Finding(
        object=estate.workload_of(pod),
        cause=cause,
        category=category,
        phrase=phrase,
        values={
            "pod": pod.ref.name,
            "container": container.name,
            "restarts": str(container.restarts),
            "exit_code": str(ended.exit_code) if ended else "",
            "reason": ended.reason if ended else container.waiting_reason,
            "limit": container.memory_limit,
            **values,
        },
        evidence=estate.cite("pods", namespace=pod.ref.namespace),
        weight=weight,
        since=estate.onset(pod, *WARNINGS, known=[ended.finished_at if ended else None]),
        check=f"kubectl describe pod {pod.ref.name} -n {pod.ref.namespace}",
        pods=(pod.ref,),
        container=container.name if has_log else "",
        previous=not container.is_ended,
    )
