"""auth.test, api.test, team and bot facts, the socket's address, blocks.validate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.adapters.slack.validation import validate_blocks, validate_message, validate_view
from tests.lab.slack.errors import SlackError
from tests.lab.slack.records import (
    APP_ID,
    BOT_ID,
    BOT_NAME,
    BOT_USER_ID,
    TEAM_DOMAIN,
    TEAM_ID,
    Json,
)
from tests.lab.slack.web_api.registry import Method

if TYPE_CHECKING:
    from tests.lab.slack.args import Args
    from tests.lab.slack.state import Workspace


def _auth_test(_workspace: Workspace, _args: Args) -> Json:
    return {
        "url": f"https://{TEAM_DOMAIN}.slack.com/",
        "team": "Lab",
        "user": BOT_NAME,
        "team_id": TEAM_ID,
        "user_id": BOT_USER_ID,
        "bot_id": BOT_ID,
        "is_enterprise_install": False,
    }


def _api_test(_workspace: Workspace, args: Args) -> Json:
    if error := args.text("error"):
        raise SlackError(error, args=args.raw)
    return {"args": args.raw}


def _team(_workspace: Workspace, _args: Args) -> Json:
    return {"team": {"id": TEAM_ID, "name": "Lab", "domain": TEAM_DOMAIN, "email_domain": ""}}


def _bot(_workspace: Workspace, args: Args) -> Json:
    if args.text("bot", BOT_ID) != BOT_ID:
        raise SlackError("bot_not_found")
    return {
        "bot": {
            "id": BOT_ID,
            "app_id": APP_ID,
            "user_id": BOT_USER_ID,
            "name": BOT_NAME,
            "deleted": False,
        }
    }


def _open_socket(workspace: Workspace, _args: Args) -> Json:
    ticket = workspace.new_id("WS")
    workspace.socket_tickets.add(ticket)
    return {"url": f"{workspace.base_url.replace('http', 'ws', 1)}/link?ticket={ticket}"}


def _validate(_workspace: Workspace, args: Args) -> Json:
    given = [name for name in ("blocks", "message", "view") if name in args]
    if len(given) != 1:
        raise SlackError("invalid_arguments")
    body = args.nested(given[0])
    if given[0] == "blocks":
        violations = validate_blocks(body, surface="message", pointer="")
    elif not isinstance(body, dict):
        raise SlackError(f"invalid_{given[0]}")
    elif given[0] == "view":
        violations = validate_view(body)
    else:
        # The real method does not flag a missing text; ours is a stricter habit.
        violations = [one for one in validate_message(body) if one.code != "missing_text"]
    if violations:
        errors = [
            {"pointer": one.pointer, "code": one.code, "message": one.message} for one in violations
        ]
        raise SlackError(f"invalid_{given[0]}", errors=errors)
    return {}


METHODS = (
    Method(name="auth.test", run=_auth_test),
    Method(name="api.test", run=_api_test, token="none"),
    Method(name="team.info", run=_team, scopes=("team:read",)),
    Method(name="bots.info", run=_bot, scopes=("users:read",)),
    Method(name="apps.connections.open", run=_open_socket, token="app"),
    Method(name="blocks.validate", run=_validate, token="none"),
)
