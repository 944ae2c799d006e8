"""A case as its YAML file tells it: a world, what is told of it, and what an expert concludes.

Must not know how a case is run, nor anything of the rules it examines.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from bot.domain.verdict import Cause, Status

CASES = Path(__file__).parent / "cases"
CALM = "calm"


def _several(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Told(_Part):
    """One alert of a Prometheus rule; the pod `cart-*` is one of that workload, ill ones first."""

    name: str
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    severity: str = "warning"
    starts: str = "-10m"
    ends: str | None = None
    """Set: the alert is resolved since then."""
    group: str | None = None
    """What its sender groups by beside name and namespace; equal groups are one message."""
    repeat: int = 1
    """So many alerts of it, `{n}` in labels counting from 0."""


class AlarmTold(_Part):
    """A CloudWatch alarm, which also exists in the account."""

    name: str
    namespace: str
    metric: str
    dimensions: dict[str, str]
    """`load_balancer` as a value means the account's own."""
    threshold: float = 5
    statistic: str = "Sum"
    starts: str = "-15m"
    state: str = "ALARM"
    description: str = ""


class Cloud(_Part):
    """Accounts of `tests/lab/aws/scenarios`, with what differs."""

    scenario: str
    names: str | None = None
    accounts: dict[str, Any] = {}


class Expected(_Part):
    """What experts conclude of one incident; any of the values is right."""

    status: Annotated[list[Status], BeforeValidator(_several)] = [Status.CONFIRMED, Status.LIKELY]
    object: Annotated[list[str], BeforeValidator(_several)] = []
    cause: Annotated[list[Cause], BeforeValidator(_several)] = []

    @property
    def is_healthy(self) -> bool:
        """Whether nothing is wrong."""
        return Status.HEALTHY in self.status

    @property
    def is_open(self) -> bool:
        """Whether nobody could tell from what may be seen."""
        return self.status == [Status.INCONCLUSIVE]

    @model_validator(mode="after")
    def _whole(self) -> Expected:
        if not (self.is_healthy or self.is_open) and not (self.object and self.cause):
            raise ValueError("a trouble needs object and cause")
        return self


class Case(_Part):
    """One scenario."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    family: str
    tags: list[str] = []
    world: str | dict[str, Any] = CALM
    """A name of `tests/lab/scenarios`, or a tree that `extends` one."""
    cloud: Cloud | None = None
    alerts: list[Told] = []
    alarms: list[AlarmTold] = []
    complaint: str | None = None
    cluster: str | None = None
    account: str | None = None
    namespace: str | None = None
    expect: Annotated[list[Expected], BeforeValidator(_several), Field(min_length=1)]
    """One for each incident that the alerts have to become."""

    @model_validator(mode="after")
    def _is_told(self) -> Case:
        if bool(self.alerts or self.alarms) == bool(self.complaint):
            raise ValueError(f"{self.id}: tell alerts or a complaint")
        return self

    @property
    def place(self) -> str:
        """Equal for cases that one lab serves: same world, same accounts, same alarms in them."""
        cloud = self.cloud.model_dump() if self.cloud else None
        alarms = [alarm.model_dump() for alarm in self.alarms]
        return json.dumps([self.world, cloud, alarms], sort_keys=True)


def read_cases(folder: Path = CASES) -> list[Case]:
    """All cases, in the order of the files; ids are unique.

    Raises:
        ValueError: A case is not well-formed, or an id is taken.
    """
    cases = [
        Case.model_validate({"family": path.stem, **entry})
        for path in sorted(folder.glob("*.yaml"))
        for entry in yaml.safe_load(path.read_text(encoding="utf-8"))
    ]
    ids = [case.id for case in cases]
    twice = sorted({one for one in ids if ids.count(one) > 1})
    if twice:
        raise ValueError(f"ids are taken: {', '.join(twice)}")
    return cases
