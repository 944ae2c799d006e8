"""The app manifest: the file beside this module, for Socket Mode or for one public address."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import yaml


def manifest(*, public_url: str | None = None) -> dict[str, Any]:
    """Return the manifest; with a public address it is the one for signed HTTP.

    Args:
        public_url: where Slack reaches `/slack/events`, such as `https://bot.example.com`.
    """
    text = files("bot.adapters.slack").joinpath("manifest.yaml").read_text(encoding="utf-8")
    content: dict[str, Any] = yaml.safe_load(text)
    if public_url is None:
        return content
    address = f"{public_url.rstrip('/')}/slack/events"
    settings = content["settings"]
    settings["socket_mode_enabled"] = False
    settings["event_subscriptions"]["request_url"] = address
    settings["interactivity"]["request_url"] = address
    for command in content["features"]["slash_commands"]:
        command["url"] = address
    return content


def as_yaml(*, public_url: str | None = None) -> str:
    """Return the manifest as text to paste into Slack."""
    return yaml.safe_dump(manifest(public_url=public_url), sort_keys=False, allow_unicode=True)
