"""Which open incident an alert belongs to, decided by published weights and no model.

An incident is found by keys: what its alerts name. Nothing here knows how keys are stored, nor what
becomes of an incident once the alert belongs to it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from bot.domain.alert_keys import Key, Place, Tie, place_of, subjects_of
from bot.domain.alert_words import split_words, words_of
from bot.domain.incident import Weight

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.alert import Alert
    from bot.domain.incident import Watch

THRESHOLD = 0.6
"""Points that make an alert part of an incident."""

SAME_ALERT = Weight(reason="the same rule on the same labels", points=1.0)
"""Nothing is left to doubt: another pod of the same workload, or another road."""
SAME_MESSAGE = Weight(reason="told in one message", points=1.0)
"""Its sender put them together, and a message has one thread."""
SAME_GROUP = Weight(reason="grouped by its sender", points=1.0)
"""Whoever configured the sender said that these are one."""
SAME_RULE_AND_PLACE = Weight(reason="the same rule at the same place", points=0.9)
"""One cause fires one rule for several objects, however long the incident lasts."""
SAME_RULE_UNPLACED = Weight(reason="the same rule, told without labels on another road", points=0.7)
"""A Slack message without labels cannot contradict the webhook; what it does say must agree."""
SAME_WORKLOAD = Weight(reason="the same workload", points=0.6)
"""Two rules at once for one workload are symptoms of one trouble far more often than two."""
SAME_NODE = Weight(reason="the same node", points=0.4)
"""A node takes all its pods with it, but healthy nodes carry unrelated troubles: needs time."""
SAME_NAMESPACE = Weight(reason="the same namespace", points=0.3)
"""A namespace is a team more often than a system: needs time and a shared word."""
SAME_ESTATE = Weight(reason="the same cluster or account", points=0.15)
"""Says little, for most alerts share it: enough only with both of the others in full."""
CLOSE_IN_TIME = Weight(reason="began close in time", points=0.25)
"""At once; it fades to nothing over the watch's `join_within`. Never enough without a place."""
ALIKE_IN_TEXT = Weight(reason="share rare words", points=0.2)
"""From this many words on; a name in a text is how one service tells of another."""
WORDS_FOR_ALL = 2
RARE_IN = 2
"""A word of more open incidents than this tells none of them from the others."""
UNPLACED_AGREEMENT = 0.75
"""Part of what a message without labels says that the labelled one must say, too: its title has the
values of the group's common labels, and two groups of one rule share most but not all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An open incident, with what it has in common with an alert."""

    incident_id: str
    home: str
    """Channel that is watched for it."""
    is_storm: bool
    begun_first: datetime
    begun_last: datetime
    """When the first and the last of its alerts began."""
    keys: tuple[Key, ...] = ()
    """Those of its keys that `keys_of` the alert has, too, wherever they are."""
    certain: tuple[Weight, ...] = ()
    """Reasons found otherwise: the same alert, message or group."""


def begun_at(alert: Alert, *, now: datetime) -> datetime:
    """Return when it began, as far as that can be true."""
    return now if alert.starts_at is None else min(alert.starts_at, now)


def home_for(
    alert: Alert, candidates: Sequence[Candidate], *, road: str, watch: Watch, now: datetime
) -> tuple[Candidate, tuple[Weight, ...]] | None:
    """Return the incident the alert belongs to, with the reasons; None when it belongs to none.

    Of several the one with the most points wins, then the one that began first. The order of the
    candidates does not matter.
    """
    seen = Counter(
        word
        for candidate in candidates
        for word in {key.value for key in candidate.keys if key.tie is Tie.WORD}
    )
    common = frozenset(word for word, times in seen.items() if times > RARE_IN)
    weighed = [
        (weigh(alert, candidate, road=road, watch=watch, now=now, common=common), candidate)
        for candidate in candidates
    ]
    fitting = [(why, found) for why, found in weighed if total(why) >= THRESHOLD]
    if not fitting:
        return None
    why, found = min(
        fitting, key=lambda pair: (-total(pair[0]), pair[1].begun_first, pair[1].incident_id)
    )
    return found, why


def total(why: Sequence[Weight]) -> float:
    """Return the points of all reasons together, free of binary fractions."""
    return round(sum(weight.points for weight in why), 3)


