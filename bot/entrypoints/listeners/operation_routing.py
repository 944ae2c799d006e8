"""From an act about operations to their desk: one call each, live or out of the inbox.

It must not know Bolt. What needs the moment of the click, a modal, is not routed here.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, assert_never

from bot.adapters.slack.blocks.approval.controls import key_row
from bot.adapters.slack.blocks.approval.listing import actions_card
from bot.adapters.slack.blocks.approval.run_form import form_text
from bot.adapters.slack.blocks.notice import note_card
from bot.adapters.slack.operation_intents import (
    Approve,
    Cancel,
    Deny,
    ListActions,
    ListTrust,
    OperationIntent,
    Prove,
    Run,
    SayApproval,
    Settle,
    Switch,
    Throw,
)
from bot.domain.errors import NotAllowedError
from bot.entrypoints.listeners.reply import Reply
from bot.ports.operations_desk import Voice

if TYPE_CHECKING:
    from datetime import datetime

    from bot.adapters.slack.actor import Actor
    from bot.adapters.slack.blocks.card import Card
    from bot.ports.operations_desk import OperationsDesk

WORDS_DECIDE_NOTHING: Final = (
    "Words decide nothing here: press Approve or Deny on the card of the action, where you see the"
    " whole plan."
)
NOT_SET_UP: Final = (
    "Operations are not set up here: no operator runs beside this bot. I read and answer only."
)


def voice_of(actor: Actor, *, act_id: str = "", stored_at: datetime | None = None) -> Voice:
    """Return who acts, for the desk."""
    return Voice(person=actor.person, team_id=actor.team_id, act_id=act_id, stored_at=stored_at)


def route_operation(
    intent: OperationIntent, desk: OperationsDesk | None, *, stored_at: datetime | None = None
) -> Reply | None:
    """Make the one call the act stands for; None where the card says it all.

    `stored_at` is when it was stored, of one that is carried out later than it was given.

    Raises:
        UpstreamError: Nothing could be read or stored; the delivery is to be routed again.
    """
    actor, lasts = intent.actor, isinstance(intent, Throw | Run)
    if isinstance(intent, ListActions | ListTrust) and desk is not None:
        return _listed(intent, desk)
    try:
        said = _carry_out(intent, desk, stored_at) if desk is not None else NOT_SET_UP
    except NotAllowedError as refusal:
        return Reply(actor=actor, card=note_card(str(refusal)), refused=True, lasts=lasts)
    return Reply(actor=actor, card=_card(intent, desk, said), lasts=lasts) if said else None


def _card(intent: OperationIntent, desk: OperationsDesk | None, said: str) -> Card:
    """Return the sentence; who agreed and has a security key gets the way to its page as well."""
    note = note_card(said)
    if desk is None or not isinstance(intent, Approve):
        return note
    try:
        ways = desk.proof_ways(intent.ballot.action_id, voice=voice_of(intent.actor))
    except NotAllowedError:
        # It was proven or ended meanwhile.
        return note
    return replace(note, blocks=(*note.blocks, key_row(ways.link))) if ways.link else note


def _listed(intent: ListActions | ListTrust, desk: OperationsDesk) -> Reply:
    actor = intent.actor
    try:
        if isinstance(intent, ListTrust):
            said = desk.trusted(voice=voice_of(actor), channel=actor.channel)
            return Reply(actor=actor, card=note_card(said))
        found = desk.open_actions(voice=voice_of(actor), channel=actor.channel)
    except NotAllowedError as refusal:
        return Reply(actor=actor, card=note_card(str(refusal)), refused=True)
    return Reply(actor=actor, card=actions_card(found, halted=desk.halted()))


def _carry_out(intent: OperationIntent, desk: OperationsDesk, stored_at: datetime | None) -> str:
    act_id = intent.act_id if isinstance(intent, Throw) else ""
    voice = voice_of(intent.actor, act_id=act_id, stored_at=stored_at)
    match intent:
        case Approve():
            return desk.approve(intent.ballot, voice=voice)
        case Deny():
            return desk.deny(intent.ballot, voice=voice, reason=intent.reason)
        case Prove():
            return desk.prove(intent.action_id, voice=voice, answer=intent.code)
        case Settle():
            return desk.settle(
                intent.action_id,
                voice=voice,
                took_effect=intent.took_effect,
                reason=intent.reason,
            )
        case Cancel():
            return desk.cancel(intent.name, voice=voice, reason=intent.reason)
        case Run():
            answer = desk.run(intent.order, voice=voice)
            return answer if isinstance(answer, str) else form_text(answer)
        case Throw():
            return _throw(intent, desk, voice)
        case SayApproval():
            return WORDS_DECIDE_NOTHING
        case ListActions() | ListTrust():
            return NOT_SET_UP
        case _:
            assert_never(intent)


def _throw(intent: Throw, desk: OperationsDesk, voice: Voice) -> str:
    match intent.switch:
        case Switch.STOP:
            return desk.stop(voice=voice, reason=intent.reason)
        case Switch.RELEASE:
            return desk.release(voice=voice, reason=intent.reason)
        case Switch.READ_ONLY | Switch.READ_WRITE:
            enabled = intent.switch is Switch.READ_ONLY
            return desk.read_only(enabled=enabled, voice=voice, reason=intent.reason)
        case Switch.FREEZE:
            return desk.freeze(voice=voice, reason=intent.reason)
        case Switch.THAW:
            return desk.freeze(voice=voice, reason="")
