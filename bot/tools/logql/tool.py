"""The `logql` tool: one log query in, one observation out, for model and people.

A refusal by the guard or by the asker's rights is a ToolError; whatever a server says or does not
say is an observation.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from bot.domain.errors import DeniedError, ToolError, UpstreamError
from bot.domain.evidence import EvidenceState, Observation, Window
from bot.tools.answer import Answer
from bot.tools.cluster_choice import chosen_cluster
from bot.tools.logql.guard import MAX_MINUTES, checked
from bot.tools.logql.lexical import MAX_QUERY_CHARS
from bot.tools.logql.reading import SOURCE, Asked, read
from bot.tools.logql.scoping import check_access, namespace_label, namespaces_of, placed
from bot.tools.logql.typed import DEFAULT_MINUTES, written
from bot.tools.shown import observed

if TYPE_CHECKING:
    from bot.domain.conversation import Scope
    from bot.domain.registry import Access
    from bot.ports.clock import Clock
    from bot.ports.logs import LogSource, LogSources
    from bot.tools.logql.syntax import LogQuery

TOOL_NAME = "logql"


class LogqlTool:
    """Searches kept logs for one asker in one conversation."""

    def __init__(self, sources: LogSources, scope: Scope, access: Access, clock: Clock) -> None:
        self._sources = sources
        self._scope = scope
        self._access = access
        self._clock = clock

    def logql(
        self,
        query: Annotated[
            str,
            Field(description="One LogQL log query.", min_length=1, max_length=MAX_QUERY_CHARS),
        ],
        minutes: Annotated[
            int, Field(description="How far back.", ge=1, le=MAX_MINUTES)
        ] = DEFAULT_MINUTES,
        cluster: Annotated[
            str | None, Field(description="The first if left out.", max_length=253)
        ] = None,
    ) -> Observation:
        """Search the logs kept in Loki, also of pods that are gone; across pods, days back.

        {namespace="shop", app="web"} |= "timeout" !~ "health|ready" | json | status >= 500
        Name the namespace. Unsure of labels? Ask {namespace="shop"}: an answer names them.
        No metric queries (rate, count_over_time), no line_format; lines are counted by pattern,
        failures first. Empty means no line matched, which is no proof that nothing failed.
        """
        name = chosen_cluster(self._scope, cluster)
        asked = checked(query, minutes=minutes)
        check_access(asked, self._access, name)
        try:
            reader = self._sources.reader(name)
        except KeyError as error:
            raise ToolError(
                f"no log server is registered for {name}; use kubectl logs for pods that are there"
            ) from error
        now = self._clock.now().replace(microsecond=0)
        window = Window(start=now - timedelta(minutes=minutes), end=now)
        started_s = self._clock.monotonic()
        try:
            asked, answer = self._seen(asked, reader, window=window, minutes=minutes)
        except DeniedError as error:
            answer = _failed(EvidenceState.DENIED, f"denied: {error}")
        except UpstreamError as error:
            answer = _failed(EvidenceState.UNREACHABLE, str(error))
        named = namespaces_of(asked)
        return observed(
            answer,
            tool=TOOL_NAME,
            query=written(str(asked), minutes=minutes),
            cluster=name,
            namespace=named[0] if len(named) == 1 else None,
            collected_at=self._clock.now(),
            took_s=self._clock.monotonic() - started_s,
        )

    def _seen(
        self, query: LogQuery, reader: LogSource, *, window: Window, minutes: int
    ) -> tuple[LogQuery, Answer]:
        """Return the query as this server was asked, and its answer."""
        index = reader.labels(window=window)
        here = placed(query, namespace_label(index))
        asked = Asked(
            query=here,
            reader=reader,
            window=window,
            minutes=minutes,
            access=self._access,
            index=index,
        )
        return here, read(asked)


def _failed(state: EvidenceState, reason: str) -> Answer:
    return Answer(source=SOURCE, body=reason, state=state)
