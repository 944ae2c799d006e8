"""What people decide about an action: yes, no, taking it back, proof of who they are, its end.

It knows neither cards nor buttons. Free text that comes with a decision (a reason) is redacted by
the caller; it is kept and shown, and decides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from safe_ops.errors import RefusedError
from safe_ops.lifecycle import CLOCK, advance
from safe_ops.model import events as on
from safe_ops.model.actions import PENDING, Action, Approval, State
from safe_ops.model.plans import Stage, Tier
from safe_ops.model.standing import PROOF_FAILURES, clause, current_need, ran_out, standing
from safe_ops.service.hearing import Speaker, check_objector
from safe_ops.service.matching import check_enrolled, matched
from safe_ops.service.windows import window_view

if TYPE_CHECKING:
    from datetime import datetime

    from safe_ops.model.plans import Need, Plan
    from safe_ops.model.transition import Transition
    from safe_ops.policy.policy import Policy
    from safe_ops.ports.book import ActionBook
    from safe_ops.ports.outside import Bell
    from safe_ops.ports.people import Factors
    from safe_ops.service.hearing import Hearing
    from safe_ops.service.telling import Teller

REASON_FROM = Tier.T3
"""From this tier on a no has to say why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Click:
    """One press of a button, as the card that carried it was made."""

    action_id: str
    stage: Stage
    version: int
    digest: str
    """The whole digest, or its first 32 hexadecimal digits or more."""
    approve: bool
    slack_id: str
    team_id: str
    reason: str = ""
    address: str = ""


