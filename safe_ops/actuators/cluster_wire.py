"""One exchange of the write side with an API server: signed, sent once, bounded in size and time.

Knows HTTP, and when a request certainly never left. Must not know which calls there are or what
an answer means for an action, and repeats and follows nothing.
"""

from __future__ import annotations

import json
import re
import ssl
import time
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import urllib3
from urllib3 import exceptions

from safe_ops.model.plans import Json

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

JSON = "application/json"
CONNECT_TIMEOUT_S = 3.0
# Admission webhooks may take up to 30 s (timeoutSeconds of a webhook), one after another.
READ_TIMEOUT_S = 35.0
# All pods of a page are some 5 MB; what is larger was not asked for narrowly enough.
ANSWER_MAX_BYTES = 32 * 1024 * 1024
# A server's own sentence about a failure is short; what is longer is somebody's payload.
MESSAGE_MAX_CHARS = 400
_CHUNK_BYTES = 64 * 1024
# Paths of the API itself; segments are names of RFC 1123, never `.` or `..`, never escaped.
_PATH = re.compile(
    r"(?:/api/v1|/apis/[a-z0-9.-]+/v[a-z0-9]+)(?:/(?!\.{1,2}(?:/|$))[A-Za-z0-9._-]+)+"
)
# What kube-apiserver's own router says about a path it does not serve.
_NO_SUCH_PATH = b"404 page not found"


class NotSentError(Exception):
    """No request left: nothing can have changed."""


