"""Where people's acts about operations come in; implements bot.ports.operations_desk.

It carries each act to `safe_ops.service`, which judges it, and says in a sentence what came of it.
Rights are never judged here but for what a person may see. It must not know Slack.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import structlog

from bot.domain.errors import NotAllowedError, UpstreamError
from bot.flows.approval.noting import refusal_noted
from bot.flows.approval.sight import may_see
from bot.flows.approval.switchboard import Switchboard, halted, refusals_told
from bot.flows.approval.trusted import trusted_words
from bot.ports.action_board import ActionView
from bot.ports.operations_desk import Waiting
from safe_ops.errors import RefusedError
from safe_ops.errors import UpstreamError as SourceError
from safe_ops.model.actions import PENDING, State
from safe_ops.model.standing import current_need, standing
from safe_ops.service.deciding import REASON_FROM, Click

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.domain.conversation import ChannelId
    from bot.domain.registry import Registry
    from bot.flows.approval.ordering import Orders
    from bot.flows.approval.proving import Proving
    from bot.ports.action_board import ActionBoard
    from bot.ports.action_index import ActionIndex
    from bot.ports.operations_desk import Ballot, Order, ProofWays, RunForm, Voice
    from safe_ops.model.actions import Action, Person
    from safe_ops.policy.policy import Policy
    from safe_ops.ports.book import ActionBook
    from safe_ops.ports.people import People
    from safe_ops.service.braking import Brake
    from safe_ops.service.deciding import Decisions

log = structlog.get_logger()

LISTED: Final = 30
"""Open actions that are shown at once."""
_LABEL: Final = re.compile(r"#?[Aa](\d{1,9})")
_TRIES: Final = 3
"""So often a no follows an action that moved on while it was being said."""
_MOVED: Final = frozenset({"stage", "version"})
APPROVE_WITHIN: Final = timedelta(minutes=5)
"""How old a click may be that agrees to something (safety.md c)."""
RUN_WITHIN: Final = timedelta(minutes=10)
"""A wish that was stored and not taken up for longer is not what its asker means any more."""
_GONE: Final = "There is no such action, or you may not see it."


class ApprovalDesk(Switchboard):
    """Takes what people do with cards and commands."""

    def __init__(
        self,
        *,
        book: ActionBook,
        index: ActionIndex,
        decisions: Decisions,
        brake: Brake,
        orders: Orders,
        policy: Policy,
        people: People,
        registry: Registry,
        board: ActionBoard,
        mask: Callable[[str], str],
        proving: Proving,
    ) -> None:
        super().__init__(brake=brake, mask=mask)
        self._book = book
        self._index = index
        self._decisions = decisions
        self._orders = orders
        self._policy = policy
        self._people = people
        self._registry = registry
        self._board = board
        self._proving = proving

    def approve(self, ballot: Ballot, *, voice: Voice) -> str:
        """Take a yes; one that was stored and lay for long does not count any more."""
        if self._lay_for_longer(voice, APPROVE_WITHIN):
            raise NotAllowedError(
                "Your yes could not be taken up in time and does not count: look at the card again,"
                " and press it anew if you still agree."
            )
        action = self._decided(_click(ballot, voice, approve=True))
        if action.state is State.PENDING_FACTOR:
            return (
                f"Your yes to {action.label} counts once you have shown your second factor: press"
                " the button on the card."
            )
        return ""

    def deny(self, ballot: Ballot, *, voice: Voice, reason: str) -> str:
        """Take a no; of the requester it takes the request back.

        A no holds for the action as it has become meanwhile, as long as the plan is the same.
        """
        said = self._mask(reason)
        action = self._found(ballot.action_id)
        if action.state in PENDING and action.request.requester_slack_id == voice.person:
            return self._taken_back(action, voice, said)
        click = _click(ballot, voice, approve=False, reason=said)
        for _ in range(_TRIES):
            try:
                self._decisions.decide(click)
            except RefusedError as error:
                action = self._found(ballot.action_id)
                moved = _click_now(click, action)
                if error.code not in _MOVED or moved == click:
                    raise NotAllowedError(str(error)) from error
                click = moved
            else:
                return ""
        raise NotAllowedError(f"{standing(action)} and keeps changing: please deny it again.")

    def denial_needs_reason(self, action_id: str) -> bool:
        """Tell whether a no to this action has to say why."""
        action = self._book.find(action_id)
        return action is not None and action.plan is not None and action.plan.tier >= REASON_FROM

    def proof_ways(self, action_id: str, *, voice: Voice) -> ProofWays:
        """Return how this person can show the second factor the action waits for."""
        return self._proving.ways(self._found(action_id), self._person(voice), voice=voice)

    def prove(self, action_id: str, *, voice: Voice, answer: str) -> str:
        """Take the answer to the question for a second factor."""
        with refusals_told():
            self._decisions.prove(
                action_id, slack_id=voice.person, team_id=voice.team_id, answer=answer
            )
        return ""

    def settle(self, action_id: str, *, voice: Voice, took_effect: bool, reason: str) -> str:
        """Take a person's word on what became of a call that had no answer."""
        with refusals_told():
            self._decisions.settle(
                action_id,
                slack_id=voice.person,
                team_id=voice.team_id,
                took_effect=took_effect,
                reason=self._mask(reason),
            )
        return ""

    def cancel(self, name: str, *, voice: Voice, reason: str) -> str:
        """Take an action back that has not begun; `name` is its id, or as people say it, A12."""
        label = _LABEL.fullmatch(name)
        action = self._index.numbered(int(label[1])) if label else self._book.find(name)
        if action is None:
            raise NotAllowedError(f"There is no action {name}: `/nightdesk actions` lists them.")
        return self._taken_back(action, voice, self._mask(reason))

    def run(self, order: Order, *, voice: Voice) -> str | RunForm:
        """Ask for an operation; the form comes back where something is missing or wrong."""
        with refusal_noted(order, voice, book=self._book, mask=self._mask):
            return self._ordered(order, voice)

    def _ordered(self, order: Order, voice: Voice) -> str | RunForm:
        if self._lay_for_longer(voice, RUN_WITHIN):
            raise NotAllowedError(
                "What you asked for could not be taken up in time; nothing was done. Ask again if"
                " it is still wanted."
            )
        return self._orders.run(order, person=self._person(voice))

    def open_actions(self, *, voice: Voice, channel: ChannelId) -> tuple[Action, ...]:
        """Return the open actions this person may see, oldest first."""
        person = self._person(voice)
        access = self._registry.access_of(person.teams, channel)
        found = self._index.open_actions(limit=LISTED * 3)
        return tuple(action for action in found if may_see(access, action))[:LISTED]

    def halted(self) -> tuple[str, ...]:
        """Return what keeps operations from running now, a sentence each; empty for nothing."""
        return halted(self._book.switches())

    def trusted(self, *, voice: Voice, channel: ChannelId) -> str:
        """Tell what runs with one approval less, as far as this person may read."""
        access = self._registry.access_of(self._person(voice).teams, channel)
        return trusted_words(self._book, access)

    def waiting_for(self, voice: Voice) -> tuple[Waiting, ...]:
        """Return the actions this person may decide now, oldest first."""
        person = self._person(voice)
        mine = [action for action in self._book.pending() if self._is_up(person, action)]
        return tuple(Waiting(action=action, link=self._link(action)) for action in mine[:LISTED])

    def details(self, action_id: str, *, voice: Voice) -> ActionView | None:
        """Return all there is of an action, if the person may read of its target."""
        person = self._person(voice)
        action = self._book.find(action_id)
        if action is None:
            return None
        access = self._registry.access_of(person.teams, action.request.channel)
        if not may_see(access, action) and not self._is_up(person, action):
            return None
        return ActionView(
            action=action,
            journal=self._book.journal(action_id),
            rationale=self._book.rationale(action_id),
        )

    def _lay_for_longer(self, voice: Voice, within: timedelta) -> bool:
        return voice.stored_at is not None and self._book.now() - voice.stored_at > within

    def _decided(self, click: Click) -> Action:
        with refusals_told():
            return self._decisions.decide(click)

    def _taken_back(self, action: Action, voice: Voice, reason: str) -> str:
        with refusals_told():
            self._decisions.cancel(
                action.action_id, slack_id=voice.person, team_id=voice.team_id, reason=reason
            )
        return f"{action.label} is taken back; nothing was changed."

    def _found(self, action_id: str) -> Action:
        action = self._book.find(action_id)
        if action is None:
            raise NotAllowedError(_GONE)
        return action

    def _person(self, voice: Voice) -> Person:
        try:
            person = self._people.person(voice.person, team_id=voice.team_id)
        except SourceError as error:
            raise NotAllowedError(
                f"It cannot be told now who you are ({error}): try again in a minute."
            ) from error
        if person.barred:
            raise NotAllowedError(f"You cannot use operations here: {person.barred}.")
        return person

    def _is_up(self, person: Person, action: Action) -> bool:
        """Tell whether the action waits for this person, as policy says now."""
        need = current_need(action)
        if action.plan is None or need is None:
            return False
        if action.state is State.PENDING_FACTOR:
            return action.proof is not None and action.proof.approval.subject == person.subject
        try:
            self._policy.check_approver(person, need, plan=action.plan, approvals=action.approvals)
        except RefusedError:
            return False
        return True

    def _link(self, action: Action) -> str:
        try:
            return self._board.link(action)
        except UpstreamError as error:
            log.info("action_link_missing", action_id=action.action_id, reason=str(error))
            return ""


def _click(ballot: Ballot, voice: Voice, *, approve: bool, reason: str = "") -> Click:
    return Click(
        action_id=ballot.action_id,
        stage=ballot.stage,
        version=ballot.version,
        digest=ballot.digest,
        approve=approve,
        slack_id=voice.person,
        team_id=voice.team_id,
        reason=reason,
    )


def _click_now(click: Click, action: Action) -> Click:
    """Return the same word about the action as it stands now."""
    need = current_need(action)
    stage = need.stage if need is not None else click.stage
    return replace(click, stage=stage, version=action.version)
