"""What can be pressed on an action's card, and what stands on each button.

Pure. A button says which action, which stage, which version of the row and which plan its reader
saw; never who may press it. Rights are looked up at the click.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from bot.adapters.slack import actions, limits
from bot.adapters.slack.blocks import parts
from bot.adapters.slack.blocks.approval.facts import spoken
from bot.adapters.slack.visible import visible
from bot.ports.operations_desk import Ballot
from safe_ops.model.actions import State
from safe_ops.model.plans import Stage, Tier

if TYPE_CHECKING:
    from bot.adapters.slack.blocks.card import Block
    from safe_ops.model.actions import Action
    from safe_ops.model.plans import Plan

FORMAT: Final = "v1"
_DIGEST: Final = 32
_BALLOT: Final = re.compile(
    rf"{FORMAT}\|(?P<action>[A-Za-z0-9_.:-]{{1,80}})\|(?P<stage>oncall|manager)"
    rf"\|(?P<version>\d{{1,9}})\|(?P<digest>[0-9a-f]{{{_DIGEST}}})"
)
_ACTION_ID: Final = re.compile(r"[A-Za-z0-9_.:-]{1,80}")
STAGES: Final = {State.PENDING_ONCALL: Stage.ONCALL, State.PENDING_MANAGER: Stage.MANAGER}
_PRIMARY_UP_TO: Final = Tier.T2
"""From T3 on approving is never the button that asks to be pressed."""


def ballot_of(action: Action, stage: Stage) -> Ballot:
    """Return what a card shows that a decision on it is about."""
    return Ballot(
        action_id=action.action_id,
        stage=stage,
        version=action.version,
        digest=action.digest[:_DIGEST],
    )


def ballot_text(ballot: Ballot) -> str:
    """Return the ballot as it stands on a button."""
    return f"{FORMAT}|{ballot.action_id}|{ballot.stage.value}|{ballot.version}|{ballot.digest}"


def parse_ballot(value: str) -> Ballot | None:
    """Return what stood on a button; None if it is none of ours."""
    found = _BALLOT.fullmatch(value)
    if found is None:
        return None
    return Ballot(
        action_id=found["action"],
        stage=Stage(found["stage"]),
        version=int(found["version"]),
        digest=found["digest"],
    )


def parse_action_id(value: str) -> str:
    """Return the id of an action a control names; empty if it is none."""
    return value if _ACTION_ID.fullmatch(value) else ""


def decision_row(action: Action, plan: Plan, change: str) -> Block | None:
    """Return Approve, Deny and Details of a pending action.

    None where the confirmation cannot repeat the target whole: then nobody can agree to it here.
    `change` is the change as the card has it; if it is too long the confirmation counts instead.
    """
    stage = STAGES.get(action.state)
    question = _question(plan, change)
    if stage is None or len(question) > limits.CONFIRM_TEXT:
        return None
    value = ballot_text(ballot_of(action, stage))
    approve = parts.button(
        "Approve",
        actions.OPERATION_APPROVE,
        value,
        style="primary" if plan.tier <= _PRIMARY_UP_TO else None,
    )
    approve["confirm"] = {
        "title": parts.plain(f"Approve {action.label}?", limits.CONFIRM_TITLE),
        "text": {"type": "plain_text", "text": question, "emoji": False},
        "confirm": parts.plain("Approve", limits.CONFIRM_BUTTON),
        "deny": parts.plain("Not now", limits.CONFIRM_BUTTON),
    }
    deny = parts.button("Deny", actions.OPERATION_DENY, value, style="danger")
    return parts.actions(approve, deny, details_button(action))


def proof_row(action: Action) -> Block:
    """Return the way to show a second factor, and Details."""
    prove = parts.button("Show second factor", actions.OPERATION_PROVE, action.action_id)
    return parts.actions(prove, details_button(action))


def key_row(link: str) -> Block:
    """Return the way to the page for security keys, for the one person whose link it is."""
    shown = parts.button("Use security key", actions.OPERATION_PROOF_PAGE, "open")
    return parts.actions({**shown, "url": link})


def settle_row(action: Action) -> Block:
    """Return the way to say what became of a call nobody had an answer to, and Details."""
    settle = parts.button("Settle", actions.OPERATION_SETTLE, action.action_id)
    return parts.actions(settle, details_button(action))


def details_row(action: Action) -> Block:
    """Return Details alone: nothing is left to decide."""
    return parts.actions(details_button(action))


def details_button(action: Action) -> Block:
    """Return the button that opens everything there is of the action."""
    return parts.button("Details", actions.OPERATION_DETAILS, action.action_id)


def _question(plan: Plan, change: str) -> str:
    what = f"{visible(spoken(plan.operation))} of {visible(plan.target.key)}"
    head = f"T{plan.tier.value} in {visible(plan.environment)}: {what}\n"
    counted = f"{len(plan.drawing.changes)} changes, as on the card"
    return head + (change if len(head) + len(change) <= limits.CONFIRM_TEXT else counted)
