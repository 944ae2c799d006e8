"""An operation that sets dials of a simulated machine, and the hands that reach it.

The machine answers as systems do: it checks versions, loses answers, refuses, makes wait.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from safe_ops.errors import (
    BudgetError,
    CallRefusedError,
    GoneError,
    RefusedError,
    StaleError,
    UnknownOutcomeError,
    UpstreamError,
)
from safe_ops.model.actions import CallOutcome
from safe_ops.model.guarding import Case, Guard, passes, refuses
from safe_ops.model.marks import MARKED
from safe_ops.model.plans import (
    Call,
    Change,
    Drawing,
    Json,
    Place,
    Plan,
    Ruling,
    Sequel,
    Step,
    System,
    Target,
    Tier,
    Verification,
)
from safe_ops.model.rights import Rights, Warrant
from safe_ops.model.surveys import Permission, Survey
from safe_ops.operations.operation import Eyes, Look, Parameters, Progress

if TYPE_CHECKING:
    from collections.abc import Iterator

    from safe_ops.ports.reach import CloudEstate, ClusterEstate

PATH = "/apis/apps/v1/namespaces/shop/deployments/"


class KilledError(BaseException):
    """The process ends here, as by SIGKILL: nothing after it runs."""


@dataclass
class Machine:
    """Dials by name, with their versions, and what goes wrong with the next calls of each."""

    dials: dict[str, int] = field(default_factory=lambda: {"a": 1, "b": 1, "c": 1})
    versions: dict[str, int] = field(default_factory=dict)
    faults: dict[str, list[str]] = field(default_factory=dict)
    sent: list[Call] = field(default_factory=list)
    """Every call that arrived, in order."""
    effects: list[tuple[str, int]] = field(default_factory=list)
    """Every change that was made: which dial, to what."""
    uid: str = "uid-1"
    there: bool = True
    tier: Tier = Tier.T2
    broken: str = ""
    """Why nothing can be read now."""
    blind: bool = False
    """Reading back does not tell."""
    obstacle: str = ""
    """What the operation's own guard refuses for, if anything."""
    overridable: bool = False
    allowed: bool = True
    lanes: dict[str, str] = field(default_factory=dict)
    gone_is_fine: bool = False
    undoable: bool = True
    settle_s: int = 0
    sequel: Sequel | None = None
    """What follows setting dials by itself."""
    marked: str = ""
    """Who wrote them last, where that is looked at."""
    slow: int = 0
    """So many looks find it not there yet."""
    missed: str = ""
    rehearsal: str = ""
    """How dry runs fail, if they do."""
    closed: str = ""
    """Why hands cannot be opened now."""
    warrants: list[Warrant] = field(default_factory=list)
    on_send: Callable[[Call], None] = lambda _call: None

    def __post_init__(self) -> None:
        self.lock = threading.Lock()
        self.in_flight = 0
        self.most_in_flight = 0

    def fault(self, dial: str, *kinds: str) -> None:
        self.faults.setdefault(dial, []).extend(kinds)

    def turn(self, call: Call) -> Json:
        name = call.path.removeprefix(PATH)
        with self.lock:
            self.in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self.in_flight)
            self.sent.append(call)
            waiting = self.faults.get(name, [])
            kind = waiting.pop(0) if waiting else "ok"
        try:
            self.on_send(call)
            return self._answer(name, call, kind)
        finally:
            with self.lock:
                self.in_flight -= 1

    def _answer(self, name: str, call: Call, kind: str) -> Json:
        match kind:
            case "killed-before":
                raise KilledError
            case "lost-before":
                raise UnknownOutcomeError("the connection broke", system="eu")
            case "budget":
                raise BudgetError("the budget allows none now", system="eu")
            case "budget-soon":
                raise BudgetError("the budget allows none now", system="eu", retry_after_s=1)
            case "gone":
                raise GoneError(f"{name} is gone", system="eu")
            case "refused":
                raise CallRefusedError(f"{name} was refused", system="eu", status="403")
            case "unsent":
                raise UpstreamError("no connection", system="eu")
            case _:
                pass
        with self.lock:
            if int(call.body["version"]) != self.versions.get(name, 0) or kind == "conflict":
                raise CallRefusedError("changed", system="eu", status="409", conflict=True)
            self.dials[name] = call.body["to"]
            self.versions[name] = self.versions.get(name, 0) + 1
            self.effects.append((name, call.body["to"]))
        if kind == "lost-after":
            raise UnknownOutcomeError("the connection broke", system="eu")
        if kind == "killed-after":
            raise KilledError
        return {"ok": True}


class Dials(Parameters):
    names: list[str] = Field(min_length=0, max_length=40)
    to: int = Field(ge=0, le=100)


@dataclass(frozen=True, slots=True, kw_only=True)
class DialSurvey(Survey):
    dials: dict[str, int]


