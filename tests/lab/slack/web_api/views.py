"""views.*: modals opened with a trigger, stacked three deep, and the Home tab."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.adapters.slack import limits
from bot.adapters.slack.validation import validate_view
from tests.lab.slack import screens
from tests.lab.slack.args import bad_argument
from tests.lab.slack.errors import SlackError
from tests.lab.slack.web_api.registry import Method

if TYPE_CHECKING:
    from tests.lab.slack.args import Args
    from tests.lab.slack.records import Json, View
    from tests.lab.slack.state import Workspace


def _open(workspace: Workspace, args: Args) -> Json:
    body = _view(args, "modal")
    trigger = workspace.spend_trigger(args.required("trigger_id"))
    _refuse_known_external_id(workspace, body)
    return {"view": screens.open_modal(workspace, trigger.user, body).to_json()}


def _push(workspace: Workspace, args: Args) -> Json:
    body = _view(args, "modal")
    trigger = workspace.spend_trigger(args.required("trigger_id"))
    _refuse_known_external_id(workspace, body)
    if len(workspace.stacks.get(trigger.user, [])) >= limits.VIEW_STACK:
        raise SlackError("push_limit_reached")
    return {"view": screens.push_modal(workspace, trigger.user, body).to_json()}


def _update(workspace: Workspace, args: Args) -> Json:
    view = _find(workspace, args)
    body = _view(args, str(view.body.get("type")))
    if args.text("hash") not in {"", view.hash}:
        raise SlackError("hash_conflict")
    return {"view": screens.replace(workspace, view, body).to_json()}


def _publish(workspace: Workspace, args: Args) -> Json:
    body = _view(args, "home")
    user = workspace.user(args.required("user_id"))
    home = workspace.homes.get(user.id)
    if args.text("hash") and (home is None or home.hash != args.text("hash")):
        raise SlackError("hash_conflict")
    return {"view": screens.publish_home(workspace, user.id, body).to_json()}


def _view(args: Args, wanted: str) -> dict[str, Any]:
    body = args.nested("view")
    if not isinstance(body, dict):
        raise bad_argument("view", "missing required field")
    found = [f"[ERROR] {one.message} [json-pointer:{one.pointer}]" for one in validate_view(body)]
    if body.get("type") != wanted:
        found.append(f"[ERROR] must be a {wanted} view [json-pointer:/type]")
    if found:
        raise SlackError("invalid_arguments", response_metadata={"messages": found})
    return body


def _find(workspace: Workspace, args: Args) -> View:
    external_id = args.text("external_id")
    for view in (*workspace.views.values(), *workspace.homes.values()):
        if view.id == args.text("view_id"):
            return view
        if external_id and view.body.get("external_id") == external_id:
            return view
    raise SlackError("not_found")


def _refuse_known_external_id(workspace: Workspace, body: dict[str, Any]) -> None:
    external_id = body.get("external_id")
    if external_id and any(
        view.body.get("external_id") == external_id for view in workspace.views.values()
    ):
        raise SlackError("duplicate_external_id")


METHODS = (
    Method(name="views.open", run=_open),
    Method(name="views.push", run=_push),
    Method(name="views.update", run=_update),
    Method(name="views.publish", run=_publish),
)
