"""How pods made from a template behave: remembered while a scenario loads, asked when pods are new.

A template the scenario made crash keeps crashing, whoever rolls it out again; an earlier one that
ran, runs. Knows templates, not the objects that hold them.
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from typing import Any

from tests.lab.estate import when
from tests.lab.estate.quantities import memory_bytes

Object = dict[str, Any]

# Options of a state that tell of one pod's past, which a new pod does not have.
_PAST = frozenset({"created", "last_exit", "restarts"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """What a scenario said of one template: its description, and its pods' state."""

    given: Object = field(default_factory=dict)
    state: Object = field(default_factory=lambda: {"is": "running"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Noted:
    spec: Object
    behaviour: Behaviour


class Behaviours:
    """The behaviours of one cluster's templates, by workload; thread-safe."""

    def __init__(self) -> None:
        self._noted: dict[tuple[str, str, str], list[_Noted]] = {}
        self._lock = threading.Lock()

    def note(self, workload: Object, spec: Object, *, given: Object, state: object) -> None:
        """Remember what pods of this template do; a state written short counts as options.

        A list of states belongs to the pods there are, not to the template: new ones run.
        """
        kept = {"is": "running"} if isinstance(state, list) else _options(state)
        behaviour = Behaviour(given=given, state=kept)
        with self._lock:
            self._noted.setdefault(_key(workload), []).insert(
                0, _Noted(spec=spec, behaviour=behaviour)
            )

    def of(self, workload: Object, spec: Object) -> Behaviour:
        """What a new pod of this template will do; unknown templates run."""
        with self._lock:
            noted = list(self._noted.get(_key(workload), ()))
        same = next((one for one in noted if _essence(one.spec) == _essence(spec)), None)
        if same is None:
            return Behaviour(given=noted[0].behaviour.given if noted else {})
        behaviour = same.behaviour
        if behaviour.state["is"] == "oom" and _memory(spec) > _memory(same.spec):
            return Behaviour(given=behaviour.given)
        return Behaviour(given=behaviour.given, state=_renewed(behaviour.state))


def _options(state: object) -> Object:
    return dict(state) if isinstance(state, dict) else {"is": state or "running"}


def _key(workload: Object) -> tuple[str, str, str]:
    meta = workload["metadata"]
    return workload["kind"], meta.get("namespace", ""), meta["name"]


def _essence(spec: Object) -> str:
    """What decides whether a program runs: all but the sizes it is given."""
    containers = [
        {key: value for key, value in one.items() if key != "resources"}
        for one in spec["containers"]
    ]
    rest = {key: value for key, value in spec.items() if key not in {"containers", "volumes"}}
    return json.dumps([containers, rest], sort_keys=True)


def _memory(spec: Object) -> float:
    limits = (one.get("resources", {}).get("limits", {}) for one in spec["containers"])
    return sum(memory_bytes(limit["memory"]) for limit in limits if "memory" in limit)


def _renewed(state: Object) -> Object:
    """The state as a pod shows it that was made a moment ago."""
    kept = {key: value for key, value in state.items() if key not in _PAST}
    if kept["is"] in {"crash_loop", "oom", "probe_killed"}:
        kept |= {"restarts": 1, "last_exit": "-1s", "run": "0s", "back_off": "10s"}
    for log in ("logs", "previous_logs"):
        if log in kept:
            kept[log] = _lately(kept[log])
    return kept


def _lately(lines: list[str]) -> list[str]:
    """The log's lines as far apart as they were, the last a second ago."""
    parted = [line.partition(" ") for line in lines]
    last_s = max((when.offset_s(offset) for offset, _, _ in parted), default=0.0)
    return [f"-{last_s - when.offset_s(offset) + 1:g}s {text}" for offset, _, text in parted]
