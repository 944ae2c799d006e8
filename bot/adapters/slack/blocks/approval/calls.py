"""The exact calls of a plan as text: complete, and short where many calls are alike.

Pure. Nothing is left out: calls of one shape are written once, with a row of what differs for each,
so that every single call can be read off.
"""

from __future__ import annotations

import json
import re
from itertools import groupby
from typing import TYPE_CHECKING, Final

from bot.adapters.slack.visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from safe_ops.model.plans import Step

_TOKEN: Final = re.compile(r"[A-Za-z0-9_.\-]+|.", re.DOTALL)
_ALIKE: Final = 3
"""So many calls of one shape in a row are told together."""
_OPEN, _CLOSE = "\N{LEFT CEILING}", "\N{RIGHT CEILING}"


def calls_text(steps: Sequence[Step]) -> str:
    """Return every call in the order of the plan; unseen characters are visible."""
    return "\n".join(_lines(steps))


def _lines(steps: Sequence[Step]) -> Iterator[str]:
    numbered = [(number, _written(step)) for number, step in enumerate(steps, start=1)]
    for _, run in groupby(numbered, key=lambda one: _shape(one[1])):
        alike = list(run)
        texts = [text for _, text in alike]
        if len(alike) < _ALIKE or any(_OPEN in text for text in texts):
            for number, text in alike:
                yield f"{number}. {text}"
        else:
            yield from _together(alike[0][0], texts)


def _together(first: int, texts: Sequence[str]) -> Iterator[str]:
    """Write calls of one shape once, and what differs in a row for each."""
    columns = list(zip(*(_TOKEN.findall(text) for text in texts), strict=True))
    named: dict[tuple[str, ...], str] = {}
    template = ""
    for column in columns:
        if len(set(column)) == 1:
            template += column[0]
        else:
            template += named.setdefault(column, f"{_OPEN}{len(named) + 1}{_CLOSE}")
    yield f"{first} to {first + len(texts) - 1}, each: {template}"
    for at in range(len(texts)):
        values = " ".join(f"{name}={column[at]}" for column, name in named.items())
        yield f"{first + at}. {values or 'the same'}"


def _written(step: Step) -> str:
    call = step.call
    kind = f" ({call.media_type})" if call.media_type else ""
    # JSON's own escapes keep every letter that is not ASCII apart from those that look like it.
    body = json.dumps(call.body, sort_keys=True, separators=(",", ":"))
    notes = [
        f"filled in just before sending: {', '.join(call.late_bound)}" if call.late_bound else "",
        f"may overlap with others of {step.group}" if step.group else "",
        "fine if it is gone already" if step.gone_is_fine else "",
    ]
    lines = [step.says, f"{call.action} {call.path}{kind}", body, *notes]
    return "\n   ".join(visible(line) for line in lines if line)


def _shape(text: str) -> tuple[int, str]:
    """Return what calls told together have in common: tokens, and the words that are no names."""
    tokens = _TOKEN.findall(text)
    return len(tokens), "".join(token for token in tokens if len(token) == 1)
