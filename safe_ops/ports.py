"""What the write side needs from outside: the book of actions, eyes, hands, people, signals.

Adapters implement these in `bot.adapters` and in `safe_ops.actuators`; nothing here knows how.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from datetime import datetime, timedelta

    from safe_ops.model.actions import (
        Action,
        Factor,
        JournalRow,
        PastAction,
        Person,
        Request,
        State,
        Switches,
    )
    from safe_ops.model.plans import Call, Json, Place
    from safe_ops.model.rights import Warrant
    from safe_ops.model.signal import Signal
    from safe_ops.model.surveys import Object, Permission
    from safe_ops.model.trail import AuditEntry, AuditRow, Checkpoint
    from safe_ops.model.transition import Transition


class Clock(Protocol):
    """Time, so that tests can set it."""

    def now(self) -> datetime:
        """Return the time, UTC, aware."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


# The book: SQL.


class ActionBook(Protocol):
    """Actions, their journal, the switches and the audit, in one database.

    Every change is one transaction: the row, its audit row, and what has to be told. Times are
    the database's own, so that no two machines' clocks can disagree.
    """

    def now(self) -> datetime:
        """Return the database's time."""
        ...

    def open(self, request: Request, *, rationale: str = "") -> tuple[Action, bool]:
        """Store a request as a draft; False beside the action when its key was there already.

        The rationale is somebody's or a model's free text: kept apart, redacted by the caller,
        read by nothing but cards.
        """
        ...

    def find(self, action_id: str) -> Action | None:
        """Return the action, or None."""
        ...

    def rationale(self, action_id: str) -> str:
        """Return the free text given with the request; empty if none."""
        ...

    def change(
        self, action_id: str, decide: Callable[[Action, datetime], Transition | None]
    ) -> Action:
        """Lock the row, ask `decide` with the row and the database's time, write what it says.

        None changes nothing. What `decide` raises leaves everything as it was and is raised.

        Raises:
            RefusedError: `gone`: there is no such action; `busy`: the state that is asked for
                needs the target or its service alone (from PENDING or APPROVED on for the target,
                from CLAIMED on for the service too), and another action has it.
        """
        ...

    def extend_lease(self, action_id: str, *, fence: int, by: timedelta) -> None:
        """Let the operator with this fence hold the action for so long from now.

        It is no change of the action: its version stays, and the audit has no row of it.

        Raises:
            FenceLostError: Another operator has it, or it is not held by anybody.
        """
        ...

    def write_journal(self, row: JournalRow) -> None:
        """Write one journal row, if the action is still held under the row's fence.

        A BEFORE row of a step is refused while the last attempt at it is without an AFTER row that
        says NOT_APPLIED; so is every step once the kill switch is set (but those of `undo`).

        Raises:
            FenceLostError: Another operator has the action, or it is not at work.
            RefusedError: `journal` or `stopped`.
        """
        ...

    def journal(self, action_id: str) -> tuple[JournalRow, ...]:
        """Return the action's journal in the order it was written."""
        ...

    def switches(self) -> Switches:
        """Return the switches as they are now."""
        ...

    def change_switches(
        self, change: Callable[[Switches], Switches], entry: AuditEntry
    ) -> Switches:
        """Lock the switches, set what `change` makes of them; return them.

        The entry is written with how they stand then among its facts.
        """
        ...

    def note(self, entry: AuditEntry) -> None:
        """Write an audit row of something that changed no action, such as a refused click."""
        ...

    def in_flight(self, *, target_key: str, service_key: str, but: str) -> tuple[PastAction, ...]:
        """Return open, planned actions of the same target or service, other than `but`."""
        ...

    def recent(self, *, environment: str, since: datetime, but: str) -> tuple[PastAction, ...]:
        """Return actions of the environment that were executed since, newest first."""
        ...

    def record(self, *, operation: str, environment: str, service_key: str) -> tuple[State, ...]:
        """Return how executed actions of an operation ended in the last 30 days, newest first."""
        ...

    def due(self) -> tuple[tuple[str, State], ...]:
        """Return what somebody has to look at, oldest first.

        Drafts, approved and scheduled actions, those whose operator's lease ran out, and pending
        ones whose time ran out.
        """
        ...

    def pending(self) -> tuple[Action, ...]:
        """Return the actions that wait for a person, oldest first."""
        ...

    def take_factor_counter(self, subject: str, counter: int) -> bool:
        """Use up a TOTP time step or a WebAuthn counter; False if it or a later one was used."""
        ...


class Trail(Protocol):
    """The audit as a sequence."""

    def rows(self, *, after: int = 0, limit: int = 1000) -> tuple[AuditRow, ...]:
        """Return rows with a number above `after`, in order."""
        ...

    def checkpoints(self, *, after: int = 0) -> tuple[Checkpoint, ...]:
        """Return checkpoints of rows with a number above `after`, oldest first."""
        ...

    def add_checkpoint(self, checkpoint: Checkpoint) -> None:
        """Keep one."""
        ...

    def shipped(self, sink: str) -> int:
        """Return the number of the last row the sink has; 0 if none."""
        ...

    def mark_shipped(self, sink: str, number: int) -> None:
        """Note how far a sink is; never backwards."""
        ...


class AuditSink(Protocol):
    """A place outside the database that keeps the audit too."""

    @property
    def name(self) -> str:
        """Return its name, such as `file` or `s3`."""
        ...

    def deliver(self, rows: tuple[AuditRow, ...], checkpoints: tuple[Checkpoint, ...]) -> None:
        """Keep these rows; repeating it must do no harm.

        Raises:
            AuditError: They were not kept.
        """
        ...


