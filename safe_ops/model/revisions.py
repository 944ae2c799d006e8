"""The history of a workload's pod templates: which there were, which it is, since when.

Of a deployment they are its replica sets, of stateful and daemon sets their ControllerRevisions.
A template is known by its fingerprint, so that plans need not hold what containers are told.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from safe_ops.model.fields import dig, mapping, number, text
from safe_ops.model.marks import REVISION, TEMPLATE_HASH
from safe_ops.model.objects import annotations_of, created_at, name_of, owned_by, uid_of
from safe_ops.model.plans import Json

if TYPE_CHECKING:
    from collections.abc import Iterable

    from safe_ops.model.surveys import Object

_DIRECTIVE = "$patch"


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One template a workload had."""

    number: int
    name: str
    """Of the replica set or ControllerRevision."""
    made_at: datetime | None
    template: dict[str, Json]
    """Without the controllers' own marks."""
    fingerprint: str
    ready: int
    """Pods of it that are ready now; 0 where a ControllerRevision cannot say."""


def fingerprint(template: Json) -> str:
    """Return what tells a template from others: equal templates have equal fingerprints."""
    spelled = json.dumps(_bare(plain(template)), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(spelled.encode()).hexdigest()


def plain(template: Json) -> dict[str, Json]:
    """Return a template without what controllers add to it: the hash label, the directive."""
    kept = {key: value for key, value in mapping(template).items() if key != _DIRECTIVE}
    metadata = mapping(kept, "metadata")
    labels = {k: v for k, v in mapping(metadata, "labels").items() if k != TEMPLATE_HASH}
    return kept | ({"metadata": metadata | {"labels": labels}} if metadata else {})


def template_of(holder: Object) -> dict[str, Json]:
    """Return the template a workload, replica set or ControllerRevision holds, as it is served."""
    return mapping(holder, "data", "spec", "template") or mapping(holder, "spec", "template")


def history(workload: Object, holders: Iterable[Object]) -> tuple[Revision, ...]:
    """Return the workload's revisions, oldest number first; those without a number are left out."""
    found = [_read(holder) for holder in owned_by(uid_of(workload), holders)]
    return tuple(sorted((one for one in found if one.number > 0), key=lambda one: one.number))


def current(workload: Object, revisions: Iterable[Revision]) -> Revision | None:
    """Return the revision the workload's template is; None if its history does not have it."""
    mark = fingerprint(template_of(workload))
    return max(
        (one for one in revisions if one.fingerprint == mark),
        key=lambda one: one.number,
        default=None,
    )


def stood_s(revision: Revision, revisions: Iterable[Revision], *, now: datetime) -> float | None:
    """Return for how many seconds a revision was the newest; None if it does not say.

    Counted from when it was made until the next one was. One that was gone back to later was in
    use for longer than that.
    """
    if revision.made_at is None:
        return None
    later = [
        one.made_at
        for one in revisions
        if one.made_at is not None and one.made_at > revision.made_at
    ]
    return (min(later, default=now) - revision.made_at).total_seconds()


def images(template: Json) -> tuple[str, ...]:
    """Return the images of a template's containers, as `container: image`."""
    containers = mapping(template, "spec").get("containers")
    listed = containers if isinstance(containers, list) else []
    return tuple(f"{text(one, 'name')}: {text(one, 'image')}" for one in listed)


def _read(holder: Object) -> Revision:
    counted = annotations_of(holder).get(REVISION, "")
    template = template_of(holder)
    return Revision(
        number=int(counted) if counted.isdecimal() else number(holder, "revision"),
        name=name_of(holder),
        made_at=created_at(holder),
        template=plain(template),
        fingerprint=fingerprint(template),
        ready=number(dig(holder, "status"), "readyReplicas"),
    )


def _bare(value: Json) -> Json:
    """Leave out what is null: one encoder writes it, the other does not."""
    match value:
        case dict():
            return {key: _bare(part) for key, part in value.items() if part is not None}
        case list():
            return [_bare(part) for part in value]
        case _:
            return value
