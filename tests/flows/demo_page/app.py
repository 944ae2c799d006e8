"""A small Bolt app over Socket Mode that uses every block, for the tests of the demo page.

It stands in for the product, so that the page is tested against what Slack allows and not against
what the product happens to send today.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Self

from tests.flows.demo_page import block_samples
from tests.flows.demo_page.block_parts import button, plain, section
from tests.lab.slack.attached import AttachedApp

if TYPE_CHECKING:
    from slack_bolt import Ack, App
    from slack_sdk import WebClient

    from tests.lab.slack.testing import SlackLab

SHORTEST_REASON = 10


class PageApp:
    """The app of a lab; `clicks` has (user, action, value) of everything pressed."""

    def __init__(self, lab: SlackLab) -> None:
        self.lab = lab
        self._attached = AttachedApp(lab)
        self.client: WebClient = self._attached.app.client
        self.clicks: list[tuple[str, str, str]] = []
        self.submitted: list[dict[str, Any]] = []
        self.finish = threading.Event()
        self._listen(self._attached.app)

    def __enter__(self) -> Self:
        self._attached.connect()
        return self

    def __exit__(self, *_exc: object) -> None:
        self.finish.set()
        self._attached.close()

    def post(self, text: str, blocks: list[dict[str, Any]] | None = None, **more: Any) -> str:
        """Post into #oncall; return the ts."""
        answer = self.client.chat_postMessage(
            **{"channel": "C0LABONC1", "text": text, "blocks": blocks, **more}
        )
        return str(answer["ts"])

    def _listen(self, app: App) -> None:
        app.event("app_mention")(self._mentioned)
        app.event("app_home_opened")(self._home_opened)
        app.event("message")(lambda: None)
        app.action("details")(self._open_form)
        app.action("push_more")(self._push)
        app.action("silent")(self._never_ack)
        for action in ("restart", "secret", "cluster", "more", "rate", "rm", "open_card", "home"):
            app.action(action)(self._pressed)
        app.view("restart_form")(self._submitted)
        app.view("more")(lambda ack: ack())
        app.shortcut("investigate")(self._investigate)
        app.command("/nightdesk")(lambda ack, command: ack(text=f"You said `{command['text']}`."))

    def _mentioned(self, event: dict[str, Any], client: WebClient) -> None:
        """Stream an answer in two halves; the second waits for the test."""
        where = {"channel": event["channel"], "thread_ts": event.get("thread_ts", event["ts"])}
        client.assistant_threads_setStatus(
            channel_id=where["channel"], thread_ts=where["thread_ts"], status="is looking at pods…"
        )
        client.agents_sessions_setStatus(
            channel_id=where["channel"], thread_ts=where["thread_ts"], status="processing"
        )
        self.finish.wait(10)
        stream = client.chat_startStream(
            **where, recipient_user_id=event["user"], recipient_team_id=self.lab.team_id
        )
        chunk = {"type": "task_update", "id": "1", "title": "Listed pods", "status": "complete"}
        client.chat_appendStream(
            channel=where["channel"],
            ts=stream["ts"],
            chunks=[{"type": "plan_update", "title": "Looking into it"}, chunk],
        )
        client.chat_appendStream(
            channel=where["channel"], ts=stream["ts"], markdown_text=block_samples.ANSWER
        )
        client.chat_stopStream(
            channel=where["channel"], ts=stream["ts"], blocks=block_samples.controls()[1:]
        )
        client.agents_sessions_setStatus(
            channel_id=where["channel"], thread_ts=where["thread_ts"], status="active"
        )

    def _home_opened(self, event: dict[str, Any], client: WebClient) -> None:
        if event["tab"] == "home":
            blocks = [section(f"Hello <@{event['user']}>"), {"type": "divider"}]
            row = {"type": "actions", "elements": [button("Refresh", "home")]}
            client.views_publish(
                user_id=event["user"], view={"type": "home", "blocks": [*blocks, row]}
            )
        else:
            client.assistant_threads_setSuggestedPrompts(
                channel_id=event["channel"],
                thread_ts="",
                prompts=[{"title": "What is failing?", "message": "what is failing?"}],
            )

    def _open_form(self, ack: Ack, body: dict[str, Any], client: WebClient) -> None:
        ack()
        client.views_open(trigger_id=body["trigger_id"], view=block_samples.form())

    def _push(self, ack: Ack, body: dict[str, Any], client: WebClient) -> None:
        ack()
        view = {"type": "modal", "callback_id": "more", "title": plain("More")}
        blocks = [section("Nothing more to say.")]
        client.views_push(trigger_id=body["trigger_id"], view={**view, "blocks": blocks})

    def _submitted(self, ack: Ack, view: dict[str, Any]) -> None:
        values = view["state"]["values"]
        if len(values["reason"]["text"]["value"]) < SHORTEST_REASON:
            ack(response_action="errors", errors={"reason": "That is too short a reason."})
            return
        self.submitted.append(values)
        ack()

    def _pressed(self, ack: Ack, body: dict[str, Any], action: dict[str, Any]) -> None:
        ack()
        chosen = action.get("selected_option") or {}
        value = str(action.get("value") or chosen.get("value"))
        self.clicks.append((body["user"]["id"], action["action_id"], value))
        if body.get("channel"):
            self.client.chat_postEphemeral(
                channel=body["channel"]["id"],
                user=body["user"]["id"],
                text=f"Noted: {action['action_id']}",
            )

    def _never_ack(self) -> None:
        """Leave the press unanswered, as a hung app would."""

    def _investigate(self, ack: Ack, body: dict[str, Any], client: WebClient) -> None:
        ack()
        client.chat_postMessage(
            channel=body["channel"]["id"], thread_ts=body["message_ts"], text="I am on it."
        )
