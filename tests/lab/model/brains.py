"""What decides the model's answers: scripts that are data, and a wrapper that slows any brain.

A brain keeps no state between requests. Which turn is due follows from the request alone, so
several conversations may run at once, and a retried or resumed request gets the same turn again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from tests.lab.model.errors import ScriptError
from tests.lab.model.replies import Block, Delivery, Reply, Text, ToolCall
from tests.lab.model.requests import MessagesRequest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tests.lab.model.requests import Message

CONCLUDE = "conclude"
"""The tool by which the agent hands in its answer."""


class Brain(Protocol):
    """Decides one assistant turn."""

    def reply(self, request: MessagesRequest) -> Reply: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One scripted turn."""

    reply: Reply | Callable[[MessagesRequest], Reply]
    """A function is for what only the request can tell, such as an id a tool returned."""
    when: str | None = None
    """Text the newest user turn must hold, in a tool result or a message; None: simply next."""

    def answer(self, request: MessagesRequest) -> Reply:
        return self.reply(request) if callable(self.reply) else self.reply


Scripted = Turn | Reply | Block | Sequence[Block] | Callable[["MessagesRequest"], Reply]
"""Everything a script may hold as one turn."""


def say(text: str) -> Text:
    """Prose."""
    return Text(text=text)


def call(name: str, /, **arguments: Any) -> ToolCall:
    """A tool call; several in one turn are parallel calls."""
    return ToolCall(name=name, arguments=arguments)


def conclude(**verdict: Any) -> ToolCall:
    """The call that hands in the answer."""
    return ToolCall(name=CONCLUDE, arguments=verdict)


def when(text: str, *blocks: Block) -> Turn:
    """A turn taken once, as soon as `text` is in the newest user turn."""
    return Turn(reply=Reply(content=blocks), when=text)


def as_turn(scripted: Scripted) -> Turn:
    """Return the turn a script's entry stands for."""
    if isinstance(scripted, Turn):
        return scripted
    if isinstance(scripted, Reply) or callable(scripted):
        return Turn(reply=scripted)
    if isinstance(scripted, Text | ToolCall):
        return Turn(reply=Reply(content=(scripted,)))
    return Turn(reply=Reply(content=tuple(scripted)))


class ScriptedBrain:
    """Takes its turns from lists.

    A turn with `when` is taken once, at the first request whose newest user turn holds that
    text; otherwise the next turn without `when` is due. What was taken before is worked out
    anew from the conversation in each request.
    """

    def __init__(
        self,
        turns: Iterable[Scripted] = (),
        *,
        questions: Mapping[str, Iterable[Scripted]] | None = None,
    ) -> None:
        """Make a brain that plays `turns`, or what `questions` holds for a question.

        A key of `questions` is text of the first user turn; the first key that is found wins,
        and `turns` serves everything else.
        """
        self._default = tuple(as_turn(turn) for turn in turns)
        self._questions = {
            key: tuple(as_turn(turn) for turn in script)
            for key, script in (questions or {}).items()
        }

    def reply(self, request: MessagesRequest) -> Reply:
        """Return the turn that is due; raises ScriptError when none is left."""
        script = self._script(request.first_user_text)
        left = list(script)
        for prompt in _prompts(request.messages):
            due = _due(left, prompt)
            if due is not None:
                left.remove(due)
        turn = _due(left, request.last_user_text)
        if turn is None:
            question = request.first_user_text[:80]
            raise ScriptError(
                f"the lab's script for {question!r} has {len(script)} turns, and turn "
                f"{request.turn + 1} was asked for; lengthen the script or end the loop sooner"
            )
        return turn.answer(request)

    def _script(self, question: str) -> tuple[Turn, ...]:
        for key, script in self._questions.items():
            if key in question:
                return script
        return self._default


def _prompts(messages: Sequence[Message]) -> Iterable[str]:
    """Yield, for each turn the assistant has had, the user turn it answered."""
    newest = ""
    for message in messages:
        if message.role == "assistant":
            yield newest
        else:
            newest = message.text


def _due(left: Sequence[Turn], prompt: str) -> Turn | None:
    for turn in left:
        if turn.when is not None and turn.when in prompt:
            return turn
    return next((turn for turn in left if turn.when is None), None)


class PacedBrain:
    """Any brain, with time between its words."""

    def __init__(
        self, brain: Brain, *, first_byte_s: float = 0.0, per_event_s: float = 0.0
    ) -> None:
        self._brain = brain
        self._delivery = Delivery(first_byte_s=first_byte_s, per_event_s=per_event_s)

    def reply(self, request: MessagesRequest) -> Reply:
        """Return the inner brain's reply, to be delivered at this pace."""
        return replace(self._brain.reply(request), delivery=self._delivery)
