"""What Slack's refusals mean, as errors of ours; raw exception texts stop here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.domain.errors import DeniedError, UpstreamError

if TYPE_CHECKING:
    from slack_sdk.web import SlackResponse

SYSTEM: Final = "slack"

_TOKEN_CODES: Final = frozenset(
    {
        "account_inactive",
        "invalid_auth",
        "not_authed",
        "token_expired",
        "token_revoked",
        "user_removed_from_team",
    }
)
_SWITCHED_OFF: Final = frozenset(
    {"unknown_method", "feature_not_enabled", "method_deprecated", "method_not_supported"}
)
_SERVER_ERROR: Final = 500
_TOO_MANY: Final = 429


class SlackRefusedError(UpstreamError):
    """Slack answered no; `code` is its own word for why."""

    def __init__(self, message: str, *, code: str) -> None:
        super().__init__(message, system=SYSTEM)
        self.code = code


class SlackDeniedError(DeniedError):
    """Our token, scope or membership is not enough; the text says what to do about it."""

    def __init__(self, message: str, *, code: str) -> None:
        super().__init__(message, system=SYSTEM)
        self.code = code


class SlackSwitchedOffError(UpstreamError):
    """This workspace does not have the method; it is not called again in this process."""

    def __init__(self, method: str) -> None:
        super().__init__(f"Slack does not offer {method} in this workspace", system=SYSTEM)
        self.method = method


class SlackBusyError(UpstreamError):
    """Slack asked us to slow down, or our own budget for the method is used up."""

    def __init__(self, method: str, *, retry_after_s: float) -> None:
        super().__init__(
            f"Slack takes no more {method} calls for {retry_after_s:.0f} s",
            system=SYSTEM,
            retry_after_s=retry_after_s,
        )


class SlackUncertainError(UpstreamError):
    """The connection broke: the call may or may not have had its effect."""

    def __init__(self, method: str, reason: str) -> None:
        super().__init__(f"Slack did not answer {method} ({reason})", system=SYSTEM)


def translated(method: str, response: SlackResponse) -> UpstreamError:
    """Return the error of ours for an answer of Slack that is not ok."""
    if response.status_code == _TOO_MANY:
        return SlackBusyError(method, retry_after_s=_retry_after_s(response))
    if response.status_code >= _SERVER_ERROR:
        return SlackUncertainError(method, f"HTTP {response.status_code}")
    code = str(_field(response, "error") or "unknown_error")
    if code == "ratelimited":
        return SlackBusyError(method, retry_after_s=_retry_after_s(response))
    if code in _SWITCHED_OFF:
        return SlackSwitchedOffError(method)
    if code in _TOKEN_CODES:
        return SlackDeniedError(
            f"Slack does not accept our token ({code}): reinstall the app and set SLACK_BOT_TOKEN",
            code=code,
        )
    if code == "missing_scope":
        needed = str(_field(response, "needed") or "unknown")
        return SlackDeniedError(
            f"Slack wants the scope {needed} for {method}: add it to the app and reinstall it",
            code=code,
        )
    if code in {"not_in_channel", "channel_not_found", "is_archived", "restricted_action"}:
        return SlackDeniedError(
            f"Slack does not let us write there ({code}): invite the bot to the channel", code=code
        )
    if not code.replace("_", "").isalnum():
        # The SDK puts a sentence here when the body was no JSON: a proxy answered, not Slack.
        return SlackUncertainError(method, f"HTTP {response.status_code}, no JSON")
    return SlackRefusedError(f"Slack refused {method}: {code}", code=code)


def _field(response: SlackResponse, name: str) -> object:
    content = response.data
    return content.get(name) if isinstance(content, dict) else None


def _retry_after_s(response: SlackResponse) -> float:
    for name, value in response.headers.items():
        if name.lower() == "retry-after":
            text = value[0] if isinstance(value, list) else value
            return float(text) if str(text).isdigit() else 1.0
    return 1.0
