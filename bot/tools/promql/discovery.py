"""What metrics there are: names found by words, a metric's labels, an alert rule's expression.

Ranking is plain counting, so that it can be explained; texts are the server's own.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rapidfuzz import process as closest

from bot.domain.evidence import EvidenceState, Grid
from bot.tools.answer import Answer, empty, table_text
from bot.tools.promql.durations import spelled
from bot.tools.promql.labelling import label_text, value
from bot.tools.promql.selectors import NAME

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.ports.metrics import ActiveAlert, LabelSets, MetricMeaning, Rule

SOURCE = "metrics"
MAX_FOUND = 30
MAX_RULES = 5
MAX_EXAMPLES = 8
_MAX_ALERTS = 10
_HELP_CHARS = 100
_ALIKE = 60  # percent; below it a suggestion only confuses
_WORD = re.compile(r"[a-z0-9]+")
_IN_NAME, _WITHIN_NAME, _IN_HELP = 4, 2, 1
# Words of a question that name no metric.
_STOP = frozenset({"a", "an", "and", "by", "for", "in", "is", "of", "on", "or", "per", "the", "to"})


def named(words: str, rules: Sequence[Rule]) -> list[Rule]:
    """Return the rules whose names the words contain, exact matches first, at most a handful."""
    wanted = set(_WORD.findall(words.casefold()))
    exact = [rule for rule in rules if rule.name.casefold() in wanted]
    return exact[:MAX_RULES]


def ranked(words: str, names: Sequence[str], meanings: Mapping[str, MetricMeaning]) -> list[str]:
    """Return names by how many of the words they and their help hold, best first."""
    wanted = [word for word in _WORD.findall(words.casefold()) if word not in _STOP]
    scores = {}
    for name in names:
        known = meaning_of(name, meanings)
        scores[name] = _score(wanted, name, known.help if known else "")
    found = sorted(
        (name for name in names if scores[name]),
        key=lambda name: (-scores[name], len(name), name),
    )
    if found or not wanted:
        return found
    near = closest.extract("_".join(wanted), names, limit=MAX_FOUND // 3, score_cutoff=_ALIKE)
    return [name for name, _, _ in near]


def names_answer(
    words: str, found: Sequence[str], meanings: Mapping[str, MetricMeaning], rules: Sequence[Rule]
) -> Answer:
    """Return metrics with what they mean, and rules with their expressions."""
    if not found and not rules:
        return empty(
            SOURCE,
            f"no metric's name or help, and no rule, has any of: {value(words)}. Try other words,"
            " such as cpu, memory, restarts, requests, errors, latency, queue",
        )
    shown = found[:MAX_FOUND]
    rows = tuple(
        (name, known.type if known else "", _said(known))
        for name, known in ((name, meaning_of(name, meanings)) for name in shown)
    )
    grid = Grid(columns=("METRIC", "TYPE", "HELP"), rows=rows)
    parts = [table_text(grid)] if rows else []
    parts += [rule_text(rule) for rule in rules]
    cut = len(found) - len(shown)
    if cut:
        parts.append(f"CUT: {cut} more; add a word, or give a name to see its labels")
    return Answer(
        source=SOURCE,
        body="\n".join(parts),
        state=EvidenceState.TRUNCATED if cut else EvidenceState.OK,
        rows=len(rows),
        cut_bytes=sum(len(name) for name in found[MAX_FOUND:]),
        grid=grid if rows else None,
    )


def labels_answer(
    selector: str, found: LabelSets, meaning: MetricMeaning | None, *, limit: int
) -> Answer:
    """Return a metric's labels, each with how many values it has and some of them."""
    values: dict[str, set[str]] = {}
    for labels in found.items:
        for label, text in labels:
            if label != NAME:
                values.setdefault(label, set()).add(text)
    rows = tuple(
        (label, str(len(texts)), _examples(texts))
        for label, texts in sorted(values.items(), key=lambda pair: (len(pair[1]), pair[0]))
    )
    grid = Grid(columns=("LABEL", "VALUES", "EXAMPLES"), rows=rows)
    count = f"more than {limit}" if found.more else str(len(found.items))
    head = f"{selector}: {count} series in the last hour"
    if meaning is not None:
        head += f"; {meaning.type}: {value(meaning.help)}"
    parts = [head, table_text(grid)]
    if found.more:
        parts.append(f"CUT: counts are of the first {limit} series; name a label to see the rest")
    return Answer(
        source=SOURCE,
        body="\n".join(parts),
        state=EvidenceState.TRUNCATED if found.more else EvidenceState.OK,
        rows=len(rows),
        cut_bytes=1 if found.more else 0,
        grid=grid,
    )


