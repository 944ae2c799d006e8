"""Reads of one log server, as tools need them.

Every method raises, besides what it names:
    DeniedError: The server answered 401 or 403.
    UpstreamError: It did not answer, not in time, or not as a log server.
Lines and labels are foreign text: whoever shows them masks and makes them plain first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from bot.domain.evidence import Window

Labels = tuple[tuple[str, str], ...]
"""Pairs of name and value, sorted by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """One entry; its text may have several lines."""

    at: datetime
    """UTC, to the microsecond."""
    text: str
    labels: Labels
    """The stream's own, and those a query's parsers took from the line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPage:
    """What a query found."""

    entries: tuple[LogEntry, ...]
    """Oldest first."""
    more: bool
    """Whether the server may hold entries beyond these."""


class LogSource(Protocol):
    """One server; every call ends within the source's time limit."""

    @property
    def name(self) -> str:
        """The cluster's name in the registry."""
        ...

    def lines(
        self, query: str, *, window: Window, limit: int, newest_first: bool = True
    ) -> LogPage:
        """Return at most `limit` entries, the newest or the oldest of the window.

        Raises:
            ToolError: The server cannot evaluate the query.
        """
        ...

    def labels(self, *, window: Window) -> tuple[str, ...]:
        """Return the names of labels that streams have in a window."""
        ...

    def label_values(self, label: str, *, window: Window) -> tuple[str, ...]:
        """Return a label's values over all streams; ToolError for a name no label can have."""
        ...

    def streams(self, selector: str, *, window: Window) -> tuple[Labels, ...]:
        """Return the labels of the streams a selector has; ToolError as `lines`."""
        ...


class LogSources(Protocol):
    """The log servers of the registry, connected lazily."""

    def reader(self, cluster: str) -> LogSource:
        """Return the server with a cluster's logs; KeyError for a cluster without one."""
        ...
