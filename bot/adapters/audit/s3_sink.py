"""The audit in a bucket with Object Lock: whoever may write there can neither change nor delete.

Every batch of rows is an object, named by its first and last number; so is every checkpoint.
Objects may overlap where two processes delivered at once: a row then stands there twice.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from bot.adapters.audit.aws_client import audit_client, refusal
from safe_ops.audit import line_of, read_line
from safe_ops.errors import AuditError

if TYPE_CHECKING:
    from botocore.session import Session

    from bot.domain.record_places import ObjectStore
    from bot.ports.clock import Clock
    from safe_ops.model.trail import AuditRow, Checkpoint
    from safe_ops.ports.audit import AuditSink

DIGITS: Final = 12
"""Of numbers in names, so that objects list in the order of their rows."""
_THERE_ALREADY: Final = frozenset({"PreconditionFailed", "ConditionalRequestConflict"})
"""It is there, or another process is about to have written it."""
_NO_LOCK: Final = "ObjectLockConfigurationNotFoundError"
Kept = tuple["AuditRow | Checkpoint", ...]


class AuditBucket:
    """A safe_ops.ports.audit.AuditSink; shared between threads.

    `session` has the credentials: botocore's usual search order when None.
    """

    def __init__(self, place: ObjectStore, *, clock: Clock, session: Session | None = None) -> None:
        self._place = place
        self._clock = clock
        self._session = session
        self._client: Any = None
        self._is_locked = False

    @property
    def name(self) -> str:
        """Return the bucket and prefix: another place starts with the first row."""
        return f"s3://{self._place.bucket}/{self._place.prefix}"

    def deliver(self, rows: tuple[AuditRow, ...], checkpoints: tuple[Checkpoint, ...]) -> None:
        """Write an object for the rows and one for each checkpoint, locked until they expire.

        Raises:
            AuditError: The bucket has no Object Lock, refused, cannot be reached, or has something
                else under the same name.
        """
        try:
            client = self._connected()
            self._require_lock(client)
            if rows:
                first, last = rows[0].number, rows[-1].number
                name = f"audit/{first:0{DIGITS}}-{last:0{DIGITS}}.jsonl"
                self._put(client, name, rows)
            for one in checkpoints:
                self._put(client, f"checkpoints/{one.number:0{DIGITS}}-{one.key_id}.jsonl", (one,))
        except (ClientError, BotoCoreError) as error:
            raise refusal(error, f"bucket {self._place.bucket}") from error

    def _connected(self) -> Any:
        if self._client is None:
            self._client = audit_client(
                "s3",
                region=self._place.region,
                endpoint_url=self._place.endpoint_url,
                session=self._session,
            )
        return self._client

    def _require_lock(self, client: Any) -> None:
        if self._is_locked:
            return
        try:
            found = client.get_object_lock_configuration(Bucket=self._place.bucket)
        except ClientError as error:
            if error.response["Error"]["Code"] != _NO_LOCK:
                raise
            found = {}
        if found.get("ObjectLockConfiguration", {}).get("ObjectLockEnabled") != "Enabled":
            raise AuditError(
                f"bucket {self._place.bucket} has no Object Lock, so whoever may write there could"
                " change the audit: enable versioning and Object Lock on it, or name another bucket"
                " under `audit` in nightdesk.yaml"
            )
        self._is_locked = True

    def _put(self, client: Any, name: str, kept: Kept) -> None:
        key = f"{self._place.prefix}{name}"
        until = self._clock.now() + timedelta(days=self._place.retain_days)
        try:
            client.put_object(
                Bucket=self._place.bucket,
                Key=key,
                Body="".join(f"{line_of(one)}\n" for one in kept).encode(),
                ContentType="application/x-ndjson",
                ChecksumAlgorithm="SHA256",
                IfNoneMatch="*",
                ObjectLockMode="COMPLIANCE",
                ObjectLockRetainUntilDate=until,
            )
        except ClientError as error:
            if error.response["Error"]["Code"] not in _THERE_ALREADY:
                raise
            self._compare(client, key, kept)

    def _compare(self, client: Any, key: str, kept: Kept) -> None:
        """Compare by what is said, not by bytes: another version may spell it another way."""
        body = client.get_object(Bucket=self._place.bucket, Key=key)["Body"].read()
        there = tuple(read_line(line) for line in body.decode(errors="replace").splitlines())
        if there != kept:
            raise AuditError(
                f"bucket {self._place.bucket} has something else under {key} than the database: one"
                " of the two was changed or restored; compare them, and name another prefix under"
                " `audit` in nightdesk.yaml"
            )


if TYPE_CHECKING:
    _keeps_its_promise: type[AuditSink] = AuditBucket