def rules_answer(
    rules: Sequence[Rule], alerts: Sequence[ActiveAlert], *, hidden: int = 0
) -> Answer:
    """Return rules with their expressions and the alerts they have raised."""
    parts = [rule_text(rule) for rule in rules]
    names = {rule.name for rule in rules}
    active = [alert for alert in alerts if dict(alert.labels).get("alertname") in names]
    for alert in active[:_MAX_ALERTS]:
        since = f" since {alert.active_since:%Y-%m-%dT%H:%M:%SZ}" if alert.active_since else ""
        parts.append(
            f"{alert.state}{since}, value {value(alert.value)}: {label_text(alert.labels)}"
        )
    if not active and any(rule.is_alert for rule in rules):
        parts.append(
            "active alerts: none that the asker may read" if hidden else "active alerts: none"
        )
    cut = max(0, len(active) - _MAX_ALERTS)
    if cut:
        parts.append(f"CUT: {cut} more active alerts")
    return Answer(
        source="rules",
        body="\n".join(parts),
        state=EvidenceState.TRUNCATED if cut else EvidenceState.OK,
        rows=len(rules) + len(active[:_MAX_ALERTS]),
        cut_bytes=cut,
    )


def rule_text(rule: Rule) -> str:
    """Return a rule as its file would have it, in a few lines."""
    kind = "alert" if rule.is_alert else "record"
    lines = [f"{kind} {value(rule.name)}" + (f" ({rule.state})" if rule.state else "")]
    # The expression is whole: cut, it could not be tried.
    lines.append(f"  expr: {' '.join(rule.query.split())}")
    if rule.for_s:
        lines.append(f"  for: {spelled(rule.for_s)}")
    if rule.labels:
        lines.append(f"  labels: {label_text(rule.labels)}")
    lines += [f"  {name}: {value(text)}" for name, text in rule.annotations]
    if rule.health not in {"", "ok", "unknown"}:
        lines.append(f"  health: {value(rule.health)}; its evaluation fails")
    return "\n".join(lines)


def _score(wanted: Sequence[str], name: str, help_text: str) -> int:
    parts = set(_WORD.findall(name.casefold()))
    in_help = set(_WORD.findall(help_text.casefold()))
    lowered = name.casefold()
    return sum(
        _IN_NAME
        if word in parts or word.removesuffix("s") in parts or f"{word}s" in parts
        else _WITHIN_NAME
        if word in lowered
        else _IN_HELP * (word in in_help)
        for word in wanted
    )


def _examples(texts: set[str]) -> str:
    shown = [value(text) or '""' for text in sorted(texts)[:MAX_EXAMPLES]]
    return ", ".join(shown) + (", …" if len(texts) > MAX_EXAMPLES else "")


def meaning_of(name: str, meanings: Mapping[str, MetricMeaning]) -> MetricMeaning | None:
    """Return what is known of a metric; a histogram's parts share the whole one's."""
    if name in meanings:
        return meanings[name]
    for ending in ("_bucket", "_count", "_sum", "_total"):
        if name.endswith(ending) and (whole := name.removesuffix(ending)) in meanings:
            return meanings[whole]
    return None


def _said(known: MetricMeaning | None) -> str:
    said = value(known.help) if known else ""
    return said if len(said) <= _HELP_CHARS else f"{said[: _HELP_CHARS - 1]}…"
