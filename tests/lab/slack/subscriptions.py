"""Which events, commands and shortcuts the app's manifest declares.

It must not know the workspace; without a manifest everything is declared.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml


class Manifest:
    """An app manifest, read from a mapping or a YAML or JSON file; None means "everything"."""

    def __init__(self, source: dict[str, Any] | str | Path | None) -> None:
        self._body: dict[str, Any] | None
        if isinstance(source, str | Path):
            # JSON is YAML, so one reader serves both.
            self._body = yaml.safe_load(Path(source).read_text(encoding="utf-8"))
        else:
            self._body = source

    def subscribes(self, event: str) -> bool:
        """Return whether the bot asked for the event, e.g. `message.im` or `app_mention`."""
        if self._body is None:
            return True
        settings = self._body.get("settings") or {}
        return event in ((settings.get("event_subscriptions") or {}).get("bot_events") or [])

    def scopes(self) -> frozenset[str] | None:
        """Return the bot scopes asked for; None means all."""
        if self._body is None:
            return None
        oauth = self._body.get("oauth_config") or {}
        return frozenset((oauth.get("scopes") or {}).get("bot") or [])

    def declares_command(self, command: str) -> bool:
        """Return whether the slash command is the app's."""
        return self._lists("slash_commands", "command", command)

    def declares_shortcut(self, callback_id: str) -> bool:
        """Return whether the shortcut is the app's."""
        return self._lists("shortcuts", "callback_id", callback_id)

    def _lists(self, feature: str, key: str, wanted: str) -> bool:
        if self._body is None:
            return True
        rows = (self._body.get("features") or {}).get(feature) or []
        return any(row.get(key) == wanted for row in rows)
