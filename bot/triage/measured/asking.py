"""What is asked of a metrics server about the workloads of an incident: eight questions at most.

One query serves all workloads of a namespace. It must not know what the answers mean.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from bot.domain.registry import Access
from bot.tools.promql.durations import DAY_S, HOUR_S, MINUTE_S, spelled
from bot.tools.promql.reading import step_for
from bot.tools.promql.selectors import in_quotes, selector_text
from bot.triage.measured.batch import Question, Taken
from bot.triage.measures.candidates import DURATIONS
from bot.triage.measures.choosing import choose
from bot.triage.measures.subject import NAMESPACE, Subject
from bot.triage.measures.usage import RATE_S
from safe_ops.model.request_metrics import REQUESTS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bot.triage.measures.choosing import Chosen
    from bot.triage.measures.meter import Meter
    from safe_ops.model.request_metrics import Candidate

MAX_SUBJECTS = 5
CPU, THROTTLED, MEMORY, LIMITS, RESTARTS = "cpu", "throttled", "memory", "limits", "restarts"
REQUESTED, SLOW, VOLUMES = "requests", "latency", "volumes"
_BEFORE_ONSET_S = 2 * HOUR_S
"""How it was before, on the same line as how it is."""
_LEAST_S = 6 * HOUR_S + 5 * MINUTE_S
"""A leak shows over hours; a little more than six take a step of two minutes, not of one."""
_MOST_S = DAY_S
_QUANTILE = 0.95
_REAL = ('container!=""', 'container!="POD"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Subjects:
    """Workloads of one namespace of one cluster, and since when they are looked at."""

    subjects: tuple[Subject, ...]
    """At least one; the first is the one whose requests are asked for."""
    access: Access
    at: datetime
    onset: datetime

    @property
    def minutes(self) -> int:
        """The window: from some time before the onset to now, and hours in any case."""
        asked_s = (self.at - self.onset).total_seconds() + _BEFORE_ONSET_S
        return int(min(_MOST_S, max(_LEAST_S, asked_s))) // MINUTE_S

    @property
    def matchers(self) -> tuple[str, ...]:
        """What selects their containers."""
        pods = "|".join(one.pods for one in self.subjects)
        return (f"{NAMESPACE}={in_quotes(self.subjects[0].namespace)}", f"pod=~{in_quotes(pods)}")

    @property
    def range(self) -> str:
        """The range of each rate: no step of the window goes unseen."""
        return spelled(max(RATE_S, step_for(self.minutes * MINUTE_S)))


def minutes_since(onset: datetime, at: datetime) -> int:
    """Return a window that has the onset in it, an hour to a day long."""
    asked_s = (at - onset).total_seconds() + HOUR_S
    return int(min(_MOST_S, max(HOUR_S, asked_s))) // MINUTE_S


def strains(asked: Subjects) -> list[Question]:
    """Return the questions on processors, memory, restarts and requests."""
    real = (*asked.matchers, *_REAL)
    spent = _rate("container_cpu_usage_seconds_total", real, asked.range)
    held = _rate("container_cpu_cfs_throttled_periods_total", real, asked.range)
    all_periods = _rate("container_cpu_cfs_periods_total", real, asked.range)
    memory = selector_text("container_memory_working_set_bytes", real)
    restarts = selector_text("kube_pod_container_status_restarts_total", asked.matchers)
    limits = selector_text("kube_pod_container_resource_limits", asked.matchers)
    minutes = asked.minutes
    return [
        _measured(CPU, spent, minutes=minutes, compare=True),
        _measured(THROTTLED, f"{held} / {all_periods}", minutes=minutes, compare=True),
        _measured(MEMORY, f"max by (pod, container) ({memory})", minutes=minutes, compare=True),
        _measured(RESTARTS, f"max by (pod, container) ({restarts})", minutes=minutes),
        _measured(LIMITS, f"max by (pod, container, resource) ({limits})"),
        Question(
            key=REQUESTED,
            words=f"requests of {asked.subjects[0].name}",
            ask=partial(_requests, asked=asked),
        ),
        Question(
            key=SLOW,
            words=f"durations of {asked.subjects[0].name}",
            ask=partial(_latency, asked=asked),
        ),
    ]


def volumes(namespace: str, claims: Sequence[str], *, minutes: int) -> Question:
    """Return the question on how full the volumes of some claims are, as a share."""
    names = "|".join(claims)
    matchers = (
        f"{NAMESPACE}={in_quotes(namespace)}",
        f"persistentvolumeclaim=~{in_quotes(names)}",
    )
    used, whole = (
        f"max by (persistentvolumeclaim) ({selector_text(metric, matchers)})"
        for metric in ("kubelet_volume_stats_used_bytes", "kubelet_volume_stats_capacity_bytes")
    )
    return _measured(VOLUMES, f"{used} / {whole}", minutes=minutes, compare=True)


def _rate(metric: str, matchers: tuple[str, ...], length: str) -> str:
    return f"sum by (pod, container) (rate({selector_text(metric, matchers)}[{length}]))"


def _measured(
    key: str, query: str, *, minutes: int | None = None, compare: bool = False
) -> Question:
    def ask(meter: Meter) -> Taken:
        return Taken(looks=(meter.measure(query, minutes=minutes, compare=compare),))

    return Question(key=key, words=query, ask=ask)


def _requests(meter: Meter, *, asked: Subjects) -> Taken:
    """Ask how many requests there are by what tells failures: one query for load and errors."""

    def query(chosen: Chosen) -> str:
        rate = f"rate({chosen.selector}[{asked.range}])"
        by = f" by ({chosen.failures.label})" if chosen.failures is not None else ""
        return f"sum{by} ({rate})"

    return _of_candidates(meter, asked, REQUESTS, query, words="requests")


def _latency(meter: Meter, *, asked: Subjects) -> Taken:
    def query(chosen: Chosen) -> str:
        inner = f"sum by (le) (rate({chosen.selector}[{asked.range}]))"
        return f"histogram_quantile({_QUANTILE}, {inner})"

    return _of_candidates(meter, asked, DURATIONS, query, words="durations")


def _of_candidates(
    meter: Meter,
    asked: Subjects,
    candidates: Sequence[Candidate],
    query: Callable[[Chosen], str],
    *,
    words: str,
) -> Taken:
    subject = asked.subjects[0]
    choice = choose(
        meter,
        subject,
        candidates,
        access=asked.access,
        at=asked.at,
        words=f"{words} of {subject.name}",
    )
    if choice.chosen is None:
        return Taken(looks=(choice.look,))
    look = meter.measure(query(choice.chosen), minutes=asked.minutes, compare=True)
    return Taken(looks=(choice.look, look), chosen=choice.chosen)
