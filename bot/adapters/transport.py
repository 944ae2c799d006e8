"""One HTTP call, ended by a deadline and bounded in size, and what is common to its failures.

Shared by the adapters that ask servers through urllib3. Must not know whom it asks: what an error
says about a system, and what to check there, is the caller's. Never passes on a credential or a
body.
"""

from __future__ import annotations

import contextlib
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING

import urllib3
from urllib3 import exceptions
from urllib3.util.retry import Retry

from bot.domain.errors import UpstreamError

if TYPE_CHECKING:
    from bot.ports.clock import Clock

# A server's own sentence about a failure is short; what is longer is somebody's payload.
MESSAGE_MAX_CHARS = 400
CONNECT_TIMEOUT_S = 3.0
# A refusal is under a kilobyte; of an HTML page nothing is used anyway.
REFUSAL_MAX_BYTES = 64 * 1024


class SignInError(Exception):
    """A credential could not be obtained; the text says which, or from where, and what to do."""


class Deadline:
    """The end of one read, however many calls it takes."""

    def __init__(self, timeout_s: float, *, clock: Clock) -> None:
        self.timeout_s = timeout_s
        self._clock = clock
        self._end = clock.monotonic() + timeout_s

    def left_s(self) -> float:
        """Return the seconds left; 0 or less when it has passed."""
        return self._end - self._clock.monotonic()

    def passed(self) -> bool:
        """Tell whether no time is left."""
        return self.left_s() <= 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What is sent; a body makes it a POST."""

    url: str
    headers: dict[str, str] = field(repr=False)
    body: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back, of any code."""

    status: int
    headers: dict[str, str] = field(repr=False)
    """Names in lower case."""
    content: bytes = field(repr=False)
    cut: bool
    """True when a successful answer was longer than wanted; `content` is its beginning."""

    @property
    def good(self) -> bool:
        """True for a code that means success."""
        return _is_success(self.status)

    @property
    def content_type(self) -> str:
        """The media type as the server named it, in lower case; empty when it did not."""
        return self.headers.get("content-type", "").lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """The caller's errors for a call without a usable answer."""

    too_slow: Callable[[float], UpstreamError]
    """Given the seconds it was allowed."""
    torn: Callable[[], UpstreamError]
    unreachable: Callable[[Exception], UpstreamError]


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """What a person is to check for each way not to reach a kind of server, a sentence each."""

    certificate: str
    name: str
    refused: str
    proxy: str
    tls: str
    broken: str


def ask(
    pool: urllib3.PoolManager, call: Call, *, deadline: Deadline, limit_bytes: int, faults: Faults
) -> Answer:
    """Return the answer, at most that much of it; nothing is repeated and no redirect followed.

    Raises what `faults` makes of no connection, no answer in time, and one that breaks off.
    """
    answer = _send(pool, call, deadline, faults)
    # A read time-out bounds each packet, not the answer; this ends one that only trickles.
    watchdog = threading.Timer(max(deadline.left_s(), 0), _cut_off, (answer,))
    watchdog.daemon = True
    watchdog.start()
    try:
        return _receive(answer, deadline, limit_bytes, faults)
    finally:
        watchdog.cancel()
        _give_back(answer)


def cause(error: Exception, advice: Advice) -> str:
    """Return why a connection failed, and what to check."""
    certificate = certificate_fault(error)
    if certificate is not None:
        return f"its certificate was not accepted ({one_line(certificate)}). {advice.certificate}"
    match error:
        case exceptions.NameResolutionError():
            return f"the name cannot be resolved. {advice.name}"
        case exceptions.NewConnectionError():
            return f"the connection was refused. {advice.refused}"
        case exceptions.ConnectTimeoutError():
            return "no connection in time. Check the network, VPN or firewall in between"
        case exceptions.ProxyError():
            return f"the proxy in between failed. {advice.proxy}"
        case exceptions.SSLError() | ssl.SSLError():
            return f"TLS failed. {advice.tls}"
        case _:
            return f"the connection broke. {advice.broken}"


def certificate_fault(error: BaseException | None) -> str | None:
    """Return what OpenSSL says about a certificate, if that is what is behind an error."""
    seen: list[object] = [error]
    while seen:
        found = seen.pop()
        if isinstance(found, ssl.SSLCertVerificationError):
            return str(found.verify_message)
        if isinstance(found, BaseException):
            seen += [found.__cause__, *found.args]
    return None


def retry_after_s(header: str | None) -> float | None:
    """Return the seconds a Retry-After header asks for; None when it is absent or no time."""
    if header is None:
        return None
    try:
        return float(Retry().parse_retry_after(header))
    except exceptions.InvalidHeader:
        return None


def later(seconds: float | None) -> str:
    """Return when to ask again, as the end of a sentence."""
    return " later" if seconds is None else f" in {seconds:g} s"


def one_line(text: str, limit: int = MESSAGE_MAX_CHARS) -> str:
    """Return foreign text on one line, control characters gone, cut at the limit."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def shown_address(address: str) -> str:
    """Return an address without user name and password."""
    parsed = urllib3.util.parse_url(address)
    return f"{parsed.scheme}://{parsed.netloc}{parsed.path or ''}"


def _send(
    pool: urllib3.PoolManager, call: Call, deadline: Deadline, faults: Faults
) -> urllib3.BaseHTTPResponse:
    """Return the answer once its headers are there."""
    left_s = deadline.left_s()
    if left_s <= 0:
        raise faults.too_slow(deadline.timeout_s)
    try:
        return pool.request(
            "GET" if call.body is None else "POST",
            call.url,
            headers=call.headers,
            body=call.body,
            timeout=urllib3.Timeout(connect=min(CONNECT_TIMEOUT_S, left_s), read=left_s),
            # Nothing is repeated or followed behind the caller's back, least of all a token.
            retries=False,
            redirect=False,
            preload_content=False,
        )
    except (exceptions.HTTPError, OSError, ValueError) as error:
        if deadline.passed() or isinstance(error, exceptions.ReadTimeoutError):
            raise faults.too_slow(deadline.timeout_s) from error
        raise faults.unreachable(error) from error


def _receive(
    answer: urllib3.BaseHTTPResponse, deadline: Deadline, limit_bytes: int, faults: Faults
) -> Answer:
    good = _is_success(answer.status)
    limit = limit_bytes if good else REFUSAL_MAX_BYTES
    try:
        # One byte more than wanted tells a full answer from a cut one.
        content = answer.read(limit + 1, decode_content=True)
    except (exceptions.HTTPError, OSError, ValueError) as error:
        if deadline.passed() or isinstance(error, exceptions.ReadTimeoutError):
            raise faults.too_slow(deadline.timeout_s) from error
        raise faults.torn() from error
    if deadline.passed():
        # The watchdog may have ended the body: what is here need not be all.
        raise faults.too_slow(deadline.timeout_s)
    return Answer(
        status=answer.status,
        headers={key.lower(): value for key, value in answer.headers.items()},
        content=content[:limit],
        cut=good and len(content) > limit,
    )


def _is_success(status: int) -> bool:
    return HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES


def _cut_off(answer: urllib3.BaseHTTPResponse) -> None:
    # The answer may just have ended, and its connection gone back to the pool.
    with contextlib.suppress(ValueError, RuntimeError, OSError):
        answer.shutdown()


def _give_back(answer: urllib3.BaseHTTPResponse) -> None:
    """Close a connection that holds unread bytes; one that was read to its end is kept."""
    if not answer.closed:
        answer.close()
    answer.release_conn()
