"""Columns, and the small pieces of text that several printers share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.lab.estate import when

Object = dict[str, Any]
Cells = list[Any]

NONE = "<none>"
UNKNOWN = "<unknown>"
UNSET = "<unset>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column; priority 1 is shown with `-o wide` only."""

    name: str
    type: str = "string"
    format: str = ""
    priority: int = 0

    def definition(self) -> Object:
        """As a Table carries it."""
        return {
            "name": self.name,
            "type": self.type,
            "format": self.format,
            "description": "",
            "priority": self.priority,
        }


def columns(
    *names: str, wide: tuple[str, ...] = (), numbers: tuple[str, ...] = ()
) -> tuple[Column, ...]:
    """The named columns, the first being the object's name; `wide` ones come last."""
    return tuple(
        Column(
            name=name,
            type="integer" if name in numbers else "string",
            format="name" if name == "Name" else "",
            priority=1 if name in wide else 0,
        )
        for name in (*names, *wide)
    )


def age(stamp: str | None, now: float) -> str:
    """Time since an RFC 3339 stamp, as kubectl's AGE column."""
    return human_duration(now - when.read_stamp(stamp)) if stamp else UNKNOWN


def created(item: Object, now: float) -> str:
    return age(item["metadata"].get("creationTimestamp"), now)


def human_duration(seconds: float) -> str:
    """A duration with the precision of apimachinery's HumanDuration: "95s", "12m", "3d4h"."""
    total = int(seconds)
    if total < -1:
        return "<invalid>"
    if total < 120:
        return f"{max(0, total)}s"
    minutes, hours, days = total // 60, total // 3600, total // 86400
    if minutes < 10:
        return _pair(minutes, "m", total % 60, "s")
    if minutes < 180:
        return f"{minutes}m"
    if hours < 8:
        return _pair(hours, "h", minutes % 60, "m")
    if hours < 48:
        return f"{hours}h"
    if days < 8:
        return _pair(days, "d", hours % 24, "h")
    if days < 730:
        return f"{days}d"
    if days < 2920:
        return _pair(days // 365, "y", days % 365, "d")
    return f"{days // 365}y"


def _pair(large: int, large_unit: str, small: int, small_unit: str) -> str:
    return f"{large}{large_unit}{small}{small_unit}" if small else f"{large}{large_unit}"


def selector_text(selector: Object | None) -> str:
    """A label selector or a plain map of labels as `key=value,…`."""
    if not selector:
        return NONE
    if "matchLabels" not in selector and "matchExpressions" not in selector:
        return pairs(selector)
    terms = [f"{key}={value}" for key, value in sorted(selector.get("matchLabels", {}).items())]
    for expression in selector.get("matchExpressions", ()):
        values = ",".join(expression.get("values", ()))
        word = {"In": f" in ({values})", "NotIn": f" notin ({values})", "Exists": ""}
        operator = expression["operator"]
        key = expression["key"]
        terms.append(f"!{key}" if operator == "DoesNotExist" else key + word.get(operator, ""))
    return ",".join(terms) or NONE


def pairs(labels: Object | None) -> str:
    """Labels as `key=value,…`."""
    return ",".join(f"{key}={value}" for key, value in sorted((labels or {}).items())) or NONE


def container_cells(template: Object) -> Cells:
    """Names and images of a pod template's containers, each joined by commas."""
    containers = template["spec"]["containers"]
    return [
        ",".join(item["name"] for item in containers),
        ",".join(item["image"] for item in containers),
    ]


def joined(values: list[str], *, limit: int = 3) -> str:
    """Values by commas, with " + n more..." beyond the limit."""
    if not values:
        return NONE
    more = len(values) - limit
    text = ",".join(values[:limit])
    return f"{text} + {more} more..." if more > 0 else text
