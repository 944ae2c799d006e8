"""The samples of this folder by name, whole or with fields replaced.

A Slack sample (`*.yaml`) is a message as the Web API takes it; `slack_event` wraps it as the Events
API delivers it. A webhook's (`*.json`) is the body. Written by hand from the senders' documents.
"""

from __future__ import annotations

import copy
import json
from functools import cache
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent
CHANNEL = "C0ALERTS01"
TS = "1795262400.000100"
"""2026-11-21 12:00:00 UTC."""
TEAM = "T0LAB00001"


def slack_samples() -> list[str]:
    """Return the names of all Slack samples."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def webhook_samples() -> list[str]:
    """Return the names of all webhook samples; each begins with its road's name."""
    return sorted(path.stem for path in FOLDER.glob("*.json"))


def message(name: str, **overrides: Any) -> dict[str, Any]:
    """Return a Slack sample as chat.postMessage takes it."""
    found: dict[str, Any] = copy.deepcopy(_yaml(name))
    return found | overrides


def slack_event(name: str, **overrides: Any) -> dict[str, Any]:
    """Return a Slack sample as an Events API message, of a bot, in a channel."""
    return _event(message(name)) | overrides


def edited(event: dict[str, Any], **overrides: Any) -> dict[str, Any]:
    """Return the `message_changed` event that changes a message; its ts stays."""
    changed = {key: value for key, value in event.items() if key != "channel"} | overrides
    return {
        "type": "message",
        "subtype": "message_changed",
        "hidden": True,
        "channel": event["channel"],
        "ts": f"{float(event['ts']) + 60:.6f}",
        "message": changed | {"edited": {"user": "B0SENDER01", "ts": "1795262460.000000"}},
        "previous_message": event,
    }


def webhook_body(name: str, **overrides: Any) -> dict[str, Any]:
    """Return a webhook sample's body."""
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    return found | overrides


def sns_envelope(message_body: dict[str, Any] | str, **overrides: Any) -> dict[str, Any]:
    """Return an SNS notification, not signed, around a message."""
    text = message_body if isinstance(message_body, str) else json.dumps(message_body)
    return webhook_body("sns_alarm") | {"Message": text} | overrides


def _event(sample: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "message",
        "subtype": "bot_message",
        "text": "",
        "channel": CHANNEL,
        "ts": TS,
        "team": TEAM,
        "bot_id": "B0SENDER01",
        "app_id": "A0SENDER01",
    } | sample


@cache
def _yaml(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((FOLDER / f"{name}.yaml").read_text("utf-8"))
    return found
