"""What every group of Web API calls shares: client, caller, the metadata of our messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import structlog

from bot.adapters.slack.actions import METADATA_EVENT

if TYPE_CHECKING:
    from slack_sdk import WebClient

    from bot.adapters.slack.calling import Caller

Json = dict[str, Any]


class CallsPart:
    """One group of calls; `SlackGateway` is all of them together."""

    def __init__(self, *, client: WebClient, caller: Caller) -> None:
        self._client = client
        self._caller = caller
        self._log = structlog.get_logger()


def metadata_of(key: str | None) -> Json | None:
    """Return the metadata by which a message is found again; None leaves it as it is."""
    if key is None:
        return None
    return {"event_type": METADATA_EVENT, "event_payload": {"key": key}}
