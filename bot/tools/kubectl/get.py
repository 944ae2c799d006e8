"""`kubectl get`: the server's own columns, or redacted objects as YAML, JSON or names.

It adds what the server's table leaves to kubectl: label columns, sorting, several kinds in one
command. A kind that fails does not take the others with it, but it decides the state.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import yaml

from bot.domain.errors import DeniedError, ToolError, UpstreamError
from bot.domain.evidence import EvidenceState, Grid
from bot.ports.cluster import KubeObject, Selection
from bot.tools.answer import Answer, empty, table_answer, text_answer
from bot.tools.kubectl.columns import NAME, NAMESPACE, labelled, ordered
from bot.tools.kubectl.command import Output
from bot.tools.kubectl.fields import name_of
from bot.tools.kubectl.redact import redact
from bot.tools.kubectl.spelling import Target, qualified

if TYPE_CHECKING:
    from bot.ports.cluster import ClusterReader
    from bot.tools.kubectl.command import Get

_LIST_LIMIT = 500


_NO_ROWS = Grid(columns=(), rows=())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """One kind's share of the answer."""

    target: Target
    grid: Grid = _NO_ROWS
    objects: tuple[KubeObject, ...] = ()
    more: bool = False
    missing: tuple[str, ...] = ()
    """The reader's own words about names that do not exist."""
    failure: UpstreamError | None = None


def get(command: Get, reader: ClusterReader) -> Answer:
    """Return what a `get` shows; EMPTY when nothing matches, with what does not exist named."""
    parts = [_part(command, target, reader) for target in command.targets]
    source = ",".join(target.kind.plural for target in command.targets)
    failures = [part for part in parts if part.failure is not None]
    if failures and len(failures) == len(parts) and failures[0].failure is not None:
        raise failures[0].failure
    if not failures and not any(part.grid.rows or part.objects for part in parts):
        return empty(source, _nothing(command, parts))
    shown = _shown(command, source, parts)
    return _with_failures(shown, failures) if failures else shown


def _part(command: Get, target: Target, reader: ClusterReader) -> _Part:
    fetch = _objects if command.output in {Output.JSON, Output.YAML} else _rows
    part = _Part(target=target)
    for selection in _selections(command, target):
        try:
            part = fetch(command, selection, reader, part)
        except UpstreamError as error:
            return replace(part, failure=error)
        except ToolError as error:
            part = replace(part, missing=(*part.missing, str(error)))
    return part


def _selections(command: Get, target: Target) -> list[Selection]:
    everywhere = command.all_namespaces or not target.kind.namespaced
    base = Selection(
        namespace=None if everywhere else command.namespace,
        labels=command.labels,
        fields=command.fields,
        limit=_LIST_LIMIT,
    )
    return [replace(base, name=name) for name in target.names] or [base]


def _rows(command: Get, selection: Selection, reader: ClusterReader, part: _Part) -> _Part:
    kind = part.target.kind
    printed = reader.table(kind, selection, wide=command.output is Output.WIDE)
    grid = printed.grid
    if command.sort_by or command.show_labels or command.label_columns:
        items = reader.list(kind, selection).items
        grid = labelled(
            grid,
            items,
            namespace=selection.namespace,
            keys=command.label_columns,
            every=command.show_labels,
        )
        if command.sort_by:
            grid = ordered(grid, items, namespace=selection.namespace, path=command.sort_by)
    if part.grid.columns:
        grid = Grid(columns=part.grid.columns, rows=(*part.grid.rows, *grid.rows))
    return replace(part, grid=grid, more=part.more or printed.more)


def _objects(command: Get, selection: Selection, reader: ClusterReader, part: _Part) -> _Part:
    kind, name = part.target.kind, selection.name
    if name is not None and (selection.namespace is not None or not kind.namespaced):
        found: tuple[KubeObject, ...] = (
            reader.get(kind, name=name, namespace=selection.namespace),
        )
        more = False
    else:
        listing = reader.list(kind, selection)
        found, more = listing.items, listing.more
        if name is not None and not found:
            raise ToolError(f"{reader.name} has no {kind.singular} {name} in any namespace")
    if command.sort_by == ".metadata.name":
        found = tuple(sorted(found, key=name_of))
    return replace(
        part,
        objects=(*part.objects, *(redact(item) for item in found)),
        more=part.more or more,
    )


