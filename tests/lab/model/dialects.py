"""The wires a model is reached by: who may ask, how errors read, how stream events are framed."""

from __future__ import annotations

import json
import re
import secrets
from typing import TYPE_CHECKING, Any, Protocol

from tests.lab.model import eventstream
from tests.lab.model.errors import InvalidRequestError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.lab.model.errors import ApiError

API_VERSION = re.compile(r"20\d\d-\d\d-\d\d")
BEDROCK_VERSION = re.compile(r"bedrock-\d{4}-\d\d-\d\d|20\d\d-\d\d-\d\d")
_SIGNATURE = re.compile(
    r"AWS4-HMAC-SHA256 Credential=[^/\s]+/\d{8}/[a-z0-9-]+/(?P<service>[a-z-]+)/aws4_request, "
    r"SignedHeaders=[a-z0-9;-]+, Signature=[0-9a-f]{64}"
)


class Dialect(Protocol):
    """One wire."""

    provider: str
    stream_type: str
    """Content type of a streamed response."""

    def check_access(self, headers: Mapping[str, str], body: Mapping[str, Any]) -> None: ...

    def headers(self, error: ApiError | None = None) -> dict[str, str]: ...

    def status(self, error: ApiError) -> int: ...

    def error_body(self, error: ApiError, headers: Mapping[str, str]) -> dict[str, Any]: ...

    def event(self, event: Mapping[str, Any]) -> bytes: ...

    def failure(self, error: ApiError) -> bytes: ...


class AnthropicDialect:
    """The Messages API itself."""

    provider = "anthropic"
    stream_type = "text/event-stream; charset=utf-8"

    def __init__(self, api_key: str) -> None:
        self._api_key = api_key

    def check_access(self, headers: Mapping[str, str], body: Mapping[str, Any]) -> None:
        """Raise InvalidRequestError unless key and version are right."""
        del body
        self._check_key(headers)
        version = headers.get("anthropic-version")
        if version is None:
            raise InvalidRequestError("anthropic-version: header is required")
        if not API_VERSION.fullmatch(version):
            raise InvalidRequestError(f'anthropic-version: "{version}" is not a valid version')

    def headers(self, error: ApiError | None = None) -> dict[str, str]:
        """Return the response's own headers."""
        named = {
            "request-id": f"req_01{secrets.token_hex(11)}",
            "anthropic-organization-id": "00000000-0000-4000-8000-00000000001a",
        }
        if error is None:
            return named
        named["x-should-retry"] = "true" if _passes(error) else "false"
        if error.retry_after_s is not None:
            named["retry-after"] = f"{error.retry_after_s:g}"
        return named

    def status(self, error: ApiError) -> int:
        """Return the HTTP status."""
        return error.status

    def error_body(self, error: ApiError, headers: Mapping[str, str]) -> dict[str, Any]:
        """Return the JSON of an error."""
        return {
            "type": "error",
            "error": {"type": error.type, "message": error.message},
            "request_id": headers["request-id"],
        }

    def event(self, event: Mapping[str, Any]) -> bytes:
        """Return one server-sent event."""
        return _sse(event["type"], event)

    def failure(self, error: ApiError) -> bytes:
        """Return an error inside a started stream."""
        body = {"type": "error", "error": {"type": error.type, "message": error.message}}
        return _sse("error", body)

    def _check_key(self, headers: Mapping[str, str]) -> None:
        key = headers.get("x-api-key") or _bearer(headers)
        if key is None:
            raise _unauthenticated("x-api-key header is required")
        if key != self._api_key:
            raise _unauthenticated("invalid x-api-key")


class MantleDialect(AnthropicDialect):
    """Amazon Bedrock's newer endpoint: the Messages API behind AWS's own sign-in."""

    provider = "mantle"

    def _check_key(self, headers: Mapping[str, str]) -> None:
        if not _signed(headers, "bedrock-mantle", self._api_key):
            raise _unauthenticated("The security token included in the request is invalid.")


class BedrockDialect:
    """Amazon Bedrock's InvokeModel: AWS errors and AWS event-stream frames."""

    provider = "bedrock"
    stream_type = "application/vnd.amazon.eventstream"

    def __init__(self, api_key: str) -> None:
        self._api_key = api_key

    def check_access(self, headers: Mapping[str, str], body: Mapping[str, Any]) -> None:
        """Raise InvalidRequestError unless signed, and asked as Bedrock wants it asked."""
        if not _signed(headers, "bedrock", self._api_key):
            raise _unauthenticated("The security token included in the request is invalid.")
        if not BEDROCK_VERSION.fullmatch(str(body.get("anthropic_version"))):
            raise InvalidRequestError("anthropic_version: Field required")
        for field in ("model", "stream"):
            if field in body:
                raise InvalidRequestError(f"{field}: Extra inputs are not permitted")

    def headers(self, error: ApiError | None = None) -> dict[str, str]:
        """Return the response's own headers."""
        named = {"x-amzn-requestid": secrets.token_hex(16)}
        if error is not None:
            named["x-amzn-errortype"] = _exception(error)[1]
            if error.retry_after_s is not None:
                named["retry-after"] = f"{error.retry_after_s:g}"
        return named

    def status(self, error: ApiError) -> int:
        """Return the HTTP status."""
        return _exception(error)[0]

    def error_body(self, error: ApiError, headers: Mapping[str, str]) -> dict[str, Any]:
        """Return the JSON of an error."""
        del headers
        return {"message": error.message}

    def event(self, event: Mapping[str, Any]) -> bytes:
        """Return one framed event; pings do not exist here."""
        return b"" if event["type"] == "ping" else eventstream.chunk(event)

    def failure(self, error: ApiError) -> bytes:
        """Return an error inside a started stream."""
        name = _exception(error)[1]
        return eventstream.exception(name[0].lower() + name[1:], error.message)


_EXCEPTIONS = {
    "authentication_error": (403, "UnrecognizedClientException"),
    "permission_error": (403, "AccessDeniedException"),
    "not_found_error": (404, "ResourceNotFoundException"),
    "timeout_error": (408, "ModelTimeoutException"),
    "rate_limit_error": (429, "ThrottlingException"),
    "api_error": (500, "InternalServerException"),
    "overloaded_error": (503, "ServiceUnavailableException"),
}
"""Status and name Amazon Bedrock gives to what the Messages API calls by the key."""

_RETRIED_STATUSES = frozenset({408, 409, 429})


def _exception(error: ApiError) -> tuple[int, str]:
    return _EXCEPTIONS.get(error.type, (400, "ValidationException"))


def _passes(error: ApiError) -> bool:
    return error.status in _RETRIED_STATUSES or error.status >= 500


def _signed(headers: Mapping[str, str], service: str, api_key: str) -> bool:
    """Tell whether a SigV4 signature for `service` is there, or the bearer key is right.

    The signature's form is checked, not its value: the lab knows no secret key.
    """
    if _bearer(headers) is not None:
        return _bearer(headers) == api_key
    signature = _SIGNATURE.fullmatch(headers.get("authorization", ""))
    if signature is None or "x-amz-date" not in headers:
        return False
    return signature["service"] == service


def _bearer(headers: Mapping[str, str]) -> str | None:
    """Return the bearer token; the SDK sends its API key this way since version 2."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token if scheme == "Bearer" else None


def _unauthenticated(message: str) -> InvalidRequestError:
    return InvalidRequestError(message, status=401, kind="authentication_error")


def _sse(name: str, body: Mapping[str, Any]) -> bytes:
    return f"event: {name}\ndata: {json.dumps(body, ensure_ascii=False)}\n\n".encode()
