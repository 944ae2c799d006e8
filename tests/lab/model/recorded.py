"""Transcript files: conversations with a model, kept as JSON lines and played back.

A line is one of

- `{"question": "text"}`: the following turns answer conversations whose first user turn holds
  that text; turns before any such line answer all others.
- `{"content": [...], "stop_reason": "...", "when": "text"}`: one assistant turn. `content` holds
  blocks as the Messages API returns them (`text`, `tool_use`; an `id` is ignored, each playback
  makes its own). `stop_reason` and `when` may be left out; `when` is as in `brains.Turn`.

Empty lines and lines that start with `#` are skipped.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.lab.model.brains import ScriptedBrain, Turn
from tests.lab.model.replies import Block, Reply, Text, ToolCall
from tests.lab.model.requests import combined

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tests.lab.model.requests import MessagesRequest

TRANSCRIPTS = Path(__file__).parent / "transcripts"
"""Where this package keeps its own."""


class TranscriptError(ValueError):
    """A line is not what the format allows; the text names file and line."""


class RecordedBrain:
    """Plays transcript files back."""

    def __init__(self, *paths: Path) -> None:
        """Read the files; raises TranscriptError at the first line that is wrong."""
        questions: dict[str, list[Turn]] = {}
        for path in paths:
            _read(path, questions)
        default = questions.pop("", [])
        self._script = ScriptedBrain(default, questions=questions)

    def reply(self, request: MessagesRequest) -> Reply:
        """Return the recorded turn that is due; raises ScriptError when none is left."""
        return self._script.reply(request)


def as_transcript(question: str, messages: Iterable[Mapping[str, Any]]) -> str:
    """Return the file that replays a conversation, given as Messages API `messages`."""
    lines: list[dict[str, Any]] = [{"question": question}]
    for message in combined(messages):
        if message.role == "assistant":
            kept = [_kept(block) for block in message.content]
            lines.append({"content": [block for block in kept if block is not None]})
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)


def _kept(block: Mapping[str, Any]) -> dict[str, Any] | None:
    match block.get("type"):
        case "text":
            return {"type": "text", "text": block["text"]}
        case "tool_use":
            return {"type": "tool_use", "name": block["name"], "input": block["input"]}
        case _:
            return None


def _read(path: Path, questions: dict[str, list[Turn]]) -> None:
    question = ""
    for number, line in _lines(path):
        try:
            entry = json.loads(line)
            if "question" in entry:
                question = str(entry["question"])
                questions.setdefault(question, [])
            else:
                questions.setdefault(question, []).append(_turn(entry))
        except (ValueError, KeyError, TypeError) as error:
            raise TranscriptError(f"{path} line {number} is no turn: {error!r}") from error


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if line.strip() and not line.startswith("#"):
            yield number, line


def _turn(entry: Mapping[str, Any]) -> Turn:
    content = tuple(_block(block) for block in entry["content"])
    return Turn(
        reply=Reply(content=content, stop_reason=entry.get("stop_reason")),
        when=entry.get("when"),
    )


def _block(block: Mapping[str, Any]) -> Block:
    match block["type"]:
        case "text":
            return Text(text=block["text"])
        case "tool_use":
            return ToolCall(name=block["name"], arguments=dict(block["input"]))
        case other:
            raise ValueError(f"a block of type {other!r} cannot be replayed")
