"""The shape of an operation: typed parameters, a survey, a pure drawing, guards, checks, rights.

An operation never sends anything. It says which calls would be made; actuators make them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Generic, Protocol, runtime_checkable

from pydantic import BaseModel, ConfigDict

from safe_ops.model.guarding import S
from safe_ops.model.plans import Place
from safe_ops.ports.reach import CloudEstate, ClusterEstate, Metrics
from safe_ops.ports.trust import TrustEyes

if TYPE_CHECKING:
    from safe_ops.model.actions import CallOutcome
    from safe_ops.model.guarding import Guard
    from safe_ops.model.plans import Call, Drawing, Json, Plan, System
    from safe_ops.model.rights import Rights

NEVER = datetime(1970, 1, 1, tzinfo=UTC)
"""A time before all others: what is as old as that is too old for every guard."""


class Parameters(BaseModel):
    """Base of every operation's parameters: nothing beyond what is named, nothing converted."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, str_strip_whitespace=True)


class Progress(StrEnum):
    """How far what was wanted is."""

    REACHED = "reached"
    WAITING = "waiting"
    MISSED = "missed"
    """It cannot be reached any more: go on to the undo at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One look at the target after the calls."""

    progress: Progress
    says: str
    """Such as `3 of 4 pods updated, 2 ready`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Eyes:
    """What an operation may read with; exactly one of cluster, cloud and trust is there."""

    place: Place
    cluster: ClusterEstate | None = None
    cloud: CloudEstate | None = None
    trust: TrustEyes | None = None
    metrics: Metrics | None = None
    """None where the place has no metrics."""
    now: datetime = NEVER
    """The book's time when these eyes were opened; open new ones for every survey and look."""


class Operation(Protocol, Generic[S]):
    """One entry of the catalogue; stateless, so that one instance serves all."""

    name: str
    """Such as `rollout_restart`; unique in the catalogue."""
    version: int
    """Rises when the same parameters would be drawn differently: plans of before become stale."""
    system: System
    title: str
    """For people, such as `Restart a rollout`."""
    parameters: type[Parameters]
    guards: tuple[Guard[S], ...]
    """Beyond the common ones, which every operation has."""
    rights: Rights

    def survey(self, wanted: Parameters, eyes: Eyes) -> S:
        """Read all that drawing and guards need, once.

        Raises:
            safe_ops.errors.UpstreamError: Something could not be read: nothing is planned.
        """
        ...

    def draw(self, wanted: Parameters, survey: S, place: Place) -> Drawing:
        """Return what would be done; pure.

        Raises:
            safe_ops.errors.RefusedError: The target is gone (`gone`), or the parameters make no
                sense for it (`parameters`).
        """
        ...

    def look(self, plan: Plan, eyes: Eyes) -> Look:
        """Tell how far the plan's steps took effect, as its verification says; reads only.

        Raises:
            safe_ops.errors.UpstreamError: It cannot be seen now.
        """
        ...

    def applied(self, plan: Plan, call: Call, eyes: Eyes) -> CallOutcome:
        """Tell by reading whether a call whose answer was lost took effect.

        UNKNOWN where reading cannot tell; UpstreamError as in `look`.
        """
        ...

    def bind(self, plan: Plan, call: Call, eyes: Eyes) -> dict[str, Json]:
        """Return values for the call's late-bound placeholders, read now.

        Asked right before every call, also where there are none: where the system compares nothing
        itself, this is what keeps a call from undoing what somebody else did meanwhile.

        Raises:
            safe_ops.errors.StaleError: The target is not the one the plan was drawn for.
        """
        ...


@runtime_checkable
class Paced(Protocol):
    """An operation whose calls may have to wait for what those before them set going."""

    def not_yet(self, plan: Plan, call: Call, eyes: Eyes) -> str:
        """Return why a call may not be sent yet, in a sentence; empty where it may.

        Asked before each try of a call, and again for some minutes while it has to wait.

        Raises:
            safe_ops.errors.UpstreamError: It cannot be seen now.
        """
        ...
