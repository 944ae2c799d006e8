"""The one place where an Alert is made: everything bounded, secrets masked, identity computed.

Parsers hand in what they read; this gives it the promises that bot.domain.alert makes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from bot.adapters.alerts import scopes
from bot.adapters.alerts.values import (
    ANNOTATION_CHARS,
    LABEL_CHARS,
    MOST_LINKS,
    NAME_CHARS,
    TEXT_CHARS,
    key_of,
    line,
    pairs,
    prose,
)
from bot.adapters.slack.text import clip, neutral_markdown
from bot.domain.alert import Alert, AlertLink, AlertScope, AlertSource, AlertStatus, Severity
from bot.domain.alert_identity import fingerprint_of
from bot.domain.secret_text import mask

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

_NO_LABELS: Final[Mapping[str, str]] = {}
_FINGERPRINT: Final = re.compile(r"[0-9a-fA-F]{8,64}")
_MOST_COUNT: Final = 1_000_000
_AHEAD: Final = 2
"""As many times what is kept is masked before it is cut: a bound may halve a secret."""


def shaped(  # noqa: D417 - the others are Alert's own fields
    *,
    source: AlertSource,
    name: str,
    status: AlertStatus,
    severity: Severity,
    labels: Mapping[str, str] = _NO_LABELS,
    annotations: Mapping[str, str] = _NO_LABELS,
    identity: Mapping[str, str] | None = None,
    fingerprint: object = None,
    group_key: str = "",
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    scope: AlertScope | None = None,
    links: Iterable[AlertLink] = (),
    text: str = "",
    expression: str = "",
    is_partial: bool = False,
    count: int = 1,
) -> Alert:
    """Return the alert.

    Args:
        identity: what tells it from others of its name, where that is not the labels.
        fingerprint: the sender's own; taken if it is one in hexadecimal.
        group_key: without it, source and name are the group.
        scope: without it, the labels tell.
    """
    name = line(name, NAME_CHARS) or "unnamed alert"
    told, labels = labels, pairs(labels, LABEL_CHARS)
    own = (
        fingerprint if isinstance(fingerprint, str) and _FINGERPRINT.fullmatch(fingerprint) else ""
    )
    return Alert(
        source=source,
        name=name,
        status=status,
        severity=severity,
        fingerprint=own.lower()
        or fingerprint_of(source, name, labels if identity is None else identity),
        group_key=key_of(group_key) or key_of(source, name),
        labels=_masked(told, LABEL_CHARS),
        annotations=_masked(annotations, ANNOTATION_CHARS),
        starts_at=starts_at,
        ends_at=ends_at,
        scope=scopes.of_labels(labels) if scope is None else scope,
        links=_once(links),
        text=prose(mask(neutral_markdown(prose(text, _AHEAD * TEXT_CHARS))), TEXT_CHARS),
        expression=clip(mask(prose(expression, _AHEAD * ANNOTATION_CHARS)), ANNOTATION_CHARS),
        is_partial=is_partial,
        count=min(max(count, 1), _MOST_COUNT),
    )


def _masked(values: Mapping[str, str], limit: int) -> dict[str, str]:
    return {key: clip(mask(value), limit) for key, value in pairs(values, _AHEAD * limit).items()}


def _once(links: Iterable[AlertLink]) -> tuple[AlertLink, ...]:
    """Return each address once, under the first title it was given."""
    by_url: dict[str, AlertLink] = {}
    for found in links:
        by_url.setdefault(found.url, found)
        if len(by_url) == MOST_LINKS:
            break
    return tuple(by_url.values())