class SetDials:
    """Sets dials to a number; undone by setting them back."""

    name = "set_dials"
    version = 1
    system = System.KUBERNETES
    title = "Set dials"
    parameters: type[Parameters] = Dials
    rights: ClassVar[Rights] = Rights()

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.guards: tuple[Guard[DialSurvey], ...] = (
            Guard(name="obstacle", decide=self._obstacle),
        )

    def survey(self, wanted: Parameters, eyes: Eyes) -> DialSurvey:
        self._read()
        there = {"metadata": {"labels": {"app": "cart"}}} if self.machine.there else None
        return DialSurvey(
            read_at=eyes.now,
            target=there,
            permissions=(Permission(says="patch dials", allowed=self.machine.allowed),),
            dials=dict(self.machine.dials),
        )

    def draw(self, wanted: Parameters, survey: DialSurvey, place: Place) -> Drawing:
        asked = Dials.model_validate(wanted)
        if survey.target is None:
            raise RefusedError("The machine is gone.", code="gone")
        machine, names = self.machine, asked.names
        return Drawing(
            tier=machine.tier,
            target=Target(
                place=place,
                kind="Deployment",
                name="cart",
                namespace="shop",
                uid=machine.uid,
                service="shop/cart",
            ),
            pins={name: survey.dials[name] for name in names}
            | ({MARKED: machine.marked} if machine.marked else {}),
            changes=tuple(
                Change(field=name, before=str(survey.dials[name]), after=str(asked.to))
                for name in names
            ),
            steps=tuple(self._step(name, asked.to) for name in names),
            undo=tuple(self._step(name, survey.dials[name]) for name in names)
            if machine.undoable
            else (),
            cannot_be_undone="" if machine.undoable else "the machine forgets",
            verification=Verification(
                says=("dials are set",), deadline_s=60, settle_s=machine.settle_s
            ),
            blast_radius=(f"{len(names)} dials",),
            sequel=machine.sequel,
        )

    def look(self, plan: Plan, eyes: Eyes) -> Look:
        self._read()
        if self.machine.missed:
            return Look(progress=Progress.MISSED, says=self.machine.missed)
        if self.machine.slow > 0:
            self.machine.slow -= 1
            return Look(progress=Progress.WAITING, says="not all dials are there yet")
        reached = all(
            self.machine.dials[name] == plan.parameters["to"] for name in plan.parameters["names"]
        )
        says = "all dials are set" if reached else "not all dials are set"
        return Look(progress=Progress.REACHED if reached else Progress.WAITING, says=says)

    def applied(self, plan: Plan, call: Call, eyes: Eyes) -> CallOutcome:
        self._read()
        if self.machine.blind:
            return CallOutcome.UNKNOWN
        name = call.path.removeprefix(PATH)
        applied = self.machine.dials[name] == call.body["to"]
        return CallOutcome.APPLIED if applied else CallOutcome.NOT_APPLIED

    def bind(self, plan: Plan, call: Call, eyes: Eyes) -> dict[str, Json]:
        self._read()
        if self.machine.uid != plan.target.uid:
            raise StaleError("the machine is another one now")
        name = call.path.removeprefix(PATH)
        return {"$version": str(self.machine.versions.get(name, 0))}

    def _read(self) -> None:
        if self.machine.broken:
            raise UpstreamError(self.machine.broken, system="eu")

    def _obstacle(self, case: Case[DialSurvey]) -> Ruling:
        if not self.machine.obstacle:
            return passes("obstacle", "nothing is in the way")
        return refuses("obstacle", self.machine.obstacle, overridable=self.machine.overridable)

    def _step(self, name: str, to: int) -> Step:
        return Step(
            says=f"set dial {name} to {to}",
            call=Call(
                action="PATCH",
                path=PATH + name,
                body={"to": to, "version": "$version", "by": "$action"},
                late_bound=("$version",),
            ),
            group=self.machine.lanes.get(name, ""),
            gone_is_fine=self.machine.gone_is_fine,
        )


@dataclass
class MachineHands:
    machine: Machine

    def rehearse(self, call: Call) -> str:
        name = call.path.removeprefix(PATH)
        match self.machine.rehearsal:
            case "refused":
                raise CallRefusedError("admission says no", system="eu", status="403")
            case "conflict":
                raise CallRefusedError("changed", system="eu", status="409", conflict=True)
            case "gone":
                raise GoneError(f"{name} is gone", system="eu")
            case "unreachable":
                raise UpstreamError("no answer", system="eu")
            case "lost":
                raise UnknownOutcomeError(
                    "the dry run was answered as if it were none", system="eu"
                )
            case _:
                pass
        return f"would set {name} to {call.body['to']}"

    def send(self, call: Call) -> Json:
        return self.machine.turn(call)


@dataclass
class MachineWorkshop:
    """Opens the machine as a cluster or as an account; knows its environment."""

    machine: Machine
    environment: str = "prod"

    def knows(self, place: Place) -> str:
        if place.name not in {"eu", "main"}:
            raise RefusedError(f"{place.name} is not in the registry.", code="place")
        return self.environment

    def cluster(self, place: Place) -> ClusterEstate:
        return NoCluster()

    @contextmanager
    def cloud(self, place: Place, warrant: Warrant) -> Iterator[CloudEstate]:
        self.machine.warrants.append(warrant)
        yield NoCloud()

    @contextmanager
    def hands(self, place: Place, warrant: Warrant) -> Iterator[MachineHands]:
        if self.machine.closed:
            raise UpstreamError(self.machine.closed, system="eu")
        self.machine.warrants.append(warrant)
        yield MachineHands(self.machine)

    @property
    def metrics(self) -> NoMetrics:
        return NoMetrics()


class NoCluster:
    """Eyes the dials do not need."""

    def get(self, path: str) -> dict[str, Json] | None:
        return None

    def items(
        self, path: str, *, labels: str = "", fields: str = "", required: bool = False
    ) -> tuple[dict[str, Json], ...]:
        return ()

    def may(
        self,
        verb: str,
        *,
        group: str,
        resource: str,
        subresource: str = "",
        namespace: str = "",
        name: str = "",
    ) -> Permission:
        return Permission(says=verb, allowed=False)


class NoCloud:
    def read(self, operation: str, parameters: dict[str, Json]) -> dict[str, Json]:
        return {}

    def may(self, action: str, arn: str) -> Permission:
        return Permission(says=action, allowed=False)


class NoMetrics:
    def value(self, place: Place, promql: str) -> float | None:
        return None


START = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
"""A Friday at noon."""
