"""Alertmanager's JSON as the port's values; whatever does not fit is no answer of it.

Shapes: https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml
"""

from __future__ import annotations

from typing import Any

from bot.adapters.alerts.alertmanager_webhook import expression_of
from bot.adapters.servers.shape import ShapeError
from bot.domain.spans import moment
from bot.ports.alert_state import KnownAlert, KnownState, Labels


def known_alerts(answer: Any) -> tuple[KnownAlert, ...]:
    """Return the alerts of an answer, in its order."""
    if not isinstance(answer, list):
        raise ShapeError("JSON that is no list of alerts")
    try:
        return tuple(_alert(entry) for entry in answer)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ShapeError("an alert in another shape") from error


def _alert(entry: dict[str, Any]) -> KnownAlert:
    status = entry["status"]
    generator_url = _text(entry.get("generatorURL") or "")
    return KnownAlert(
        labels=_pairs(entry["labels"]),
        annotations=_pairs(entry.get("annotations") or {}),
        starts_at=moment(entry.get("startsAt")),
        state=KnownState(status["state"]),
        silenced_by=_texts(status.get("silencedBy")),
        inhibited_by=_texts(status.get("inhibitedBy")),
        fingerprint=_text(entry.get("fingerprint") or ""),
        generator_url=generator_url,
        expression=expression_of(generator_url),
    )


def _pairs(found: dict[str, Any]) -> Labels:
    return tuple(sorted((_text(name), _text(value)) for name, value in found.items()))


def _texts(found: list[Any] | None) -> tuple[str, ...]:
    return tuple(_text(one) for one in found or ())


def _text(found: Any) -> str:
    if not isinstance(found, str):
        raise ShapeError("a text that is none")
    return found
