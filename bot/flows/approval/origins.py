"""Where a value came from, and what a wish rests on, told from the evidence ledger by code alone.

Pure. What an API types (names, counts of its own columns) is told from free text that anybody can
write: messages, annotations, logs, labels. What cannot be told apart counts as free text. No word
of a model's is looked at.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.domain.evidence import Evidence, EvidenceState
from bot.flows.approval.form import kind_named
from safe_ops.model.actions import Grounds

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from bot.domain.evidence import Observation
    from bot.domain.registry import Registry
    from safe_ops.model.plans import Json

PERSON: Final = "person"
REGISTRY: Final = "registry"
API: Final = "api"
TEXT: Final = "text"

_SEEN: Final = frozenset({EvidenceState.OK, EvidenceState.TRUNCATED})
_FREE_SOURCES: Final = frozenset({"logs", "events", "log lines", "schema", "access"})
"""Of kubectl's and AWS's answers: those that are lines somebody's program wrote, or no object."""
_TYPED_COLUMNS: Final = frozenset(
    {
        "NAMESPACE", "NAME", "DEPLOYMENT", "REPLICASET", "REVISION", "DESIRED", "CURRENT",
        "UPDATED", "UP-TO-DATE", "AVAILABLE", "REPLICAS", "MINPODS", "MAXPODS", "TARGET",
        "REFERENCE", "NODE", "CRONJOB", "SERVICE", "POD", "CONTAINER", "KIND", "OBJECT",
    }
)  # fmt: skip
"""Columns whose cells the API types; messages, labels, images and conditions are not among them."""
_DESCRIBED: Final = re.compile(
    r"^(?P<kind>[A-Z][A-Za-z]+) (?P<ref>\S+)$"
    r"|^ {2}(?:owner|node|replicas|scales|target|min|max)(?: [a-z]+)?: (?P<value>.*)$"
    r"|^ {2}(?P<container>[a-z0-9][-a-z0-9]*) {2}image: ",
)
"""Lines of `describe` that hold what the API types."""
_SERIES: Final = re.compile(
    r"\b(?:namespace|pod|container|deployment|statefulset|daemonset|node|cronjob|job_name|service)"
    r"=([^\s,}]+)"
)
_AWS_FREE: Final = re.compile(
    r"\b(?:events?|errors?|logs?|lines|description|reason|environment|tags|stopped|against|top|sql)\b",
    re.IGNORECASE,
)
"""Headings and keys of AWS's answers whose lines are, or quote, somebody's text."""

_AWS_COUNT: Final = re.compile(
    r"^\s*[A-Za-z]+: (\d+)$|\bversion (\d+)\b|[A-Za-z][\w-]*:(\d+)\b|\bdesired (\d+)\b"
)
"""Numbers that are settings: any other number of an answer is a measurement or in a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """What a value is looked for in."""

    words: tuple[str, ...]
    """What the person who asks wrote in this thread; nothing when an alert asks."""
    names: frozenset[str]
    """Registered names."""
    ledger: tuple[Evidence, ...]

    def origin(self, value: Json) -> str:
        """Return `person`, `registry`, `api` or `text` for one parameter's value."""
        texts = [_text(one) for one in (value if isinstance(value, list | tuple) else (value,))]
        if not texts or not all(texts):
            return TEXT
        if all(_stands_in(text, self.words) for text in texts):
            return PERSON
        if self.names.issuperset(texts):
            return REGISTRY
        typed = {cell for entry in self.ledger for cell in _typed(entry.observation)}
        return API if typed.issuperset(texts) else TEXT


def registered_names(registry: Registry) -> frozenset[str]:
    """Return every name that the installation's own file gives something."""
    names = {name for one in registry.clusters for name in (one.name, *one.aliases)}
    names |= {name for one in registry.accounts for name in (one.name, *one.aliases)}
    names |= {one.account_id for one in registry.accounts}
    names |= {region for one in registry.accounts for region in one.regions}
    names |= {one.namespace for one in registry.channels if one.namespace}
    return frozenset(names)


def grounds_of(cited: Sequence[Evidence]) -> Grounds:
    """Return what the cited evidence amounts to: how fresh it is, whether any of it measures."""
    seen = [one for one in cited if one.observation.state in _SEEN]
    return Grounds(
        evidence=tuple(one.label for one in cited),
        freshest_at=max((one.observation.collected_at for one in seen), default=None),
        measured=any(_measures(one.observation) for one in seen),
    )


def _measures(seen: Observation) -> bool:
    """Tell whether it is a metric or an API object, not lines of a program."""
    if seen.tool == "promql":
        return True
    return seen.tool in {"kubectl", "aws"} and not _is_free(seen)


def _is_free(seen: Observation) -> bool:
    return seen.source in _FREE_SOURCES or seen.query.startswith(("aws logs", "aws source"))


def _typed(seen: Observation) -> Iterator[str]:
    """Yield the values of an observation that an API typed, each whole."""
    if seen.state not in _SEEN or not _measures(seen):
        return
    match seen.tool:
        case "promql":
            yield from _SERIES.findall(seen.body)
        case "aws":
            yield from _of_aws(seen.body)
        case _:
            yield from filter(None, (seen.namespace, kind_named(seen.source)))
            yield from _of_kubectl(seen)


def _of_kubectl(seen: Observation) -> Iterator[str]:
    if seen.grid is not None:
        for row in seen.grid.rows:
            for column, cell in zip(seen.grid.columns, row, strict=True):
                if column in _TYPED_COLUMNS:
                    yield from _parts(cell)
    elif seen.query.startswith("kubectl describe"):
        yield from _described(seen.body)
    elif seen.query.startswith("kubectl topology"):
        yield from _parts(seen.body)


def _described(body: str) -> Iterator[str]:
    for line in body.splitlines():
        found = _DESCRIBED.match(line)
        if found is not None:
            yield from _parts(
                next(filter(None, (found["ref"], found["value"], found["container"])))
            )


def _of_aws(body: str) -> Iterator[str]:
    """Yield words of the answer's typed part: a free heading takes all under it away."""
    free_from: int | None = None
    for line in body.splitlines():
        depth = len(line) - len(line.lstrip())
        if free_from is not None and depth > free_from:
            continue
        heading = line.partition(": ")[0]
        free_from = depth if _AWS_FREE.search(heading) else None
        if free_from is None:
            yield from (part for part in _parts(line) if not part.isdigit())
        # Of two revisions compared the numbers stand in the heading.
        told = line if free_from is None else heading if " against " in heading else ""
        yield from (number for found in _AWS_COUNT.findall(told) for number in found if number)


def _parts(cell: str) -> Iterator[str]:
    """Yield a cell's words, and the parts of such as `deployment/cart`."""
    for word in cell.split():
        bare = word.strip(",;:()[]{}\"'`")
        yield bare
        yield from re.split(r"[/:]", bare)


def _stands_in(text: str, words: Iterable[str]) -> bool:
    pattern = re.compile(rf"(?<![\w.-]){re.escape(text)}(?![\w-]|\.\w)", re.IGNORECASE)
    return any(pattern.search(said) for said in words)


def _text(value: Json) -> str:
    """Return the value as people write it; a yes or no is in no text."""
    return "" if value is None or isinstance(value, bool) else str(value)
