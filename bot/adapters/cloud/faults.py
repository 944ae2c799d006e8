"""What went wrong at a cloud account, as our own errors, in words that say what to do next.

Knows how botocore and AWS fail. Must not know who asked or why, and never passes on a credential:
of an answer only AWS's own message is quoted, on one line and cut.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from botocore import exceptions as boto
from botocore.parsers import ResponseParserError

from bot.domain.errors import DeniedError, ToolError, UpstreamError
from bot.domain.secret_text import mask
from bot.ports.cloud import MissingError

if TYPE_CHECKING:
    from bot.ports.cloud import CloudCall, CloudPlace

# AWS's messages are a sentence or two; encoded authorization failures run to kilobytes.
MESSAGE_MAX_CHARS = 500
# When AWS throttles it rarely says for how long; its buckets refill by the second, and botocore's
# own retries have been used up before anybody hears of it.
THROTTLED_PAUSE_S = 5.0

_DENIED = frozenset(
    {
        "AccessDenied", "AccessDeniedException", "AuthorizationError",
        "AuthorizationErrorException", "NotAuthorized", "NotAuthorizedException", "OptInRequired",
        "SubscriptionRequiredException", "UnauthorizedOperation", "UnauthorizedAccess", "403",
        "Forbidden",
    }
)  # fmt: skip
_STALE = frozenset(
    {
        "ExpiredToken", "ExpiredTokenException", "RequestExpired", "InvalidClientTokenId",
        "UnrecognizedClientException", "InvalidAccessKeyId", "InvalidToken", "AuthFailure",
        "SignatureDoesNotMatch", "IncompleteSignature", "MissingAuthenticationToken",
        "InvalidSignatureException", "TokenRefreshRequired",
    }
)  # fmt: skip
_THROTTLED = frozenset(
    {
        "BandwidthLimitExceeded", "EC2ThrottledException", "LimitExceededException",
        "PriorRequestNotComplete", "ProvisionedThroughputExceededException", "RequestLimitExceeded",
        "RequestThrottled", "RequestThrottledException", "SlowDown", "Throttling",
        "ThrottledException", "ThrottlingException", "TooManyRequestsException",
        "TransactionInProgressException",
    }
)  # fmt: skip
# What exists under another name, or not at all; services spell it in dozens of ways.
_MISSING_ENDS = ("NotFound", "NotFoundException", "NotFoundFault", "NotFoundError", "DoesNotExist")
_MISSING_STARTS = ("NoSuch", "NonExistent", "AWS.SimpleQueueService.NonExistent", "404")


def is_stale(error: boto.ClientError) -> bool:
    """Tell whether the cloud no longer takes the credential, so that a new one may help."""
    return _code(error) in _STALE


def refused(
    error: boto.ClientError, *, place: CloudPlace, call: CloudCall
) -> ToolError | UpstreamError:
    """Return our error for an answer that was no success."""
    code, system = _code(error), _system(place)
    said = _said(error)
    if code in _STALE:
        return DeniedError(
            f"{place.title} does not accept our credentials ({code}){said}. They have expired or"
            " are wrong, or the region is not enabled: renew them, or check the account's role_arn"
            " in the registry",
            system=system,
        )
    if code in _DENIED:
        return DeniedError(
            f"{place.title} refused {call.title} ({code}){said}. The account's owner can grant it"
            " with Nightdesk's read policy",
            system=system,
        )
    if code in _THROTTLED or _status(error) == HTTPStatus.TOO_MANY_REQUESTS:
        pause_s = _retry_after_s(error)
        return UpstreamError(
            f"{place.title} throttles {call.title} ({code}){said}. Ask again in {pause_s:g} s, or"
            " for less at a time",
            system=system,
            retry_after_s=pause_s,
        )
    if code.endswith(_MISSING_ENDS) or code.startswith(_MISSING_STARTS) or _denies_existence(error):
        return MissingError(f"{place.title} has none such ({code}){said}")
    if _status(error) >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return UpstreamError(
            f"{place.title} failed at {call.title} ({code}){said}. Ask again; if it stays, look at"
            " AWS's health page",
            system=system,
        )
    return ToolError(f"{place.title} could not use {call.title} ({code}){said}")


def unusable(
    error: boto.BotoCoreError, *, place: CloudPlace, call: CloudCall
) -> ToolError | UpstreamError:
    """Return our error for a call that got no answer, or none that could be read."""
    system = _system(place)
    match error:
        case boto.ParamValidationError():
            report = one_line(str(error.kwargs.get("report", error)))
            return ToolError(f"{call.title}: the parameters do not fit: {report}")
        case boto.NoCredentialsError() | boto.PartialCredentialsError():
            return unsigned(place.account)
        case boto.CredentialRetrievalError() | boto.TokenRetrievalError():
            return UpstreamError(
                f"{place.account}: the credentials cannot be renewed: {one_line(str(error))}",
                system=system,
            )
        case boto.ConnectTimeoutError() | boto.ReadTimeoutError():
            return UpstreamError(
                f"{place.title} did not answer {call.title} in time. Ask again, or for less at a"
                " time",
                system=system,
            )
        case ResponseParserError() | boto.IncompleteReadError():
            return unreadable(place=place, call=call)
        case _:
            return UpstreamError(
                f"{place.title} cannot be reached for {call.title}: {one_line(str(error))}. Check"
                " the network's way out, the proxy, and that the region exists",
                system=system,
            )


def unreadable(*, place: CloudPlace, call: CloudCall) -> UpstreamError:
    """Return the error for an answer that botocore took for one, though it is none."""
    return UpstreamError(
        f"{place.title} answered {call.title} in a form that is not AWS's: a proxy or a sign-in"
        " page may stand in between",
        system=_system(place),
    )


def unsigned(account: str) -> UpstreamError:
    """Return the error for a process without credentials of its own."""
    return UpstreamError(
        f"Nightdesk has no AWS credentials to reach {account} with: give its pod a role, or set"
        " AWS_PROFILE or AWS_ACCESS_KEY_ID where it runs",
        system=f"aws {account}",
    )


def stranger(account: str, expected: str, owner: str) -> DeniedError:
    """Return the error for a credential that belongs to another account than it should."""
    return DeniedError(
        f"the credentials for {account} belong to account {owner}, not to {expected}; nothing was"
        " read with them. Correct role_arn or account_id in the registry",
        system=f"aws {account}",
    )


def skewed(account: str) -> UpstreamError:
    """Return the error for credentials that are over before they begin."""
    return UpstreamError(
        f"the credentials for {account} end before our clock says they begin: set the clock of the"
        " machine Nightdesk runs on",
        system=f"aws {account}",
    )


def one_line(text: str, limit: int = MESSAGE_MAX_CHARS) -> str:
    """Return foreign text on one line, without secrets and control characters, cut at the limit."""
    line = mask(" ".join("".join(c if c.isprintable() else " " for c in text).split()))
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def _system(place: CloudPlace) -> str:
    return f"aws {place.account}"


def _response(error: boto.ClientError) -> dict[str, Any]:
    found: dict[str, Any] = error.response
    return found


def _code(error: boto.ClientError) -> str:
    return str(_response(error).get("Error", {}).get("Code", "Unknown"))


def _said(error: boto.ClientError) -> str:
    message = one_line(str(_response(error).get("Error", {}).get("Message") or "")).rstrip(".")
    return f": {message}" if message else ""


def _status(error: boto.ClientError) -> int:
    return int(_response(error).get("ResponseMetadata", {}).get("HTTPStatusCode") or 0)


def _retry_after_s(error: boto.ClientError) -> float:
    headers = _response(error).get("ResponseMetadata", {}).get("HTTPHeaders", {})
    said = str(headers.get("retry-after", ""))
    return float(said) if said.isdigit() else THROTTLED_PAUSE_S


def _denies_existence(error: boto.ClientError) -> bool:
    """Tell whether a validation failure only says that something does not exist.

    CloudFormation, Auto Scaling and ECS (describe_task_definition) have no code for that.
    """
    message = str(_response(error).get("Error", {}).get("Message") or "").casefold()
    return _code(error) in {"ValidationError", "ClientException"} and (
        "does not exist" in message or "not found" in message or "unable to describe" in message
    )
