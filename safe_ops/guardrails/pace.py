"""Guards of pace: one action at a time on a thing, few in an hour, and none split into many."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from safe_ops.guardrails.past import NODE, minutes_since, of_same_node_pool
from safe_ops.model.actions import AT_WORK
from safe_ops.model.guarding import Case, Guard, passes, refuses
from safe_ops.model.standing import STANDING

if TYPE_CHECKING:
    from safe_ops.model.actions import PastAction
    from safe_ops.model.plans import Ruling
    from safe_ops.model.surveys import Survey

IN_FLIGHT: Final = "in-flight"
PACE_TARGET: Final = "pace-target"
PACE_ENVIRONMENT: Final = "pace-environment"
ONE_NODE: Final = "one-node"
BLAST_RADIUS: Final = "blast-radius"

_HOUR: Final = timedelta(hours=1)


def _in_flight(case: Case[Survey]) -> Ruling:
    others = case.circumstances.in_flight
    if not others:
        return passes(IN_FLIGHT, "nothing else is under way on it or on its service")
    other = others[0]
    return refuses(
        IN_FLIGHT,
        f"A{other.number} ({other.operation} on {other.target_key}) {STANDING[other.state]}, for"
        f" {minutes_since(other, case.circumstances.now)} minutes now: decide it or let it end"
        " first",
    )


def _pace_target(case: Case[Survey]) -> Ruling:
    key, limit = case.drawing.target.key, case.circumstances.per_target_hour
    ran = [past for past in _last_hour(case) if past.target_key == key]
    says = f"{len(ran)} of at most {limit} actions an hour ran on {key}"
    if len(ran) < limit:
        return passes(PACE_TARGET, says)
    return refuses(PACE_TARGET, f"{says}: {_when_again(case, ran, limit)}", overridable=True)


def _pace_environment(case: Case[Survey]) -> Ruling:
    if case.drawing.target.is_own:
        return passes(PACE_ENVIRONMENT, "nothing in the environment is changed")
    ran, limit = _last_hour(case), case.circumstances.per_environment_hour
    says = f"{len(ran)} of at most {limit} actions an hour ran in the environment"
    if len(ran) < limit:
        return passes(PACE_ENVIRONMENT, says)
    return refuses(PACE_ENVIRONMENT, f"{says}: {_when_again(case, ran, limit)}", overridable=True)


def _one_node(case: Case[Survey]) -> Ruling:
    target, now = case.drawing.target, case.circumstances
    if target.kind != NODE:
        return passes(ONE_NODE, "it acts on no node")
    for past in (*now.in_flight, *now.recent):
        if past.state in AT_WORK and of_same_node_pool(past, target):
            return refuses(
                ONE_NODE,
                f"A{past.number} ({past.operation} on {past.target_key}) {STANDING[past.state]},"
                f" for {minutes_since(past, now.now)} minutes now: one node of a cluster at a"
                " time, so let it end, or settle it if its operator is gone",
            )
    return passes(ONE_NODE, f"no other node of {target.place.name} is being acted on")


def _blast_radius(case: Case[Survey]) -> Ruling:
    target, now = case.drawing.target, case.circumstances
    ran = [past for past in _last_hour(case) if past.service_key == target.service_key]
    touched = sum(past.size for past in ran) + len(case.drawing.steps)
    says = (
        f"with this, {len(ran) + 1} actions within an hour touch {touched} objects of"
        f" {target.service_key}"
    )
    if target.kind == NODE or not ran:
        # Nodes have a pace of their own, and a single plan shows what it touches.
        return passes(BLAST_RADIUS, says)
    if len(ran) < now.per_service_hour and touched <= now.objects_service_hour:
        return passes(BLAST_RADIUS, says)
    return refuses(
        BLAST_RADIUS,
        f"{says}, more than {now.per_service_hour} actions or {now.objects_service_hour} objects:"
        " many small changes are one big one, so propose that instead",
    )


def _last_hour(case: Case[Survey]) -> list[PastAction]:
    now = case.circumstances
    return [past for past in now.recent if now.now - past.changed_at < _HOUR]


def _when_again(case: Case[Survey], ran: list[PastAction], limit: int) -> str:
    """Say when enough of them are an hour old; they are in no particular order."""
    blocking = sorted((past.changed_at for past in ran), reverse=True)[limit - 1]
    wait = blocking + _HOUR - case.circumstances.now
    return (
        f"the next may follow in {int(wait.total_seconds()) // 60 + 1} minutes, or by breaking"
        " glass for an incident"
    )


GUARDS: Final[tuple[Guard[Survey], ...]] = (
    Guard(name=IN_FLIGHT, decide=_in_flight),
    Guard(name=PACE_TARGET, decide=_pace_target),
    Guard(name=PACE_ENVIRONMENT, decide=_pace_environment),
    Guard(name=ONE_NODE, decide=_one_node),
    Guard(name=BLAST_RADIUS, decide=_blast_radius),
)
