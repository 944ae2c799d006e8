"""Which label of a log server names the namespace, and whether the asker may read what is named.

Whoever may not read all namespaces has to name those they mean: labels are the only thing that
keeps one team's lines apart from another's. Rule LQ3.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from bot.domain.errors import OutOfReachError
from bot.tools.promql.scoping import check_cluster
from bot.tools.refusal import refuse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.registry import Access
    from bot.tools.logql.syntax import LogQuery, Matcher

NAMESPACE_LABELS = (
    "namespace",
    "k8s_namespace_name",
    "kubernetes_namespace_name",
    "kubernetes_namespace",
    "namespace_name",
)
"""What collectors call it: Promtail and Alloy, OpenTelemetry, OpenShift, Vector, Fluent Bit; a
server is read by the first it has."""

_ALTERNATIVES = re.compile(r"[a-z0-9-]{1,63}(?:\|[a-z0-9-]{1,63}){0,30}")


def namespace_label(labels: Sequence[str]) -> str | None:
    """Return the label that names the namespace; None if no stream has one."""
    return next((name for name in NAMESPACE_LABELS if name in labels), None)


def placed(query: LogQuery, label: str | None) -> LogQuery:
    """Return the query with the namespace under the name this server has for it."""
    if label is None:
        return query
    matchers = tuple(
        replace(one, label=label) if one.label in NAMESPACE_LABELS else one
        for one in query.matchers
    )
    return replace(query, matchers=matchers)


def check_access(query: LogQuery, access: Access, cluster: str) -> None:
    """Return if the query stays within namespaces the asker may read.

    Raises:
        ToolError: It does not; the text says what to name instead.
    """
    check_cluster(access, cluster)
    if access.may_read(cluster, None):
        return
    granted = f"readable there: namespaces {', '.join(access.namespaces(cluster))}"
    named = namespaces_of(query)
    if not named:
        raise refuse(
            "LQ3",
            f"the asker may read only some namespaces of {cluster}, so the query has to name one;"
            f" {granted}",
            '{namespace="…"}, or {namespace=~"one|another"}',
        )
    for namespace in named:
        if not access.may_read(cluster, namespace):
            raise OutOfReachError(
                f"the asker may not read namespace {namespace} of {cluster}; {granted}", rule="LQ3"
            )


def namespaces_of(query: LogQuery) -> tuple[str, ...]:
    """Return the namespaces the query is limited to; none when it is not."""
    return tuple(
        name for one in query.matchers if one.label in NAMESPACE_LABELS for name in _named(one)
    )


def _named(matcher: Matcher) -> tuple[str, ...]:
    if matcher.sign == "=":
        return (matcher.value,)
    if matcher.sign == "=~" and _ALTERNATIVES.fullmatch(matcher.value):
        # Loki matches the whole value, so these are all there can be.
        return tuple(matcher.value.split("|"))
    return ()
