"""Values that stand beside a name: which of them are settings, and which have to be hidden.

An environment's values are hidden unless name and value together say that they cannot be a
credential, because a value that stands alone cannot be recognised. What only refers to a secret
(its ARN, its name) stays: that is what explains a fault.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from bot.domain.secret_text import tells_a_secret

if TYPE_CHECKING:
    from collections.abc import Callable

_ARN = re.compile(r"arn:[\w-]{3,20}:[\w-]{2,40}:[\w-]{0,30}:\d{0,12}:[\w+=,.@:/*-]{1,512}")
# The name of a secret, parameter or resource, not its value.
_NAMES = re.compile(
    r"(?i)(?:^|[_-])(?:secret|param(?:eter)?|table|queue|topic|bucket|stream|function|cluster"
    r"|stage|env(?:ironment)?|region|service)[_-]?(?:name|id|path|arn)?$"
)
_NAME = re.compile(r"[A-Za-z0-9/_.-]{1,128}")
# A run of letters with digits among them, as no name of a resource has it but keys do.
_RANDOM = re.compile(r"(?=[A-Za-z0-9+]*\d[A-Za-z0-9+]*[A-Za-z])[A-Za-z0-9+]{16,}")
_HARMLESS = (
    (
        re.compile(
            r"(?i)(?:^|[_-])(?:port|timeout|interval|ms|seconds|size|count|workers|threads|replicas"
            r"|retries|concurrency|limit|ttl|max|min)$"
        ),
        re.compile(r"\d{1,6}(?:ms|s|m|h|Mi|Gi|MB|GB)?"),
    ),
    (
        re.compile(r"(?i)(?:^|[_-])(?:enabled?|disabled?|debug|verbose)$"),
        re.compile(r"true|false|0|1"),
    ),
    (
        re.compile(r"(?i)(?:^|[_-])log_?level$"),
        re.compile(r"(?i)trace|debug|info|notice|warn|warning|error|fatal"),
    ),
    (
        re.compile(r"(?i)(?:^|[_-])(?:host|hostname|addr|address|endpoint)$"),
        re.compile(r"(?:[a-z0-9-]{1,63}\.){1,6}(?:internal|local|amazonaws\.com)(?::\d{1,5})?"),
    ),
    (
        re.compile(r"(?i)(?:^|[_-])(?:version|release|tag|handler|runtime|tz|java_tool_options)$"),
        re.compile(r"v?\d{1,4}(?:\.\d{1,4}){0,3}|UTC"),
    ),
)


def kept(name: str, value: Any, hide: Callable[[str], str]) -> Any:
    """Return a variable's value if it can be no credential, else what `hide` makes of it."""
    text = value if isinstance(value, str) else str(value)
    if not text or text.startswith("\u2039") or is_setting(name, text):
        return value
    return hide(text)


def is_setting(name: str, value: str) -> bool:
    """Tell whether name and value together say that this is no credential."""
    if _ARN.fullmatch(value):
        return True
    if _NAMES.search(name) and _NAME.fullmatch(value) and not _RANDOM.search(value):
        return name.casefold().endswith(("name", "id", "path", "arn")) or not tells_a_secret(name)
    return any(names.search(name) and values.fullmatch(value) for names, values in _HARMLESS)
