"""The one place for what no listener expected: a log line with an id, and one sentence with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import structlog
from slack_bolt import BoltContext, BoltResponse

from bot.adapters.slack.actor import Actor
from bot.adapters.slack.blocks.notice import note_card
from bot.adapters.slack.inbound import read_event
from bot.adapters.slack.inbound_clicks import read_action, read_command, read_shortcut
from bot.adapters.slack.inbound_operations import read_submission
from bot.adapters.slack.intents import Ask, Intent
from bot.domain.errors import BotError
from bot.entrypoints.listeners.deps import INBOX_ID, tell
from bot.entrypoints.listeners.inbox import kind_of

if TYPE_CHECKING:
    from slack_bolt import App

    from bot.entrypoints.listeners.deps import Deps

_SENTENCE: Final = (
    "Something went wrong on my side (id {id}). What you asked is kept and will be tried again;"
    " if nothing happens in a minute, give this id to whoever runs me."
)


def register(app: App, deps: Deps) -> None:
    """Take over every exception that leaves a listener or a middleware."""

    def on_error(
        error: Exception, body: dict[str, Any], context: BoltContext, response: BoltResponse | None
    ) -> BoltResponse | None:
        error_id = deps.new_id()
        structlog.get_logger().error(
            "listener_failed",
            error_id=error_id,
            event_id=context.get(INBOX_ID),
            kind=kind_of(body),
            reason=str(error) if isinstance(error, BotError) else type(error).__name__,
            exc_info=None if isinstance(error, BotError) else error,
        )
        if context.get(INBOX_ID) is None:
            # Not stored: the status stays an error, so that Slack brings it again.
            return None
        text = _SENTENCE.format(id=error_id)
        if kind_of(body) == "command" and response is not None:
            return BoltResponse(status=200, body={"text": text, "response_type": "ephemeral"})
        actor = _actor(body)
        if actor is not None:
            tell(deps, actor, note_card(text))
        return None

    app.error(on_error)


def _actor(body: dict[str, Any]) -> Actor | None:
    intent = _intent(body)
    match intent:
        case Ask():
            question = intent.question
            return Actor(
                person=question.person,
                team_id=question.team_id,
                channel=question.channel,
                thread_ts=question.thread_ts,
            )
        case None:
            return None
        case _:
            return getattr(intent, "actor", None)


def _intent(body: dict[str, Any]) -> Intent | None:
    match kind_of(body):
        case "event":
            return read_event(body, knows_thread=lambda _channel, _thread: True)
        case "action":
            return read_action(body)
        case "command":
            return read_command(body)
        case "shortcut":
            return read_shortcut(body)
        case _:
            return read_submission(body)
