"""The list of AWS reads as values: what may be called, on which terms, and what never may.

The list itself is data (`reads.yaml`); nothing outside it can be called. It must not know boto3:
whether AWS has these operations is checked by tests/contract/test_aws_catalogue.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

from bot.ports.cloud import Pace

if TYPE_CHECKING:
    from collections.abc import Iterator

Value = str | int | float | bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeWindow:
    """How far two time parameters may be apart."""

    start: str
    """Name of the parameter."""
    end: str
    """Name of the parameter."""
    hours: int
    unit: Literal["s", "ms"]
    """What a whole number in these parameters counts since the epoch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One listed read, and the terms on which it may be called."""

    service: str
    """boto3's name of the service."""
    name: str
    """boto3's name of the method."""
    prefix: str
    """The service's name in IAM."""
    actions: tuple[str, ...] | None = None
    """IAM actions it needs; None for the one named like the operation."""
    level: str | None = None
    """Its access level, where IAM knows no action to look it up by."""
    home: str | None = None
    """The one region that serves it, whatever region is asked about."""
    scrub: tuple[str, ...] = ()
    """Names of the scrubbers its answer goes through."""
    shown: frozenset[str] = frozenset()
    """Members AWS marks as sensitive that its scrubbers hide more finely."""
    require: tuple[str, ...] = ()
    forbid: tuple[tuple[str, tuple[Value, ...]], ...] = ()
    most: tuple[tuple[str, int], ...] = ()
    window: TimeWindow | None = None
    check: tuple[str, ...] = ()
    pace: Pace | None = None

    @property
    def title(self) -> str:
        """The name people and models use, such as `ecs.describe_services`."""
        return f"{self.service}.{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Denial:
    """Operations that are refused whatever the list says."""

    rule: str
    names: tuple[str, ...]
    """Shell patterns over `service.operation`."""
    reason: str
    but: tuple[str, ...] = ()
    """Patterns of what it leaves alone."""
    instead: str | None = None
    """A listed read that tells what can be told."""

    def covers(self, title: str) -> bool:
        """Tell whether an operation is one of these."""
        return _matches(title, self.names) and not _matches(title, self.but)


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """All listed reads, and the denials that win over them."""

    operations: tuple[Operation, ...]
    denials: tuple[Denial, ...]

    def find(self, service: str, name: str) -> Operation | None:
        """Return the listed operation of exactly that name, None if there is none."""
        title = f"{service}.{name}"
        return next((known for known in self.operations if known.title == title), None)

    def denial(self, service: str, name: str) -> Denial | None:
        """Return why an operation is refused for good, None if it is not."""
        title = f"{service}.{name}"
        return next((denial for denial in self.denials if denial.covers(title)), None)

    def services(self) -> tuple[str, ...]:
        """Return the services with at least one listed read, sorted."""
        return tuple(sorted({operation.service for operation in self.operations}))

    def of(self, service: str) -> tuple[Operation, ...]:
        """Return a service's listed reads."""
        return tuple(known for known in self.operations if known.service == service)


@cache
def load_catalogue() -> Catalogue:
    """Return the shipped list; it is read once in a process's life.

    Raises:
        ValueError: The shipped list contradicts itself.
    """
    return parse_catalogue(files("bot.tools.aws").joinpath("reads.yaml").read_text("utf-8"))


def parse_catalogue(text: str) -> Catalogue:
    """Return the list a YAML text declares.

    Raises:
        ValueError: It is not in the form of `reads.yaml`, or lists what it denies.
    """
    file = _File.model_validate(yaml.load(text, Loader=_Loader))  # noqa: S506 -- a SafeLoader
    catalogue = Catalogue(
        operations=tuple(
            operation for name, service in file.services.items() for operation in service.of(name)
        ),
        denials=(*(one.denial() for one in file.denied), *(one.denial() for one in file.refused)),
    )
    for operation in catalogue.operations:
        denial = catalogue.denial(operation.service, operation.name)
        if denial is not None:
            raise ValueError(f"{operation.title} is listed, and denied by {denial.rule}")
    return catalogue


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """The safe loader, in C where the platform has it: the list is read in a chat's first call."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Terms(_Strict):
    iam: tuple[str, ...] | None = None
    level: str | None = None
    scrub: tuple[str, ...] = ()
    shown: frozenset[str] = frozenset()
    require: tuple[str, ...] = ()
    forbid: dict[str, tuple[Value, ...]] = Field(default_factory=dict)
    most: dict[str, int] = Field(default_factory=dict)
    window: TimeWindow | None = None
    check: tuple[str, ...] = ()
    pace: Pace | None = None


class _Service(_Strict):
    prefix: str | None = None
    home: str | None = None
    defaults: dict[str, object] = Field(default_factory=dict)
    reads: dict[str, dict[str, object] | None]

    def of(self, service: str) -> Iterator[Operation]:
        for name, own in self.reads.items():
            terms = _Terms.model_validate({**self.defaults, **(own or {})})
            yield Operation(
                service=service,
                name=name,
                prefix=self.prefix or service,
                actions=terms.iam,
                level=terms.level,
                home=self.home,
                scrub=terms.scrub,
                shown=terms.shown,
                require=terms.require,
                forbid=tuple(terms.forbid.items()),
                most=tuple(terms.most.items()),
                window=terms.window,
                check=terms.check,
                pace=terms.pace,
            )


class _Denied(_Strict):
    names: tuple[str, ...]
    returns: str
    but: tuple[str, ...] = ()
    instead: str | None = None

    def denial(self) -> Denial:
        return Denial(
            rule="B4",
            names=self.names,
            but=self.but,
            reason=f"it returns {self.returns}",
            instead=self.instead,
        )


class _Refused(_Strict):
    names: tuple[str, ...]
    because: str

    def denial(self) -> Denial:
        return Denial(rule="B6", names=self.names, reason=self.because)


class _File(_Strict):
    services: dict[str, _Service]
    denied: tuple[_Denied, ...]
    refused: tuple[_Refused, ...]


def _matches(title: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(title, pattern) for pattern in patterns)