def weigh(
    alert: Alert,
    candidate: Candidate,
    *,
    road: str,
    watch: Watch,
    now: datetime,
    common: frozenset[str],
) -> tuple[Weight, ...]:
    """Return why the alert belongs to the incident; `common` words say nothing.

    Alerts of another watched channel are joined for certain reasons and equal rules only: their
    readers are other people.
    """
    if candidate.certain:
        return candidate.certain
    place = place_of(alert)
    near = [key for key in candidate.keys if not _is_elsewhere(key, place)]
    closeness = _closeness(begun_at(alert, now=now), candidate, watch)
    rule = _rule(alert, near, place=place, road=road, is_close=closeness > 0)
    if rule is SAME_RULE_AND_PLACE:
        return (rule,)
    if closeness <= 0 or (rule is None and candidate.home != watch.channel):
        return ()
    topology = _topology(near, place)
    why = [weight for weight in (rule, topology) if weight is not None]
    text = _text(near, place=place, common=common, is_storm=candidate.is_storm)
    why += [CLOSE_IN_TIME.times(closeness)] if why else []
    return (*why, *([text] if text and why else []))


def _closeness(begun: datetime, candidate: Candidate, watch: Watch) -> float:
    """Return 1 for an alert that began while others did, fading to 0."""
    apart = max(
        (candidate.begun_first - begun).total_seconds(),
        (begun - candidate.begun_last).total_seconds(),
        0.0,
    )
    limit = watch.join_within.total_seconds()
    return 1.0 - apart / limit if apart < limit else 0.0


def _rule(
    alert: Alert, near: Sequence[Key], *, place: Place, road: str, is_close: bool
) -> Weight | None:
    rules = [key for key in near if key.tie is Tie.RULE]
    subjects = subjects_of(alert)
    for key in rules:
        both_name = bool(key.subject and subjects)
        if both_name and key.subject not in subjects:
            continue
        shares_namespace = bool(place.namespace and place.namespace == key.place.namespace)
        if both_name or shares_namespace or place.shares_estate(key.place):
            return SAME_RULE_AND_PLACE
    others = [key for key in rules if key.road != road]
    if is_close and any(_agrees(alert, key, near) for key in others):
        return SAME_RULE_UNPLACED
    return None


def _agrees(alert: Alert, key: Key, near: Sequence[Key]) -> bool:
    """Tell whether one of both came without labels, and what it says the other says, too."""
    if key.words is None and not alert.is_partial:
        return False
    told = [count for count in (key.words, _word_count(alert)) if count is not None]
    shared = len({other.value for other in near if other.tie is Tie.WORD})
    return shared >= UNPLACED_AGREEMENT * min(told)


def _word_count(alert: Alert) -> int | None:
    return len(words_of(alert)) if alert.is_partial else None


def _topology(near: Sequence[Key], place: Place) -> Weight | None:
    """Return the closest thing they share."""
    ties = {key.tie for key in near}
    for tie, weight in (
        (Tie.WORKLOAD, SAME_WORKLOAD),
        (Tie.NODE, SAME_NODE),
        (Tie.NAMESPACE, SAME_NAMESPACE),
    ):
        if tie in ties:
            return weight
    return SAME_ESTATE if any(place.shares_estate(key.place) for key in near) else None


def _text(
    near: Sequence[Key], *, place: Place, common: frozenset[str], is_storm: bool
) -> Weight | None:
    """Return what rare words count; those that name the place counted already."""
    named = {place.namespace, place.cluster, place.account, place.region}
    named |= {key.value for key in near if key.tie in {Tie.WORKLOAD, Tie.NODE}}
    counted = {word for name in named for word in split_words(name)}
    shared = {key.value for key in near if key.tie is Tie.WORD} - counted - common
    if is_storm or not shared:
        return None
    return ALIKE_IN_TEXT.times(min(1.0, len(shared) / WORDS_FOR_ALL))


def _is_elsewhere(key: Key, place: Place) -> bool:
    # Words and nodes reach over namespaces; nothing reaches over clusters.
    if key.tie in {Tie.WORD, Tie.NODE}:
        return key.place.is_in_another_estate(place)
    return key.place.contradicts(place)
