"""rollout_restart: all pods of a workload anew, a few at a time, with the template they have."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from safe_ops.guardrails.ownership import ownership
from safe_ops.guardrails.rollout import (
    HAS_PODS,
    KEEPS_SERVING,
    NOT_PAUSED,
    SETTLED,
    WITHIN_BUDGETS,
)
from safe_ops.model.fields import dig, number
from safe_ops.model.marks import RESTARTED_AT
from safe_ops.model.plans import Change, Drawing, Step, Tier
from safe_ops.model.revisions import current, history, template_of
from safe_ops.model.rollouts import DAEMON_SET, DEPLOYMENT, desired_of, rollout_of
from safe_ops.model.workloads import WorkloadSurvey
from safe_ops.operations.cluster_change import (
    is_undo,
    merge_call,
    permission,
    target_of,
    there,
)
from safe_ops.operations.cluster_parameters import WorkloadParameters
from safe_ops.operations.going_back import going_back_call, template_mark, template_to_send
from safe_ops.operations.workload_change import TEMPLATE_RIGHTS, WorkloadChange
from safe_ops.operations.workload_drawing import (
    pinned,
    rollout_look,
    rollout_radius,
    rollout_verification,
    shown,
    snapshot_of,
)
from safe_ops.operations.workload_reading import budgets_beside, holders_of, workload

if TYPE_CHECKING:
    from safe_ops.model.guarding import Guard
    from safe_ops.model.plans import Call, Json, Place, Plan
    from safe_ops.model.surveys import Object
    from safe_ops.operations.operation import Eyes, Look, Parameters

RESTARTED = "$restarted_at"
"""Placeholder: when the plan was made. The same for each try, so that a restart whose answer was
lost can be told from another one, and a repeated one restarts nothing."""
_FEWEST = 2
"""With fewer pods a restart may be a gap in the service."""


class RolloutRestart(WorkloadChange):
    """Marks the pod template, so that the workload's own controller replaces its pods."""

    name = "rollout_restart"
    version = 1
    title = "Restart a rollout"
    parameters: type[Parameters] = WorkloadParameters
    guards: tuple[Guard[WorkloadSurvey], ...] = (
        HAS_PODS,
        NOT_PAUSED,
        SETTLED,
        KEEPS_SERVING,
        WITHIN_BUDGETS,
        ownership(),
    )
    rights = TEMPLATE_RIGHTS

    def survey(self, wanted: Parameters, eyes: Eyes) -> WorkloadSurvey:
        """Read the workload, its history, and the budgets beside it."""
        asked = WorkloadParameters.model_validate(wanted)
        found = workload(eyes, asked.kind, asked.name, asked.namespace)
        return WorkloadSurvey(
            read_at=eyes.now,
            target=found,
            permissions=permission(eyes, found, verb="patch", kind=asked.kind),
            budgets=budgets_beside(eyes, found),
            replica_sets=holders_of(eyes, found),
        )

    def draw(self, wanted: Parameters, survey: WorkloadSurvey, place: Place) -> Drawing:
        """Return the patch of the template's annotation, undone by the template of now."""
        asked = WorkloadParameters.model_validate(wanted)
        found = there(
            survey.target, what=f"{asked.kind} {asked.namespace}/{asked.name}", place=place
        )
        target = target_of(place, found, kind=asked.kind)
        present = current(found, history(found, survey.replica_sets))
        forgets = number(found, "spec", "revisionHistoryLimit", default=1) == 0
        can_go_back = present is not None and not forgets
        mark = {"metadata": {"annotations": {RESTARTED_AT: RESTARTED}}}
        name = present.name if present else ""
        undo = Step(
            says=f"put the template of before back into {shown(found)}",
            call=going_back_call(target, name),
        )
        before = dig(template_of(found), "metadata", "annotations", RESTARTED_AT)
        return Drawing(
            tier=_tier(found, asked.kind),
            target=target,
            pins=pinned(found) | {"revision": name},
            changes=(
                Change(
                    field=f"spec.template.metadata.annotations.{RESTARTED_AT}",
                    before=str(before or "none"),
                    after="the time this plan was made",
                ),
            ),
            steps=(
                Step(
                    says=f"restart the pods of {shown(found)}",
                    call=merge_call(target, {"template": mark}, late_bound=(RESTARTED,)),
                ),
            ),
            undo=(undo,) if can_go_back else (),
            cannot_be_undone="" if can_go_back else _cannot(present is None),
            verification=rollout_verification(found),
            blast_radius=rollout_radius(found, survey.budgets),
            snapshot=snapshot_of(found),
            notes=_notes(found),
        )

    def late(self, plan: Plan, call: Call, eyes: Eyes) -> dict[str, Json]:
        """Return the mark of the restart, or the template to put back."""
        if not is_undo(plan, call):
            return {RESTARTED: stamp(plan)}
        name, mark = plan.drawing.pins["revision"], plan.drawing.pins["template"]
        return {template_mark(name): template_to_send(eyes, plan.target, name=name, mark=mark)}

    def is_after(self, plan: Plan, item: Object) -> bool:
        """Tell whether the template carries this plan's mark."""
        found = dig(template_of(item), "metadata", "annotations", RESTARTED_AT)
        return bool(found == stamp(plan))

    def judge(self, plan: Plan, item: Object, eyes: Eyes) -> Look:
        """Tell how far the rollout is."""
        return rollout_look(item)


def stamp(plan: Plan) -> str:
    """Return the mark a plan's restart leaves: when the plan was made, to the microsecond."""
    return plan.created_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _tier(workload: Object, kind: str) -> Tier:
    # How many pods a daemon set has is no one's wish: it follows the nodes.
    if kind != DAEMON_SET and desired_of(workload) < _FEWEST:
        return Tier.T3
    return Tier.T1 if kind == DEPLOYMENT else Tier.T2


def _cannot(is_unknown: bool) -> str:
    if is_unknown:
        return "its history does not hold the template of now"
    return "it keeps no old revisions (revisionHistoryLimit is 0)"


def _notes(workload: Object) -> tuple[str, ...]:
    rollout = rollout_of(workload)
    unready = rollout.desired - rollout.ready
    return (f"{unready} pods are not ready now",) if unready > 0 else ()
