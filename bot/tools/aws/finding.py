"""`aws find`: which listed reads there are for some words, and on which terms; nothing is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rapidfuzz import fuzz, process

from bot.tools.aws.answer import answered
from bot.tools.aws.guard import service_meant

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.tools.answer import Answer
    from bot.tools.aws.catalogue import Catalogue, Operation
    from bot.tools.aws.reading import Reading

SOURCE = "listed reads"
# A service has 22 at most; of a vaguer word the best few are enough to go on with.
_MOST = 40
_CLOSEST = 8
_RESEMBLANCE_MIN = 55


def find_reads(reading: Reading, words: str, looks: Sequence[str]) -> Answer:
    """Return the listed operations whose names have the words, else the closest ones."""
    catalogue = reading.catalogue
    found = _with_words(catalogue, words)
    if found:
        head = f"{len(found)} listed reads for {words}"
        if len(found) > _MOST:
            head += f", of which {_MOST} are shown; add a word"
    else:
        found = _closest(catalogue, words)
        head = f"no listed read is named like {words}" + ("; closest" if found else "")
    lines = [f"{head}:" if found else head, *(_told(one) for one in found[:_MOST])]
    lines.append(f"Looks that join several of them: {', '.join(looks)}")
    lines.append(f"Services with listed reads: {', '.join(catalogue.services())}")
    return answered(SOURCE, lines, reading, rows=min(len(found), _MOST))


def _with_words(catalogue: Catalogue, words: str) -> list[Operation]:
    """Return those whose service or name has every word, services by other names included."""
    wanted = words.casefold().replace("_", " ").replace(".", " ").split()
    return [
        one
        for one in catalogue.operations
        if wanted
        and all(word in one.title or service_meant(word) == one.service for word in wanted)
    ]


def _closest(catalogue: Catalogue, words: str) -> list[Operation]:
    titles = [one.title.replace("_", " ").replace(".", " ") for one in catalogue.operations]
    close = process.extract(
        words.casefold(),
        titles,
        scorer=fuzz.token_set_ratio,
        limit=_CLOSEST,
        score_cutoff=_RESEMBLANCE_MIN,
    )
    return [catalogue.operations[place] for _title, _score, place in close]


def _told(operation: Operation) -> str:
    """Return an operation with what its rules ask for, as far as AWS's own API does not."""
    terms = []
    if operation.require:
        terms.append(f"needs {', '.join(operation.require)}")
    if operation.window is not None:
        unit = "milliseconds" if operation.window.unit == "ms" else "seconds"
        terms.append(f"a span of at most {operation.window.hours} h, in {unit} since the epoch")
    terms += [f"{name} up to {most}" for name, most in operation.most]
    if operation.pace is not None:
        terms.append(f"{operation.pace.calls} calls in {operation.pace.per_s:g} s")
    return f"{operation.title} ({'; '.join(terms)})" if terms else operation.title
