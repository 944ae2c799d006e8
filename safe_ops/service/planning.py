"""Makes a plan of a request, or says why there is none. It sends nothing but dry runs.

Nothing it reads was written by a model but the parameters, which the operation's own model checks.
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from safe_ops.errors import (
    FenceLostError,
    RefusedError,
    SafeOpsError,
    StaleError,
    UpstreamError,
)
from safe_ops.lifecycle import advance
from safe_ops.model import events as on
from safe_ops.model.actions import Action, Person, State
from safe_ops.model.plans import Plan, Tier
from safe_ops.model.standing import (
    DRAFT_FOR,
    FACTOR_WITHIN,
    REDEEM_WITHIN,
    SCHEDULE_WITHIN,
    clause,
)
from safe_ops.model.trail import Actor
from safe_ops.plan import digest_of
from safe_ops.service.assessing import ALERT
from safe_ops.service.drafting import Turn
from safe_ops.service.glass import check_glass
from safe_ops.service.origins import OVER, TIMER, follows
from safe_ops.service.rehearsing import rehearse
from safe_ops.service.windows import window_view

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from safe_ops.model.actions import Request
    from safe_ops.model.transition import Transition
    from safe_ops.policy.policy import Policy
    from safe_ops.ports.book import ActionBook
    from safe_ops.ports.outside import Bell, Herald
    from safe_ops.ports.people import People
    from safe_ops.ports.reach import Workshop
    from safe_ops.service.assessing import Assessment, Assessor
    from safe_ops.service.telling import Teller

OPERATOR = Actor(subject="process:operator")
OPEN_PER_CHANNEL = 5
"""Cards that may wait in one channel at once: more are not read (safety.md D11)."""
_NEEDLESS = frozenset({"gone", "parameters", OVER})
"""Refusals of drawing a sequel that mean: there is nothing left that it would change."""
RECORD_FROM = Tier.T2
"""From this tier on an action without a change record is not planned."""


def nonce() -> str:
    """Return 128 random bits: no two plans have one digest."""
    return secrets.token_hex(16)


class Planner:
    """Plans drafts."""

    def __init__(
        self,
        *,
        book: ActionBook,
        policy: Policy,
        assessor: Assessor,
        workshop: Workshop,
        people: People,
        teller: Teller,
        herald: Herald,
        bell: Bell,
        make_nonce: Callable[[], str] = nonce,
    ) -> None:
        self._book = book
        self._policy = policy
        self._assessor = assessor
        self._workshop = workshop
        self._people = people
        self._teller = teller
        self._herald = herald
        self._bell = bell
        self._make_nonce = make_nonce

    def plan(self, action_id: str) -> Action:
        """Return the action once it is planned or blocked; one that is so already as it is.

        Raises:
            RefusedError: `gone`: there is no such action.
        """
        action = self._book.find(action_id)
        if action is None:
            raise RefusedError("There is no such action.", code="gone")
        if action.state is not State.DRAFT:
            return action
        turn = Turn(self._book, action_id)
        if not turn.take():
            return self._book.find(action_id) or action
        try:
            turn.check()
            plan, digest = self._drawn(action, turn)
        except FenceLostError:
            return self._book.find(action_id) or action
        except (RefusedError, UpstreamError, StaleError) as error:
            if follows(action.request) and _why(error)[0] in _NEEDLESS:
                return self._drop(action, str(error))
            return self._block(action, error)
        return self._propose(action, plan, digest)

    def _propose(self, action: Action, plan: Plan, digest: str) -> Action:
        def judge(found: Action, now: datetime) -> Transition | None:
            if found.state is not State.DRAFT:
                return None
            window = window_view(self._policy, plan.environment, now)
            event = on.Planned(actor=OPERATOR, plan=plan, digest=digest, window=window)
            return advance(found, event, now)

        try:
            planned = self._book.change(action.action_id, judge)
        except RefusedError as error:
            return self._block(action, error, plan=plan, digest=digest)
        self._teller.tell(planned)
        if planned.digest != digest:
            # It was taken back meanwhile, or another operator's plan was quicker.
            return planned
        if plan.break_glass:
            self._herald.page(
                planned.action_id, f"{planned.label} sets guards aside: {plan.break_glass}"
            )
        if planned.state is State.APPROVED:
            self._bell.execute(planned.action_id)
        return planned

    def _drop(self, action: Action, reason: str) -> Action:
        """End what was to follow another action, and is so already."""
        name = action.request.requester_name
        return self._end(action, on.TakenBack(actor=OPERATOR, name=name, reason=reason))

    def _block(
        self, action: Action, error: SafeOpsError, *, plan: Plan | None = None, digest: str = ""
    ) -> Action:
        code, reason = _why(error)
        event = on.Blocked(actor=OPERATOR, reason=reason, code=code, plan=plan, digest=digest)
        return self._end(action, event)

    def _end(self, action: Action, event: on.Event) -> Action:
        def judge(found: Action, now: datetime) -> Transition | None:
            return advance(found, event, now) if found.state is State.DRAFT else None

        return self._teller.tell(self._book.change(action.action_id, judge))

    def _drawn(self, action: Action, turn: Turn) -> tuple[Plan, str]:
        request = action.request
        now = self._book.now()
        if now - action.created_at > DRAFT_FOR:
            raise RefusedError(
                f"It was asked for at {action.created_at:%H:%M} UTC and not planned within an "
                "hour; ask again if it is still wanted.",
                code="too-old",
            )
        person = self._requester(request)
        found = self._assessor.assess(action, break_glass=request.break_glass)
        if not found.drawing.steps:
            raise RefusedError("There is nothing to do: it is so already.", code="nothing-to-do")
        if person is not None:
            self._check_requester(person, request, found)
        if found.breaks_glass:
            check_glass(self._book, self._policy, person, action, environment=found.environment)
        if found.judgement.needs:
            self._check_reachable(request)
        subject = person.subject if person is not None else request.requester
        plan = self._written(action, found, subject, self._book.now())
        # Dry runs of a drain take as long as all the reading before them.
        turn.keep()
        plan = replace(
            plan,
            dry_run=rehearse(self._workshop, found.operation, plan, action, now=self._book.now()),
        )
        digest = digest_of(plan)
        turn.keep()
        self._open_record(replace(action, plan=plan, digest=digest))
        return plan, digest

    def _requester(self, request: Request) -> Person | None:
        """Return who asked, as they are now; None where an alert or an approved plan's time did."""
        if request.requester.startswith((ALERT, TIMER)):
            return None
        if not request.requester_slack_id:
            raise RefusedError(
                f"It is not known which account {request.requester_name} asked with.",
                code="requester",
            )
        return self._people.person(request.requester_slack_id)

    def _check_requester(self, person: Person, request: Request, found: Assessment) -> None:
        self._policy.check_requester(
            person,
            found.environment,
            place=found.drawing.target.decided_in,
            namespace=found.drawing.target.namespace,
        )

    def _check_reachable(self, request: Request) -> None:
        if not request.channel:
            raise RefusedError(
                "It needs an approval, and there is no channel to ask for one in.", code="nobody"
            )
        waiting = sum(other.request.channel == request.channel for other in self._book.pending())
        if waiting >= OPEN_PER_CHANNEL:
            raise RefusedError(
                f"{waiting} operations wait for an approval in this channel already; decide or "
                "deny some first, then ask again.",
                code="too-many",
            )

    def _written(self, action: Action, found: Assessment, subject: str, now: datetime) -> Plan:
        request, judgement = action.request, found.judgement
        waits = [timedelta(seconds=need.within_s) + FACTOR_WITHIN for need in judgement.needs]
        return Plan(
            operation=found.operation.name,
            version=found.operation.version,
            environment=found.environment,
            tier=judgement.tier,
            parameters=found.parameters.model_dump(mode="json"),
            provenance=dict(request.provenance),
            drawing=replace(found.drawing, notes=(*found.drawing.notes, *judgement.notes)),
            rulings=found.rulings,
            dry_run=(),
            needs=judgement.needs,
            policy_hash=self._policy.hash,
            requester=subject,
            incident_id=request.incident_id,
            break_glass=request.break_glass if found.breaks_glass else "",
            created_at=now,
            expires_at=now + sum(waits, SCHEDULE_WITHIN + 2 * REDEEM_WITHIN),
            nonce=self._make_nonce(),
        )

    def _open_record(self, action: Action) -> None:
        try:
            self._teller.open_record(action)
        except UpstreamError as error:
            if action.plan is not None and action.plan.tier >= RECORD_FROM:
                raise RefusedError(
                    f"The change record could not be opened ({error}), and from "
                    f"{RECORD_FROM.name} on nothing is done without one.",
                    code="record",
                ) from error


def _why(error: SafeOpsError) -> tuple[str, str]:
    match error:
        case RefusedError(code=code):
            return code, str(error)
        case StaleError():
            return (
                "drift",
                f"The target changed while it was planned: {clause(str(error))}. Ask again.",
            )
        case _:
            return "unreachable", f"It cannot be planned now: {clause(str(error))}. Ask again."
