"""`kubectl auth`: what the bot's own credentials may do, and who it is in the cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.errors import ToolError, UpstreamError
from bot.tools.answer import Answer, text_answer

if TYPE_CHECKING:
    from bot.ports.cluster import ClusterReader
    from bot.tools.kubectl.command import CanI

_SOURCE = "access"


def can_i(command: CanI, reader: ClusterReader) -> Answer:
    """Return yes or no in a sentence; a no is an answer, not a failure."""
    kind = command.target.kind
    names = command.target.names
    allowed = reader.can_i(
        verb=command.action,
        kind=kind,
        name=names[0] if names else None,
        namespace=command.namespace if kind.namespaced else None,
    )
    where = ""
    if kind.namespaced:
        where = f" in namespace {command.namespace}" if command.namespace else " in every namespace"
    what = f"{kind.plural} {names[0]}" if names else kind.plural
    verdict = (
        "yes: the bot's own credentials may" if allowed else "no: the bot's credentials may not"
    )
    return text_answer(_SOURCE, f"{verdict} {command.action} {what}{where}", rows=1)


def who_am_i(reader: ClusterReader) -> Answer:
    """Return the bot's user name in the cluster and its groups."""
    try:
        user, groups = reader.who_am_i()
    except ToolError as error:
        # The server cannot say who we are; that does not make us nobody.
        raise UpstreamError(str(error), system=f"kubernetes {reader.name}") from error
    return text_answer(_SOURCE, f"user: {user}\ngroups: {', '.join(groups) or 'none'}", rows=1)
