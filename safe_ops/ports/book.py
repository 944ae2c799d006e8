"""The book: actions, their journal and the switches, in one database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, timedelta

    from safe_ops.model.actions import (
        Action,
        JournalRow,
        PastAction,
        Request,
        State,
        Switches,
    )
    from safe_ops.model.trail import AuditEntry, AuditRow
    from safe_ops.model.transition import Transition
    from safe_ops.model.trust import Conduct, Trust, TrustKey


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

    def take_draft(self, action_id: str, *, planner: str, by: timedelta) -> int | None:
        """Let one planner have a draft for so long from now; whoever has it may ask again.

        Return how many before came to no end; None where another has it, or it is no draft.

        It is no change of the action: its version stays. But where a planner's time ran out before
        it came to an end, the audit gets a row of that once another takes the draft.
        """
        ...

    def count_noted(self, action_id: str, event: str) -> int:
        """Return how many audit rows of the action are of this event."""
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
        self,
        change: Callable[[Switches], Switches],
        entry: AuditEntry,
        *,
        since: datetime | None = None,
        heed: Callable[[tuple[AuditRow, ...]], None] | None = None,
    ) -> Switches:
        """Lock the switches, set what `change` makes of them; return them.

        The entry is written with how they stand then among its facts. Before that `heed` is given
        the audit's rows of how they were set since a time, oldest first. What either raises leaves
        everything as it was and is raised.
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

    def trust(self, key: TrustKey) -> Trust | None:
        """Return what the operation is trusted by; None where it is not.

        Trust ends with the `change` of an action that went wrong after its first call
        (`safe_ops.model.trust.went_wrong`), in the same transaction, and the outcome says so.
        """
        ...

    def trusts(self) -> tuple[Trust, ...]:
        """Return everything that is trusted, oldest trust first."""
        ...

    def conduct(self, key: TrustKey) -> Conduct:
        """Return how the operation went on the service, as far as trust rests on it."""
        ...

    def due(self) -> tuple[tuple[str, State], ...]:
        """Return what somebody has to look at, oldest first.

        Drafts nobody plans now, approved and scheduled actions, those whose operator's lease ran
        out, pending ones whose time ran out, and those of unknown outcome that are to be read back
        again.
        """
        ...

    def pending(self) -> tuple[Action, ...]:
        """Return the actions that wait for a person, oldest first."""
        ...

    def succeeded(self, *, operations: tuple[str, ...], since: datetime) -> tuple[Action, ...]:
        """Return actions of these operations that succeeded since, oldest first."""
        ...

    def take_factor_counter(self, subject: str, counter: int) -> bool:
        """Use up a TOTP time step or a WebAuthn counter; False if it or a later one was used."""
        ...


class Wishes(Protocol):
    """Actions by the wish they have become."""

    def asked_with(self, key: str) -> Action | None:
        """Return the action the request of that key has become, or None."""
        ...
