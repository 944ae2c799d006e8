"""The audit in a CloudWatch log stream: one event a row, in the order of the rows.

A log stream cannot be told to take an event once, and asking what it has would cost a search each
time. The database's cursor says how far it is; after a failure, or with two processes at once, some
rows stand there twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from bot.adapters.audit.aws_client import audit_client, refusal
from safe_ops.audit import line_of
from safe_ops.errors import AuditError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from botocore.session import Session

    from bot.domain.record_places import LogGroup
    from bot.ports.clock import Clock
    from safe_ops.model.trail import AuditRow, Checkpoint
    from safe_ops.ports.audit import AuditSink

# Limits of PutLogEvents (CloudWatch Logs API reference).
MAX_BATCH_EVENTS: Final = 10_000
MAX_BATCH_BYTES: Final = 1_048_576
EVENT_OVERHEAD_BYTES: Final = 26
MAX_EVENT_BYTES: Final = 262_144 - EVENT_OVERHEAD_BYTES
"""CloudWatch takes four times as much now; other services that speak its API do not."""
_MISSING: Final = "ResourceNotFoundException"
_THERE_ALREADY: Final = "ResourceAlreadyExistsException"


class AuditLogStream:
    """A safe_ops.ports.audit.AuditSink; shared between threads.

    `session` has the credentials: botocore's usual search order when None.
    """

    def __init__(self, place: LogGroup, *, clock: Clock, session: Session | None = None) -> None:
        self._place = place
        self._clock = clock
        self._session = session
        self._client: Any = None

    @property
    def name(self) -> str:
        """Return group and stream: another place starts with the first row."""
        return f"cloudwatch:{self._place.name}/{self._place.stream}"

    def deliver(self, rows: tuple[AuditRow, ...], checkpoints: tuple[Checkpoint, ...]) -> None:
        """Append an event for each; its time is that of delivery, the row's own is in its text.

        CloudWatch would refuse rows that are weeks old, or whose times go back by a moment.

        Raises:
            AuditError: The group is missing, refused, cannot be reached, or left events out.
        """
        kept: tuple[AuditRow | Checkpoint, ...] = (*rows, *checkpoints)
        try:
            client = self._connected()
            for batch in _batches([line_of(one) for one in kept]):
                self._put(client, batch)
        except (ClientError, BotoCoreError) as error:
            raise refusal(error, f"log group {self._place.name}") from error

    def _connected(self) -> Any:
        if self._client is None:
            self._client = audit_client(
                "logs",
                region=self._place.region,
                endpoint_url=self._place.endpoint_url,
                session=self._session,
            )
        return self._client

    def _put(self, client: Any, lines: list[str]) -> None:
        stream = {"logGroupName": self._place.name, "logStreamName": self._place.stream}
        at = int(self._clock.now().timestamp() * 1000)
        events = [{"timestamp": at, "message": line} for line in lines]
        try:
            answer = client.put_log_events(**stream, logEvents=events)
        except ClientError as error:
            if error.response["Error"]["Code"] != _MISSING:
                raise
            _make_stream(client, stream)
            answer = client.put_log_events(**stream, logEvents=events)
        left_out = answer.get("rejectedLogEventsInfo")
        if left_out:
            raise AuditError(
                f"log group {self._place.name} left events out ({left_out}): check this machine's"
                " clock and the group's retention"
            )


def _make_stream(client: Any, stream: dict[str, str]) -> None:
    try:
        client.create_log_stream(**stream)
    except ClientError as error:
        # Another process made it meanwhile.
        if error.response["Error"]["Code"] != _THERE_ALREADY:
            raise


def _batches(lines: list[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    held_bytes = 0
    for line in lines:
        size = len(line.encode())
        if size > MAX_EVENT_BYTES:
            raise AuditError(
                f"a row has {size} bytes and CloudWatch takes {MAX_EVENT_BYTES}: {line[:60]}…; keep"
                " the audit in a bucket or a file instead"
            )
        size += EVENT_OVERHEAD_BYTES
        if batch and (held_bytes + size > MAX_BATCH_BYTES or len(batch) == MAX_BATCH_EVENTS):
            yield batch
            batch, held_bytes = [], 0
        batch.append(line)
        held_bytes += size
    if batch:
        yield batch


if TYPE_CHECKING:
    _keeps_its_promise: type[AuditSink] = AuditLogStream
