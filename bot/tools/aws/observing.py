"""From an answer, or from its absence, to an observation of one account and region."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from bot.domain.errors import DeniedError, UpstreamError
from bot.domain.evidence import EvidenceState, Observation
from bot.domain.redaction.placeholder import Seal
from bot.ports.cloud import MissingError
from bot.tools.answer import Answer
from bot.tools.aws.catalogue import Catalogue, load_catalogue
from bot.tools.aws.reading import Reading
from bot.tools.aws.scoping import AccountAccess, CloudScope, located
from bot.tools.shown import observed

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.ports.clock import Clock
    from bot.ports.cloud import Cloud

# The kind in a placeholder over a value hidden by its place.
_KIND = "value"


class Observer:
    """Makes readings for one asker in one conversation, and observations of what they found."""

    def __init__(
        self,
        cloud: Cloud,
        scope: CloudScope,
        access: AccountAccess,
        clock: Clock,
        *,
        seal: Seal | None = None,
        catalogue: Catalogue | None = None,
    ) -> None:
        self._cloud = cloud
        self._scope = scope
        self._access = access
        self._clock = clock
        self._seal = seal or Seal(secrets.token_bytes(32))
        self._catalogue = catalogue

    def observe(
        self,
        work: Callable[[Reading], Answer],
        *,
        tool: str,
        source: str,
        query: str,
        account: str | None,
        region: str | None,
    ) -> Observation:
        """Return what the work found, whatever AWS said or did not say.

        Raises:
            ToolError: The policy refused, or AWS could not use the parameters.
        """
        where = located(self._scope, self._access, account=account, region=region)
        reading = Reading(
            self._cloud,
            where,
            catalogue=self._catalogue or load_catalogue(),
            hide=lambda text: self._seal.over(_KIND, text),
            clock=self._clock,
        )
        started_s = self._clock.monotonic()
        answer = _answer(work, reading, source)
        return observed(
            answer,
            tool=tool,
            query=query,
            cluster=where.place.title,
            namespace=None,
            collected_at=self._clock.now(),
            took_s=self._clock.monotonic() - started_s,
        )


def _answer(work: Callable[[Reading], Answer], reading: Reading, source: str) -> Answer:
    try:
        return work(reading)
    except MissingError as error:
        return Answer(source=source, body=str(error), state=EvidenceState.EMPTY, rows=0)
    except DeniedError as error:
        return Answer(source=source, body=f"denied: {error}", state=EvidenceState.DENIED)
    except UpstreamError as error:
        return Answer(source=source, body=str(error), state=EvidenceState.UNREACHABLE)