class LostError(Exception):
    """The request left, or may have, and no answer came that tells what became of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back, of any code."""

    code: int
    body: Json
    """The JSON object; None when the answer was none."""
    not_served: bool
    """True when the API server itself says that it serves no such path."""
    retry_after_s: float | None = None
    warnings: tuple[str, ...] = ()
    """What the API server warns of, such as a deprecated version or a webhook's remark."""

    @property
    def good(self) -> bool:
        """True for a code that means success."""
        return HTTPStatus.OK <= self.code < HTTPStatus.MULTIPLE_CHOICES

    @property
    def status(self) -> dict[str, Json]:
        """The Kubernetes Status, or an empty dict where the answer is none."""
        is_status = isinstance(self.body, dict) and self.body.get("kind") == "Status"
        return self.body if is_status else {}

    @property
    def details(self) -> dict[str, Json]:
        """The Status's details, or an empty dict."""
        details = self.status.get("details")
        return details if isinstance(details, dict) else {}

    @property
    def object_missing(self) -> bool:
        """True when one object was not found, rather than its whole path."""
        return self.code == HTTPStatus.NOT_FOUND and bool(self.details.get("name"))

    @property
    def says(self) -> str:
        """The Status's sentence with its causes, on one line and cut; else what came instead."""
        message = self.status.get("message")
        if not isinstance(message, str) or not message:
            return "the answer is not Kubernetes' own; something in between may have given it"
        causes = [
            cause["message"]
            for cause in self.details.get("causes") or ()
            if isinstance(cause, dict) and isinstance(cause.get("message"), str)
        ]
        return one_line(" ".join([message, *(c for c in causes if c not in message)]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A request."""

    method: str
    path: str
    query: dict[str, str] = field(default_factory=dict)
    body: Json = None
    media_type: str = JSON


class ClusterWire:
    """The exchanges with one cluster, over the official client's pool and credentials."""

    def __init__(
        self,
        api: ApiClient,
        *,
        cluster: str,
        connect_timeout_s: float = CONNECT_TIMEOUT_S,
        read_timeout_s: float = READ_TIMEOUT_S,
    ) -> None:
        self.cluster = cluster
        self._api = api
        self._connect_timeout_s = connect_timeout_s
        self._read_timeout_s = read_timeout_s

    @property
    def system(self) -> str:
        """Return the name errors carry."""
        return f"kubernetes {self.cluster}"

    def exchange(self, sent: Sent) -> Answer:
        """Return the answer to a request that is sent at most once.

        Raises:
            NotSentError: It certainly was not sent.
            LostError: It may have been, and there is no answer, or not all of one.
        """
        if _PATH.fullmatch(sent.path) is None:
            raise NotSentError(f"{one_line(sent.path, 120)} is no path of the API")
        query = f"?{urlencode(sent.query)}" if sent.query else ""
        ends_at_s = time.monotonic() + self._connect_timeout_s + self._read_timeout_s
        headers = self._headers(sent)
        try:
            answer = self._api.rest_client.pool_manager.request(
                sent.method,
                f"{self._api.configuration.host.rstrip('/')}{sent.path}{query}",
                headers=headers,
                body=None if sent.body is None else json.dumps(sent.body),
                timeout=urllib3.Timeout(connect=self._connect_timeout_s, read=self._read_timeout_s),
                # A write is never repeated below the operator, and a token never follows.
                retries=False,
                redirect=False,
                preload_content=False,
            )
        except (exceptions.HTTPError, OSError) as error:
            if _never_left(error):
                raise NotSentError(f"it cannot be reached ({_cause(error)})") from error
            raise LostError(f"no answer came ({_cause(error)})") from error
        try:
            return _read(answer, _content(answer, ends_at_s))
        except (exceptions.HTTPError, OSError) as error:
            raise LostError(f"the answer broke off ({_cause(error)})") from error
        finally:
            # One that was read to its end has given its connection back already.
            answer.close()

    def _headers(self, sent: Sent) -> dict[str, str]:
        from kubernetes.config import ConfigException  # noqa: PLC0415 -- only where a cluster is

        headers = {**self._api.default_headers, "User-Agent": "nightdesk-operator", "Accept": JSON}
        if sent.body is None:
            headers["Accept-Encoding"] = "gzip"
        else:
            headers["Content-Type"] = sent.media_type
        try:
            self._api.update_params_for_auth(
                headers, [], ["BearerToken"], sent.path, sent.method, None
            )
        except (ConfigException, OSError) as error:
            raise NotSentError("the operator's credential cannot be had") from error
        token = headers.get("authorization", "")
        if not (token.isascii() and token.isprintable()):
            # The HTTP client would refuse it with the token in its message.
            raise NotSentError("the operator's token holds characters that cannot be sent")
        return headers


def one_line(text: str, limit: int = MESSAGE_MAX_CHARS) -> str:
    """Return foreign text on one line, control characters gone, cut at the limit."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def _never_left(error: Exception) -> bool:
    """Tell whether an error can only come before the first byte of a request."""
    if isinstance(error, exceptions.SSLError):
        return any(isinstance(part, ssl.SSLCertVerificationError) for part in error.args)
    return isinstance(
        error,
        exceptions.NewConnectionError
        | exceptions.ConnectTimeoutError
        | exceptions.ProxyError
        | exceptions.LocationValueError,
    )


def _cause(error: Exception) -> str:
    match error:
        case exceptions.NameResolutionError():
            return "its name cannot be resolved"
        case exceptions.NewConnectionError():
            return "the connection was refused"
        case exceptions.ConnectTimeoutError():
            return "no connection in time"
        case exceptions.ProxyError():
            return "the proxy in between failed"
        case exceptions.ReadTimeoutError():
            return "not in time"
        case exceptions.SSLError():
            return "TLS failed"
        case _:
            return "the connection broke"


def _content(answer: urllib3.BaseHTTPResponse, ends_at_s: float) -> bytes:
    content = bytearray()
    while chunk := answer.read1(_CHUNK_BYTES, decode_content=True):
        content += chunk
        if len(content) > ANSWER_MAX_BYTES:
            raise LostError(f"the answer is larger than {ANSWER_MAX_BYTES >> 20} MB")
        # The read time-out bounds each packet; this one an answer that only trickles.
        if time.monotonic() > ends_at_s:
            raise LostError("the answer did not come to its end in time")
    return bytes(content)


def _read(answer: urllib3.BaseHTTPResponse, content: bytes) -> Answer:
    try:
        body: Any = json.loads(content)
    except ValueError:
        body = None
    warnings = (value.split('"')[1:-1] for value in answer.headers.getlist("warning"))
    return Answer(
        code=answer.status,
        body=body if isinstance(body, dict) else None,
        not_served=answer.status == HTTPStatus.NOT_FOUND
        and (content.strip() == _NO_SUCH_PATH or _is_status(body)),
        retry_after_s=_seconds(answer.headers.get("retry-after")),
        warnings=tuple(one_line('"'.join(parts)) for parts in warnings if parts),
    )


def _is_status(body: Any) -> bool:
    return isinstance(body, dict) and body.get("kind") == "Status"


def _seconds(header: str | None) -> float | None:
    # The API server gives whole seconds, never a date.
    return float(header) if header is not None and header.isdecimal() else None
