"""What a person says is broken (shape 15), as an alert: no rule fired, somebody noticed.

Places are taken only where the words name their kind; what `checkout` or `prod-eu` is, is the
registry's to know.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from bot.adapters.alerts import scopes, severities
from bot.adapters.alerts.post import links_in, unmarked
from bot.adapters.alerts.shaping import shaped
from bot.adapters.alerts.values import TEXT_CHARS, key_of, moment, prose
from bot.adapters.slack.text import clip
from bot.domain.alert import Alert, AlertObject, AlertScope, AlertSource, AlertStatus, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME_CHARS: Final = 80
_WORD: Final = r"[`'\"]?(?P<name>[A-Za-z0-9][\w.-]{0,200}?)[`'\"]?(?=[\s,;:!?)]|\.?$|\.\s)"
_KINDS: Final = {
    "pod": "pod", "deployment": "deployment", "deploy": "deployment",
    "statefulset": "statefulset", "daemonset": "daemonset", "node": "node", "job": "job",
    "cronjob": "cronjob", "service": "service", "svc": "service", "ingress": "ingress",
    "function": "function", "lambda": "function", "queue": "queue", "database": "db_instance",
}  # fmt: skip
_KIND: Final = re.compile(rf"\b(?P<kind>{'|'.join(_KINDS)})[ /]{_WORD}", re.IGNORECASE)
_NAMESPACE: Final = re.compile(rf"(?:\bnamespace\s+|\bns\s+|(?<!\S)-n\s+){_WORD}", re.IGNORECASE)
_CLUSTER: Final = re.compile(rf"\bcluster\s+{_WORD}", re.IGNORECASE)
_ACCOUNT: Final = re.compile(r"\baccount\s+(\d{12})\b", re.IGNORECASE)
_REGION: Final = re.compile(r"\b[a-z]{2}(?:-gov)?-[a-z]{4,9}-\d\b")
_SUBJECT: Final = re.compile(
    r"^\W*(?:(?:our|the)\s+)?(?P<name>[A-Za-z0-9][\w.-]{1,200})\s+(?:is|are|was|has|keeps|returns|"
    r"fails|answers|seems|looks|cannot|can't|throws|gives)\b",
    re.IGNORECASE,
)
_GLUE: Final = frozenset(
    [
        "it",
        "this",
        "that",
        "there",
        "something",
        "everything",
        "nothing",
        "somebody",
        "someone",
        "everyone",
        "what",
        "who",
        "why",
        "how",
        "when",
        "where",
        "here",
        "service",
        "pod",
        "node",
        "deployment",
        "cluster",
        "namespace",
        "everyone",
        "we",
        "you",
        "they",
        "i",
    ]
)
_NOT_NAMES: Final = frozenset(
    [
        "is",
        "are",
        "was",
        "has",
        "in",
        "on",
        "the",
        "a",
        "an",
        "and",
        "or",
        "keeps",
        "returns",
        "with",
        "of",
        "for",
        "to",
        "at",
        "since",
        "down",
        "not",
    ]
)
_GRAVE: Final = re.compile(
    r"\b(?:down|outage|unreachable|unavailable|5\d\d|5xx|cannot|can't|broken|crash\w*|fail\w*)\b",
    re.IGNORECASE,
)
_STAMP: Final = re.compile(r"\b\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:?\d{2})?")
_CLOCK: Final = re.compile(r"\bsince\s+(\d{1,2}):(\d{2})\s*(?:UTC|GMT|Z)\b", re.IGNORECASE)
_AGO: Final = re.compile(r"\b(\d{1,3})\s*(min|minute|minutes|h|hour|hours)\b", re.IGNORECASE)


def read_complaint(text: str, *, now: datetime | None = None) -> Alert:
    """Return what a person tells as a firing alert named by its first words.

    Args:
        text: as it was typed, in Slack's writing or plain.
        now: lets `since 10:20 UTC` and `for 20 minutes` become a moment; a clock time without a
            zone stays in the text only, since the person's own is not known.
    """
    plain = prose(unmarked(text[: TEXT_CHARS * 2]))
    first = next(iter(plain.splitlines()), "").strip()
    scope = _scope(plain)
    default = Severity.HIGH if _GRAVE.search(plain) else severities.UNSAID
    return shaped(
        source=AlertSource.PERSON,
        name=clip(first, NAME_CHARS) or "a person's complaint",
        status=AlertStatus.FIRING,
        severity=severities.of_words(plain, default),
        identity={"text": " ".join(plain.casefold().split())[:500]},
        group_key=key_of(AlertSource.PERSON, " ".join(plain.casefold().split())),
        starts_at=_since(plain, now),
        scope=scope,
        links=links_in(text),
        text=plain,
        is_partial=True,
    )


def _scope(text: str) -> AlertScope:
    region, account = _REGION.search(text), _ACCOUNT.search(text)
    return AlertScope(
        cluster=_named(_CLUSTER, text),
        account=account[1] if account else None,
        region=region[0] if region else None,
        namespace=_named(_NAMESPACE, text),
        objects=tuple(dict.fromkeys(_objects(text)))[: scopes.MOST_OBJECTS],
    )


def _named(pattern: re.Pattern[str], text: str) -> str | None:
    names = (found["name"] for found in pattern.finditer(text))
    return next((name for name in names if name.casefold() not in _NOT_NAMES), None)


def _objects(text: str) -> Iterator[AlertObject]:
    for found in _KIND.finditer(text):
        if found["name"].casefold() not in _NOT_NAMES:
            yield AlertObject(kind=_KINDS[found["kind"].casefold()], name=found["name"])
    subject = _SUBJECT.search(text)
    if subject is not None and subject["name"].casefold() not in _GLUE:
        yield AlertObject(kind="service", name=subject["name"])


def _since(text: str, now: datetime | None) -> datetime | None:
    stamp = _STAMP.search(text)
    if stamp is not None:
        return moment(stamp[0])
    if now is None:
        return None
    clock, ago = _CLOCK.search(text), _AGO.search(text)
    if clock is not None and int(clock[1]) < 24 and int(clock[2]) < 60:  # noqa: PLR2004 - a clock
        today = now.astimezone(UTC).replace(
            hour=int(clock[1]), minute=int(clock[2]), second=0, microsecond=0
        )
        return today if today <= now else today - timedelta(days=1)
    if ago is not None:
        is_hours = ago[2].casefold().startswith("h")
        return now - (timedelta(hours=int(ago[1])) if is_hours else timedelta(minutes=int(ago[1])))
    return None
