"""The files that go with an answer: pictures of charts, and an output too long for messages.

It must not know how a file gets into a thread.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.adapters.slack import limits
from bot.adapters.slack.blocks.charts import Drawing, pictures
from bot.adapters.slack.blocks.command import has_overflow
from bot.adapters.slack.calls_files import Upload
from bot.adapters.slack.picture import description, picture
from bot.adapters.slack.text import clip, escape, printable
from bot.domain.evidence import Evidence

if TYPE_CHECKING:
    from bot.domain.outcome import Outcome

_CUT_LINE: Final = "\n[cut here: {} more bytes]\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Enclosures:
    """What comes in one message beside the card; drawn only when `uploads` is called."""

    drawn: tuple[Drawing, ...]
    overflow: Evidence | None

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the files, which no other message of the thread has."""
        named = [_picture_name(one) for one in self.drawn]
        return (*named, *([_text_name(self.overflow)] if self.overflow else []))

    @property
    def comment(self) -> str:
        """What the message says, in mrkdwn."""
        said = []
        if self.drawn:
            labels = ", ".join(escape(one.evidence.label) for one in self.drawn)
            said.append(f"Chart of {labels}" if len(self.drawn) == 1 else f"Charts of {labels}")
        if self.overflow:
            said.append(f"Full output of {escape(self.overflow.label)}")
        return "; ".join(said)

    def uploads(self) -> tuple[Upload, ...]:
        """Return the files, pictures drawn and text bounded."""
        files = [_picture_file(one) for one in self.drawn]
        return (*files, *([_text_file(self.overflow)] if self.overflow else []))


def enclosures_of(outcome: Outcome) -> Enclosures | None:
    """Return the files that go with an outcome's card, or None where it needs none."""
    command = outcome.command
    overflow = command if command is not None and has_overflow(command) else None
    drawn = pictures(outcome)
    return Enclosures(drawn=drawn, overflow=overflow) if drawn or overflow else None


def _picture_name(drawing: Drawing) -> str:
    return f"chart-{drawing.evidence.label}.png"


def _text_name(evidence: Evidence) -> str:
    return f"output-{evidence.label}.txt"


def _picture_file(drawing: Drawing) -> Upload:
    window = drawing.evidence.observation.window
    return Upload(
        name=_picture_name(drawing),
        title=clip(f"{drawing.evidence.label}: {drawing.chart.title}", limits.FILE_TITLE),
        content=picture(drawing.chart, window),
        alt_text=description(drawing.chart, window),
    )


def _text_file(evidence: Evidence) -> Upload:
    """Return the body as the ledger has it, which is redacted."""
    seen = evidence.observation
    content = printable(seen.body).encode(errors="replace")
    left = len(content) - limits.SNIPPET_BYTES
    if left > 0:
        note = _CUT_LINE.format(left + len(_CUT_LINE) + len(str(left)))
        room = limits.SNIPPET_BYTES - len(note)
        kept = content[:room].decode(errors="ignore").encode()
        content = kept + _CUT_LINE.format(len(content) - len(kept)).encode()
    return Upload(
        name=_text_name(evidence),
        title=clip(f"{evidence.label}: {seen.query}", limits.FILE_TITLE),
        content=content,
        is_snippet=True,
    )
