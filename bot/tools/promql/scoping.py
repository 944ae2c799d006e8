"""Whether the asker may read what a query would touch: judged before any call to a server.

Whoever may not read all namespaces has to name one they may in every selector: labels are the
only thing that keeps one team's series apart from another's.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bot.domain.errors import OutOfReachError
from bot.tools.promql.selectors import in_quotes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.registry import Access
    from bot.tools.promql.guard import Expression
    from bot.tools.promql.selectors import Selector

NAMESPACE = "namespace"


def check_cluster(access: Access, cluster: str) -> None:
    """Return if anything of the cluster may be read; OutOfReachError if nothing may."""
    if not access.clusters((cluster,)):
        raise OutOfReachError(f"the asker may not read cluster {cluster}")


def check_access(expression: Expression, access: Access, cluster: str) -> None:
    """Return if every selector stays within namespaces the asker may read.

    Raises:
        OutOfReachError: One does not; the text says which, and what to add.
    """
    if access.may_read(cluster, None):
        return
    for selector in expression.selectors:
        check_selector(selector.text, selector.equal, access, cluster)


def check_selector(
    text: str, equal: Sequence[tuple[str, str]], access: Access, cluster: str
) -> None:
    """Return if the labels name a namespace the asker may read; OutOfReachError if not."""
    named = [value for label, value in equal if label == NAMESPACE]
    if not named:
        raise OutOfReachError(
            f"the asker may read only some namespaces of {cluster}, so every selector has to name"
            f' one: add {NAMESPACE}="…" to `{text}`; {_granted(access, cluster)}'
        )
    for namespace in named:
        if not access.may_read(cluster, namespace):
            raise OutOfReachError(
                f"the asker may not read namespace {namespace} of {cluster};"
                f" {_granted(access, cluster)}"
            )


def namespace_of(selectors: tuple[Selector, ...]) -> str | None:
    """Return the one namespace all selectors name; None if they name several or none."""
    named = {
        next((value for label, value in selector.equal if label == NAMESPACE), None)
        for selector in selectors
    }
    return named.pop() if len(named) == 1 else None


def readable_matcher(access: Access, cluster: str) -> str | None:
    """Return a matcher for the namespaces the asker may read; None if they may read all."""
    if access.may_read(cluster, None):
        return None
    patterns = access.namespaces(cluster)
    return f"{NAMESPACE}=~{in_quotes('|'.join(_as_expression(pattern) for pattern in patterns))}"


def _granted(access: Access, cluster: str) -> str:
    return f"readable there: namespaces {', '.join(access.namespaces(cluster))}"


def _as_expression(pattern: str) -> str:
    """Return a shell pattern of namespaces as a regular expression in RE2's syntax."""
    parts = re.split(r"(\*|\?|\[[^\]]*\])", pattern)
    return "".join(_as_part(part) for part in parts)


def _as_part(part: str) -> str:
    if part == "*":
        return ".*"
    if part == "?":
        return "."
    if part.startswith("[") and part.endswith("]"):
        return f"[^{part[2:]}" if part.startswith("[!") else part
    return re.escape(part).replace(r"\-", "-")
