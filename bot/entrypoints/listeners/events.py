"""Listeners for events: messages, mentions, Stop, an opened tab, a removed app."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import structlog

from bot.adapters.slack.blocks.home import OPEN, RECENT, home_view
from bot.adapters.slack.blocks.notice import PROMPTS, PROMPTS_TITLE
from bot.adapters.slack.inbound import read_event
from bot.adapters.slack.intents import AccessEnded, AlertsPosted, Intent, OpenTab, Tab
from bot.domain.errors import NotAllowedError, UpstreamError
from bot.entrypoints.listeners.deps import settle, tell
from bot.entrypoints.listeners.operation_routing import voice_of
from bot.entrypoints.listeners.routing import route, take_in

if TYPE_CHECKING:
    from slack_bolt import App, BoltContext

    from bot.entrypoints.listeners.deps import Deps
    from bot.ports.desk import HomePage
    from bot.ports.operations_desk import Waiting

EVENTS: Final = (
    "agent_session_stopped",
    "app_home_opened",
    "app_mention",
    "app_uninstalled",
    "message",
    "tokens_revoked",
)
"""Every event type that is listened to; the manifest names the kinds of `message`."""


def register(app: App, deps: Deps) -> None:
    """Listen to every event of the manifest."""

    def on_event(body: dict[str, Any], context: BoltContext) -> None:
        intent = read_event(body, knows_thread=deps.desk.knows_thread, rules_of=deps.rules_of)
        match intent:
            case AlertsPosted():
                take_in(intent, deps.alerts)
                settle(deps, context)
            case OpenTab():
                _fill_tab(deps, intent)
                settle(deps, context)
            case AccessEnded():
                structlog.get_logger().error("slack_access_ended", kind=intent.kind)
                settle(deps, context)
            case _:
                _route(deps, intent, context)

    for name in EVENTS:
        app.event(name)(on_event)


def _route(deps: Deps, intent: Intent, context: BoltContext) -> None:
    reply = route(intent, deps.desk, deps.operations)
    settle(deps, context)
    if reply is not None:
        tell(deps, reply.actor, reply.card)


def _fill_tab(deps: Deps, intent: OpenTab) -> None:
    actor = intent.actor
    match intent.tab:
        case Tab.MESSAGES:
            deps.gateway.set_prompts(actor.channel, PROMPTS, title=PROMPTS_TITLE)
        case Tab.HOME:
            page = deps.desk.home(actor.person, team_id=actor.team_id)
            waiting = _waiting(deps, intent) if page.barred is None else ()
            view = home_view(page, links=_links(deps, page), waiting=waiting)
            deps.gateway.publish_home(actor.person, view)


def _waiting(deps: Deps, intent: OpenTab) -> tuple[Waiting, ...]:
    """Return what waits for this person; nothing for who may decide nothing."""
    if deps.operations is None:
        return ()
    try:
        return deps.operations.waiting_for(voice_of(intent.actor))
    except NotAllowedError as refusal:
        structlog.get_logger().info("slack_home_without_operations", reason=str(refusal))
        return ()


def _links(deps: Deps, page: HomePage) -> dict[str, str]:
    """Return the addresses Slack gives by id; those it does not give are left out."""
    places = [(one.incident_id, one.channel, one.ts) for one in page.incidents[:OPEN]]
    places += [(one.investigation_id, one.channel, one.ts) for one in page.recent[:RECENT]]
    links = {}
    for name, channel, ts in places:
        if ts is None:
            continue
        try:
            links[name] = deps.gateway.permalink(channel, ts)
        except UpstreamError as error:
            structlog.get_logger().info("slack_link_missing", reason=str(error))
    return links
