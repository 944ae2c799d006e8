"""The state of one simulated cluster: objects with versions, logs, usage, denials and faults.

Thread-safe, because tests change it while the API server reads it. Objects are plain dicts as
the API returns them, and are replaced whole, never changed in place. It knows nothing of HTTP.
"""

from __future__ import annotations

import threading
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.lab.estate import naming, when
from tests.lab.estate.access import INVESTIGATOR, Access, Denial, is_allowed
from tests.lab.estate.behaviours import Behaviours
from tests.lab.estate.faults import Misbehaviour
from tests.lab.estate.logs import GeneratedLog, Log, listed_log
from tests.lab.kubernetes.kinds import KINDS, ResourceKind, kind_named, kind_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tests.lab.clock import LabClock
    from tests.lab.estate.access import Identity

Object = dict[str, Any]

_FIRST_VERSION = 48_211_000  # an ordinary etcd revision of a cluster some weeks old


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One write: type is ADDED, MODIFIED or DELETED, as watch events call it."""

    version: int
    type: str
    key: str
    object: Object


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a container or node uses, in the metrics API's own quantities ("40m", "92Mi")."""

    cpu: str
    memory: str


class SimulatedCluster(Misbehaviour):
    """One cluster of the estate.

    `extensions` names the add-ons installed (metrics, argo, vpa, gateway).
    """

    def __init__(
        self,
        name: str,
        *,
        clock: LabClock,
        version: str = "v1.33.4",
        environment: str = "production",
        extensions: Iterable[str] = ("metrics",),
    ) -> None:
        super().__init__()
        self.name = name
        self.clock = clock
        self.version = version
        self.environment = environment
        self.extensions = frozenset(extensions)
        self.behaviours = Behaviours()
        self._lock = threading.RLock()
        self._objects: dict[str, dict[tuple[str, str], Object]] = {}
        self._version = _FIRST_VERSION
        self._changes: list[Change] = []
        self._listeners: list[Callable[[], object]] = []
        self._logs: dict[tuple[str, str, str, bool], Log] = {}
        self._usage: dict[tuple[str, str, str], Usage] = {}
        self._denials: tuple[Denial, ...] = ()

    @property
    def resource_version(self) -> str:
        return str(self._version)

    @property
    def kinds(self) -> tuple[ResourceKind, ...]:
        """The resource types this cluster serves."""
        return tuple(
            kind for kind in KINDS if not kind.extension or kind.extension in self.extensions
        )

    # Objects

    def apply(self, manifest: Object) -> Object:
        """Store an object, new or in place of the one with its name; returns it as stored.

        Identity, creation time and resourceVersion are the server's; status is kept as given.
        """
        kind = kind_of(manifest["apiVersion"], manifest["kind"])
        stored = deepcopy(manifest)
        meta = stored["metadata"]
        if kind.namespaced:
            meta.setdefault("namespace", "default")
        place = (meta.get("namespace", ""), meta["name"])
        with self._lock:
            shelf = self._objects.setdefault(kind.key, {})
            earlier = shelf.get(place)
            inherited = earlier["metadata"] if earlier else {}
            meta.setdefault("uid", inherited.get("uid") or naming.uid(self.name, kind.key, *place))
            meta.setdefault(
                "creationTimestamp",
                inherited.get("creationTimestamp") or when.stamp(self.clock.now()),
            )
            self._record("MODIFIED" if earlier else "ADDED", kind.key, stored)
            shelf[place] = stored
        self._notify()
        return deepcopy(stored)

    def delete(self, kind: str, name: str, namespace: str = "") -> None:
        """Remove an object; KeyError if there is none of that name."""
        key = kind_named(kind).key
        with self._lock:
            try:
                gone = deepcopy(self._objects[key].pop((namespace, name)))
            except KeyError:
                raise KeyError(f"{self.name} has no {kind} {namespace}/{name}") from None
            self._record("DELETED", key, gone)
        self._notify()

    @property
    def alone(self) -> threading.RLock:
        """Held, nobody else writes: for changes that depend on what they read."""
        return self._lock

    def get(self, kind: str, name: str, namespace: str = "") -> Object:
        """A copy of one object; KeyError if there is none of that name."""
        found = self.peek(kind_named(kind).key, namespace, name)
        if found is None:
            raise KeyError(f"{self.name} has no {kind} {namespace}/{name}")
        return deepcopy(found)

    def peek(self, key: str, namespace: str, name: str) -> Object | None:
        """The stored object itself, to be read only; None if absent."""
        with self._lock:
            return self._objects.get(key, {}).get((namespace, name))

    def listed(self, key: str, namespace: str = "") -> list[Object]:
        """Stored objects in the API's order (namespace, then name), to be read only."""
        with self._lock:
            shelf = self._objects.get(key, {})
            places = sorted(place for place in shelf if namespace in {"", place[0]})
            return [shelf[place] for place in places]

    def every(self) -> list[Object]:
        """All stored objects of all kinds, to be read only."""
        return [item for key in sorted(self._objects) for item in self.listed(key)]

    def changes_since(self, version: int, key: str) -> list[Change]:
        """Writes to one resource after a resourceVersion, oldest first."""
        with self._lock:
            return [c for c in self._changes if c.version > version and c.key == key]

    def snapshot(self, key: str, namespace: str = "") -> tuple[list[Object], str]:
        """Objects and the resourceVersion they stand for, read together."""
        with self._lock:
            return self.listed(key, namespace), self.resource_version

    def subscribe(self, listener: Callable[[], object]) -> Callable[[], None]:
        """Call `listener` (from the writer's thread) after each write; returns how to stop."""
        with self._lock:
            self._listeners.append(listener)

        def leave() -> None:
            with self._lock:
                self._listeners.remove(listener)

        return leave

    def _record(self, type_: str, key: str, stored: Object) -> None:
        self._version += 1
        stored["metadata"]["resourceVersion"] = str(self._version)
        self._changes.append(Change(version=self._version, type=type_, key=key, object=stored))

    def _notify(self) -> None:
        with self._lock:
            listeners = tuple(self._listeners)
        for listener in listeners:
            listener()

    # Logs and usage

    def set_logs(
        self,
        namespace: str,
        pod: str,
        container: str,
        lines: GeneratedLog | Iterable[tuple[float, str]],
        *,
        previous: bool = False,
    ) -> None:
        """Give a container its log: a generated one, or (epoch seconds, text) pairs."""
        log = lines if isinstance(lines, GeneratedLog) else listed_log(lines)
        with self._lock:
            self._logs[namespace, pod, container, previous] = log

    def log(self, namespace: str, pod: str, container: str, *, previous: bool = False) -> Log:
        """What the container wrote in this run, or in the one before; empty if nothing."""
        with self._lock:
            return self._logs.get((namespace, pod, container, previous), ())

    def set_usage(self, namespace: str, pod: str, container: str, usage: Usage) -> None:
        """Give a container its cpu and memory; for a node, namespace and container are ""."""
        with self._lock:
            self._usage[namespace, pod, container] = usage

    def usage(self, namespace: str, pod: str, container: str = "") -> Usage | None:
        """What the container (or node) uses now; None if the metrics server has no sample."""
        with self._lock:
            return self._usage.get((namespace, pod, container))

    # Rights

    def deny(
        self,
        *,
        verb: str = "*",
        resource: str = "*",
        namespace: str = "*",
        who: Identity = INVESTIGATOR,
    ) -> None:
        """Refuse an account of the lab these requests from now on."""
        with self._lock:
            self._denials += (Denial(verb=verb, resource=resource, namespace=namespace, who=who),)

    def allows(self, access: Access, who: Identity = INVESTIGATOR) -> bool:
        return is_allowed(access, self._denials, who)

    @property
    def denials(self) -> tuple[Denial, ...]:
        return self._denials
