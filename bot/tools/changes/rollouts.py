"""Rollouts of what keeps ReplicaSets, each with what it changed in the pod template."""

from __future__ import annotations

from collections import defaultdict
from itertools import zip_longest
from typing import TYPE_CHECKING

from bot.domain.change import Change, ChangeSource
from bot.domain.fields import dig, entries, mapping, text
from bot.domain.spans import moment
from bot.tools.changes.dating import rollout_times
from bot.tools.kubectl.fields import name_of, namespace_of
from bot.tools.kubectl.rollouts import revision_of
from bot.tools.kubectl.template_diff import template_diff

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from bot.ports.cluster import KubeObject

MAX_DIFFERENCES = 4
"""Fields of one rollout that a line of the table names; the others are counted."""
# A pod template's own path begins so in every line, which says nothing.
_PREFIX = "spec.containers["


def rollouts(
    cluster: str, sets: Iterable[KubeObject], owners: Iterable[KubeObject]
) -> Iterator[Change]:
    """Yield every rollout that can be dated.

    Args:
        cluster: Where they were read.
        sets: ReplicaSets.
        owners: Deployments, for the date of a rollout that was undone; may lack some.
    """
    progress = {(namespace_of(one), name_of(one)): _progressed_at(one) for one in owners}
    families: dict[tuple[str | None, str, str], list[KubeObject]] = defaultdict(list)
    for one in sets:
        owner = next(iter(entries(one, "metadata", "ownerReferences")), {})
        if owner and revision_of(one):
            kind = text(owner, "kind").lower()
            families[namespace_of(one), kind, text(owner, "name")].append(one)
    for (namespace, kind, name), family in families.items():
        dated = [one for one in sorted(family, key=revision_of) if _created(one)]
        times = rollout_times(
            [at for one in dated if (at := _created(one)) is not None],
            progressed_at=progress.get((namespace, name)),
        )
        for before, after, at in zip_longest([None, *dated[:-1]], dated, times):
            if after is not None and at is not None:
                yield Change(
                    at=at,
                    what=_told(before, after, is_back=at != _created(after)),
                    object=f"{kind}/{name}",
                    source=ChangeSource.ROLLOUT,
                    place=cluster,
                    namespace=namespace or "",
                )


def shortly(lines: Sequence[str]) -> str:
    """Return differences on one line, images first; those beyond a few are counted."""
    ordered = sorted(lines, key=lambda line: ".image:" not in line and "Image" not in line)
    more = len(ordered) - MAX_DIFFERENCES
    shown = [" ".join(line.replace(_PREFIX, "[").split()) for line in ordered[:MAX_DIFFERENCES]]
    return "; ".join([*shown, *([f"and {more} more"] if more > 0 else [])])


def _told(before: KubeObject | None, after: KubeObject, *, is_back: bool) -> str:
    title = f"revision {revision_of(after)}"
    if is_back:
        title += f", back to ReplicaSet {name_of(after)}"
    if before is None:
        images = [
            text(one, "image") for one in entries(after, "spec", "template", "spec", "containers")
        ]
        return f"{title}, the oldest kept: {', '.join(images)}"
    changed = template_diff(mapping(before, "spec", "template"), mapping(after, "spec", "template"))
    return f"{title}: {shortly(changed) or 'the same template'}"


def _created(one: KubeObject) -> datetime | None:
    return moment(dig(one, "metadata", "creationTimestamp"))


def _progressed_at(deployment: KubeObject) -> datetime | None:
    conditions = entries(deployment, "status", "conditions")
    return next(
        (
            moment(dig(one, "lastUpdateTime"))
            for one in conditions
            if one.get("type") == "Progressing"
        ),
        None,
    )
