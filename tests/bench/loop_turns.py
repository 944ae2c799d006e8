"""What our loop adds to each turn, beside a bare loop on the anthropic SDK.

Both talk to the same scripted server, stream, carry the same system prompt and tool, and take the
same turns; the tool does nothing. What is left when one is taken from the other is ours. The
server is a process of its own, so that neither loop shares an interpreter with it.
"""

from __future__ import annotations

import json
import tempfile
from contextlib import ExitStack
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anthropic

from bot import log
from bot.adapters.clock import SystemClock
from bot.adapters.llm.anthropic_client import anthropic_model
from bot.adapters.llm.pricing import Pricing
from bot.adapters.store.engine import open_engine
from bot.adapters.store.store import SqlStore
from bot.agent.answerer import PROMPT
from bot.agent.budget import Budget, Limits
from bot.agent.fence import Fence
from bot.agent.loop import Loop
from bot.agent.prompt_book import PromptBook
from bot.agent.toolbox import Toolbox
from bot.bootstrap.installation import new_id
from bot.domain.investigation import RunState
from bot.domain.redaction.engine import Redactor
from bot.domain.registry import FULL_ACCESS
from bot.flows.question.heartbeat import Heartbeat
from bot.flows.question.session import StoredSession
from bot.ports.model import ToolSpec
from tests.bench.agent_bench import MemorySession, seen
from tests.bench.llm_bench import MODEL
from tests.bench.rows import Goal, Row
from tests.bench.sampling import in_turn
from tests.bench.scripted_server import TOOL_TURNS, scripted_server
from tests.contract.store.builders import question
from tests.lab.databases import SqliteFiles

if TYPE_CHECKING:
    from collections.abc import Iterable

    from anthropic.types import RawMessageStreamEvent

    from bot.agent.session import Session
    from bot.domain.evidence import Observation
    from bot.domain.outcome import Outcome
    from bot.domain.progress import Task
    from bot.ports.model import LanguageModel

RUNS = 25
KEY = "lab-key"
MASK = Redactor(key=b"bench").mask
LEASE = timedelta(seconds=15)
TURNS = TOOL_TURNS + 1
OPENING = "How is it?"
CONCLUDE = ToolSpec(
    name="conclude", description="End.", input_schema={"type": "object", "properties": {}}
)


def measure() -> list[Row]:
    """Return the overhead of a turn, without the store and with it."""
    log.configure(level="error", as_json=True, role="bench")
    with ExitStack() as stack:
        directory = stack.enter_context(tempfile.TemporaryDirectory(prefix="nd-bench-"))
        url = stack.enter_context(scripted_server())
        engine = open_engine(SqliteFiles(Path(directory)).fresh())
        stack.callback(engine.dispose)
        store = SqlStore(engine, SystemClock(), new_id)
        client = stack.enter_context(anthropic.Anthropic(api_key=KEY, base_url=url))
        model = anthropic_model(
            api_key=KEY, model=MODEL, pricing=Pricing(), clock=SystemClock(), base_url=url
        )
        stack.callback(model.close)
        numbers = count(1)
        in_memory, stored, bare = in_turn(
            RUNS,
            lambda: _our_run(model, MemorySession()),
            lambda: _stored_run(model, store, next(numbers)),
            lambda: _bare_run(client),
        )
    note = f"whole turns, to a bare SDK loop, {bare.median_s / TURNS * 1000:.2f} ms"
    return [
        *(
            Row(
                name=f"tool loop, overhead a turn, {session}",
                value=(ours.median_s - bare.median_s) / TURNS * 1000,
                unit="ms",
                ratio=ours.median_s / bare.median_s,
                goal=Goal(at_most=20),
                note=note,
            )
            for session, ours in (("in memory", in_memory), ("with SQLite", stored))
        ),
    ]


def look(where: str) -> Observation:
    """Look somewhere."""
    return seen(f"{where} is fine", query=f"look {where}")


def _our_run(model: LanguageModel, session: Session) -> None:
    ending = Loop(
        model=model,
        toolbox=Toolbox.of(look),
        budget=Budget(Limits(max_turns=TURNS + 5), SystemClock()),
        session=session,
        fence=Fence(nonce="0123abcd"),
        terminal=CONCLUDE,
        complaint=lambda _arguments: None,
    ).run(system=_system(), opening=OPENING)
    if ending.arguments is None or len(session.ledger()) != TOOL_TURNS:
        raise RuntimeError(f"our loop did not take the script's turns: {ending}")


class _Unseen:
    """A live message nobody looks at."""

    def show(self, task: Task) -> None:
        """Show nothing."""

    def preview(self, outcome: Outcome) -> None:
        """Show nothing."""

    def close(self, outcome: Outcome) -> None:
        """Close nothing."""


def _stored_run(model: LanguageModel, store: SqlStore, number: int) -> None:
    """Run in a session as a worker has it: every turn and piece of evidence in the database."""
    thread = store.add_question(question(number, thread=f"{number}.000001"))
    run = store.claim(thread.thread_id, worker="bench", lease=LEASE, max_attempts=1)
    if run is None:
        raise RuntimeError("the thread could not be claimed")
    with Heartbeat(store, run, lease=LEASE, stopping=lambda: False) as heartbeat:
        _our_run(
            model,
            StoredSession(
                store=store,
                thread=thread,
                run=run,
                live=_Unseen(),
                heartbeat=heartbeat,
                clock=SystemClock(),
                mask=MASK,
                access=FULL_ACCESS,
            ),
        )
    store.finish(run.investigation_id, fence=run.fence, state=RunState.DONE, verdict=None)


def _bare_run(client: anthropic.Anthropic) -> None:
    (spec,) = Toolbox.of(look).specs
    tools: Any = [
        {"name": one.name, "description": one.description, "input_schema": one.input_schema}
        for one in (spec, CONCLUDE)
    ]
    messages: list[Any] = [{"role": "user", "content": OPENING}]
    for turn in count(1):
        events = client.messages.create(
            model=MODEL,
            max_tokens=8_192,
            system=_system(),
            tools=tools,
            messages=messages,
            stream=True,
        )
        uses = _uses_in(events)
        if any(use["name"] == CONCLUDE.name for use in uses):
            if turn != TURNS:
                raise RuntimeError(f"the bare loop took {turn} turns")
            return
        results = [
            {"type": "tool_result", "tool_use_id": use["id"], "content": look(**use["input"]).body}
            for use in uses
        ]
        messages += [
            {"role": "assistant", "content": uses},
            {"role": "user", "content": results},
        ]


def _uses_in(events: Iterable[RawMessageStreamEvent]) -> list[dict[str, Any]]:
    """Return the tool calls of a stream; a script's turn holds nothing else.

    The SDK's own accumulator costs some 0.6 ms a turn, which would be taken off our overhead.
    """
    uses: list[dict[str, Any]] = []
    written = ""
    for event in events:
        if event.type == "content_block_start" and event.content_block.type == "tool_use":
            block = event.content_block
            uses.append({"type": "tool_use", "id": block.id, "name": block.name})
            written = ""
        elif event.type == "content_block_delta" and event.delta.type == "input_json_delta":
            written += event.delta.partial_json
        elif event.type == "content_block_stop":
            uses[-1]["input"] = json.loads(written or "{}")
    return uses


def _system() -> str:
    return PromptBook.load().prompt(PROMPT).text
