"""The workspace every test starts with: four people, a bot, four channels, two user groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.lab.slack.records import BOT_NAME, BOT_USER_ID, Channel, Group, User

if TYPE_CHECKING:
    from tests.lab.slack.state import Workspace

ANA = "U0LABANA1"
MARTA = "U0LABMAR1"
TOM = "U0LABTOM1"
GUS = "U0LABGUS1"
ALERTS = "C0LABALR1"
ONCALL_GROUP = "S0LABONC1"
MANAGERS_GROUP = "S0LABMGR1"


def seed(workspace: Workspace) -> None:
    """Fill an empty workspace."""
    people = [
        User(id=ANA, name="ana", real_name="Ana Petrova", title="On-call engineer"),
        User(id=MARTA, name="marta", real_name="Marta Silva", title="Engineering manager"),
        User(id=TOM, name="tom", real_name="Tom Reed", title="Sales"),
        User(
            id=GUS,
            name="gus",
            real_name="Gus Contractor",
            title="Single-channel guest",
            is_restricted=True,
            is_ultra_restricted=True,
        ),
        User(id=BOT_USER_ID, name=BOT_NAME, real_name="Nightdesk", is_bot=True),
    ]
    workspace.users.update({user.id: user for user in people})
    staff = [ANA, MARTA, TOM]
    rooms = [
        Channel(id="C0LABONC1", name="oncall", members=[*staff, BOT_USER_ID]),
        Channel(id="C0LABPAY1", name="payments", members=[*staff, GUS, BOT_USER_ID]),
        Channel(id=ALERTS, name="alerts", members=[*staff, BOT_USER_ID]),
        Channel(id="C0LABRND1", name="random", members=list(staff)),
    ]
    rooms += [
        Channel(id=f"D{user[1:]}", name="", kind="im", peer=user, members=[user, BOT_USER_ID])
        for user in (ANA, MARTA, TOM, GUS)
    ]
    workspace.channels.update({room.id: room for room in rooms})
    for group in (
        Group(id=ONCALL_GROUP, handle="oncall", name="On call", users=[ANA]),
        Group(id=MANAGERS_GROUP, handle="managers", name="Managers", users=[MARTA]),
    ):
        workspace.groups[group.id] = group
