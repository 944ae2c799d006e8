"""The last look before the first call: is everything still as it was approved?

It reads, rehearses and judges again; what it finds is an event, and `safe_ops.lifecycle` says what
follows. It sends nothing that takes effect.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

from safe_ops.errors import (
    AuditError,
    CallRefusedError,
    RefusedError,
    StaleError,
    UpstreamError,
)
from safe_ops.model import events as on
from safe_ops.model.plans import Tier
from safe_ops.model.standing import may_begin
from safe_ops.operations.drift import drift_of
from safe_ops.service.assessing import ALERT
from safe_ops.service.glass import check_glass
from safe_ops.service.origins import OVER, TIMER
from safe_ops.service.rehearsing import rehearse
from safe_ops.service.windows import window_view

if TYPE_CHECKING:
    from safe_ops.model.actions import Action, Approval
    from safe_ops.model.plans import Drawing, Plan
    from safe_ops.model.surveys import Survey
    from safe_ops.operations.operation import Operation
    from safe_ops.policy.policy import Policy
    from safe_ops.ports.audit import Delivery
    from safe_ops.ports.book import ActionBook
    from safe_ops.ports.people import People
    from safe_ops.ports.reach import Workshop
    from safe_ops.service.assessing import Assessment, Assessor
    from safe_ops.service.holding import Hold

DELIVERED_FROM = Tier.T2
"""From this tier on nothing runs whose audit cannot be brought out of the database first."""
_TARGET_CHANGED = frozenset({"gone", "parameters", OVER})
"""Refusals of drawing that mean: the target is not what it was when the same was drawn before."""
_POLICYS = "policy:"


@runtime_checkable
class JudgesDrift(Protocol):
    """An operation with a word of its own on what counts as drift."""

    def drifted(self, plan: Plan, drawing: Drawing) -> str:
        """Return what is not as planned any more, in a sentence; empty if everything is."""
        ...


class _ConsentLostError(Exception):
    """The approvals do not suffice any more; the text says why."""


class Rechecker:
    """Checks a claimed action."""

    def __init__(
        self,
        *,
        book: ActionBook,
        policy: Policy,
        assessor: Assessor,
        workshop: Workshop,
        people: People,
        delivery: Delivery,
    ) -> None:
        self._book = book
        self._policy = policy
        self._assessor = assessor
        self._workshop = workshop
        self._people = people
        self._delivery = delivery

    def recheck(self, hold: Hold) -> on.Held:
        """Return `Started` if it may begin, or the event that says why not."""
        try:
            self._check(hold.action, hold.plan)
        except _ConsentLostError as error:
            return on.ConsentLost(actor=hold.actor, fence=hold.fence, reason=str(error))
        except StaleError as error:
            return on.Drifted(actor=hold.actor, fence=hold.fence, reason=str(error))
        except RefusedError as error:
            return self._barred(hold, str(error), error.code)
        except UpstreamError as error:
            return self._barred(hold, f"it cannot be checked now: {error}", "unreachable")
        except AuditError as error:
            return self._barred(hold, f"the audit cannot be delivered: {error}", "audit")
        return on.Started(actor=hold.actor, fence=hold.fence)

    def _barred(self, hold: Hold, reason: str, code: str) -> on.Barred:
        return on.Barred(actor=hold.actor, fence=hold.fence, reason=reason, code=code)

    def _check(self, action: Action, plan: Plan) -> None:
        found = self._assessed(action, plan)
        drift = drift_between(found.operation, plan, found.drawing)
        if drift:
            raise StaleError(drift)
        self._check_requester(action, plan)
        self._check_consent(action, plan, found)
        self._rehearse(action, plan, found)
        window = window_view(self._policy, plan.environment, self._book.now())
        if not may_begin(action, window):
            raise RefusedError(f"its window has closed: {window.says}", code="window")
        if plan.tier >= DELIVERED_FROM:
            self._delivery.catch_up()

    def _assessed(self, action: Action, plan: Plan) -> Assessment:
        try:
            found = self._assessor.assess(action, break_glass=plan.break_glass)
        except RefusedError as error:
            if error.code in _TARGET_CHANGED:
                raise StaleError(str(error)) from error
            if error.code == "policy":
                raise _ConsentLostError(str(error)) from error
            raise
        if found.environment != plan.environment:
            raise StaleError(
                f"{plan.target.place.name} counted as {plan.environment} when it was planned and "
                f"counts as {found.environment} now; ask again"
            )
        if found.operation.version != plan.version:
            raise StaleError(
                f"{found.operation.title} would be done another way now (version "
                f"{found.operation.version} instead of {plan.version}); ask again"
            )
        return found

    def _check_requester(self, action: Action, plan: Plan) -> None:
        if plan.requester.startswith((ALERT, TIMER)):
            return
        try:
            person = self._people.person(action.request.requester_slack_id)
            self._policy.check_requester(
                person,
                plan.environment,
                place=plan.target.decided_in,
                namespace=plan.target.namespace,
            )
        except (RefusedError, UpstreamError) as error:
            raise _ConsentLostError(f"who asked may not any more: {error}") from error
        if person.subject != plan.requester:
            raise _ConsentLostError("the account it was asked for with is another's now")
        if plan.break_glass:
            check_glass(self._book, self._policy, person, action, environment=plan.environment)

    def _check_consent(self, action: Action, plan: Plan, found: Assessment) -> None:
        """Judge the approvals by the plan's needs and by what policy asks for now."""
        given = tuple(one for one in action.approvals if not one.subject.startswith(_POLICYS))
        for needs, whose in ((plan.needs, "the plan"), (found.judgement.needs, "policy now")):
            missing = self._policy.satisfied(needs, given, requester=plan.requester)
            if missing:
                raise _ConsentLostError(f"{whose} asks for more: {missing}")
        if found.judgement.tier > plan.tier:
            raise _ConsentLostError(
                f"it counts as {found.judgement.tier.name} now and was approved as {plan.tier.name}"
            )
        for approval in given:
            self._check_approver(approval, plan, given)

    def _check_approver(self, approval: Approval, plan: Plan, given: tuple[Approval, ...]) -> None:
        others = tuple(one for one in given if one is not approval)
        need = next(need for need in plan.needs if need.stage is approval.stage)
        try:
            person = self._people.person(approval.slack_id)
            self._policy.check_approver(person, need, plan=plan, approvals=others)
        except (RefusedError, UpstreamError) as error:
            raise _ConsentLostError(
                f"{approval.name}'s approval does not count any more: {error}"
            ) from error
        if person.subject != approval.subject:
            raise _ConsentLostError(f"the account {approval.name} agreed with is another's now")

    def _rehearse(self, action: Action, plan: Plan, found: Assessment) -> None:
        try:
            rehearse(self._workshop, found.operation, plan, action, now=self._book.now())
        except CallRefusedError as error:
            if error.conflict:
                raise StaleError(str(error)) from error
            raise RefusedError(str(error), code="dry-run") from error


def drift_between(operation: Operation[Survey], plan: Plan, drawing: Drawing) -> str:
    """Return what is not as planned any more, as the operation judges it; empty if all is."""
    if isinstance(operation, JudgesDrift):
        return operation.drifted(plan, drawing)
    return drift_of(plan, drawing)
