"""Which process takes an action from which state to which, for the database to insist on.

`safe_ops.lifecycle` says what may follow what, and why; this is who brings it about.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Final, TypeAlias

from safe_ops.model.actions import PENDING, State

if TYPE_CHECKING:
    from collections.abc import Iterable

Move: TypeAlias = tuple[State, State]


def _from(before: Iterable[State], *after: State) -> frozenset[Move]:
    return frozenset(product(before, after))


_WAITS: Final = (*PENDING, State.APPROVED, State.SCHEDULED)

BY_DECIDING: Final = (
    _from(PENDING, *_WAITS, State.EXPIRED, State.REJECTED, State.CANCELLED)
    | _from((State.DRAFT,), State.CANCELLED)
    | _from((State.APPROVED, State.SCHEDULED, State.CLAIMED), State.REVOKED)
    | _from((State.INDETERMINATE,), State.SUCCEEDED, State.FAILED)
)
"""What people say."""
BY_SWEEPING: Final = _from(
    (State.DRAFT, State.APPROVED, State.SCHEDULED, State.CLAIMED), State.EXPIRED
) | _from((State.SCHEDULED,), State.APPROVED)
"""What time brings about by itself."""
BY_PLANNING: Final = _from(
    (State.DRAFT,),
    State.DRAFT,
    State.PENDING_ONCALL,
    State.PENDING_MANAGER,
    State.APPROVED,
    State.SCHEDULED,
    State.EXPIRED,
    State.BLOCKED,
    State.CANCELLED,
)
BY_OPERATING: Final = (
    _from((State.APPROVED,), State.CLAIMED, State.SCHEDULED, State.EXPIRED, State.REVOKED)
    | _from(
        (State.CLAIMED,),
        State.CLAIMED,
        State.EXECUTING,
        State.EXPIRED,
        State.BLOCKED,
        State.REVOKED,
        State.STALE,
    )
    | _from(
        (State.EXECUTING,),
        State.EXECUTING,
        State.VERIFYING,
        State.ROLLING_BACK,
        State.INDETERMINATE,
        State.FAILED,
        State.STALE,
    )
    | _from((State.VERIFYING,), State.VERIFYING, State.ROLLING_BACK, State.SUCCEEDED, State.FAILED)
    | _from((State.ROLLING_BACK,), State.ROLLING_BACK, State.ROLLED_BACK, State.ROLLBACK_FAILED)
    | _from((State.INDETERMINATE,), State.INDETERMINATE, State.SUCCEEDED, State.FAILED)
)


def named(states: Iterable[State]) -> str:
    """Return states as a list of SQL texts, in a fixed order."""
    return ", ".join(f"'{state.value}'" for state in sorted(states))


def only(moves: frozenset[Move]) -> str:
    """Return what holds of a row of actions before and after one of these moves, in SQL."""
    parts = []
    for before in sorted({move[0] for move in moves}):
        after = named(move[1] for move in moves if move[0] is before)
        parts.append(f"OLD.state = '{before.value}' AND NEW.state IN ({after})")
    return " OR ".join(parts)
