"""Whether a request is what an approved plan said would follow it: then its approvals count for it.

Everything is compared with the row of the action it follows; nothing the request says is believed.
Must not know who opens such requests.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from safe_ops.errors import RefusedError
from safe_ops.model.actions import State
from safe_ops.model.marks import MARKED
from safe_ops.plan import digest_of

if TYPE_CHECKING:
    from datetime import datetime

    from safe_ops.model.actions import Action, Request
    from safe_ops.model.plans import Drawing, Plan
    from safe_ops.ports.book import ActionBook

TIMER: Final = "timer:"
"""How the subject of a requester begins that is the time an approved plan named."""
OVER: Final = "over"
"""Code of the refusal where there is nothing left to follow: somebody else changed the target."""


def requester_of(origin: Action) -> str:
    """Return the subject that asks for the sequel of an action, such as `timer:A12`."""
    return f"{TIMER}{origin.label}"


def follows(request: Request) -> bool:
    """Tell whether a request claims to be a sequel, in any way."""
    return bool(request.origin) or request.requester.startswith(TIMER)


def due_at(origin: Action, plan: Plan) -> datetime | None:
    """Return when an action's sequel may begin; None where it has none or did not succeed."""
    if plan.drawing.sequel is None or origin.state is not State.SUCCEEDED:
        return None
    # A row that has ended never changes again.
    return origin.changed_at + timedelta(seconds=plan.drawing.sequel.after_s)


def check_origin(book: ActionBook, request: Request, drawing: Drawing) -> str:
    """Return in words why the request needs no approval of its own.

    Raises:
        RefusedError: `origin`: it is not what an approved plan said, or not yet; `over`: what it
            was to end is not there any more.
    """
    origin = book.find(request.origin)
    plan = origin.plan if origin is not None else None
    if origin is None or plan is None:
        raise _unfounded("there is no planned action that it could follow")
    why = _differs(origin, plan, request, drawing) or _too_early(origin, plan, book.now())
    if why:
        raise _unfounded(why)
    mark = drawing.pins.get(MARKED, origin.label)
    if mark != origin.label:
        raise RefusedError(
            f"{drawing.target.name} is not as {origin.label} left it: "
            f"{mark or 'nobody here'} wrote it last, so nothing is taken back.",
            code=OVER,
        )
    return f"approved with {origin.label}, whose plan said so"


def _differs(origin: Action, plan: Plan, request: Request, drawing: Drawing) -> str:
    """Return in what the request is not the sequel of the plan; empty if it is."""
    sequel, target = plan.drawing.sequel, plan.target
    if digest_of(plan) != origin.digest:
        return f"the plan of {origin.label} is not the one that was approved"
    if sequel is None:
        return f"{origin.label} has a plan that nothing follows"
    asked = (request.operation, request.parameters, request.place, request.requester)
    if asked != (sequel.operation, sequel.parameters, target.place, requester_of(origin)):
        return f"it is not what the plan of {origin.label} says"
    if (drawing.target.key, drawing.target.uid) != (target.key, target.uid):
        return f"its target is not the one of {origin.label}"
    return ""


def _too_early(origin: Action, plan: Plan, now: datetime) -> str:
    due = due_at(origin, plan)
    if due is None:
        return f"{origin.label} did not succeed"
    return f"it is due at {due:%H:%M} UTC" if now < due else ""


def _unfounded(why: str) -> RefusedError:
    return RefusedError(
        f"It claims to follow an approved action, and {why}. Ask for it in your own name.",
        code="origin",
    )
