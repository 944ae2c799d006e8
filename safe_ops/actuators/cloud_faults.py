"""What went wrong at AWS, as our own errors: what matters is whether anything can have changed.

Knows how botocore and AWS fail. Of an answer only AWS's own message is quoted, on one line and
cut; parameters and credentials never are.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from botocore import exceptions as boto

from safe_ops.errors import CallRefusedError, GoneError, UnknownOutcomeError, UpstreamError

if TYPE_CHECKING:
    from safe_ops.errors import SafeOpsError

# AWS's messages are a sentence or two; encoded authorization failures run to kilobytes.
MESSAGE_MAX_CHARS = 500
# AWS rarely says for how long it throttles; its buckets refill by the second.
THROTTLED_PAUSE_S = 5.0

_THROTTLED = frozenset(
    {
        "EC2ThrottledException", "PriorRequestNotComplete", "RequestLimitExceeded",
        "RequestThrottled", "RequestThrottledException", "SlowDown", "Throttling",
        "ThrottledException", "ThrottlingException", "TooManyRequestsException",
    }
)  # fmt: skip
# A precondition did not hold, or something else is changing the same resource.
_CONFLICT = frozenset(
    {
        "ConcurrentModificationException", "ConditionalCheckFailedException", "ConflictException",
        "DeploymentInProgressException", "IncorrectInstanceState", "OperationAborted",
        "PreconditionFailed", "PreconditionFailedException", "ResourceConflictException",
        "ResourceContention", "ResourceInUse", "ScalingActivityInProgress",
        "UpdateInProgressException",
    }
)  # fmt: skip
_MISSING_ENDS = ("NotFound", "NotFoundException", "NotFoundFault", "DoesNotExist", ".NotFound")
_MISSING_STARTS = ("NoSuch", "AWS.SimpleQueueService.NonExistent", "QueueDoesNotExist")
# These of botocore's are raised before a byte of the request was sent.
_UNSENT = (
    boto.ConnectTimeoutError,
    boto.EndpointConnectionError,
    boto.ProxyConnectionError,
    boto.NoCredentialsError,
    boto.PartialCredentialsError,
    boto.CredentialRetrievalError,
    boto.TokenRetrievalError,
    boto.NoRegionError,
    boto.UnknownEndpointError,
    boto.EndpointProviderError,
    boto.InvalidProxiesConfigError,
)
_CERTIFICATE = "CERTIFICATE_VERIFY_FAILED"


def read_fault(
    error: boto.ClientError | boto.BotoCoreError, *, system: str, call: str
) -> UpstreamError:
    """Return our error for a read that failed: nothing can have changed by it."""
    if isinstance(error, boto.ClientError):
        if _failed_there(error):
            return UpstreamError(
                f"{system} failed at {call} ({code_of(error)}){_said(error)}; try again",
                system=system,
            )
        return _refused(error, system=system, call=call)
    if isinstance(error, boto.ParamValidationError):
        return _unfit(error, system=system, call=call)
    return UpstreamError(f"{system} cannot be asked {call}: {one_line(str(error))}", system=system)


def write_fault(
    error: boto.ClientError | boto.BotoCoreError, *, system: str, call: str
) -> SafeOpsError:
    """Return our error for a write without a good answer: unknown wherever it may have counted."""
    if isinstance(error, boto.ClientError):
        if _failed_there(error):
            return UnknownOutcomeError(
                f"{system} failed at {call} ({code_of(error)}){_said(error)}: it may have taken"
                " effect",
                system=system,
            )
        return _refused(error, system=system, call=call)
    if isinstance(error, boto.ParamValidationError):
        return _unfit(error, system=system, call=call)
    said = one_line(str(error))
    if isinstance(error, _UNSENT) or (isinstance(error, boto.SSLError) and _CERTIFICATE in said):
        return UpstreamError(
            f"{call} was not sent: {system} cannot be reached: {said}", system=system
        )
    return UnknownOutcomeError(
        f"{call} was sent to {system} and no answer came: {said}", system=system
    )


def unreadable(*, system: str, call: str) -> str:
    """Return the sentence for an answer that is not AWS's, such as a proxy's page."""
    return (
        f"{system} answered {call} in a form that is not AWS's: a proxy or a sign-in page may"
        " stand in between"
    )


def code_of(error: boto.ClientError) -> str:
    """Return AWS's error code."""
    return str(_response(error).get("Error", {}).get("Code", "Unknown"))


def one_line(text: str, limit: int = MESSAGE_MAX_CHARS) -> str:
    """Return foreign text on one line, without control characters, cut at the limit."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def _refused(error: boto.ClientError, *, system: str, call: str) -> UpstreamError:
    code, said = code_of(error), _said(error)
    if _throttled(error):
        return UpstreamError(
            f"{system} throttles {call} ({code}){said}; nothing was changed by it",
            system=system,
            retry_after_s=THROTTLED_PAUSE_S,
        )
    if code.endswith(_MISSING_ENDS) or code.startswith(_MISSING_STARTS) or _denies_existence(error):
        return GoneError(f"{system} has none such for {call} ({code}){said}", system=system)
    return CallRefusedError(
        f"{system} refused {call} ({code}){said}",
        system=system,
        status=code,
        conflict=code in _CONFLICT or _status(error) == HTTPStatus.PRECONDITION_FAILED,
    )


def _unfit(error: boto.ParamValidationError, *, system: str, call: str) -> CallRefusedError:
    report = one_line(str(error.kwargs.get("report", error)))
    return CallRefusedError(
        f"{call} was not sent: its parameters do not fit AWS's model: {report}",
        system=system,
        status="ParamValidation",
    )


def _response(error: boto.ClientError) -> dict[str, Any]:
    found: dict[str, Any] = error.response
    return found


def _said(error: boto.ClientError) -> str:
    message = one_line(str(_response(error).get("Error", {}).get("Message") or "")).rstrip(".")
    return f": {message}" if message else ""


def _status(error: boto.ClientError) -> int:
    return int(_response(error).get("ResponseMetadata", {}).get("HTTPStatusCode") or 0)


def _throttled(error: boto.ClientError) -> bool:
    return code_of(error) in _THROTTLED or _status(error) == HTTPStatus.TOO_MANY_REQUESTS


def _failed_there(error: boto.ClientError) -> bool:
    """Tell whether AWS broke down over it; EC2 throttles with 503 too, before doing anything."""
    return _status(error) >= HTTPStatus.INTERNAL_SERVER_ERROR and not _throttled(error)


def _denies_existence(error: boto.ClientError) -> bool:
    """Tell whether a validation failure only says that something does not exist.

    Auto Scaling and ECS (describe_task_definition) have no code for that.
    """
    message = str(_response(error).get("Error", {}).get("Message") or "").casefold()
    return code_of(error) in {"ValidationError", "ClientException"} and (
        "does not exist" in message or "not found" in message or "unable to describe" in message
    )
