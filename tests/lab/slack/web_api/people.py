"""users.* and usergroups.*: who is who, and who belongs to which group."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.lab.slack.errors import SlackError
from tests.lab.slack.web_api.registry import Method, paged

if TYPE_CHECKING:
    from tests.lab.slack.args import Args
    from tests.lab.slack.records import Json
    from tests.lab.slack.state import Workspace


def _show(workspace: Workspace, args: Args) -> Json:
    return {"user": workspace.user(args.required("user")).to_json()}


def _list(workspace: Workspace, args: Args) -> Json:
    rows = [user.to_json() for user in workspace.users.values()]
    page = paged(rows, args, key="members")
    return {**page, "cache_ts": int(workspace.clock.now())}


def _by_email(workspace: Workspace, args: Args) -> Json:
    wanted = args.required("email")
    for user in workspace.users.values():
        row = user.to_json()
        if row["profile"]["email"] == wanted and not user.deleted:
            return {"user": row}
    raise SlackError("users_not_found")


def _profile(workspace: Workspace, args: Args) -> Json:
    return {"profile": workspace.user(args.required("user")).to_json()["profile"]}


def _groups(workspace: Workspace, args: Args) -> Json:
    rows = [
        group.to_json(
            include_users=args.flag("include_users"), include_count=args.flag("include_count")
        )
        for group in workspace.groups.values()
        if args.flag("include_disabled") or not group.disabled
    ]
    return {"usergroups": rows}


def _group_users(workspace: Workspace, args: Args) -> Json:
    group = workspace.groups.get(args.required("usergroup"))
    if group is None or (group.disabled and not args.flag("include_disabled")):
        raise SlackError("no_such_subteam")
    return {"users": list(group.users)}


_USERS = ("users:read",)
_GROUPS = ("usergroups:read",)
METHODS = (
    Method(name="users.info", run=_show, scopes=_USERS),
    Method(name="users.list", run=_list, scopes=_USERS),
    Method(name="users.lookupByEmail", run=_by_email, scopes=("users:read.email",)),
    Method(name="users.profile.get", run=_profile, scopes=("users.profile:read",)),
    Method(name="usergroups.list", run=_groups, scopes=_GROUPS),
    Method(name="usergroups.users.list", run=_group_users, scopes=_GROUPS),
)