class Decisions:
    """Judges what people decide; each decision is one transaction."""

    def __init__(
        self,
        *,
        book: ActionBook,
        policy: Policy,
        factors: Factors,
        hearing: Hearing,
        teller: Teller,
        bell: Bell,
    ) -> None:
        self._book = book
        self._policy = policy
        self._factors = factors
        self._hearing = hearing
        self._teller = teller
        self._bell = bell

    def decide(self, click: Click) -> Action:
        """Return the action after a click.

        Raises:
            RefusedError: The click does not count; the text says why.
        """
        facts = {"stage": click.stage, "approve": click.approve}
        with self._hearing.hear(
            click.slack_id,
            click.team_id,
            action_id=click.action_id,
            address=click.address,
            facts=facts,
        ) as speaker:
            if click.approve:
                self._check_running()
            enrolled = not click.approve or bool(self._factors.known(speaker.person.subject))

            def judge(action: Action, now: datetime) -> Transition:
                if action.state in PENDING and ran_out(action, now):
                    return advance(action, on.TimeRanOut(actor=CLOCK), now)
                plan, need = matched(click, action)
                event: on.Agreed | on.Denied
                if click.approve:
                    event = self._yes(action, plan, need, speaker, now)
                    check_enrolled(need, speaker.person, enrolled=enrolled)
                else:
                    event = self._no(plan, click.reason, speaker)
                return advance(action, event, now)

            return self._told(self._book.change(click.action_id, judge))

    def prove(self, action_id: str, *, slack_id: str, team_id: str, answer: str) -> Action:
        """Return the action after its approver showed a second factor.

        Raises:
            RefusedError: The answer does not hold, or none is awaited from this person.
        """
        with self._hearing.hear(slack_id, team_id, action_id=action_id) as speaker:
            digest = self._awaited(action_id, speaker)
            self._check_running()
            try:
                factor = self._factors.check(speaker.person.subject, answer, digest=digest)
            except RefusedError as error:
                raise self._proof_failed(action_id, speaker, error) from error

            def judge(action: Action, now: datetime) -> Transition:
                if ran_out(action, now):
                    return advance(action, on.TimeRanOut(actor=CLOCK), now)
                plan, need, given = _proving(action, speaker)
                self._policy.check_approver(
                    speaker.person, need, plan=plan, approvals=action.approvals
                )
                event = on.Proven(
                    actor=speaker.actor,
                    approval=replace(given, factor=factor, factor_at=now),
                    window=window_view(self._policy, plan.environment, now),
                )
                return advance(action, event, now)

            return self._told(self._book.change(action_id, judge))

    def cancel(self, action_id: str, *, slack_id: str, team_id: str, reason: str) -> Action:
        """Return the action after it was taken back, before anything was touched.

        Before it is approved whoever asked may; afterwards its approvers may too.

        Raises:
            RefusedError: It is too late, or somebody else's to say.
        """
        with self._hearing.hear(slack_id, team_id, action_id=action_id) as speaker:

            def judge(action: Action, now: datetime) -> Transition:
                self._check_taking_back(action, speaker)
                event = on.TakenBack(actor=speaker.actor, name=speaker.person.name, reason=reason)
                return advance(action, event, now)

            return self._teller.tell(self._book.change(action_id, judge))

    def settle(
        self, action_id: str, *, slack_id: str, team_id: str, took_effect: bool, reason: str
    ) -> Action:
        """Return an action of unknown outcome after a manager looked and said how it ended.

        Raises:
            RefusedError: Its outcome is known, it is somebody else's to say, or a reason is
                missing.
        """
        with self._hearing.hear(slack_id, team_id, action_id=action_id) as speaker:

            def judge(action: Action, now: datetime) -> Transition:
                if action.plan is not None:
                    self._policy.check_settler(speaker.person, action.plan)
                if not reason.strip():
                    raise RefusedError("Say what you saw: it stands in the audit.", code="reason")
                event = on.Settled(
                    actor=speaker.actor,
                    name=speaker.person.name,
                    took_effect=took_effect,
                    reason=reason,
                )
                return advance(action, event, now)

            return self._teller.tell(self._book.change(action_id, judge))

    def _told(self, action: Action) -> Action:
        """Ring the operator where it may run, tell of it, say so where it came too late."""
        if action.state is State.APPROVED:
            self._bell.execute(action.action_id)
        self._teller.tell(action)
        if action.state is State.EXPIRED:
            raise RefusedError(f"{standing(action)}: {clause(action.reason)}.", code="expired")
        return action

    def _check_running(self) -> None:
        switches = self._book.switches()
        if switches.stopped_by:
            raise RefusedError(
                f"{switches.stopped_by} stopped all operations; agree once they are released.",
                code="stopped",
            )

    def _yes(
        self, action: Action, plan: Plan, need: Need, speaker: Speaker, now: datetime
    ) -> on.Agreed:
        person = speaker.person
        self._policy.check_approver(person, need, plan=plan, approvals=action.approvals)
        return on.Agreed(
            actor=speaker.actor,
            approval=Approval(
                stage=need.stage,
                subject=person.subject,
                slack_id=person.slack_id,
                name=person.name,
                at=now,
            ),
            window=window_view(self._policy, plan.environment, now),
        )

    def _no(self, plan: Plan, reason: str, speaker: Speaker) -> on.Denied:
        check_objector(self._policy, speaker.person, plan)
        if plan.tier >= REASON_FROM and not reason.strip():
            raise RefusedError(
                f"A no to a {plan.tier.name} operation has to say why. It still waits.",
                code="reason",
            )
        return on.Denied(actor=speaker.actor, name=speaker.person.name, reason=reason)

    def _check_taking_back(self, action: Action, speaker: Speaker) -> None:
        if speaker.person.subject == action.request.requester and not speaker.person.barred:
            return
        if action.state in PENDING or action.plan is None:
            raise RefusedError(
                f"Only who asked for {action.label} ({action.request.requester_name}) can take it "
                "back before it is approved; deny it on its card instead.",
                code="not-requester",
            )
        check_objector(self._policy, speaker.person, action.plan)

    def _awaited(self, action_id: str, speaker: Speaker) -> str:
        """Return the digest a proof is awaited for, from this person and still in time."""
        action = self._book.find(action_id)
        if action is None:
            raise RefusedError("There is no such action.", code="gone")
        _proving(action, speaker)
        if ran_out(action, self._book.now()):
            self._told(self._book.change(action_id, _expire))
        return action.digest

    def _proof_failed(self, action_id: str, speaker: Speaker, error: RefusedError) -> RefusedError:
        event = on.ProofFailed(actor=speaker.actor)
        action = self._book.change(action_id, lambda found, now: advance(found, event, now))
        self._teller.tell(action)
        if action.state is not State.PENDING_FACTOR or action.proof is None:
            return RefusedError(
                f"{error} {standing(action)}: {clause(action.reason)}.", code=error.code
            )
        left = PROOF_FAILURES - action.proof.failures
        return RefusedError(f"{error} {left} more may fail.", code=error.code)


def _expire(action: Action, now: datetime) -> Transition:
    return advance(action, on.TimeRanOut(actor=CLOCK), now)


def _proving(action: Action, speaker: Speaker) -> tuple[Plan, Need, Approval]:
    """Return the approval that waits for this person's proof."""
    plan, need, proof = action.plan, current_need(action), action.proof
    if action.state is not State.PENDING_FACTOR or plan is None or need is None or proof is None:
        raise RefusedError(f"{standing(action)}; no second factor is awaited.", code="state")
    if proof.approval.subject != speaker.person.subject:
        raise RefusedError(
            f"{action.label} waits for the second factor of {proof.approval.name}, who agreed.",
            code="not-yours",
        )
    return plan, need, proof.approval
