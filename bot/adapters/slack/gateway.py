"""Every call this product makes to Slack, and nothing outside this gateway makes one.

What is sent is checked against Slack's limits and degraded rather than lost; errors are ours. It
must not know investigations, verdicts or the registry.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.adapters.slack.calling import Buckets, Caller
from bot.adapters.slack.calls_agent import AgentCalls
from bot.adapters.slack.calls_files import FileCalls
from bot.adapters.slack.calls_messages import MessageCalls
from bot.adapters.slack.calls_reads import Identity, ReadCalls
from bot.adapters.slack.calls_views import ViewCalls

if TYPE_CHECKING:
    from slack_sdk import WebClient

    from bot.ports.clock import Clock

__all__ = ["WORKER_PATIENCE_S", "Buckets", "Identity", "SlackGateway"]

WORKER_PATIENCE_S: Final = 30.0
"""How long a worker waits for Slack in one call; longer and the run is delivered on resume."""


class SlackGateway(MessageCalls, FileCalls, AgentCalls, ViewCalls, ReadCalls):
    """The Web API as this product uses it; thread-safe.

    Every call may raise SlackBusyError, SlackUncertainError, SlackSwitchedOffError,
    SlackDeniedError or SlackRefusedError, all of them UpstreamErrors.
    """

    def __init__(
        self,
        *,
        client: WebClient,
        buckets: Buckets,
        clock: Clock,
        patience_s: float = WORKER_PATIENCE_S,
    ) -> None:
        """Take a client without retry handlers; `patience_s` is 0 in the listener process."""
        super().__init__(
            client=client, caller=Caller(buckets=buckets, clock=clock, patience_s=patience_s)
        )
