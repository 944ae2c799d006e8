"""What `find_metrics` reads: the words decide whether names, labels or a rule are looked up.

People who may read some namespaces only are shown what exists in those.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import promql_parser as promql

from bot.domain.errors import ToolError
from bot.tools.answer import Answer, empty
from bot.tools.promql import discovery
from bot.tools.promql.guard import metric_of
from bot.tools.promql.scoping import NAMESPACE, check_selector, readable_matcher
from bot.tools.promql.selectors import NAME, matcher_texts, selector_text
from bot.tools.promql.syntax import parsed
from bot.tools.refusal import refuse

if TYPE_CHECKING:
    from bot.domain.evidence import Window
    from bot.domain.registry import Access
    from bot.ports.metrics import ActiveAlert, MetricsReader

_NAMES_LIMIT = 50_000
_SERIES_LIMIT = 1_000
_MAX_SERIES = 20_000
"""Servers that know no limit would send the labels of all of them."""


def found(words: str, reader: MetricsReader, access: Access, *, window: Window) -> Answer:
    """Return names, labels or rules.

    Raises:
        ToolError: The words are a selector the asker may not read, or a wrong one.
        UpstreamError: The server did not answer properly.
    """
    visible = readable_matcher(access, reader.name)
    if "{" in words:
        return _labels(words, reader, access, window=window)
    names = reader.label_values(
        NAME, selector=f"{{{visible}}}" if visible else None, window=window, limit=_NAMES_LIMIT
    )
    if words in names:
        return _labels(words, reader, access, window=window)
    rules = reader.rules()
    meant = discovery.named(words, rules)
    if meant and len(words.split()) == 1:
        alerts = reader.alerts()
        readable = [alert for alert in alerts if _may_see(alert, access, reader.name)]
        return discovery.rules_answer(meant, readable, hidden=len(alerts) - len(readable))
    meanings = reader.meanings()
    ranked = discovery.ranked(words, names, meanings)
    return discovery.names_answer(words, ranked, meanings, meant)


def _labels(words: str, reader: MetricsReader, access: Access, *, window: Window) -> Answer:
    tree = parsed(words)
    if not isinstance(tree, promql.VectorSelector):
        raise refuse("P9", "labels are found for one metric", 'METRIC{namespace="…"}')
    metric = metric_of(tree)
    matchers = [matcher for matcher in tree.matchers.matchers if matcher.name != NAME]
    equal = tuple(
        (matcher.name, matcher.value) for matcher in matchers if matcher.op == promql.MatchOp.Equal
    )
    texts = list(matcher_texts(matchers))
    visible = readable_matcher(access, reader.name)
    if visible is not None:
        if any(label == NAMESPACE for label, _ in equal):
            check_selector(words, equal, access, reader.name)
        texts.append(visible)
    selector = selector_text(metric, texts)
    if tree.offset is not None or tree.at is not None:
        raise refuse("P9", "labels are those of the last hour", selector_text(metric, texts[:1]))
    count = reader.series_count(selector, at=window.end)
    if count > _MAX_SERIES:
        raise ToolError(
            f"{metric} has {count:,} series; name a label to see the others' values, such as"
            f' {metric}{{namespace="…"}}'
        )
    sets = reader.label_sets(selector, window=window, limit=_SERIES_LIMIT)
    if not sets.items:
        return empty(
            discovery.SOURCE,
            f"{selector} has had no series in the last hour on {reader.name}; find_metrics with"
            " other words finds what there is",
        )
    meaning = discovery.meaning_of(metric, reader.meanings())
    return discovery.labels_answer(selector, sets, meaning, limit=_SERIES_LIMIT)


def _may_see(alert: ActiveAlert, access: Access, cluster: str) -> bool:
    return access.may_read(cluster, dict(alert.labels).get(NAMESPACE))
