"""What the listener asks of guarded operations: one call for each thing a person can do.

Whoever implements this answers within a second: a look-up of the person, one transaction, a ring.
It must not know Slack's payloads. A sentence it returns is shown to the person who acted and to
nobody else; an empty one means that the card says it. A refusal raises NotAllowedError, whose text
that person reads, and leaves everything as it was.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Protocol

from bot.domain.conversation import ChannelId, MessageTs, PersonId
from safe_ops.model.actions import Action
from safe_ops.model.plans import Stage

if TYPE_CHECKING:
    from bot.ports.action_board import ActionView


@dataclass(frozen=True, slots=True, kw_only=True)
class Ballot:
    """What stood on the button: which action, and which view of it its reader had."""

    action_id: str
    stage: Stage
    version: int
    digest: str
    """The first 32 hexadecimal digits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """Who acts, as Slack signed for it."""

    person: PersonId
    team_id: str
    act_id: str = ""
    """The same every time one act is brought; empty where nothing rests on that."""
    stored_at: datetime | None = None
    """When the act was stored, of one carried out later, by the listener's clock; None while it
    happens."""


NEEDED: Final = "is needed"
"""The problem of a field that is empty and must not be."""


class FieldKind(StrEnum):
    """How a value is entered."""

    TEXT = "text"
    WHOLE = "whole"
    NUMBER = "number"
    YES_NO = "yes_no"
    CHOICE = "choice"
    LIST = "list"
    """Several texts, separated by commas."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FormField:
    """One parameter a person can fill in."""

    name: str
    label: str
    kind: FieldKind
    required: bool
    hint: str = ""
    choices: tuple[str, ...] = ()
    value: str = ""
    """What is there already."""
    problem: str = ""
    """Why it cannot be taken as it is; empty if it can."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A person's wish for one operation, in strings as they typed them."""

    order_id: str
    """The same for every delivery of one act: asking twice gives one action."""
    operation: str
    given: dict[str, str] = field(default_factory=dict)
    """Parameters by name; `place` names the cluster, or the account as `account/region`."""
    loose: tuple[str, ...] = ()
    """Words that stood there without a name, such as `deployment/cart`."""
    channel: ChannelId
    thread_ts: MessageTs | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunForm:
    """What is still needed for an operation, with what is there."""

    operation: str
    title: str
    fields: tuple[FormField, ...]
    notes: tuple[str, ...] = ()
    """What could not be taken and has no field."""

    @property
    def problems(self) -> dict[str, str]:
        """Return what is wrong with each field that cannot be taken."""
        return {one.name: one.problem for one in self.fields if one.problem}


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """An action that waits for this person, and where its card stands."""

    action: Action
    link: str
    """Address of the card; empty if it has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofWays:
    """How somebody can show a second factor; nobody else may see the link."""

    subject: str
    """Whom the factor has to be enrolled for."""
    code: bool
    """True if an authenticator app is enrolled."""
    link: str
    """Address of the page for security keys; empty if none can be used."""


class OperationsDesk(Protocol):
    """The receiving end of guarded operations; every method may be called twice for one act.

    Every method raises bot.domain.errors.UpstreamError when nothing could be read or stored.
    """

    def approve(self, ballot: Ballot, *, voice: Voice) -> str:
        """Take a yes."""
        ...

    def deny(self, ballot: Ballot, *, voice: Voice, reason: str) -> str:
        """Take a no; of the requester it takes the request back."""
        ...

    def denial_needs_reason(self, action_id: str) -> bool:
        """Tell whether a no to this action has to say why."""
        ...

    def proof_ways(self, action_id: str, *, voice: Voice) -> ProofWays:
        """Return how this person can show the second factor the action waits for."""
        ...

    def prove(self, action_id: str, *, voice: Voice, answer: str) -> str:
        """Take the answer to the question for a second factor."""
        ...

    def settle(self, action_id: str, *, voice: Voice, took_effect: bool, reason: str) -> str:
        """Take a person's word on what became of a call that had no answer."""
        ...

    def cancel(self, name: str, *, voice: Voice, reason: str) -> str:
        """Take an action back that has not begun; `name` is its id, or as people say it, A12."""
        ...

    def run(self, order: Order, *, voice: Voice) -> str | RunForm:
        """Ask for an operation; the form comes back where something is missing or wrong."""
        ...

    def stop(self, *, voice: Voice, reason: str) -> str:
        """Press the kill switch: nothing new begins, what runs ends after the call under way."""
        ...

    def release(self, *, voice: Voice, reason: str) -> str:
        """Release the kill switch."""
        ...

    def read_only(self, *, enabled: bool, voice: Voice, reason: str) -> str:
        """Set or lift read-only: operations are planned and shown, and none is run."""
        ...

    def freeze(self, *, voice: Voice, reason: str) -> str:
        """Declare a freeze; without a reason lift it."""
        ...

    def open_actions(self, *, voice: Voice, channel: ChannelId) -> tuple[Action, ...]:
        """Return the open actions this person may see, oldest first."""
        ...

    def halted(self) -> tuple[str, ...]:
        """Return what keeps operations from running now, a sentence each; empty for nothing."""
        ...

    def trusted(self, *, voice: Voice, channel: ChannelId) -> str:
        """Tell what runs with one approval less, as far as this person may read."""
        ...

    def waiting_for(self, voice: Voice) -> tuple[Waiting, ...]:
        """Return the actions this person may decide now, oldest first."""
        ...

    def details(self, action_id: str, *, voice: Voice) -> ActionView | None:
        """Return all there is of an action, if the person may read of its target."""
        ...
