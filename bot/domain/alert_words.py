"""The words of an alert that may tell it from others: names, not the vocabulary of alerting."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bot.domain.alert_identity import PASSING_LABELS, stable_labels

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.domain.alert import Alert

MAX_WORDS = 16
"""Names come first, so that a long description does not drown them."""
MIN_CHARACTERS = 3
MAX_CHARACTERS = 80
MAX_TEXT = 2000
"""Characters read of a text; what alerts are about stands at their beginning."""

_ADDRESS = re.compile(r"https?://\S+")
_WORD = re.compile(r"[a-z0-9][a-z0-9_.-]*[a-z0-9]")
_NUMBER = re.compile(r"[\d.,:%+-]+(?:[smhdw]|ms|[kmgt]i?b?)?")

_VOCABULARY = frozenset(
    re.findall(
        "[a-z]+",
        """
        about above after again alarm alert alerting alertmanager alerts all and annotations any
        are aws been before being below but can cannot check cloudwatch cluster clusters container
        containers count cpu critical current currently dashboard datadog datapoint datapoints
        default deployment description detected does down endpoint environment error errors
        exceeded expected failed failing failure false firing for from grafana greater has have
        high host hour hours info instance into its job labels last less limit link low match
        matched maybe memory message metric minute minutes missing monitor more namespace nodata
        node none not notification now number okay one only over panel past per percent pod pods
        problem prometheus query rate ratio reached ready region replica replicas report request
        requests resolved restarting result rule runbook running seconds service severity should
        silence since slow source state stateful status stays still than that the their there
        these this threshold time times title too total triggered true unavailable under unhealthy
        until usage used value values view warning was were when which while will with within
        without you your
        """,
    )
)
"""Words that alerts of every kind say; shared, they prove nothing."""


def words_of(alert: Alert) -> tuple[str, ...]:
    """Return at most `MAX_WORDS` words in lower case, names first, each once.

    The rule's own name is none of them: it is compared for itself.
    """
    name = alert.name.lower()
    found = dict.fromkeys(word for word in _words(alert) if _tells(word) and word != name)
    return tuple(found)[:MAX_WORDS]


def _words(alert: Alert) -> Iterator[str]:
    scope = alert.scope
    for place in (scope.namespace, scope.cluster, scope.account, scope.region):
        yield (place or "").lower()
    for thing in scope.objects:
        yield from split_words(thing.name)
    for label, value in stable_labels(alert.labels).items():
        if label not in PASSING_LABELS:
            yield from split_words(value)
    yield from split_words(alert.text)
    for text in alert.annotations.values():
        yield from split_words(text)


def split_words(text: str) -> Iterator[str]:
    """Yield words, and the parts of names that are built of several."""
    for word in _WORD.findall(_ADDRESS.sub(" ", text[:MAX_TEXT].lower())):
        yield word
        yield from (part for part in re.split(r"[_.-]", word) if part != word)


def _tells(word: str) -> bool:
    return (
        MIN_CHARACTERS <= len(word) <= MAX_CHARACTERS
        and word not in _VOCABULARY
        and not _NUMBER.fullmatch(word)
    )
