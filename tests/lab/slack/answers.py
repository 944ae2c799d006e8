"""What the app's acknowledgement itself asks for: a command's reply, a submitted modal's fate.

It must not know whether the acknowledgement came over a socket or HTTP.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.adapters.slack import limits
from bot.adapters.slack.validation import validate_view
from tests.lab.slack import conversation, screens

if TYPE_CHECKING:
    from tests.lab.slack.records import Json
    from tests.lab.slack.state import Workspace
    from tests.lab.slack.traffic import Delivery


def apply_answer(workspace: Workspace, delivery: Delivery) -> None:
    """Do what the acknowledgement of this delivery asks for."""
    with workspace.changing():
        if delivery.kind == "slash_commands":
            _reply_to_command(workspace, delivery)
        elif delivery.what == "view_submission":
            _settle_view(workspace, delivery)


def _reply_to_command(workspace: Workspace, delivery: Delivery) -> None:
    answer = delivery.answer
    if not (answer.get("text") or answer.get("blocks")):
        return
    channel = workspace.channel(delivery.payload["channel_id"])
    reply = conversation.bot_message(
        channel, text=str(answer.get("text") or ""), blocks=list(answer.get("blocks") or [])
    )
    if answer.get("response_type") == "in_channel":
        conversation.post(workspace, channel, reply)
    else:
        reply.only_for = delivery.payload["user_id"]
        conversation.post_ephemeral(workspace, reply)


def _settle_view(workspace: Workspace, delivery: Delivery) -> None:
    user = delivery.payload["user"]["id"]
    view = workspace.views.get(delivery.payload["view"]["id"])
    answer: Json = delivery.answer
    match answer.get("response_action"):
        case "errors" if view is not None:
            view.errors = {str(key): str(text) for key, text in answer.get("errors", {}).items()}
        case "update" if view is not None:
            screens.replace(workspace, view, _valid(answer))
        case "push" if len(workspace.stacks.get(user, [])) < limits.VIEW_STACK:
            screens.push_modal(workspace, user, _valid(answer))
        case "clear":
            screens.close_all(workspace, user)
        case None:
            screens.close_top(workspace, user)
        case other:
            raise ValueError(f"response_action {other!r} cannot be carried out")


def _valid(answer: Json) -> dict[str, Any]:
    view: Any = answer.get("view")
    violations = validate_view(view) if isinstance(view, dict) else []
    if not isinstance(view, dict) or violations:
        raise ValueError(f"the view in the acknowledgement is not valid: {violations}")
    return view
