"""What people do with guarded operations, as values; part of `intents.Intent`.

They name acts. Who may do what is decided where the act is carried out.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.adapters.slack.actor import Actor
from bot.ports.operations_desk import Ballot, Order


@dataclass(frozen=True, slots=True, kw_only=True)
class Approve:
    """Somebody pressed Approve and confirmed it."""

    actor: Actor
    ballot: Ballot


@dataclass(frozen=True, slots=True, kw_only=True)
class Deny:
    """Somebody said no, with a reason or without."""

    actor: Actor
    ballot: Ballot
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Prove:
    """Somebody entered a code."""

    actor: Actor
    action_id: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Settle:
    """Somebody says what became of a call that had no answer."""

    actor: Actor
    action_id: str
    took_effect: bool
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel:
    """An action is to be taken back."""

    actor: Actor
    name: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Somebody asks for an operation of the catalogue."""

    actor: Actor
    order: Order
    trigger_id: str = ""
    """Opens a modal within three seconds; empty where there is none."""


class Switch(StrEnum):
    """What stops operations, and what lets them go on."""

    STOP = "stop"
    RELEASE = "release"
    READ_ONLY = "read-only"
    READ_WRITE = "read-write"
    FREEZE = "freeze"
    THAW = "thaw"


@dataclass(frozen=True, slots=True, kw_only=True)
class Throw:
    """Somebody throws a switch."""

    actor: Actor
    switch: Switch
    reason: str
    act_id: str = ""
    """The same for every delivery of the act; empty where Slack gave nothing to tell it by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListActions:
    """The open actions are wanted."""

    actor: Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class ListTrust:
    """What runs with one approval less is wanted."""

    actor: Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class SayApproval:
    """Somebody typed an approval or a denial; words decide nothing."""

    actor: Actor


class Modal(StrEnum):
    """What a control of a card opens."""

    DENIAL = "denial"
    PROOF = "proof"
    SETTLEMENT = "settlement"
    WHOLE = "whole"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenModal:
    """A modal is wanted; worth nothing once the click is three seconds old."""

    actor: Actor
    modal: Modal
    action_id: str
    trigger_id: str
    ballot: Ballot | None = None


OperationIntent = (
    Approve | Deny | Prove | Settle | Cancel | Run | Throw | ListActions | ListTrust | SayApproval
)
"""Acts that are carried out, now or when the sweeper finds them."""
