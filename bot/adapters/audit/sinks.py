"""The sinks the registry names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bot.adapters.audit.file_sink import AuditFile

if TYPE_CHECKING:
    from bot.domain.record_places import AuditPlaces
    from bot.ports.clock import Clock
    from safe_ops.ports.audit import AuditSink


def build_sinks(places: AuditPlaces, *, clock: Clock) -> tuple[AuditSink, ...]:
    """Return one for each place; nothing is connected before the first delivery."""
    sinks: list[AuditSink] = []
    if places.file is not None:
        sinks.append(AuditFile(Path(places.file)))
    # botocore costs 20 MB, which only an installation that keeps the audit at AWS pays.
    if places.s3 is not None:
        from bot.adapters.audit.s3_sink import AuditBucket  # noqa: PLC0415 -- as above

        sinks.append(AuditBucket(places.s3, clock=clock))
    if places.cloudwatch is not None:
        from bot.adapters.audit.cloudwatch_sink import AuditLogStream  # noqa: PLC0415 -- as above

        sinks.append(AuditLogStream(places.cloudwatch, clock=clock))
    return tuple(sinks)