def _shown(command: Get, source: str, parts: list[_Part]) -> Answer:
    missing = () if command.ignore_not_found else tuple(m for part in parts for m in part.missing)
    if command.output in {Output.JSON, Output.YAML}:
        return _documents(command, source, parts, missing)
    if command.output is Output.NAME:
        return _names(source, parts, missing)
    if len(parts) == 1:
        (part,) = parts
        return table_answer(
            source, part.grid, more=part.more, headers=not command.no_headers, notes=missing
        )
    tables = [
        table_answer(part.target.kind.plural, part.grid, more=part.more)
        for part in parts
        if part.grid.rows
    ]
    body = "\n\n".join(f"# {table.source}\n{table.body}" for table in tables)
    none = [part.target.kind.plural for part in parts if not part.grid.rows and not part.failure]
    notes = [f"none: {', '.join(none)}"] if none else []
    return text_answer(
        source,
        "\n".join([body, *notes, *missing]),
        rows=sum(table.rows or 0 for table in tables),
        cut_bytes=sum(table.cut_bytes for table in tables),
    )


def _names(source: str, parts: list[_Part], missing: tuple[str, ...]) -> Answer:
    rows = [
        (_prefixed(part, row),)
        for part in parts
        for row in part.grid.rows
        if NAME in _columns(part)
    ]
    return table_answer(
        source,
        Grid(columns=(NAME,), rows=tuple(rows)),
        more=any(part.more for part in parts),
        headers=False,
        notes=missing,
    )


def _prefixed(part: _Part, row: tuple[str, ...]) -> str:
    kind = part.target.kind
    word = f"{kind.singular}.{kind.group}" if kind.group else qualified(kind, kind.singular)
    place = _columns(part).index(NAME)
    inside = f" ({row[0]})" if part.grid.columns[0] == NAMESPACE else ""
    return f"{word}/{row[place]}{inside}"


def _columns(part: _Part) -> tuple[str, ...]:
    return part.grid.columns


def _documents(command: Get, source: str, parts: list[_Part], missing: tuple[str, ...]) -> Answer:
    found = [item for part in parts for item in part.objects]
    whole: KubeObject = {"apiVersion": "v1", "kind": "List", "items": found}
    shown = found[0] if len(found) == 1 and not missing else whole
    if command.output is Output.JSON:
        text = json.dumps(shown, indent=2, ensure_ascii=False)
    else:
        text = yaml.safe_dump(shown, sort_keys=False, allow_unicode=True, width=200)
    more = [part.target.kind.plural for part in parts if part.more]
    if more:
        missing = (*missing, f"CUT: the server holds more {', '.join(more)}; narrow with -l")
    return text_answer(
        source,
        "\n".join([text.rstrip(), *missing]),
        rows=len(found),
        # At least one object was not sent; how long it is, nobody knows.
        cut_bytes=1 if more else 0,
    )


def _nothing(command: Get, parts: list[_Part]) -> str:
    missing = [words for part in parts for words in part.missing]
    if missing:
        return "\n".join(dict.fromkeys(missing))
    kinds = ", ".join(target.kind.plural for target in command.targets)
    namespaced = any(target.kind.namespaced for target in command.targets)
    where = f" in namespace {command.namespace}" if command.namespace and namespaced else ""
    everywhere = " in any namespace" if command.all_namespaces and namespaced else ""
    matching = " and ".join(term for term in (command.labels, command.fields) if term)
    return f"There are no {kinds}{where}{everywhere}" + (f" with {matching}" if matching else "")


def _with_failures(shown: Answer, failures: list[_Part]) -> Answer:
    """Return the answer under the worst state: a part that was not seen may hold the cause."""
    reasons = [f"{part.target.kind.plural} could not be read: {part.failure}" for part in failures]
    denied = all(isinstance(part.failure, DeniedError) for part in failures)
    kinds = "The other kinds answered:" if shown.body.strip() else ""
    return replace(
        shown,
        state=EvidenceState.DENIED if denied else EvidenceState.UNREACHABLE,
        body="\n".join([*reasons, kinds, shown.body]),
        cut_bytes=0,
    )
