"""`kubectl events`, and the events under a `describe`: oldest first, so that the newest is last."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot.domain.evidence import Grid, Window
from bot.domain.fields import dig, mapping, number, text
from bot.domain.secret_text import mask
from bot.domain.spans import age, moment, stamp
from bot.ports.cluster import Selection
from bot.tools.answer import Answer, empty, table_answer
from bot.tools.kubectl.fields import kind, namespace_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.ports.cluster import ClusterReader, KubeObject
    from bot.tools.kubectl.command import Events

# The server sends them in no useful order, so all of an hour must come before sorting helps.
_EVENTS_LIMIT = 2_000
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_COLUMNS = ("LAST SEEN", "TIME", "TYPE", "REASON", "OBJECT", "COUNT", "MESSAGE")


def events(command: Events, reader: ClusterReader, now: datetime) -> Answer:
    """Return the events of a namespace or object, the newest last."""
    selection = Selection(
        namespace=None if command.all_namespaces else command.namespace,
        fields=_selector(command),
        limit=_EVENTS_LIMIT,
    )
    listing = reader.list(kind("events"), selection)
    wanted = [item for item in listing.items if not command.types or _type(item) in command.types]
    found = in_order(wanted)
    if not found:
        return empty("events", _nothing(command))
    grid = event_grid(found, now, namespaces=selection.namespace is None)
    answer = table_answer("events", grid, more=listing.more)
    times = [time for time in (happened(item) for item in found) if time is not None]
    window = Window(start=min(times), end=max(times)) if times else None
    return Answer(
        source=answer.source,
        body=answer.body,
        state=answer.state,
        rows=answer.rows,
        cut_bytes=answer.cut_bytes,
        grid=answer.grid,
        window=window,
    )


def events_about(item: KubeObject, reader: ClusterReader) -> list[KubeObject]:
    """Return the events about one object, the newest last; those of another uid are left out."""
    kind_name, name = text(item, "kind"), text(item, "metadata", "name")
    selection = Selection(
        # Events about cluster-wide objects are kept in namespace `default`, or in any.
        namespace=namespace_of(item),
        fields=f"involvedObject.kind={kind_name},involvedObject.name={name}",
        limit=_EVENTS_LIMIT,
    )
    uid = dig(item, "metadata", "uid")
    # A kubelet signs events about its node with the node's name instead of its uid.
    same = {uid, name, None, ""}
    return in_order(
        event
        for event in reader.list(kind("events"), selection).items
        if kind_name == "Node" or dig(event, "involvedObject", "uid") in same
    )


def in_order(found: Iterable[KubeObject]) -> list[KubeObject]:
    """Return events by the time they last happened, the newest last."""
    return sorted(found, key=lambda event: happened(event) or _LONG_AGO)


def happened(event: KubeObject) -> datetime | None:
    """Return when an event was last seen."""
    for path in (
        ("series", "lastObservedTime"),
        ("lastTimestamp",),
        ("eventTime",),
        ("firstTimestamp",),
        ("metadata", "creationTimestamp"),
    ):
        found = moment(dig(event, *path))
        if found is not None:
            return found
    return None


def event_grid(found: list[KubeObject], now: datetime, *, namespaces: bool) -> Grid:
    """Return events as rows with age, time and count."""
    rows = tuple(
        (
            *([text(event, "metadata", "namespace")] if namespaces else []),
            age(now, happened(event)),
            stamp(happened(event)),
            _type(event),
            text(event, "reason"),
            _object(event),
            str(number(event, "series", "count") or number(event, "count", default=1)),
            mask(" ".join(text(event, "message", default=text(event, "note")).split())),
        )
        for event in found
    )
    return Grid(columns=("NAMESPACE", *_COLUMNS) if namespaces else _COLUMNS, rows=rows)


def _object(event: KubeObject) -> str:
    about = mapping(event, "involvedObject")
    return f"{text(about, 'kind').lower()}/{text(about, 'name')}"


def _type(event: KubeObject) -> str:
    return text(event, "type", default="Normal")


def _selector(command: Events) -> str | None:
    terms = []
    if command.about is not None:
        terms.append(f"involvedObject.kind={command.about.kind.kind}")
        terms.append(f"involvedObject.name={command.about.names[0]}")
    if len(command.types) == 1:
        terms.append(f"type={command.types[0]}")
    return ",".join(terms) or None


def _nothing(command: Events) -> str:
    types = f"{' or '.join(command.types)} " if command.types else ""
    where = f" in namespace {command.namespace}" if command.namespace else " in any namespace"
    about = ""
    if command.about is not None:
        about = f" about {command.about.kind.singular} {command.about.names[0]}"
    return f"There are no {types}events{about}{where}; the cluster keeps them for about an hour"
