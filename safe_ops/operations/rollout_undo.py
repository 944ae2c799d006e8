"""rollout_undo: a workload back to a pod template it had before."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from safe_ops.errors import RefusedError
from safe_ops.guardrails.going_back import DIFFERS, PROVEN, REFERENCES
from safe_ops.guardrails.ownership import ownership
from safe_ops.guardrails.rollout import NOT_PAUSED, ROLLS, recreates
from safe_ops.model.fields import mapping, text
from safe_ops.model.marks import MIGRATION
from safe_ops.model.objects import annotations_of
from safe_ops.model.plans import Change, Drawing, Step, Tier
from safe_ops.model.revisions import (
    Revision,
    current,
    fingerprint,
    history,
    images,
    template_of,
)
from safe_ops.model.rights import Rights
from safe_ops.model.rollouts import STATEFUL_SET
from safe_ops.model.workloads import WorkloadSurvey
from safe_ops.operations.cluster_change import (
    is_undo,
    permission,
    target_of,
    there,
)
from safe_ops.operations.cluster_parameters import WorkloadParameters
from safe_ops.operations.going_back import going_back_call, template_mark, template_to_send
from safe_ops.operations.template_changes import template_changes
from safe_ops.operations.usage_queries import ready_s
from safe_ops.operations.workload_change import TEMPLATE_RIGHTS, WorkloadChange
from safe_ops.operations.workload_drawing import (
    pinned,
    rollout_look,
    rollout_radius,
    rollout_verification,
    shown,
    snapshot_of,
)
from safe_ops.operations.workload_reading import (
    budgets_beside,
    existing,
    holders_of,
    reads,
    secrets_of,
    workload,
)

if TYPE_CHECKING:
    from safe_ops.model.guarding import Guard
    from safe_ops.model.plans import Call, Json, Place, Plan
    from safe_ops.model.surveys import Object
    from safe_ops.operations.operation import Eyes, Look, Parameters


class UndoParameters(WorkloadParameters):
    """Which workload, and back to which of its revisions."""

    to_revision: Annotated[int, Field(ge=1, le=1_000_000_000)] | None = None
    """The one before the present where none is given."""


class RolloutUndo(WorkloadChange):
    """Puts an earlier template back; taken back itself by the template that was left."""

    name = "rollout_undo"
    version = 1
    title = "Roll back to an earlier revision"
    parameters: type[Parameters] = UndoParameters
    guards: tuple[Guard[WorkloadSurvey], ...] = (
        NOT_PAUSED,
        ROLLS,
        DIFFERS,
        PROVEN,
        REFERENCES,
        ownership(("spec", "template")),
    )
    rights = Rights(
        cluster_reads=(reads("ConfigMap", "get"), *TEMPLATE_RIGHTS.cluster_reads),
        cluster_writes=TEMPLATE_RIGHTS.cluster_writes,
    )

    def survey(self, wanted: Parameters, eyes: Eyes) -> WorkloadSurvey:
        """Read the workload, its history, and what the revision gone back to refers to."""
        asked = UndoParameters.model_validate(wanted)
        found = workload(eyes, asked.kind, asked.name, asked.namespace)
        holders = holders_of(eyes, found)
        revisions = history(found, holders) if found else ()
        to = _chosen(asked, revisions, current(found, revisions)) if found else None
        survey = WorkloadSurvey(
            read_at=eyes.now,
            target=found,
            permissions=permission(eyes, found, verb="patch", kind=asked.kind),
            budgets=budgets_beside(eyes, found),
            replica_sets=holders,
        )
        if found is None or to is None:
            return survey
        return replace(
            survey,
            references=existing(eyes, to.template, namespace=asked.namespace),
            revision_ready_s=ready_s(eyes, found, to),
        )

    def draw(self, wanted: Parameters, survey: WorkloadSurvey, place: Place) -> Drawing:
        """Return the patch of the template, and the one back to the template left."""
        asked = UndoParameters.model_validate(wanted)
        found = there(
            survey.target, what=f"{asked.kind} {asked.namespace}/{asked.name}", place=place
        )
        revisions = history(found, survey.replica_sets)
        present, to = _both(asked, found, revisions)
        target = target_of(place, found, kind=asked.kind)
        is_annotated = bool(annotations_of(found))
        return Drawing(
            tier=_tier(found, present),
            target=target,
            pins=pinned(found)
            | {"from_revision": present.number, "from_name": present.name}
            | {"to_revision": to.number, "to_name": to.name, "to_template": to.fingerprint},
            changes=(
                Change(field="revision", before=str(present.number), after=str(to.number)),
                *template_changes(present.template, to.template),
            ),
            steps=(
                Step(
                    says=f"put revision {to.number} back into {shown(found)}",
                    call=going_back_call(target, to.name, is_annotated=is_annotated),
                ),
            ),
            undo=(
                Step(
                    says=f"put revision {present.number} back into {shown(found)}",
                    call=going_back_call(target, present.name),
                ),
            ),
            verification=rollout_verification(
                found, f"the template is revision {to.number}'s: {', '.join(images(to.template))}"
            ),
            blast_radius=rollout_radius(found, survey.budgets),
            snapshot=snapshot_of(found),
            notes=_notes(found, present, to),
        )

    def late(self, plan: Plan, call: Call, eyes: Eyes) -> dict[str, Json]:
        """Return the template that is to be put back."""
        pins = plan.drawing.pins
        name, mark = pins["to_name"], pins["to_template"]
        if is_undo(plan, call):
            name, mark = pins["from_name"], pins["template"]
        return {template_mark(name): template_to_send(eyes, plan.target, name=name, mark=mark)}

    def is_after(self, plan: Plan, item: Object) -> bool:
        """Tell whether the workload has the template gone back to."""
        return bool(fingerprint(template_of(item)) == plan.drawing.pins["to_template"])

    def judge(self, plan: Plan, item: Object, eyes: Eyes) -> Look:
        """Tell how far the rollout is."""
        return rollout_look(item)


def _chosen(
    asked: UndoParameters, revisions: tuple[Revision, ...], present: Revision | None
) -> Revision | None:
    """Return the revision asked for, or the one before the present; None if there is none."""
    if asked.to_revision is not None:
        return next((one for one in revisions if one.number == asked.to_revision), None)
    earlier = [one for one in revisions if present and one.number < present.number]
    return earlier[-1] if earlier else None


def _both(
    asked: UndoParameters, workload: Object, revisions: tuple[Revision, ...]
) -> tuple[Revision, Revision]:
    """Return the revision left and the one gone back to.

    Raises:
        RefusedError: `parameters`: its history does not have one of them.
    """
    there = ", ".join(str(one.number) for one in revisions) or "none"
    present = current(workload, revisions)
    if present is None:
        raise RefusedError(
            f"The history of {shown(workload)} ({there}) does not hold the template it has now, "
            "so nobody could go forward again: wait until its controller has made the revision.",
            code="parameters",
        )
    to = _chosen(asked, revisions, present)
    if to is None:
        wanted = f"revision {asked.to_revision}" if asked.to_revision else "earlier revision"
        raise RefusedError(
            f"{shown(workload)} has no {wanted}: its history holds {there}, and it runs "
            f"{present.number}.",
            code="parameters",
        )
    return present, to


def _tier(workload: Object, present: Revision) -> Tier:
    if _migrated(workload, present) or recreates(workload):
        return Tier.T3
    return Tier.T2


def _migrated(workload: Object, present: Revision) -> bool:
    """Tell whether the template that is left says that it moved its database."""
    marked = [
        mapping(holder, "metadata", kind)
        for holder in (workload, present.template)
        for kind in ("labels", "annotations")
    ]
    return any(text(marks, MIGRATION) not in {"", "false"} for marks in marked)


def _notes(workload: Object, present: Revision, to: Revision) -> tuple[str, ...]:
    notes = []
    if _migrated(workload, present):
        notes.append(
            f"revision {present.number} moved its database ({MIGRATION}): code of before may not "
            "fit it"
        )
    if recreates(workload):
        notes.append("it recreates: all its pods end before new ones start")
    if text(workload, "kind") == STATEFUL_SET and _in_order(workload):
        notes.append(
            "a pod that never became ready is not replaced by the controller: it may have to be "
            "evicted afterwards (evict_pod)"
        )
    secrets = secrets_of(to.template)
    if secrets:
        notes.append(
            "whether its secrets still exist was not checked, as they are never read:"
            f" {', '.join(secrets)}"
        )
    return tuple(notes)


def _in_order(workload: Object) -> bool:
    return text(workload, "spec", "podManagementPolicy") != "Parallel"
