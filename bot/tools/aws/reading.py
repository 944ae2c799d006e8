"""Listed reads of one place: every call of a tool goes through here, and so through the policy.

Composites call it as models do: what is not on the list, or reaches elsewhere, is refused to both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.domain.errors import DeniedError, ToolError, UpstreamError
from bot.ports.cloud import CloudCall, CloudReply, Content
from bot.tools.aws.guard import check_params, permitted
from bot.tools.aws.scrub import scrubbed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from bot.ports.clock import Clock
    from bot.ports.cloud import Cloud, CodeFile
    from bot.tools.aws.catalogue import Catalogue
    from bot.tools.aws.scoping import Located


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """One answer, for whoever needs its values besides the words made of them."""

    title: str
    """Service and operation, such as `ecs.describe_services`."""
    params: dict[str, Any]
    content: Content
    """Scrubbed."""


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
        self.catalogue = catalogue
        """What may be called."""
        self._hide = hide
        self.clock = clock
        self.gaps: list[str] = []
        """What could not be read, a sentence each; an answer with gaps proves no absence."""
        self.cut = False
        """True once a list had more than the ceilings let through."""
        self.brought: list[Brought] = []
        """Every answer so far, in the order they came."""

    @property
    def account_id(self) -> str:
        """The twelve digits of the account."""
        return self._located.account.account_id

    @property
    def region(self) -> str:
        """The region the reads are made in."""
        return self._located.place.region

    @property
    def reads_code(self) -> bool:
        """Whether the registry lets code of the account's functions be read."""
        return self._located.account.read_code

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
        listed = permitted(self.catalogue, service, operation)
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
        content = scrubbed(reply.content, listed.scrub, self._hide)
        self.brought.append(Brought(title=listed.title, params=params, content=content))
        return CloudReply(
            content=content,
            more=reply.more,
            pages=reply.pages,
            listed=reply.listed,
        )

    def code(self, function: str, paths: Sequence[str]) -> tuple[CodeFile, ...]:
        """Return those of the files that a function's package has; raises as the port says."""
        configuration = permitted(self.catalogue, "lambda", "get_function_configuration")
        check_params(configuration, {"FunctionName": function}, account_id=self.account_id)
        return self._cloud.code(self._located.place, function, tuple(paths))

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