class Delivery(Protocol):
    """Brings what the sinks lack to them."""

    def catch_up(self) -> None:
        """Deliver all rows to all sinks.

        Raises:
            AuditError: A sink did not take them.
        """
        ...


# Eyes and hands.


class ClusterEstate(Protocol):
    """Reads one cluster with the operator's own, narrow rights; nothing is cached."""

    def get(self, path: str) -> Object | None:
        """Return the object at an API path; None if there is none (404).

        Raises:
            UpstreamError: It cannot be known now, or may not be read.
        """
        ...

    def items(self, path: str, *, labels: str = "", fields: str = "") -> tuple[Object, ...]:
        """Return all objects of a list, however many pages; a kind nobody serves has none.

        Raises:
            UpstreamError: As `get`.
        """
        ...

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
        """Ask the cluster whether we may (SelfSubjectAccessReview)."""
        ...


class CloudEstate(Protocol):
    """Reads one account and region with rights for this one operation."""

    def read(self, operation: str, parameters: dict[str, Json]) -> dict[str, Json]:
        """Return a read's answer, all pages joined; `ecs:describe_services`, as boto3 names it.

        Raises:
            GoneError: There is no such thing.
            UpstreamError: It cannot be known now, or may not be read.
        """
        ...

    def may(self, action: str, arn: str) -> Permission:
        """Ask IAM whether our role may make the call (SimulatePrincipalPolicy)."""
        ...


class Metrics(Protocol):
    """Reads single numbers from the metrics of a place."""

    def value(self, place: Place, promql: str) -> float | None:
        """Return the value of an instant query with at most one series; None for none or NaN.

        Raises:
            UpstreamError: Metrics are not connected or do not answer.
        """
        ...


class Hands(Protocol):
    """Makes changing calls in one place; the only thing that does."""

    def rehearse(self, call: Call) -> str:
        """Send the call as a dry run where the system has one; say what it answered.

        Raises:
            CallRefusedError: It would be refused; the text is the system's reason.
            UpstreamError: It cannot be rehearsed now.
        """
        ...

    def send(self, call: Call) -> Json:
        """Send the call once, without any repeating below; return the answer.

        Raises:
            BudgetError: A disruption budget allows no eviction now.
            GoneError: What it is about is gone.
            CallRefusedError: It was refused, `conflict` when a precondition did not hold.
            UnknownOutcomeError: It was sent, and no answer came or none that tells.
            UpstreamError: It was certainly not sent.
        """
        ...


class Workshop(Protocol):
    """Opens eyes and hands in a place; only the operator process has one."""

    def knows(self, place: Place) -> str:
        """Return the environment the registry gives the place.

        Raises:
            RefusedError: `place`: it is not in the registry, or the operator has no rights there.
        """
        ...

    def cluster(self, place: Place) -> ClusterEstate:
        """Return eyes in a cluster."""
        ...

    def cloud(self, place: Place, warrant: Warrant) -> AbstractContextManager[CloudEstate]:
        """Open eyes in an account, for one operation's reads."""
        ...

    def hands(self, place: Place, warrant: Warrant) -> AbstractContextManager[Hands]:
        """Open hands in a place, for one action."""
        ...

    @property
    def metrics(self) -> Metrics:
        """Return the numbers of all places."""
        ...


# People and signals.


class People(Protocol):
    """Who somebody is, asked at the click and again at execution."""

    def person(self, slack_id: str, *, team_id: str = "") -> Person:
        """Return who it is now.

        Raises:
            UpstreamError: It cannot be known now; whoever it is may decide nothing.
        """
        ...


class Factors(Protocol):
    """Second factors: proof that somebody is who they are, bound to what they agree to."""

    def known(self, subject: str) -> tuple[Factor, ...]:
        """Return the kinds of proof the person has enrolled; none if none."""
        ...

    def check(self, subject: str, answer: str, *, digest: str) -> Factor:
        """Return the kind of a proof that holds; it is used up by that.

        `answer` is a TOTP code, or the JSON of a WebAuthn assertion whose challenge is bound to
        the digest.

        Raises:
            RefusedError: `factor`: it does not hold, or was used before.
        """
        ...


class Signals(Protocol):
    """Looks at the signal an incident came by."""

    def look(self, incident_id: str, place: Place) -> Signal:
        """Return it as it is now; never raises: what cannot be seen is not visible."""
        ...


class ChangeRecords(Protocol):
    """Tells the outside of each action: opened when planned, closed when ended."""

    def opened(self, action: Action) -> None:
        """Tell that it was planned; repeating it must do no harm.

        Raises:
            UpstreamError: The record could not be made.
        """
        ...

    def closed(self, action: Action) -> None:
        """Tell how it ended; as above."""
        ...


class Bell(Protocol):
    """Tells other processes that something waits; lost rings are rung again by the sweep."""

    def plan(self, action_id: str) -> None:
        """A draft waits for the operator."""
        ...

    def execute(self, action_id: str) -> None:
        """An approved action waits for the operator."""
        ...


class Herald(Protocol):
    """Brings what people see of an action up to date; never raises, and may be called twice."""

    def tell(self, action_id: str) -> None:
        """Post or renew its card."""
        ...

    def page(self, action_id: str, says: str) -> None:
        """Call a human: something ended in a way nobody should find by chance."""
        ...
