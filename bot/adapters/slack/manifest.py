"""The app manifest: the file beside this module, as people paste it into Slack."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import yaml


def manifest() -> dict[str, Any]:
    """Return the manifest."""
    text = files("bot.adapters.slack").joinpath("manifest.yaml").read_text(encoding="utf-8")
    content: dict[str, Any] = yaml.safe_load(text)
    return content
