"""What a Web API method is: its name, its code, and what it asks of the token."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from tests.lab.slack.args import Args
from tests.lab.slack.records import Json
from tests.lab.slack.state import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """`scopes`: one of them must be granted; `token`: which kind of token may call it."""

    name: str
    run: Callable[[Workspace, Args], Json]
    scopes: tuple[str, ...] = ()
    token: Literal["bot", "app", "none"] = "bot"


def paged(rows: list[Json], args: Args, *, key: str, default: int = 100) -> Json:
    """Return one page and the cursor of the next, as cursor-based methods answer."""
    limit = max(1, min(1000, int(args.number("limit", default))))
    cursor = args.text("cursor")
    start = int(cursor.removeprefix("at:")) if cursor.startswith("at:") else 0
    more = start + limit < len(rows)
    return {
        key: rows[start : start + limit],
        "has_more": more,
        "response_metadata": {"next_cursor": f"at:{start + limit}" if more else ""},
    }
