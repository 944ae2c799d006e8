"""`kubectl rollout`: what each revision of a deployment changed, and how the newest one goes."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import yaml

from bot.domain.errors import ToolError
from bot.domain.evidence import Grid
from bot.domain.fields import dig, entries, mapping, number, text
from bot.domain.secret_text import mask
from bot.domain.spans import age, moment, stamp
from bot.ports.cluster import Selection
from bot.tools.answer import Answer, empty, table_text, text_answer
from bot.tools.kubectl.describe.workloads import describe_workload
from bot.tools.kubectl.fields import is_owned_by, kind, label_selector, name_of
from bot.tools.kubectl.redact import redact
from bot.tools.kubectl.rollout_state import rollout_state
from bot.tools.kubectl.template_diff import template_diff

if TYPE_CHECKING:
    from datetime import datetime

    from bot.ports.cluster import ClusterReader, KubeObject
    from bot.tools.kubectl.command import RolloutHistory, RolloutStatus

_SOURCE = "rollouts"
_REVISIONS = ("deployment.kubernetes.io/revision", "rollout.argoproj.io/revision")
_CHANGE_CAUSE = "kubernetes.io/change-cause"
# Older changes are seldom the cause of tonight's trouble; --revision shows any one.
_DIFFS_SHOWN = 10


def history(command: RolloutHistory, reader: ClusterReader, now: datetime) -> Answer:
    """Return the revisions, oldest first, each with what it changed in the pod template.

    Raises:
        ToolError: The workload or the revision does not exist.
    """
    name = command.target.names[0]
    workload = reader.get(command.target.kind, name=name, namespace=command.namespace)
    sets = _replica_sets(workload, command, reader)
    title = f"{command.target.kind.singular} {name} in namespace {command.namespace}"
    if not sets:
        return empty(_SOURCE, f"{title} has no revisions: no ReplicaSet belongs to it")
    if command.revision is not None:
        return _one(command.revision, sets, title)
    grid = Grid(
        columns=("REVISION", "REPLICASET", "CREATED", "AGE", "READY", "IMAGES", "CHANGE-CAUSE"),
        rows=tuple(_row(one, now) for one in sets),
    )
    lines = [f"{title}: {len(sets)} revisions, newest last", table_text(grid)]
    lines.append("A revision rolled back to gets a new number; CREATED is when it was first used.")
    pairs_shown = list(pairwise(sets))[-_DIFFS_SHOWN:]
    for before, after in pairs_shown:
        changes = template_diff(_template(before), _template(after))
        lines.append(f"\nRevision {revision_of(after)} against {revision_of(before)}:")
        lines += [f"  {change}" for change in changes] or ["  no change of the template"]
    if len(pairs_shown) < len(sets) - 1:
        lines.append(
            f"\nOnly the last {_DIFFS_SHOWN} changes are shown; --revision=N shows any one"
        )
    answer = text_answer(_SOURCE, "\n".join(lines), rows=len(sets))
    return answer if answer.cut_bytes else _with_grid(answer, grid)


def status(command: RolloutStatus, reader: ClusterReader, now: datetime) -> Answer:
    """Return whether the last change is rolled out, and what holds it up if it is not.

    Raises:
        ToolError: The workload does not exist.
    """
    name = command.target.names[0]
    workload = reader.get(command.target.kind, name=name, namespace=command.namespace)
    finished, sentence = rollout_state(workload)
    title = f"{command.target.kind.singular} {name} in namespace {command.namespace}: {sentence}"
    details = [] if finished else _until_template(describe_workload(redact(workload), reader, now))
    return text_answer(_SOURCE, "\n".join([title, *details]), rows=1)


def _replica_sets(
    workload: KubeObject, command: RolloutHistory, reader: ClusterReader
) -> list[KubeObject]:
    labels = label_selector(mapping(workload, "spec", "selector"))
    selection = Selection(namespace=command.namespace, labels=labels)
    uid = text(workload, "metadata", "uid")
    owned = [
        one for one in reader.list(kind("replicasets"), selection).items if is_owned_by(one, uid)
    ]
    return sorted(owned, key=revision_of)


def _one(revision: int, sets: list[KubeObject], title: str) -> Answer:
    numbers = [revision_of(one) for one in sets]
    if revision not in numbers:
        known = ", ".join(map(str, numbers))
        raise ToolError(f"{title} has no revision {revision}; kept are {known}")
    place = numbers.index(revision)
    found = sets[place]
    shown = redact(_template(found))
    lines = [
        f"{title}, revision {revision} (ReplicaSet {name_of(found)})",
        *([f"change-cause: {cause}"] if (cause := _cause(found)) else []),
        yaml.safe_dump(shown, sort_keys=False, allow_unicode=True, width=200).rstrip(),
    ]
    if place:
        before = sets[place - 1]
        changes = template_diff(_template(before), _template(found))
        lines.append(f"\nAgainst revision {revision_of(before)}:")
        lines += [f"  {change}" for change in changes] or ["  no change of the template"]
    return text_answer(_SOURCE, "\n".join(lines), rows=1)


def _row(one: KubeObject, now: datetime) -> tuple[str, ...]:
    created = moment(dig(one, "metadata", "creationTimestamp"))
    images = [
        text(container, "image") for container in entries(_template(one), "spec", "containers")
    ]
    return (
        str(revision_of(one)),
        name_of(one),
        stamp(created),
        age(now, created),
        f"{number(one, 'status', 'readyReplicas')}/{number(one, 'spec', 'replicas')}",
        ",".join(images),
        _cause(one) or "<none>",
    )


def revision_of(one: KubeObject) -> int:
    """Return a ReplicaSet's revision number; 0 if it has none."""
    annotations = mapping(one, "metadata", "annotations")
    for key in _REVISIONS:
        if str(annotations.get(key, "")).isdecimal():
            return int(annotations[key])
    return 0


def _cause(one: KubeObject) -> str:
    return mask(text(mapping(one, "metadata", "annotations"), _CHANGE_CAUSE))


def _template(one: KubeObject) -> dict[str, Any]:
    return mapping(one, "spec", "template")


def _until_template(lines: list[str]) -> list[str]:
    return lines[: lines.index("Template:")] if "Template:" in lines else lines


def _with_grid(answer: Answer, grid: Grid) -> Answer:
    return Answer(source=answer.source, body=answer.body, rows=answer.rows, grid=grid)
