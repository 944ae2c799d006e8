"""Robusta's findings in Slack, in its two layouts (shapes 6 and 7)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from bot.adapters.alerts import scopes, severities
from bot.adapters.alerts.keyed_text import keyed
from bot.adapters.alerts.post import without_emoji, without_links
from bot.adapters.alerts.shaping import shaped
from bot.adapters.alerts.values import NAME_CHARS, key_of, told
from bot.domain.alert import Alert, AlertObject, AlertScope, AlertSource, AlertStatus

if TYPE_CHECKING:
    from bot.adapters.alerts.post import Post

_FIRST: Final = re.compile(
    r"(?P<kind>Prometheus Alert Firing|Prometheus resolved|K8s event detected)\W*(?P<severity>\w*)",
    re.IGNORECASE,
)
_PREVIEW: Final = re.compile(r"\[(?P<status>[A-Za-z ]{2,30})\]\s*(?P<title>.{1,300})")
_CONTEXT: Final = re.compile(r"\b(Type|Severity|Cluster|Resource|Namespace)\s*:\s*")
_TABLE_ROW: Final = re.compile(
    r"[•*-]\s*([A-Za-z_]\w{0,100})[:\s]\s*(\S.{0,400})|([A-Za-z_]\w{0,100})\s*\|\s*(\S.{0,400})"
)
_RESOURCE_PARTS: Final = 3
_LABEL_HEADING: Final = re.compile(r"alert labels", re.IGNORECASE)


def read_robusta_post(post: Post) -> tuple[Alert, ...] | None:
    """Return the finding as one alert; None if the message has neither of the layouts."""
    lines = post.lines
    for at, entry in enumerate(lines[:10]):
        first = _FIRST.search(without_emoji(entry))
        if first is not None and at + 1 < len(lines):
            return (_finding(post, first, without_links(lines[at + 1])),)
        preview = _PREVIEW.fullmatch(without_emoji(entry))
        context = without_emoji(lines[at + 1]) if at + 1 < len(lines) else ""
        if preview is not None and {"Type", "Severity"} <= set(_CONTEXT.findall(context)):
            return (_previewed(post, preview, context),)
    return None


def _finding(post: Post, first: re.Match[str], title: str) -> Alert:
    keys = keyed(post.lines)
    labels = _labels(post)
    place = scopes.of_labels(labels)
    cluster = told(keys.get("source"), NAME_CHARS) or place.cluster or ""
    is_over = "resolved" in first["kind"].casefold()
    name = labels.get("alertname") or title
    return shaped(
        source=AlertSource.ROBUSTA,
        name=name,
        status=AlertStatus.RESOLVED if is_over else AlertStatus.FIRING,
        severity=severities.of_labels(labels, severities.of_word(first["severity"])),
        labels=labels,
        annotations={key: keys[key] for key in ("alert", "description") if key in keys}
        | {"title": title},
        # A title names the pod, whose name changes with every restart; the labels are cut to fit.
        identity={**(labels or {"title": title}), "cluster": cluster},
        group_key=key_of(AlertSource.ROBUSTA, cluster, name),
        scope=scopes.merged([AlertScope(cluster=cluster or None), place]),
        links=post.links,
        text=post.reading,
        is_partial="alertname" not in labels,
    )


def _previewed(post: Post, preview: re.Match[str], context: str) -> Alert:
    told_of = _CONTEXT.split(context)
    keys = dict(zip(told_of[1::2], (told(text) for text in told_of[2::2]), strict=False))
    title, cluster = preview["title"].strip(), keys.get("Cluster", "")
    is_over = preview["status"].strip().casefold() in {"resolved", "ok"}
    kind, namespace, named = _resource(keys.get("Resource", ""))
    namespace = keys.get("Namespace") or namespace
    return shaped(
        source=AlertSource.ROBUSTA,
        name=title,
        status=AlertStatus.RESOLVED if is_over else AlertStatus.FIRING,
        severity=severities.of_word(keys.get("Severity", "")),
        labels=_labels(post),
        annotations={"title": title},
        identity={"title": title, "cluster": cluster, "namespace": namespace, kind: named},
        group_key=key_of(AlertSource.ROBUSTA, cluster, title),
        scope=AlertScope(
            cluster=cluster or None,
            namespace=namespace or None,
            objects=(AlertObject(kind=kind, name=named),) if kind and named else (),
        ),
        links=post.links,
        text=post.reading,
        is_partial=True,
    )


def _resource(text: str) -> tuple[str, str, str]:
    """Return kind, namespace and name of `Pod/shop/api-1`, `deployment/api` or `shop/api`."""
    parts = [part for part in text.strip(" |").split("/") if part]
    if len(parts) == _RESOURCE_PARTS:
        return (parts[0].casefold(), parts[1], parts[2])
    if len(parts) == _RESOURCE_PARTS - 1:
        return (parts[0].casefold(), "", parts[1])
    return ("", "", "")


def _labels(post: Post) -> dict[str, str]:
    """Return the labels of the enrichment `Alert labels`: bullets, or rows of a table."""
    found: dict[str, str] = {}
    lines = list(post.lines)
    for at, entry in enumerate(lines):
        if _LABEL_HEADING.search(entry):
            for row in lines[at + 1 : at + 65]:
                match = _TABLE_ROW.fullmatch(row)
                if match is None:
                    break
                name, value = match[1] or match[3], match[2] or match[4]
                if name.casefold() not in {"label", "labels"}:
                    found.setdefault(name, value.strip(" `|"))
    return found
