"""Foreign values made safe to keep: bounded texts, real moments, addresses a browser may open.

Total: whatever comes in, something harmless comes out or None. It must not know any sender.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from bot.adapters.slack.text import clip, printable
from bot.domain.alert import AlertLink

MOST_ALERTS: Final = 500
"""Alerts read from one message; Alertmanager's groups are far smaller unless labels explode."""
MOST_LABELS: Final = 64
"""Prometheus refuses a sample at 64 labels in the larger hosted offers; rules have about ten."""
MOST_LINKS: Final = 20
NAME_CHARS: Final = 256
LABEL_CHARS: Final = 1_024
ANNOTATION_CHARS: Final = 2_000
TEXT_CHARS: Final = 4_000
GROUP_KEY_CHARS: Final = 512
MOST_PARAMETERS: Final = 60
URL_CHARS: Final = 2_048
"""CloudWatch and Grafana addresses with a query in them reach about 1,500."""

# Before 2001 a moment is a default, such as Alertmanager's year 0001 for an end that has not come.
_EARLIEST_S: Final = 978_307_200
# After 2100 a number of seconds is one of milliseconds.
_LATEST_S: Final = 4_102_444_800
_LABEL_NAME: Final = re.compile(r"[^\s\x00-\x1f]{1,128}")
_IN_URL: Final = re.compile(r"[\x21-\x7e]{1,2048}")
_BLANK: Final = frozenset({"", "none", "null", "<none>", "<nil>", "<no value>", "<unknown>", "n/a"})


def line(value: object, limit: int = LABEL_CHARS) -> str:
    """Return a text or a number as one line; empty for anything else."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        # Python refuses to write numbers of more than 4,300 digits.
        return str(value) if value.bit_length() < LABEL_CHARS else ""
    if isinstance(value, float):
        return f"{value:g}" if math.isfinite(value) else ""
    if not isinstance(value, str):
        return ""
    return clip(" ".join(printable(value[: limit * 4]).split()), limit)


def told(value: object, limit: int = LABEL_CHARS) -> str:
    """Return the line, or nothing where the sender only says that it knows nothing."""
    text = line(value, limit).strip("`'\" ")
    return "" if text.casefold() in _BLANK else text


def prose(value: object, limit: int = TEXT_CHARS) -> str:
    """Return a text with its lines kept, bounded."""
    return clip(printable(value[: limit * 2]).strip(), limit) if isinstance(value, str) else ""


def pairs(value: object, limit: int = LABEL_CHARS) -> dict[str, str]:
    """Return an object's plain fields as labels or annotations; nested ones are left out."""
    if not isinstance(value, Mapping):
        return {}
    found: dict[str, str] = {}
    for name, content in value.items():
        if len(found) == MOST_LABELS:
            break
        if isinstance(name, str) and _LABEL_NAME.fullmatch(name):
            text = prose(content, limit) if isinstance(content, str) else line(content, limit)
            if text:
                found[printable(name)] = text
    return found


def objects(value: object, most: int = MOST_ALERTS) -> list[Mapping[str, Any]]:
    """Return the objects of a list, at most so many; empty for anything else."""
    if not isinstance(value, Sequence) or isinstance(value, str | bytes):
        return []
    return [entry for entry in value[:most] if isinstance(entry, Mapping)]


def moment(value: object) -> datetime | None:
    """Return an ISO 8601 text, or seconds or milliseconds since the epoch, in UTC.

    None for anything else, and for the year 0001 that means "not yet".
    """
    try:
        if isinstance(value, str) and not value.strip().replace(".", "", 1).isdecimal():
            found = datetime.fromisoformat(value.strip()[:64])
            found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
        elif isinstance(value, str | int | float) and not isinstance(value, bool):
            seconds = float(value)
            found = datetime.fromtimestamp(
                seconds / 1000 if seconds > _LATEST_S else seconds, tz=UTC
            )
        else:
            return None
    except (ValueError, OverflowError, OSError):
        return None
    return found if _EARLIEST_S <= found.timestamp() < _LATEST_S else None


def link(title: str, url: object) -> Iterator[AlertLink]:
    """Yield the link if a browser may safely open it: http or https, with a host, no password."""
    if not isinstance(url, str) or not _IN_URL.fullmatch(url):
        return
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return
    if parts.scheme in {"http", "https"} and host and "@" not in parts.netloc:
        yield AlertLink(title=line(title, 80) or host, url=url)


def host_of(url: object) -> str:
    """Return the host of an address in lower case; empty when it is none."""
    if not isinstance(url, str):
        return ""
    try:
        return urlsplit(url[:URL_CHARS]).hostname or ""
    except ValueError:
        return ""


def query_of(url: object) -> dict[str, str]:
    """Return the parameters of an address, the first of each name; empty when there are none."""
    if not isinstance(url, str):
        return {}
    try:
        query = parse_qs(urlsplit(url[: URL_CHARS * 2]).query, max_num_fields=MOST_PARAMETERS)
    except ValueError:
        return {}
    return {name: values[0] for name, values in query.items()}


def key_of(*parts: object) -> str:
    """Return parts joined into one key; a long key ends in a digest, so that it stays distinct."""
    key = "|".join(line(part, URL_CHARS) for part in parts)
    if len(key) <= GROUP_KEY_CHARS:
        return key
    digest = hashlib.sha256(key.encode()).hexdigest()[:16]
    return f"{key[: GROUP_KEY_CHARS - len(digest) - 1]}#{digest}"
