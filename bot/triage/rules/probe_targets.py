"""What is wrong with a failing probe: its port, its path, its patience; by its own template."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.domain.verdict import Category, Cause

if TYPE_CHECKING:
    from bot.triage.estate import Estate, Pod
    from bot.triage.finding import Finding
    from bot.triage.specs import ContainerSpec, Probe

# A container killed this close to the end of its probe's patience was killed by nothing else.
CLOSE = timedelta(seconds=15)

_KIND = re.compile(r"(Readiness|Liveness|Startup) probe failed")
_NO_ANSWER = re.compile(r"deadline exceeded|Client\.Timeout|i/o timeout|timed? ?out", re.IGNORECASE)
_ABSENT = re.compile(r"statuscode: 404", re.IGNORECASE)
_REFUSED = re.compile(r"connection refused", re.IGNORECASE)


def judged(estate: Estate, found: Finding, pod: Pod) -> Finding:
    """Return the finding of a failing probe with what its template says against it."""
    told = _judged(found, pod)
    if told is found:
        return found
    template = estate.cite(f"{found.object.kind}s", namespace=pod.ref.namespace)
    return replace(told, evidence=tuple(dict.fromkeys((*found.evidence, *template))))


def _judged(found: Finding, pod: Pod) -> Finding:
    message = found.values["message"]
    kind = _KIND.search(message)
    for spec in pod.spec.containers:
        for probe in spec.probes:
            if kind is None or probe.kind != kind[1] or not _is_failing(pod, spec):
                continue
            if _REFUSED.search(message) and _is_astray(probe, spec):
                return _with(
                    found,
                    "probe_port",
                    0.9,
                    port=probe.port,
                    ports=", ".join(str(port.number) for port in spec.ports),
                )
            if _ABSENT.search(message) and probe.path:
                return _with(found, "probe_path", 0.85, path=probe.path)
            if found.phrase == "probe_kills" and _is_early(pod, spec, probe):
                return _with(found, "probe_early", 0.8, seconds=str(probe.patience_s))
            if _NO_ANSWER.search(message):
                return replace(
                    found,
                    phrase="probe_slow",
                    values={**found.values, "seconds": str(probe.timeout_s)},
                )
    return found


def _is_failing(pod: Pod, spec: ContainerSpec) -> bool:
    """Tell whether it may be this container's probe: of one that is well it is not."""
    own = next((one for one in pod.containers if one.name == spec.name), None)
    return own is not None and (not own.ready or own.restarts > 0)


def _is_astray(probe: Probe, spec: ContainerSpec) -> bool:
    numbers = {port.number for port in spec.ports}
    names = {port.name for port in spec.ports}
    is_named = not probe.port.isdecimal()
    return bool(numbers) and (
        probe.port not in names if is_named else int(probe.port[:5]) not in numbers
    )


def _is_early(pod: Pod, spec: ContainerSpec, probe: Probe) -> bool:
    """Tell whether the container never answered and was given up as soon as that was allowed."""
    has_startup = any(one.kind == "Startup" for one in spec.probes)
    own = next(one for one in pod.containers if one.name == spec.name)
    lived = own.ended.lived if own.ended is not None else None
    if has_startup or own.ready or lived is None:
        return False
    patience = timedelta(seconds=probe.patience_s)
    return patience - CLOSE <= lived <= patience + CLOSE + timedelta(seconds=30)


def _with(found: Finding, phrase: str, weight: float, **values: str) -> Finding:
    return replace(
        found,
        phrase=phrase,
        cause=Cause.PROBE_WRONG,
        category=Category.CONFIGURATION,
        weight=weight,
        values={**found.values, **values},
        symptom=False,
    )
