"""What a person has open over their messages: a stack of modals, and the app's Home tab."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.lab.slack.records import Json, View
from tests.lab.slack.wire import with_ids

if TYPE_CHECKING:
    from tests.lab.slack.state import Workspace


def open_modal(workspace: Workspace, user: str, body: Json) -> View:
    """Open a modal on top of nothing; what was open is gone."""
    with workspace.changing():
        close_all(workspace, user)
        return push_modal(workspace, user, body)


def push_modal(workspace: Workspace, user: str, body: Json) -> View:
    """Open a modal on top of the one that shows."""
    with workspace.changing():
        stack = workspace.stacks.setdefault(user, [])
        view = _new(workspace, user, body)
        view.root_id = stack[0] if stack else view.id
        view.previous_id = stack[-1] if stack else ""
        stack.append(view.id)
        workspace.views[view.id] = view
        return view


def replace(workspace: Workspace, view: View, body: Json) -> View:
    """Show other contents in the same modal; the hash changes, what was typed is lost."""
    with workspace.changing():
        view.body = {**body, "blocks": with_ids(workspace, body.get("blocks") or [])}
        view.hash = _hash(workspace)
        view.errors, view.values = {}, {}
        return view


def publish_home(workspace: Workspace, user: str, body: Json) -> View:
    with workspace.changing():
        home = workspace.homes.get(user)
        if home is not None:
            return replace(workspace, home, body)
        home = _new(workspace, user, body)
        workspace.homes[user] = home
        return home


def close_top(workspace: Workspace, user: str) -> None:
    """Close the modal that shows; the one under it shows again."""
    with workspace.changing():
        stack = workspace.stacks.get(user, [])
        if stack:
            workspace.views.pop(stack.pop(), None)


def close_all(workspace: Workspace, user: str) -> None:
    with workspace.changing():
        for view_id in workspace.stacks.pop(user, []):
            workspace.views.pop(view_id, None)


def _new(workspace: Workspace, user: str, body: Json) -> View:
    stored = {**body, "blocks": with_ids(workspace, body.get("blocks") or [])}
    return View(id=workspace.new_id("V"), hash=_hash(workspace), user=user, body=stored)


def _hash(workspace: Workspace) -> str:
    return f"{workspace.clock.now():.0f}.{workspace.new_id('h')}"
