"""Listed reads of one place: every call of a tool goes through here, and so through the policy.

Composites call it as models do: what is not on the list, or reaches elsewhere, is refused to both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.domain.errors import DeniedError, ToolError, UpstreamError
from bot.ports.cloud import CloudCall, CloudReply
from bot.tools.aws.guard import check_params, permitted
from bot.tools.aws.scrub import scrubbed

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from bot.ports.clock import Clock
    from bot.ports.cloud import Cloud, Content
    from bot.tools.aws.catalogue import Catalogue
    from bot.tools.aws.scoping import Located


class Reading:
    """The reads of one tool call, and what of them failed."""

    def __init__(
        self,
        cloud: Cloud,
        located: Located,
        *,
        catalogue: Catalogue,
        hide: Callable[[str], str],
        clock: Clock,
    ) -> None:
        self._cloud = cloud
        self._located = located
        self._catalogue = catalogue
        self._hide = hide
        self.clock = clock
        self.gaps: list[str] = []
        """What could not be read, a sentence each; an answer with gaps proves no absence."""
        self.cut = False
        """True once a list had more than the ceilings let through."""

    @property
    def account_id(self) -> str:
        """The twelve digits of the account."""
        return self._located.account.account_id

    @property
    def region(self) -> str:
        """The region the reads are made in."""
        return self._located.place.region

    def now(self) -> datetime:
        """Return the time."""
        return self.clock.now()

    def reply(self, service: str, operation: str, params: dict[str, Any]) -> CloudReply:
        """Return the scrubbed answer of a listed read.

        Raises:
            MissingError: What it asks about does not exist.
            ToolError: The policy or AWS refused the call as it is.
            DeniedError: AWS refused the credentials.
            UpstreamError: AWS did not answer.
        """
        listed = permitted(self._catalogue, service, operation)
        check_params(listed, params, account_id=self.account_id)
        reply = self._cloud.read(
            self._located.place,
            CloudCall(
                service=service,
                operation=operation,
                params=params,
                home=listed.home,
                shown=listed.shown,
                pace=listed.pace,
            ),
        )
        self.cut = self.cut or reply.more
        return CloudReply(
            content=scrubbed(reply.content, listed.scrub, self._hide),
            more=reply.more,
            pages=reply.pages,
            listed=reply.listed,
        )

    def read(self, service: str, operation: str, **params: Any) -> Content:
        """Return the scrubbed content of a listed read; raises as `reply` does."""
        return self.reply(service, operation, params).content

    def attempt(self, what: str, service: str, operation: str, **params: Any) -> Content:
        """Return the content, or nothing and a gap named after what was wanted."""
        try:
            return self.read(service, operation, **params)
        except DeniedError as error:
            self.gaps.append(f"{what}: denied: {error}")
        except (UpstreamError, ToolError) as error:
            self.gaps.append(f"{what}: {error}")
        return {}
