"""The loop between a language model and its tools, owned rather than borrowed.

It must not know what the tools look at or what an answer means: the run ends when the model
calls the terminal tool, and the loop's promise is that it always ends. The transcript is stored
turn by turn, so that any worker can go on from where another one stopped.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.agent.tool_runs import ToolRuns
from bot.agent.transcript import DECLINED, NO_WORDS, last_words, user_turn, uses_of
from bot.domain.errors import UpstreamError
from bot.domain.investigation import TextBlock, ToolResult, ToolUse, Turn
from bot.ports.model import ModelRequest, StopReason

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.agent.budget import Budget
    from bot.agent.fence import Fence
    from bot.agent.session import Session
    from bot.agent.toolbox import Toolbox
    from bot.ports.model import LanguageModel, ModelReply, ToolSpec

MAX_FORCED = 2
"""Calls that demand the conclusion before the run ends without one; current models cannot be
forced to call a tool, only told to."""

MAX_DECLINED = 2
"""Times the model may decline a turn; asking the same a third time has never helped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a run of the loop ended."""

    arguments: dict[str, object] | None
    """What the terminal tool was called with, unchecked; None if it never was."""
    words: str
    """The model's newest prose, for a run without a usable conclusion."""
    ceiling: str | None
    """The ceiling that ended it, in words; None if the model ended on its own."""


class Loop:
    """One run; make a new one for each."""

    def __init__(
        self,
        *,
        model: LanguageModel,
        toolbox: Toolbox,
        budget: Budget,
        session: Session,
        fence: Fence,
        terminal: ToolSpec,
        complaint: Callable[[dict[str, object]], str | None],
    ) -> None:
        """Make a loop.

        `terminal` is the tool that ends the run. `complaint` judges its arguments: None accepts
        them, a text is told to the model, which may then try once more.
        """
        self._model = model
        self._budget = budget
        self._session = session
        self._terminal = terminal
        self._complaint = complaint
        self._runs = ToolRuns(toolbox=toolbox, budget=budget, session=session, fence=fence)
        self._tools = tuple(sorted((*toolbox.specs, terminal), key=lambda spec: spec.name))
        self._turns = list(session.turns())
        self._forced = 0
        self._declined = 0

    def run(self, *, system: str, opening: str) -> Ending:
        """Return the ending, going on from the stored turns if there are any.

        `opening` is the first user turn of a run that has none.

        Raises:
            UpstreamError: No model answered, or it declined to; the turns so far are stored.
            CancelledByPersonError, LeaseLostError: From the session's check.
        """
        recorded = sum(
            self._session.recorded(use.tool_use_id) is not None
            for turn in self._turns
            for use in uses_of(turn)
        )
        self._budget.count_stored(self._turns, calls=recorded)
        if not self._turns:
            self._append(user_turn(opening))
        while True:
            self._session.check()
            if self._turns[-1].role == "user":
                if self._forced >= MAX_FORCED:
                    return self._ending(self._last_attempt())
                self._ask(system)
                continue
            conclusion = self._conclusion()
            if conclusion is not None and not self._disputed(conclusion):
                return self._ending(conclusion)
            self._append(self._reply_to(self._turns[-1]))

    def _ask(self, system: str) -> None:
        """Store the model's next turn."""
        must_conclude = self._must_conclude()
        self._forced += must_conclude
        reply = self._model.reply(
            ModelRequest(
                system=system,
                tools=self._tools,
                turns=tuple(self._turns),
                max_output_tokens=self._budget.limits.max_output_tokens,
                timeout_s=self._budget.call_timeout_s,
                must_call=self._terminal.name if must_conclude else None,
            ),
            cancelled=self._cancelled,
        )
        self._append(self._turn_of(reply))
        self._budget.count_turn(reply.usage)
        self._session.charge(reply.model, reply.usage)

    def _turn_of(self, reply: ModelReply) -> Turn:
        blocks = reply.blocks
        if reply.stop_reason is StopReason.REFUSAL:
            self._declined += 1
            if self._declined >= MAX_DECLINED:
                raise UpstreamError("the model declined to answer", system=reply.model)
            blocks = (TextBlock(text=DECLINED),)
        return Turn(
            role="assistant",
            blocks=blocks or (TextBlock(text=NO_WORDS),),
            usage=reply.usage,
            model=reply.model,
        )

    def _reply_to(self, turn: Turn) -> Turn:
        """Return the user turn that answers the model's: results, then what else it must know."""
        uses = uses_of(turn)
        if not uses:
            return user_turn(
                *self._session.steering(), f"Call {self._terminal.name} now, in short sentences."
            )
        others = tuple(use for use in uses if use.name != self._terminal.name)
        if self._forced:
            answered = tuple(_refused(use, "no call is run any more") for use in others)
        else:
            answered = self._runs.answer(others, before=self._turns[:-1])
        results = {result.tool_use_id: result for result in answered}
        for use in uses:
            if use.name == self._terminal.name:
                results[use.tool_use_id] = _refused(use, self._complaint(use.arguments) or "twice")
        # After the reads: what people wrote while those ran belongs before the model now.
        texts = list(self._session.steering())
        if (ceiling := self._budget.ceiling()) is not None:
            texts.append(
                f"The limit of {ceiling} is reached. Call {self._terminal.name} now with what you "
                "have, and say what remained open."
            )
        return user_turn(*(results[use.tool_use_id] for use in uses), *texts)

    def _conclusion(self) -> dict[str, object] | None:
        """Return the arguments of the terminal call in the newest turn, if there is one."""
        uses = (use for use in uses_of(self._turns[-1]) if use.name == self._terminal.name)
        return next((use.arguments for use in uses), None)

    def _disputed(self, arguments: dict[str, object]) -> bool:
        """Tell whether the conclusion is wrong in form and the model was not told so before."""
        earlier = any(
            use.name == self._terminal.name for turn in self._turns[:-1] for use in uses_of(turn)
        )
        return not earlier and self._complaint(arguments) is not None

    def _must_conclude(self) -> bool:
        """Tell whether only the terminal tool makes sense now.

        That is so at a ceiling, and once the model has ended a turn with words alone or with a
        conclusion that was refused.
        """
        if self._budget.ceiling() is not None:
            return True
        replies = [uses_of(turn) for turn in self._turns if turn.role == "assistant"]
        return any(
            not uses or any(use.name == self._terminal.name for use in uses) for uses in replies
        )

    def _ending(self, arguments: dict[str, object] | None) -> Ending:
        return Ending(
            arguments=arguments, words=last_words(self._turns), ceiling=self._budget.ceiling()
        )

    def _last_attempt(self) -> dict[str, object] | None:
        """Return the newest arguments of the terminal tool, refused or not."""
        uses = (use for turn in reversed(self._turns) for use in uses_of(turn))
        return next((use.arguments for use in uses if use.name == self._terminal.name), None)

    def _append(self, turn: Turn) -> None:
        self._session.append(turn)
        self._turns.append(turn)

    def _cancelled(self) -> bool:
        self._session.check()
        return False


def _refused(use: ToolUse, reason: str) -> ToolResult:
    return ToolResult(tool_use_id=use.tool_use_id, text=f"Not accepted: {reason}.", is_error=True)
