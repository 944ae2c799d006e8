"""What triage talks about in a cloud account: a resource and where it is.

Values only; how resources are found and read is others'.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.ports.cloud import CloudPlace


class ResourceKind(StrEnum):
    """The kinds triage knows; the values are those of an alert's objects."""

    FUNCTION = "function"
    SERVICE = "ecs_service"
    DATABASE = "db_instance"
    BALANCER = "load_balancer"
    ALARM = "alarm"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One resource of one account and region."""

    place: CloudPlace
    kind: ResourceKind
    name: str
    arn: str = ""
    """Empty until AWS told it."""
    cluster: str = ""
    """The ECS cluster of a service; empty for everything else."""

    def __str__(self) -> str:
        """Return what verdicts name it by: its ARN, where that is known."""
        inside = f"{self.cluster}/" if self.cluster else ""
        return self.arn or f"{self.place.title}/{self.kind}/{inside}{self.name}"

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What tells it from every other, whether its ARN is known or not."""
        return (self.place.title, self.kind, self.cluster, self.name)


def short_name(arn: str) -> str:
    """Return the last part of an ARN; a plain name stays as it is."""
    return arn.rpartition("/")[2] if "/" in arn else arn.rpartition(":")[2]
