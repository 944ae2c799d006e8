"""Controls, modals and words of guarded operations in, intents out.

As total as `inbound`: nothing in a payload raises. What a button or a modal carries says what its
reader saw; who acts is who Slack signed for.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from bot.adapters.slack import actions
from bot.adapters.slack.blocks.approval import views
from bot.adapters.slack.blocks.approval.controls import parse_action_id, parse_ballot
from bot.adapters.slack.inbound_actor import clicker, metadata_of, submitter
from bot.adapters.slack.intents import Ignored, Intent
from bot.adapters.slack.operation_intents import (
    Approve,
    Cancel,
    Deny,
    ListActions,
    ListTrust,
    Modal,
    OpenModal,
    Prove,
    Run,
    SayApproval,
    Settle,
    Switch,
    Throw,
)
from bot.adapters.slack.order_words import read_words, split_words
from bot.adapters.slack.payload import Fields
from bot.adapters.slack.text import printable
from bot.ports.operations_desk import Order

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.adapters.slack.actor import Actor

LONGEST_VALUE: Final = 500
"""Characters of one parameter, reason or code; no operation has a longer one."""
_MOST_FIELDS: Final = 40
_MODALS: Final = {
    actions.OPERATION_DETAILS: Modal.WHOLE,
    actions.OPERATION_PROVE: Modal.PROOF,
    actions.OPERATION_SETTLE: Modal.SETTLEMENT,
}
_ON_OFF: Final = {"on": Switch.READ_ONLY, "off": Switch.READ_WRITE}


def read_operation_click(payload: Mapping[str, Any]) -> Intent:
    """Return what a click on a control of an action's card means."""
    fields = Fields(payload)
    clicked = fields.first("actions")
    name, value = clicked.text("action_id"), clicked.text("value")
    actor = clicker(fields)
    if actor is None:
        return Ignored(reason="a click of nobody")
    trigger_id = fields.text("trigger_id")
    if name in {actions.OPERATION_APPROVE, actions.OPERATION_DENY}:
        ballot = parse_ballot(value)
        if ballot is None:
            return Ignored(reason="a decision about nothing")
        if name == actions.OPERATION_APPROVE:
            return Approve(actor=actor, ballot=ballot)
        return OpenModal(
            actor=actor,
            modal=Modal.DENIAL,
            action_id=ballot.action_id,
            trigger_id=trigger_id,
            ballot=ballot,
        )
    modal, action_id = _MODALS.get(name), parse_action_id(value)
    if modal is None or not action_id:
        return Ignored(reason=f"action {name or 'without an id'}")
    return OpenModal(actor=actor, modal=modal, action_id=action_id, trigger_id=trigger_id)


def read_submission(payload: Mapping[str, Any]) -> Intent:
    """Return what a submitted modal of ours means."""
    fields = Fields(payload)
    view = fields.inner("view")
    metadata = metadata_of(view)
    actor = submitter(fields, metadata)
    if actor is None:
        return Ignored(reason="a form of nobody")
    entered = _entered(view)
    action_id = parse_action_id(metadata.text("action_id"))
    match view.text("callback_id"):
        case actions.DENIAL_VIEW:
            ballot = parse_ballot(metadata.text("ballot"))
            if ballot is None:
                return Ignored(reason="a denial of nothing")
            return Deny(actor=actor, ballot=ballot, reason=entered.get(views.REASON, ""))
        case actions.PROOF_VIEW if action_id and entered.get(views.CODE):
            return Prove(actor=actor, action_id=action_id, code=entered[views.CODE])
        case actions.SETTLEMENT_VIEW if action_id and entered.get(views.EFFECT):
            return Settle(
                actor=actor,
                action_id=action_id,
                took_effect=entered[views.EFFECT] == views.TOOK_EFFECT,
                reason=entered.get(views.REASON, ""),
            )
        case actions.RUN_VIEW:
            return _filled_in(actor, metadata, entered)
        case name:
            return Ignored(reason=f"view {name or 'without an id'}")


def read_operation_words(text: str, actor: Actor, payload: Mapping[str, Any]) -> Intent | None:
    """Return what a slash command about operations means; None if it is about something else."""
    words = split_words(text)
    match [*(word.lower() for word in words[:2]), *words[2:]]:
        case ["run", *_]:
            return _run(actor, words[1:], payload)
        case ["actions"]:
            return ListActions(actor=actor)
        case ["autonomy"]:
            return ListTrust(actor=actor)
        case ["cancel", _, *reason]:
            return Cancel(actor=actor, name=words[1], reason=_line(reason))
        case ["stop" | "release" | "thaw" as switch, *_]:
            return _throw(actor, Switch(switch), words[1:], payload)
        case ["freeze", _, *_]:
            return _throw(actor, Switch.FREEZE, words[1:], payload)
        case ["readonly" | "read-only", "on" | "off" as state, *reason]:
            return _throw(actor, _ON_OFF[state], reason, payload)
        case ["approve" | "approved" | "deny" | "reject", *_]:
            return SayApproval(actor=actor)
        case _:
            return None


def _throw(
    actor: Actor, switch: Switch, reason: Sequence[str], payload: Mapping[str, Any]
) -> Throw:
    # Never known by its words alone: who stops twice means it twice.
    trigger_id = Fields(payload).text("trigger_id")
    act_id = f"switch/{_hashed(trigger_id)}" if trigger_id else ""
    return Throw(actor=actor, switch=switch, reason=_line(reason), act_id=act_id)


def _run(actor: Actor, words: Sequence[str], payload: Mapping[str, Any]) -> Run:
    fields = Fields(payload)
    given, loose = read_words(list(words[1:]))
    trigger_id = fields.text("trigger_id")
    order = Order(
        order_id=_order_id(actor, words, trigger_id),
        operation=words[0][:LONGEST_VALUE].lower().replace("-", "_") if words else "",
        given={name: value[:LONGEST_VALUE] for name, value in given.items()},
        loose=tuple(word[:LONGEST_VALUE] for word in loose),
        channel=actor.channel,
        thread_ts=actor.thread_ts,
    )
    return Run(actor=actor, order=order, trigger_id=trigger_id)


def _filled_in(actor: Actor, metadata: Fields, entered: Mapping[str, str]) -> Intent:
    operation, order_id = metadata.text("operation"), metadata.text("order_id")
    if not operation or not order_id:
        return Ignored(reason="a form for nothing")
    return Run(
        actor=actor,
        order=Order(
            order_id=order_id[:LONGEST_VALUE],
            operation=operation[:LONGEST_VALUE],
            given={name: value for name, value in entered.items() if value},
            channel=actor.channel,
            thread_ts=actor.thread_ts,
        ),
    )


def _order_id(actor: Actor, words: Sequence[str], trigger_id: str) -> str:
    """Return what a redelivery of the act has in common with the first."""
    act = trigger_id or repr((actor.person, actor.channel, list(words)))
    return f"order/{_hashed(act)}"


def _hashed(act: str) -> str:
    return sha256(act.encode(errors="replace")).hexdigest()[:32]


def _entered(view: Fields) -> dict[str, str]:
    """Return what stands in each input block, by the block's id."""
    values = view.inner("state").inner("values").whole()
    entered = {}
    for block_id, inputs in list(values.items())[:_MOST_FIELDS]:
        for element in list(Fields(inputs).whole().values())[:1]:
            field = Fields(element)
            value = field.text("value") or field.inner("selected_option").text("value")
            entered[str(block_id)] = printable(value).strip()[:LONGEST_VALUE]
    return entered


def _line(words: Sequence[str]) -> str:
    return " ".join(words)[:LONGEST_VALUE]
