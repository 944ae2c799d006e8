"""Guards of what people switch by hand: the kill switch, read-only, a declared freeze.

None of them yields to break-glass.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from safe_ops.model.guarding import Case, Guard, passes, refuses

if TYPE_CHECKING:
    from safe_ops.model.plans import Ruling
    from safe_ops.model.surveys import Survey

KILL_SWITCH: Final = "kill-switch"
READ_ONLY: Final = "read-only"
FREEZE: Final = "freeze"


def _kill_switch(case: Case[Survey]) -> Ruling:
    switches = case.circumstances.switches
    if not switches.stopped_by:
        return passes(KILL_SWITCH, "the kill switch is off")
    since = f" at {switches.stopped_at:%Y-%m-%d %H:%M} UTC" if switches.stopped_at else ""
    return refuses(
        KILL_SWITCH,
        f"{switches.stopped_by} stopped all operations{since}: a manager has to release them",
    )


def _read_only(case: Case[Survey]) -> Ruling:
    if not case.circumstances.switches.read_only:
        return passes(READ_ONLY, "operations are switched on")
    return refuses(
        READ_ONLY, "Nightdesk is switched to read-only: a manager has to switch operations on"
    )


def _freeze(case: Case[Survey]) -> Ruling:
    reason = case.circumstances.switches.frozen
    if not reason:
        return passes(FREEZE, "no freeze is declared")
    return refuses(FREEZE, f"a freeze is declared ({reason}): a manager has to lift it")


GUARDS: Final[tuple[Guard[Survey], ...]] = (
    Guard(name=KILL_SWITCH, decide=_kill_switch),
    Guard(name=READ_ONLY, decide=_read_only),
    Guard(name=FREEZE, decide=_freeze),
)
