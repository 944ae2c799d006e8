"""Calls that open and fill modals and the home tab, checked against Slack's limits first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.adapters.slack.calls_part import CallsPart, Json
from bot.adapters.slack.degrade import openable

if TYPE_CHECKING:
    from bot.domain.conversation import PersonId


class ViewCalls(CallsPart):
    """Modals and the home tab."""

    def open_view(self, trigger_id: str, view: Json) -> str:
        """Open a modal and return its id; the trigger is valid for 3 seconds and once."""
        checked = self._checked_view(view)
        answer = self._caller.call(
            "views.open",
            lambda: self._client.views_open(trigger_id=trigger_id, view=checked),
        )
        return str((answer.get("view") or {}).get("id") or "")

    def update_view(self, view_id: str, view: Json) -> None:
        """Replace a modal that is open; one closed meanwhile raises SlackRefusedError."""
        checked = self._checked_view(view)
        self._caller.call(
            "views.update", lambda: self._client.views_update(view_id=view_id, view=checked)
        )

    def publish_home(self, person: PersonId, view: Json) -> None:
        """Replace the person's home tab."""
        checked = self._checked_view(view)
        self._caller.call(
            "views.publish", lambda: self._client.views_publish(user_id=person, view=checked)
        )

    def _checked_view(self, view: Json) -> Json:
        checked, broken = openable(view)
        if broken:
            self._log.warning(
                "slack_view_degraded",
                rules=[f"{one.pointer} {one.code}" for one in broken[:10]],
            )
        return checked
