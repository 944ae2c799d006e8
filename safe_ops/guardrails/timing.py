"""Guards of time: the change window, and the rest a target gets after an action that went wrong."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from safe_ops.guardrails.past import minutes_since, of_same_node_pool
from safe_ops.model.actions import State
from safe_ops.model.guarding import Case, Guard, passes, refuses

if TYPE_CHECKING:
    from safe_ops.model.plans import Ruling
    from safe_ops.model.surveys import Survey

WINDOW: Final = "window"
COOL_DOWN: Final = "cool-down"

LONGEST_WAIT: Final = timedelta(hours=4)
"""An approved action waits at most this long for its window; what it was drawn on gets old."""
_WENT_WRONG: Final = frozenset({State.FAILED, State.ROLLED_BACK, State.ROLLBACK_FAILED})


def _window(case: Case[Survey]) -> Ruling:
    now = case.circumstances
    if case.drawing.target.is_own:
        return passes(WINDOW, "nothing in the environment is changed, so it needs no window")
    if now.window_open:
        return passes(WINDOW, now.window_says or "changes are allowed now")
    opens_at = now.window_opens_at
    if opens_at is not None and timedelta(0) <= opens_at - now.now <= LONGEST_WAIT:
        return passes(WINDOW, f"{now.window_says}; once approved, it waits for that")
    return refuses(
        WINDOW,
        f"{now.window_says}: ask again within {LONGEST_WAIT.seconds // 3600} hours of an open"
        " window, or break glass for an incident",
        overridable=True,
    )


def _cool_down(case: Case[Survey]) -> Ruling:
    now, target = case.circumstances, case.drawing.target
    rest = timedelta(seconds=now.cooldown_s)
    for past in now.recent:
        same = (
            past.target_key == target.key
            or past.service_key == target.service_key
            or of_same_node_pool(past, target)
        )
        if same and past.state in _WENT_WRONG and now.now - past.changed_at < rest:
            return refuses(
                COOL_DOWN,
                f"A{past.number} ({past.operation} on {past.target_key}) ended"
                f" {past.state} {minutes_since(past, now.now)} minutes ago: find out why first; it"
                f" may be tried again {now.cooldown_s // 60} minutes after it ended",
                overridable=True,
            )
    return passes(COOL_DOWN, f"nothing failed here within {now.cooldown_s // 60} minutes")


GUARDS: Final[tuple[Guard[Survey], ...]] = (
    Guard(name=WINDOW, decide=_window),
    Guard(name=COOL_DOWN, decide=_cool_down),
)
