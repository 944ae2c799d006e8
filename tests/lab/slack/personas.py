"""What people do in Slack, one method per gesture; a gesture a person could not make is refused.

It must not know how the app is reached: gestures change the workspace and hand deliveries over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.lab.slack import conversation, elements, interactions, screens, streams
from tests.lab.slack.errors import NotOnScreenError
from tests.lab.slack.events import emit
from tests.lab.slack.reading import Seen
from tests.lab.slack.records import BOT_USER_ID, Channel, Json, Message, View
from tests.lab.slack.wire import rich_text, shown_blocks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.lab.slack.state import Workspace
    from tests.lab.slack.traffic import Delivery

Target = Message | Seen | str


class Persona:
    """One person at their keyboard. Messages are named by themselves or by their ts."""

    def __init__(self, workspace: Workspace, name: str) -> None:
        self._workspace = workspace
        self._user = workspace.person(name)

    @property
    def id(self) -> str:
        return self._user.id

    @property
    def dm_channel(self) -> str:
        """Return the id of the person's direct message with the bot."""
        return self._workspace.direct(self.id).id

    # Writing.

    def post(
        self,
        channel: str,
        text: str,
        thread_ts: str | None = None,
        attachments: Sequence[Json] | None = None,
    ) -> Message:
        """Write into a channel, or into a thread of it."""
        room = self._room(channel)
        message = Message(
            channel=room.id,
            ts="",
            user=self.id,
            text=text,
            blocks=rich_text(text) if text else [],
            attachments=list(attachments or []),
            client_msg_id=self._workspace.new_id("msg-"),
        )
        if thread_ts:
            message.thread_ts = self._workspace.root(room, thread_ts).root_ts
        return conversation.post(self._workspace, room, message)

    def mention(self, channel: str, text: str, thread_ts: str | None = None) -> Message:
        """Write with the bot's name in front."""
        return self.post(channel, f"<@{BOT_USER_ID}> {text}".rstrip(), thread_ts)

    def dm(self, text: str, thread_ts: str | None = None) -> Message:
        """Write to the bot alone."""
        return self.post(self.dm_channel, text, thread_ts)

    def reply(self, to: Target, text: str) -> Message:
        """Write into the thread of a message."""
        room, message = self._find(to)
        return self.post(room.id, text, message.root_ts)

    def edit(self, target: Target, text: str) -> None:
        """Change one's own message."""
        room, message = self._own(target)
        mark = conversation.edited_mark(self._workspace, self.id)
        conversation.edit(
            self._workspace, room, message, text=text, blocks=rich_text(text), edited=mark
        )

    def delete(self, target: Target) -> None:
        """Remove one's own message."""
        room, message = self._own(target)
        conversation.delete(self._workspace, room, message)

    def react(self, target: Target, name: str) -> None:
        """Add an emoji."""
        room, message = self._find(target)
        conversation.react(self._workspace, room, message, user=self.id, name=name)

    def unreact(self, target: Target, name: str) -> None:
        """Take an emoji back."""
        room, message = self._find(target)
        conversation.unreact(self._workspace, room, message, user=self.id, name=name)

    # Pressing.

    def click(
        self,
        target: Target,
        action_id: str,
        block_id: str | None = None,
        value: Any = None,
        selected_option: str | None = None,
    ) -> Delivery:
        """Press a button or choose in a menu, in a message, an open modal or the Home tab.

        `value` picks a feedback button, or states what a plain button must carry;
        `selected_option` picks an option by its value or its words.
        """
        chosen = value if selected_option is None else selected_option
        at = self._workspace.new_ts()
        if isinstance(target, str) and target.startswith("V"):
            view = self._view(target)
            block, element = elements.find(
                view.body["blocks"], action_id, block_id=block_id, user_id=self.id
            )
            action = elements.action_of(block, element, chosen, at=at)
            return interactions.click_in_view(self._workspace, self._user, view, action)
        room, message = self._find(target)
        block, element = elements.find(
            shown_blocks(message), action_id, block_id=block_id, user_id=self.id
        )
        action = elements.action_of(block, element, chosen, at=at)
        return interactions.click_in_message(self._workspace, self._user, room, message, action)

    def submit_view(
        self, view_id: str | None = None, values: Mapping[str, Any] | None = None
    ) -> Delivery:
        """Submit a modal, by default the one on top; `values` by block id or action id."""
        view = self._view(view_id)
        with self._workspace.changing():
            view.errors = {}
            view.values = elements.form_values(view.body["blocks"], values or {})
        return interactions.submit(self._workspace, self._user, view)

    def close_view(self) -> Delivery | None:
        """Close the modal on top without submitting; the app is told only if it asked."""
        view = self._view(None)
        screens.close_top(self._workspace, self.id)
        if not view.body.get("notify_on_close"):
            return None
        return interactions.closed(self._workspace, self._user, view)

    def shortcut(
        self, callback_id: str, channel: str | None = None, ts: str | None = None
    ) -> Delivery:
        """Choose a shortcut, on a message when channel and ts are given."""
        if not self._workspace.manifest.declares_shortcut(callback_id):
            raise NotOnScreenError(f"the manifest declares no shortcut {callback_id!r}")
        if channel is None or ts is None:
            return interactions.global_shortcut(self._workspace, self._user, callback_id)
        room = self._room(channel)
        message = self._workspace.message(room, ts)
        return interactions.message_shortcut(
            self._workspace, self._user, room, message, callback_id
        )

    def slash(self, command: str, text: str = "", channel: str = "#oncall") -> Delivery:
        """Send a slash command; Slack offers none in threads."""
        if not self._workspace.manifest.declares_command(command):
            raise NotOnScreenError(f"the manifest declares no command {command!r}")
        room = self._room(channel)
        return interactions.command(self._workspace, self._user, room, name=command, text=text)

    def stop(self, channel: str, thread_ts: str) -> Delivery | None:
        """Press the native Stop of a thread whose session is processing."""
        room = self._room(channel)
        root_ts = self._workspace.root(room, thread_ts).root_ts
        if not self._workspace.manifest.subscribes("agent_session_stopped"):
            raise NotOnScreenError("no Stop is shown: the app is not subscribed to it")
        session = self._workspace.sessions.get((room.id, root_ts))
        if session is None or session.status != "processing":
            raise NotOnScreenError("no Stop is shown: the thread's session is not processing")
        return streams.stop_by_user(self._workspace, room, root_ts, self.id)

    # Looking.

    def open_home(self, tab: str = "home") -> Delivery | None:
        """Open the app's Home or Messages tab."""
        event: Json = {
            "type": "app_home_opened",
            "user": self.id,
            "channel": self.dm_channel,
            "tab": tab,
        }
        home = self._workspace.homes.get(self.id)
        if tab == "home" and home is not None:
            event["view"] = home.to_json()
        with self._workspace.changing():
            return emit(self._workspace, event)

    def look_at(self, entities: Sequence[Json] = ()) -> Delivery | None:
        """Move to something else in Slack while the agent is open beside it."""
        context: Json = {"entities": list(entities)} if entities else {}
        with self._workspace.changing():
            return emit(
                self._workspace,
                {
                    "type": "app_context_changed",
                    "user": self.id,
                    "channel": self.dm_channel,
                    "context": context,
                },
            )

    def _room(self, ref: str) -> Channel:
        room = self._workspace.channel(self.dm_channel if ref == "dm" else ref)
        if self.id not in room.members:
            raise NotOnScreenError(f"{self._user.name} is not in {ref}")
        if room.archived:
            raise NotOnScreenError(f"{ref} is archived")
        return room

    def _find(self, target: Target) -> tuple[Channel, Message]:
        ts = target if isinstance(target, str) else target.ts
        with self._workspace.changed:
            for room in self._workspace.channels.values():
                found = self._workspace.messages.get(room.id, {}).get(ts)
                if found is not None and self.id in room.members:
                    return room, found
            for message in self._workspace.ephemerals:
                if message.ts == ts and message.only_for == self.id:
                    return self._workspace.channels[message.channel], message
        raise NotOnScreenError(f"{self._user.name} sees no message {ts!r}")

    def _own(self, target: Target) -> tuple[Channel, Message]:
        room, message = self._find(target)
        if message.user != self.id:
            raise NotOnScreenError(f"{self._user.name} did not write {message.ts}")
        return room, message

    def _view(self, view_id: str | None) -> View:
        stack = self._workspace.stacks.get(self.id, [])
        home = self._workspace.homes.get(self.id)
        if home is not None and home.id == view_id:
            return home
        if not stack or view_id not in {None, stack[-1]}:
            raise NotOnScreenError(f"{self._user.name} has open views {stack}, not {view_id}")
        return self._workspace.views[stack[-1]]
