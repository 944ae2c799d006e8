"""Where the team keeps the audit and the change records, as the registry declares it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectStore:
    """A bucket with Object Lock that keeps the audit where its writer cannot change it."""

    bucket: str
    region: str
    prefix: str = "nightdesk/"
    retain_days: int = 400
    """How long every object is locked, in compliance mode."""
    endpoint_url: str | None = None
    """Another address than AWS's own, such as a simulator's or a VPC endpoint."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogGroup:
    """A CloudWatch log group that keeps the audit."""

    name: str
    region: str
    stream: str = "nightdesk"
    endpoint_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditPlaces:
    """Where the audit is kept besides the database; all of them when several are named."""

    file: str | None = None
    """JSON lines, appended."""
    s3: ObjectStore | None = None
    cloudwatch: LogGroup | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRecordPlaces:
    """Who is told of every operation when it is planned and when it has ended."""

    file: str | None = None
    """JSON lines, appended."""
    webhook: str | None = None
    """Address that gets a POST for each."""
    secret_env: str | None = None
    """Name of the environment variable with the secret the POSTs are signed with."""
