"""What stands before moto: every call is remembered with whose credentials made it, and may fail.

It also checks what moto does not: that a role's external id is right, and that credentials are
known at all.
"""

from __future__ import annotations

import io
import json
import re
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from moto.iam.models import get_account_id_from

from tests.lab.aws.gaps import PACKAGES, gaps_of, package
from tests.lab.aws.performance import SERVICE, answered

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.lab.clock import LabClock

_EXPIRATION = re.compile(rb"<Expiration>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d([^<]*)")
_JSON = "application/x-amz-json-1.1"
_CREDENTIAL = re.compile(r"Credential=([^/]+)/\d+/([^/]+)/([^/]+)/aws4_request")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One call as it arrived."""

    account: str
    """The account the call's credentials belong to."""
    access_key: str
    region: str
    service: str
    """As in the signature, such as `monitoring` for CloudWatch."""
    operation: str
    """The API's name; method and path where the protocol has none."""
    body: str = field(repr=False)


@dataclass(slots=True, kw_only=True)
class Fault:
    """An answer given instead of moto's, so many times."""

    operation: str
    status: int = 400
    code: str = "ThrottlingException"
    message: str = "Rate exceeded"
    headers: tuple[tuple[str, str], ...] = ()
    html: str | None = None
    account: str | None = None
    times: int = 1_000_000


class Gate:
    """WSGI application in front of another."""

    def __init__(self, inner: Any, *, clock: LabClock) -> None:
        self._inner = inner
        self._clock = clock
        self._lock = threading.Lock()
        self.seen: list[Seen] = []
        self.faults: list[Fault] = []
        self.external_ids: dict[str, str] = {}
        """Role ARN to the external id its trust policy asks for."""
        self.revoked: set[str] = set()
        """Access keys that are no longer taken."""

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        body = _body(environ)
        call = _read(environ, body)
        with self._lock:
            self.seen.append(call)
            fault = self._fault(call)
        if fault is not None:
            return _failed(environ, start_response, fault)
        if call.service == SERVICE:
            return _told(start_response, *_performance(call), kind=_JSON)
        if str(environ.get("PATH_INFO", "")).startswith(PACKAGES):
            content = package(environ["PATH_INFO"])
            return _told(start_response, "200 OK", content, kind="application/zip")
        answer: Iterable[bytes] = self._inner(environ, _declared(start_response))
        if call.operation == "AssumeRole":
            return [self._dated(b"".join(answer))]
        return answer

    def _dated(self, answer: bytes) -> bytes:
        """The session's end by the lab's clock; as long a text as moto's."""
        end = datetime.fromtimestamp(self._clock.now() + 3_600, tz=UTC)
        stamp = f"{end:%Y-%m-%dT%H:%M:%S}".encode()
        return _EXPIRATION.sub(lambda found: b"<Expiration>" + stamp + found[1], answer)

    def _fault(self, call: Seen) -> Fault | None:
        if call.access_key in self.revoked:
            return Fault(
                operation=call.operation,
                status=403,
                code="ExpiredToken",
                message="The security token included in the request is expired",
            )
        for fault in self.faults:
            fits = fault.operation in {"*", call.operation}
            if fits and fault.times > 0 and fault.account in (None, call.account):
                fault.times -= 1
                return fault
        if call.operation == "AssumeRole":
            return self._untrusted(parse_qs(call.body))
        return None

    def _untrusted(self, asked: dict[str, list[str]]) -> Fault | None:
        role = asked.get("RoleArn", [""])[0]
        wanted = self.external_ids.get(role)
        if wanted is None or asked.get("ExternalId") == [wanted]:
            return None
        return Fault(
            operation="AssumeRole",
            status=403,
            code="AccessDenied",
            message=f"not authorized to perform: sts:AssumeRole on resource: {role}",
        )


def _performance(call: Seen) -> tuple[str, bytes]:
    try:
        found = answered(call.operation, call.body, gaps_of(call.account, call.region).loads)
    except KeyError as error:
        lacking = {"__type": "InvalidArgumentException", "message": f"there is no {error}"}
        return "400 Bad Request", json.dumps(lacking).encode()
    return "200 OK", json.dumps(found).encode()


def _told(start_response: Any, status: str, body: bytes, *, kind: str) -> list[bytes]:
    start_response(status, [("Content-Type", kind), ("Content-Length", str(len(body)))])
    return [body]


def _declared(start_response: Any) -> Any:
    """Declare moto's JSON as what it is: for REST services it leaves the web framework's HTML."""

    def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
        shown = [
            (name, "application/json")
            if name.lower() == "content-type" and value.startswith("text/html")
            else (name, value)
            for name, value in headers
        ]
        return start_response(status, shown, *rest)

    return start


def _body(environ: dict[str, Any]) -> bytes:
    size = int(environ.get("CONTENT_LENGTH") or 0)
    body: bytes = environ["wsgi.input"].read(size) if size else b""
    environ["wsgi.input"] = io.BytesIO(body)
    return body


def _read(environ: dict[str, Any], body: bytes) -> Seen:
    found = _CREDENTIAL.search(environ.get("HTTP_AUTHORIZATION", ""))
    key, region, service = found.groups() if found else ("", "", "")
    return Seen(
        account=get_account_id_from(key) if key else "",
        access_key=key,
        region=region,
        service=service,
        operation=_operation(environ, body),
        body=body.decode("utf-8", "replace"),
    )


def _operation(environ: dict[str, Any], body: bytes) -> str:
    target = environ.get("HTTP_X_AMZ_TARGET")
    if target:
        return str(target).rpartition(".")[2]
    path = str(environ.get("PATH_INFO", ""))
    if "/operation/" in path:
        return path.rpartition("/")[2]
    action = parse_qs(body.decode("utf-8", "replace")).get("Action")
    return action[0] if action else f"{environ['REQUEST_METHOD']} {path}"


def _failed(environ: dict[str, Any], start_response: Any, fault: Fault) -> list[bytes]:
    if fault.html is not None:
        kind, body = "text/html", fault.html.encode()
    elif environ.get("HTTP_SMITHY_PROTOCOL") == "rpc-v2-cbor":
        kind, body = "application/cbor", _cbor({"__type": fault.code, "message": fault.message})
    elif environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        kind, body = "text/xml", _xml(fault).encode()
    else:
        kind = _JSON
        body = json.dumps({"__type": fault.code, "message": fault.message}).encode()
    headers = [("Content-Type", kind), ("x-amzn-errortype", fault.code), *fault.headers]
    if kind == "application/cbor":
        headers.append(("smithy-protocol", "rpc-v2-cbor"))
    start_response(f"{fault.status} Fault", [*headers, ("Content-Length", str(len(body)))])
    return [body]


def _xml(fault: Fault) -> str:
    return (
        "<ErrorResponse><Error><Type>Sender</Type>"
        f"<Code>{fault.code}</Code><Message>{fault.message}</Message></Error></ErrorResponse>"
    )


def _cbor(fields: dict[str, str]) -> bytes:
    """A map of short texts in RFC 8949's form."""
    parts = [bytes([0xA0 + len(fields)])]
    for text in (part for pair in fields.items() for part in pair):
        content = text.encode()
        parts.append(b"\x79" + len(content).to_bytes(2, "big") + content)
    return b"".join(parts)
