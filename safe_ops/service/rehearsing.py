"""The dry run of a plan: every step is sent as one, none takes effect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from safe_ops.errors import CallRefusedError, GoneError, UnknownOutcomeError, UpstreamError
from safe_ops.service.binding import bound
from safe_ops.service.sight import changing_warrant, open_eyes, reading_warrant

if TYPE_CHECKING:
    from datetime import datetime

    from safe_ops.model.actions import Action
    from safe_ops.model.plans import Plan, Step
    from safe_ops.model.surveys import Survey
    from safe_ops.operations.operation import Eyes, Operation
    from safe_ops.ports.reach import Hands, Workshop


def rehearse(
    workshop: Workshop,
    operation: Operation[Survey],
    plan: Plan,
    action: Action,
    *,
    now: datetime,
) -> tuple[str, ...]:
    """Return what the dry run of each step said, in the plan's order.

    Raises:
        CallRefusedError: A step would be refused; the text says which, and why.
        StaleError: The target is not the one the plan was drawn for.
        UpstreamError: It cannot be rehearsed now.
    """
    place, steps = action.request.place, plan.drawing.steps
    with (
        open_eyes(workshop, place, reading_warrant(action, operation.rights), now=now) as eyes,
        workshop.hands(place, changing_warrant(action, operation.rights, steps)) as hands,
    ):
        return tuple(
            _said(hands, operation, plan, step, eyes, label=action.label) for step in steps
        )


def _said(
    hands: Hands, operation: Operation[Survey], plan: Plan, step: Step, eyes: Eyes, *, label: str
) -> str:
    try:
        return hands.rehearse(bound(operation, plan, step.call, eyes, label=label))
    except GoneError as error:
        if step.gone_is_fine:
            return f"{step.says}: gone already"
        raise _named(step, error) from error
    except CallRefusedError as error:
        raise _named(step, error) from error
    except UnknownOutcomeError as error:
        # Not repeated either: what is no dry run may have been the real thing.
        raise UpstreamError(
            f"the dry run of `{step.says}` did not end as one: {error}", system=error.system
        ) from error


def _named(step: Step, error: CallRefusedError) -> CallRefusedError:
    return CallRefusedError(
        f"the dry run of `{step.says}` was refused: {error}",
        system=error.system,
        status=error.status,
        conflict=error.conflict or isinstance(error, GoneError),
    )
