"""Reads of one Loki: implements bot.ports.logs.LogSource.

The paths are a closed list: nothing that pushes, deletes, tails or configures can be reached.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from bot.adapters.logs import decoding, faults
from bot.adapters.servers.faults import RefusedError, TooLargeError
from bot.adapters.servers.shape import successful, texts
from bot.domain.errors import ToolError
from bot.domain.metrics import LABEL_NAME
from bot.ports.logs import LogPage

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from bot.adapters.servers.wire import Wire
    from bot.adapters.transport import Deadline
    from bot.domain.evidence import Window
    from bot.ports.logs import Labels

_API = "/loki/api/v1"
# Five thousand lines of six kilobytes each.
ANSWER_MAX_BYTES = 32 * 1024 * 1024
# When entries are so long that they do not fit, fewer are asked for, this often at most.
_SHORTER_READS = 2
_SHORTER_BY = 8

_T = TypeVar("_T")


class LokiReader:
    """One server, readable from several threads; every read ends within the wire's limit."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    @property
    def name(self) -> str:
        """The cluster's name in the registry."""
        return self._wire.cluster

    def lines(
        self, query: str, *, window: Window, limit: int, newest_first: bool = True
    ) -> LogPage:
        """Return at most `limit` entries; fewer where the server, or their size, allows fewer."""
        deadline = self._wire.deadline()
        asked, too_large = limit, 0
        while True:
            params = (
                ("query", query),
                *_span(window),
                ("limit", str(asked)),
                ("direction", "backward" if newest_first else "forward"),
            )
            try:
                found = self._decoded("/query_range", params, decoding.entries, deadline)
            except TooLargeError as error:
                too_large += 1
                if too_large > _SHORTER_READS or asked == 1:
                    raise self._too_large() from error
                asked = max(1, asked // _SHORTER_BY)
            except RefusedError as error:
                allowed = faults.entries_allowed(error.answer)
                if allowed is None or allowed >= asked:
                    raise faults.refused(error.answer, cluster=self.name) from error
                asked = allowed
            else:
                return LogPage(entries=found, more=len(found) >= asked)

    def labels(self, *, window: Window) -> tuple[str, ...]:
        """Return the names of labels."""
        return self._read("/labels", _span(window), texts)

    def label_values(self, label: str, *, window: Window) -> tuple[str, ...]:
        """Return a label's values; ToolError for a label that cannot exist."""
        if not LABEL_NAME.fullmatch(label):
            # It becomes part of the path.
            raise ToolError("that is no name of a label")
        return self._read(f"/label/{label}/values", _span(window), texts)

    def streams(self, selector: str, *, window: Window) -> tuple[Labels, ...]:
        """Return the labels of the streams a selector has."""
        return self._read("/series", (("match[]", selector), *_span(window)), decoding.label_sets)

    def _read(
        self,
        path: str,
        query: Sequence[tuple[str, str]],
        decode: Callable[[dict[str, Any]], _T],
    ) -> _T:
        try:
            return self._decoded(path, query, decode, self._wire.deadline())
        except RefusedError as error:
            raise faults.refused(error.answer, cluster=self.name) from error
        except TooLargeError as error:
            raise self._too_large() from error

    def _decoded(
        self,
        path: str,
        query: Sequence[tuple[str, str]],
        decode: Callable[[dict[str, Any]], _T],
        deadline: Deadline,
    ) -> _T:
        return self._wire.read(
            f"{_API}{path}", query, lambda found: decode(successful(found)), deadline=deadline
        )

    def _too_large(self) -> ToolError:
        return ToolError(
            f"the answer of {self.name}'s log server is larger than {ANSWER_MAX_BYTES >> 20} MB;"
            " ask for a shorter window, or name the pod or app as well"
        )


def _span(window: Window) -> tuple[tuple[str, str], ...]:
    return ("start", _nanoseconds(window.start)), ("end", _nanoseconds(window.end))


def _nanoseconds(at: datetime) -> str:
    return f"{int(at.timestamp() * 1_000_000)}000"
