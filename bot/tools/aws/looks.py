"""The composite reads by name: what each takes, within which bounds, and what it looks at.

A model's parameters enter here and are checked here; below, they are typed.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from rapidfuzz import process

from bot.agent.toolbox import InvalidCallError, explain
from bot.tools.answer import Answer
from bot.tools.aws import (
    alarm,
    changes,
    database,
    ecs_service,
    finding,
    function,
    load_balancer,
    logs,
    secrets,
    source,
)
from bot.tools.aws.reading import Reading
from bot.tools.refusal import quoted, refuse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.domain.errors import ToolError

MAX_MINUTES = 1_440
"""A day: the longest span a log query may have."""
_RESEMBLANCE_MIN = 60

ResourceName = Annotated[str, Field(min_length=1, max_length=512)]
Minutes = Annotated[int, Field(ge=1, le=MAX_MINUTES)]
Word = Annotated[str, Field(min_length=1, max_length=200)]


class _Params(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Named(_Params):
    name: ResourceName


class _Changes(_Params):
    minutes: Minutes = 60
    around: Annotated[str, Field(max_length=40)] | None = None


class _Find(_Params):
    words: Word


class _LoadBalancer(_Named):
    minutes: Annotated[int, Field(ge=5, le=MAX_MINUTES)] = 180


class _Logs(_Params):
    group: ResourceName
    minutes: Minutes = 60
    words: Annotated[list[Word], Field(max_length=logs.MAX_WORDS)] | None = None
    query: Annotated[str, Field(max_length=4_000)] | None = None


class _Secrets(_Params):
    of: Annotated[str, Field(min_length=3, max_length=520)]


class _Service(_Params):
    cluster: ResourceName
    service: ResourceName


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One composite read."""

    name: str
    source: str
    params: type[BaseModel]
    subject: tuple[str, ...]
    """Parameters that say what is looked at; they come first when the read is spelled out."""
    work: Callable[[Reading, Any], Answer]

    def accepted(self, given: Mapping[str, Any]) -> BaseModel:
        """Return the parameters as this look takes them.

        Raises:
            InvalidCallError: They do not fit; the text never repeats what was sent.
        """
        try:
            return self.params.model_validate(given)
        except ValidationError as error:
            expected = ", ".join(self.params.model_fields)
            raise InvalidCallError(
                f"aws {self.name}: the params do not fit: {explain(error)}. It takes: {expected}."
            ) from None

    def spelled(self, params: BaseModel) -> str:
        """Return the read in its one form, such as `aws logs /ecs/web {"minutes": 60}`."""
        given = params.model_dump(exclude_none=True)
        subject = "/".join(str(given.pop(key)) for key in self.subject)
        return spelled(" ".join(part for part in (self.name, subject) if part), given)


def unknown(read: str) -> ToolError:
    """Return the refusal of a read that is neither a look nor in the form of an operation."""
    close = process.extract(read, list(LOOKS), limit=2, score_cutoff=_RESEMBLANCE_MIN)
    names = [name for name, _score, _place in close] or list(LOOKS)
    return refuse(
        "B1",
        f"{quoted(read)} is no look and no service.operation",
        f"{' or '.join(names)}; or find, with words, for an operation's name",
    )


def spelled(what: str, params: Mapping[str, Any]) -> str:
    """Return a read and its parameters as evidence names them."""
    shown = json.dumps(params, ensure_ascii=False, sort_keys=True, default=str) if params else ""
    return " ".join(part for part in ("aws", what, shown) if part)


def _search(reading: Reading, params: _Logs) -> Answer:
    return logs.search_logs(
        reading,
        logs.LogSearch(
            group=params.group,
            minutes=params.minutes,
            words=tuple(params.words or ()),
            query=params.query,
        ),
    )


LOOKS: dict[str, Look] = {
    look.name: look
    for look in (
        Look(
            name="alarm",
            source=alarm.SOURCE,
            params=_Named,
            subject=("name",),
            work=lambda reading, given: alarm.look_at_alarm(reading, given.name),
        ),
        Look(
            name="changes",
            source=changes.SOURCE,
            params=_Changes,
            subject=(),
            work=lambda reading, given: changes.look_at_changes(
                reading, given.minutes, given.around
            ),
        ),
        Look(
            name="database",
            source=database.SOURCE,
            params=_Named,
            subject=("name",),
            work=lambda reading, given: database.look_at_database(reading, given.name),
        ),
        Look(
            name="find",
            source=finding.SOURCE,
            params=_Find,
            subject=("words",),
            work=lambda reading, given: finding.find_reads(reading, given.words, tuple(LOOKS)),
        ),
        Look(
            name="function",
            source=function.SOURCE,
            params=_Named,
            subject=("name",),
            work=lambda reading, given: function.look_at_function(reading, given.name),
        ),
        Look(
            name="load_balancer",
            source=load_balancer.SOURCE,
            params=_LoadBalancer,
            subject=("name",),
            work=lambda reading, given: load_balancer.look_at_load_balancer(
                reading, given.name, given.minutes
            ),
        ),
        Look(
            name="logs",
            source=logs.SOURCE,
            params=_Logs,
            subject=("group",),
            work=_search,
        ),
        Look(
            name="secrets",
            source=secrets.SOURCE,
            params=_Secrets,
            subject=("of",),
            work=lambda reading, given: secrets.look_at_secrets(reading, given.of),
        ),
        Look(
            name="service",
            source=ecs_service.SOURCE,
            params=_Service,
            subject=("cluster", "service"),
            work=lambda reading, given: ecs_service.look_at_service(
                reading, given.cluster, given.service
            ),
        ),
        Look(
            name="source",
            source=source.SOURCE,
            params=_Named,
            subject=("name",),
            work=lambda reading, given: source.look_at_source(reading, given.name),
        ),
    )
}
"""Every composite read, by the name a call gives it."""
