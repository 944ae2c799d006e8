"""Change records: the outside is told of every operation, when it is planned and when it ended.

A file and a signed webhook now; a ticket system is one more sink with the same record. A record
holds what the plan holds, never a rationale's free text.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from http import HTTPStatus
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, Protocol

import urllib3
from urllib3.exceptions import HTTPError

from bot.adapters.line_file import ForeignFileError, appending
from safe_ops.errors import UpstreamError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from safe_ops.model.actions import Action
    from safe_ops.ports.outside import ChangeRecords

TIMEOUT_S: Final = 5.0
"""A tier-2 action waits for its record; people wait for the action."""
SIGNATURE: Final = "X-Nightdesk-Signature"
"""`sha256=` and the HMAC of the body, in hexadecimal."""
LOOK_BACK_LINES: Final = 1_000
"""A record comes twice within minutes if at all: after a crash between keeping and noting it."""
_BEGINS: Final = b'{"action": "'
"""What every line begins with: its keys are sorted."""


class RecordSink(Protocol):
    """One place that keeps records."""

    def keep(self, record: dict[str, Any]) -> None:
        """Keep one; the same `id` and `event` again is the same record.

        Raises:
            UpstreamError: It was not kept.
        """
        ...


class ToldOutside:
    """safe_ops.ports.outside.ChangeRecords over any number of sinks; without one, none is told."""

    def __init__(self, sinks: Sequence[RecordSink]) -> None:
        self._sinks = sinks

    def opened(self, action: Action) -> bool:
        """Tell that it was planned; False where there is no sink.

        Raises:
            UpstreamError: A sink did not keep the record.
        """
        self._tell("opened", action)
        return bool(self._sinks)

    def closed(self, action: Action) -> None:
        """Tell how it ended; raises as `opened` does."""
        self._tell("closed", action)

    def _tell(self, event: str, action: Action) -> None:
        record = record_of(event, action)
        for sink in self._sinks:
            sink.keep(record)


class RecordFile:
    """JSON lines in a file, each once; of two with one `id` and `event` the later holds."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def keep(self, record: dict[str, Any]) -> None:
        """Add one line; raises as the protocol says."""
        line = json.dumps(record, ensure_ascii=True, sort_keys=True)
        try:
            with appending(self._path, begins=_BEGINS) as file:
                if line.encode() not in islice(file.last_first(), LOOK_BACK_LINES):
                    file.append([line])
        except ForeignFileError as error:
            raise UpstreamError(
                f"{self._path} ends with a line that is no change record: name another file under"
                " `change_records` in nightdesk.yaml",
                system="change records",
            ) from error
        except OSError as error:
            raise UpstreamError(
                f"the change record cannot be written to {self._path} ({error.strerror})",
                system="change records",
            ) from error


class RecordWebhook:
    """A POST for each record, signed where a secret is set; no redirect is followed."""

    def __init__(self, url: str, *, secret: str | None) -> None:
        self._url = url
        self._secret = secret

    def keep(self, record: dict[str, Any]) -> None:
        """Send one; any 2xx is a yes. Raises as the protocol says."""
        body = json.dumps(record, ensure_ascii=True, sort_keys=True).encode()
        headers = {"Content-Type": "application/json", "User-Agent": "nightdesk"}
        if self._secret is not None:
            digest = hmac.new(self._secret.encode(), body, hashlib.sha256).hexdigest()
            headers[SIGNATURE] = f"sha256={digest}"
        pool = urllib3.PoolManager(timeout=urllib3.Timeout(total=TIMEOUT_S), retries=False)
        try:
            answer = pool.request("POST", self._url, body=body, headers=headers, redirect=False)
        except HTTPError as error:
            raise UpstreamError(
                f"the change record could not be sent ({type(error).__name__}): check"
                " change_records.webhook in nightdesk.yaml",
                system="change records",
            ) from error
        finally:
            pool.clear()
        if not HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
            raise UpstreamError(
                f"the change record was answered with {answer.status}", system="change records"
            )


def record_of(event: str, action: Action) -> dict[str, Any]:
    """Return what the outside is told of an action: the plan's own facts and where it stands."""
    record: dict[str, Any] = {
        "event": event,
        "id": action.action_id,
        "action": action.label,
        "state": action.state.value,
        "operation": action.request.operation,
        "requester": action.request.requester,
        "incident": action.request.incident_id,
        "at": action.changed_at.isoformat(),
    }
    plan = action.plan
    if plan is not None:
        record |= {
            "environment": plan.environment,
            "tier": plan.tier.name,
            "target": plan.target.key,
            "changes": [
                {"field": one.field, "before": one.before, "after": one.after}
                for one in plan.drawing.changes
            ],
            "digest": action.digest,
            "approvers": [one.subject for one in action.approvals],
        }
    if action.outcome is not None:
        record["outcome"] = action.outcome.says
    elif action.reason:
        record["outcome"] = action.reason
    return record


if TYPE_CHECKING:
    _keeps_its_promise: type[ChangeRecords] = ToldOutside
