"""Clients for the places on AWS that keep the audit, and what their faults mean for people.

The credentials are the process's own, found where botocore looks for them; they need write access
to these places and nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from botocore.config import Config
from botocore.exceptions import ClientError, NoCredentialsError
from botocore.session import Session

from safe_ops.errors import AuditError

if TYPE_CHECKING:
    from botocore.exceptions import BotoCoreError

CONNECT_TIMEOUT_S: Final = 3.0
READ_TIMEOUT_S: Final = 10.0
"""An approved action of tier 2 or more waits for the audit; people wait for the action."""
ATTEMPTS: Final = 2
MESSAGE_MAX_CHARS: Final = 300


def audit_client(
    service: str, *, region: str, endpoint_url: str | None, session: Session | None
) -> Any:
    """Return a client of a service; nothing is sent before the first call."""
    return (session or Session()).create_client(
        service,
        region_name=region,
        endpoint_url=endpoint_url,
        config=Config(
            connect_timeout=CONNECT_TIMEOUT_S,
            read_timeout=READ_TIMEOUT_S,
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
            user_agent_extra="nightdesk",
            ignore_configured_endpoint_urls=True,
        ),
    )


def refusal(error: ClientError | BotoCoreError, place: str) -> AuditError:
    """Return why a place did not take the audit, and what to do."""
    if isinstance(error, ClientError):
        said = error.response.get("Error", {})
        code = str(said.get("Code", "")) or "no reason"
        message = " ".join(str(said.get("Message", "")).split())[:MESSAGE_MAX_CHARS]
        return AuditError(
            f"{place} refused the audit ({code}: {message}); check that it exists, and that this"
            " process's role may write there"
        )
    if isinstance(error, NoCredentialsError):
        return AuditError(
            f"there are no AWS credentials for {place}: give this process a role that may write"
            " there"
        )
    reason = " ".join(str(error).split())[:MESSAGE_MAX_CHARS]
    return AuditError(f"{place} cannot be reached ({reason}); it is tried again")
