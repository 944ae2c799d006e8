"""Do the tokens work, and do they carry what the manifest asks for?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from slack_sdk.errors import SlackApiError

from bot.adapters.slack.errors import translated
from bot.adapters.slack.manifest import manifest
from bot.ports.probe import Checkup, Health

if TYPE_CHECKING:
    from slack_sdk import WebClient

    from bot.ports.probe import Probe

SCOPES_HEADER = "x-oauth-scopes"
_BOT, _APP = "Slack bot token", "Slack app token"


def slack_probe(client: WebClient, *, app_token: str | None, has_secret: bool) -> Probe:
    """Return the probe of one workspace's tokens; `has_secret` tells of the signing secret."""

    def look() -> list[Checkup]:
        return [*_bot(client), _transport(client, app_token=app_token, has_secret=has_secret)]

    return look


def _bot(client: WebClient) -> list[Checkup]:
    if not client.token:
        step = "set SLACK_BOT_TOKEN (xoxb-…); README, 'Connect a workspace', says where it is"
        return [Checkup(part=_BOT, health=Health.FAILED, found="not set", next_step=step)]
    try:
        answer = client.auth_test()
    except (SlackApiError, OSError) as error:
        return [_refused(_BOT, error, "install the app anew and set SLACK_BOT_TOKEN")]
    found = f"{answer.get('user')} in {answer.get('team')}"
    checks = [Checkup(part=_BOT, health=Health.OK, found=found)]
    given = {scope.strip() for scope in str(_header(answer.headers)).split(",") if scope.strip()}
    if not given:
        return checks
    missing = sorted(set(manifest()["oauth_config"]["scopes"]["bot"]) - given)
    if missing:
        step = "update the app from the manifest, reinstall it, and set the new token"
        text = f"missing: {', '.join(missing)}"
        checks.append(
            Checkup(part="Slack scopes", health=Health.FAILED, found=text, next_step=step)
        )
    else:
        checks.append(Checkup(part="Slack scopes", health=Health.OK, found=f"{len(given)} granted"))
    return checks


def _transport(client: WebClient, *, app_token: str | None, has_secret: bool) -> Checkup:
    if app_token is None:
        if has_secret:
            found = "signed HTTP: Slack has to reach /slack/events of this listener"
            return Checkup(part="Slack transport", health=Health.OK, found=found)
        step = "set SLACK_APP_TOKEN for Socket Mode, or SLACK_SIGNING_SECRET for HTTP"
        return Checkup(
            part="Slack transport", health=Health.FAILED, found="not set", next_step=step
        )
    try:
        client.apps_connections_open(app_token=app_token)
    except (SlackApiError, OSError) as error:
        step = "make an app-level token with connections:write and set SLACK_APP_TOKEN"
        return _refused(_APP, error, step)
    return Checkup(part=_APP, health=Health.OK, found="Socket Mode can connect")


def _refused(part: str, error: SlackApiError | OSError, step: str) -> Checkup:
    words = (
        str(translated(part, error.response))
        if isinstance(error, SlackApiError)
        else f"Slack is not reachable: {type(error).__name__}"
    )
    return Checkup(part=part, health=Health.FAILED, found=words, next_step=step)


def _header(headers: Any) -> Any:
    for name, value in dict(headers).items():
        if str(name).lower() == SCOPES_HEADER:
            return value[0] if isinstance(value, list) else value
    return ""
