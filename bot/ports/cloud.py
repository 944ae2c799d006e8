"""Reads of cloud accounts, as tools need them.

Every read raises, besides what it names:
    DeniedError: The cloud refused our credentials, or what we asked with them.
    UpstreamError: It did not answer, not in time, not readably, or asked us to come back later.
What the cloud's own model marks as sensitive is hidden in a reply; everything else is as the cloud
sent it, so whoever shows or stores anything of it redacts first (`bot.tools.aws.scrub`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

from bot.domain.errors import ToolError

Content = dict[str, Any]
"""One answer as the cloud's API gives it, times as datetimes."""


class MissingError(ToolError):
    """What was asked about does not exist, by the cloud's own word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudPlace:
    """One region of one registered account."""

    account: str
    """The account's name in the registry."""
    region: str

    @property
    def title(self) -> str:
        """How answers and evidence name the place: `account/region`."""
        return f"{self.account}/{self.region}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often an operation may be called in one place."""

    calls: int
    per_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudCall:
    """One listed read with its parameters; who makes it has checked both."""

    service: str
    operation: str
    params: dict[str, Any] = field(default_factory=dict)
    home: str | None = None
    """The one region that serves it, whatever place is asked about."""
    shown: frozenset[str] = frozenset()
    """Members marked as sensitive that the caller itself hides more finely."""
    pace: Pace | None = None

    @property
    def title(self) -> str:
        """The operation's name, such as `ecs.describe_services`."""
        return f"{self.service}.{self.operation}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudReply:
    """What came back, its pages joined."""

    content: Content
    more: bool = False
    """True when the cloud holds more than the ceilings let through."""
    pages: int = 1
    listed: str | None = None
    """Key of the list the pages were joined in; None for operations without pages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeFile:
    """One file of a function's package; its text is foreign, and may hold secrets."""

    path: str
    """Its place in the package, with slashes."""
    text: str
    cut_bytes: int = 0
    """How much of its end was not read."""


class Cloud(Protocol):
    """The accounts of the registry, each reached with its own credentials and no other's."""

    def read(self, place: CloudPlace, call: CloudCall) -> CloudReply:
        """Return the answer of one operation; at most 5 pages and 500 items of it.

        Raises:
            MissingError: What it asks about does not exist.
            ToolError: The parameters do not fit the operation, or it is not its turn yet (B6).
            KeyError: The place is not registered, or the operation not listed.
        """
        ...

    def code(
        self, place: CloudPlace, function: str, paths: tuple[str, ...]
    ) -> tuple[CodeFile, ...]:
        """Return those of the files that a function's package has, in the order asked for.

        The address AWS hands the package out at is a credential: it ends inside.

        Raises:
            MissingError: There is no such function.
            ToolError: It has no package, or one too large to be looked into.
            DeniedError: The account's code may not be read, by the registry or by AWS.
            KeyError: The place is not registered.
        """
        ...
