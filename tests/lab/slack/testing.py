"""The lab's Slack in one object: start it, act as people, wait, look at what the app did.

Everything here is what a test or the demo needs; how Slack behaves is elsewhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from tests.lab.clock import LabClock
from tests.lab.slack import conversation
from tests.lab.slack.events import emit
from tests.lab.slack.faults import Faults
from tests.lab.slack.personas import Persona
from tests.lab.slack.reading import Seen, see_all
from tests.lab.slack.records import (
    BOT_ID,
    BOT_USER_ID,
    TEAM_ID,
    Channel,
    Json,
    User,
)
from tests.lab.slack.seed import seed
from tests.lab.slack.server import SlackServer
from tests.lab.slack.state import Workspace
from tests.lab.slack.subscriptions import Manifest
from tests.lab.slack.tiers import Tiers
from tests.lab.slack.watching import Watcher
from tests.lab.slack.webhooks import WEBHOOK_APP, edit_as_app, post_alert, post_as_app

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class SlackLab(Watcher):
    """One workspace on a loopback port. Use as a context manager.

    Args:
        manifest: the app's manifest, or its file; it decides events, scopes, commands, shortcuts.
        clock: shared lab time; by default one that follows real time.
        port: 0 picks a free one.
        http_endpoint: deliver by signed HTTP to this URL instead of Socket Mode.
        ack_timeout_s: how long, in real seconds, the app may take to acknowledge.
    """

    bot_token = "xoxb-lab-bot-token"
    app_token = "xapp-lab-app-token"
    signing_secret = "lab-signing-secret"
    bot_user_id = BOT_USER_ID
    bot_id = BOT_ID
    team_id = TEAM_ID

    def __init__(
        self,
        *,
        manifest: dict[str, Any] | str | Path | None = None,
        clock: LabClock | None = None,
        port: int = 0,
        http_endpoint: str = "",
        ack_timeout_s: float = 3.0,
    ) -> None:
        self.clock = clock or LabClock()
        self.faults = Faults()
        self.tiers = Tiers(self.clock)
        super().__init__(Workspace(clock=self.clock, manifest=Manifest(manifest)))
        self.workspace.tokens = {self.bot_token: "", self.app_token: ""}
        seed(self.workspace)
        self._server = SlackServer(
            self.workspace,
            self.faults,
            self.tiers,
            port=port,
            ack_timeout_s=ack_timeout_s,
            signing_secret=self.signing_secret,
            endpoint_url=http_endpoint,
        )

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self.stop()

    def start(self) -> None:
        """Return once the port accepts connections."""
        self._server.start()
        self.clock.on_advance(self.workspace.run_due)

    def stop(self) -> None:
        """Close everything; safe to call twice."""
        self.clock.forget(self.workspace.run_due)
        self._server.stop()

    @property
    def url(self) -> str:
        """Return the address; the Web API is under `/api`."""
        return self._server.url

    @property
    def api_url(self) -> str:
        """Return what WebClient takes as base_url."""
        return f"{self.url}/api"

    def webhook_url(self, channel: str = "#oncall") -> str:
        """Return an incoming webhook of a channel."""
        return f"{self.url}/services/{self.workspace.channel(channel).id}"

    # Transport.

    def deliver_to(self, http_endpoint: str) -> None:
        """Deliver by signed HTTP to this URL from now on; "" goes back to Socket Mode."""
        self._server.endpoint_url = http_endpoint

    def verify_endpoint(self) -> bool:
        """Return whether the configured URL answers Slack's url_verification."""
        return self._server.verify_endpoint()

    def socket_count(self) -> int:
        """Return how many sockets the app has open."""
        return self._server.socket_count()

    def kill_sockets(self, reason: str = "refresh_requested") -> None:
        """Disconnect: refresh_requested, warning, link_disabled; or `drop` without a word."""
        self._server.kill_sockets(reason)

    def revoke_token(self, token: str | None = None, *, error: str = "token_revoked") -> None:
        """Make a token, by default the bot's, answer with the error; "" makes it work again."""
        with self.workspace.changing():
            self.workspace.tokens[token or self.bot_token] = error
            if error == "token_revoked" and token in {None, self.bot_token}:
                tokens = {"oauth": [], "bot": [BOT_USER_ID]}
                emit(self.workspace, {"type": "tokens_revoked", "tokens": tokens})

    # Acting.

    def as_user(self, name: str) -> Persona:
        """Return the person with that handle or id."""
        return Persona(self.workspace, name)

    def post_webhook_alert(
        self,
        app_id: str = WEBHOOK_APP,
        attachments: Sequence[Json] = (),
        *,
        channel: str = "#oncall",
        text: str = "",
        as_modern_app: bool = False,
    ) -> Seen:
        """Post an alert by another app."""
        message = post_alert(
            self.workspace,
            self.workspace.channel(channel),
            app_id=app_id,
            text=text,
            attachments=attachments,
            as_modern_app=as_modern_app,
        )
        return see_all(self.workspace, [message])[0]

    def change_webhook_alert(self, ts: str, attachments: Sequence[Json]) -> None:
        """Edit an alert in place, as Alertmanager does when it resolves."""
        for channel in self.workspace.channels.values():
            message = self.workspace.messages.get(channel.id, {}).get(ts)
            if message is not None:
                conversation.edit(self.workspace, channel, message, attachments=list(attachments))

    def post_as_app(self, body: Json, *, channel: str = "#alerts") -> Seen:
        """Post a message, such as a sample of tests/lab/alerts, in another app's name."""
        found = post_as_app(self.workspace, self.workspace.channel(channel), body)
        return see_all(self.workspace, [found])[0]

    def edit_as_app(self, ts: str, **changes: Any) -> Seen:
        """Change text, attachments or blocks of another app's message."""
        return see_all(self.workspace, [edit_as_app(self.workspace, ts, changes)])[0]

    def add_user(self, name: str, **fields: Any) -> User:
        """Add a person to the team and to no channel."""
        with self.workspace.changing():
            user = User(id=self.workspace.new_id("U"), name=name, real_name=name.title(), **fields)
            self.workspace.users[user.id] = user
            return user

    def add_channel(
        self,
        name: str,
        *,
        members: Sequence[str] = (),
        private: bool = False,
        with_bot: bool = True,
    ) -> Channel:
        """Add a channel with these people, and the bot unless told otherwise."""
        with self.workspace.changing():
            ids = [self.workspace.person(one).id for one in members]
            channel = Channel(
                id=self.workspace.new_id("C"),
                name=name,
                kind="group" if private else "channel",
                members=[*ids, *([BOT_USER_ID] if with_bot else [])],
            )
            self.workspace.channels[channel.id] = channel
            return channel

    def change_user(self, name: str, **fields: Any) -> None:
        """Change a person, e.g. `deleted=True`, and tell the app."""
        with self.workspace.changing():
            user = self.workspace.person(name)
            for key, value in fields.items():
                setattr(user, key, value)
            emit(self.workspace, {"type": "user_change", "user": user.to_json()})

    def archive(self, channel: str) -> None:
        """Archive a channel: nobody writes there any more."""
        with self.workspace.changing():
            self.workspace.channel(channel).archived = True

    def set_group(self, handle: str, members: Sequence[str], *, disabled: bool = False) -> None:
        """Change who belongs to a user group, and tell the app."""
        with self.workspace.changing():
            group = self.workspace.group(handle)
            before, group.users = group.users, [self.workspace.person(one).id for one in members]
            group.disabled = disabled
            row = group.to_json(include_users=True)
            emit(
                self.workspace,
                {
                    "type": "subteam_members_changed",
                    "subteam_id": group.id,
                    "team_id": TEAM_ID,
                    "added_users": [one for one in group.users if one not in before],
                    "removed_users": [one for one in before if one not in group.users],
                },
            )
            emit(self.workspace, {"type": "subteam_updated", "subteam": row})
