"""rollout_pause and rollout_resume: hold a rollout where it is, and let go of it again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from safe_ops.guardrails.ownership import ownership
from safe_ops.guardrails.rollout import IN_PROGRESS, IS_PAUSED, IS_RUNNING, PAUSED_BY_US
from safe_ops.model.marks import ACTION, PAUSED_BY
from safe_ops.model.objects import annotations_of, is_observed
from safe_ops.model.plans import Call, Change, Drawing, Step, Tier, Verification
from safe_ops.model.rights import Rights
from safe_ops.model.rollouts import is_paused, rollout_of
from safe_ops.model.workloads import WorkloadSurvey
from safe_ops.operations.cluster_change import (
    ACTION_MARK,
    MERGE_PATCH,
    RV,
    permission,
    reached,
    target_of,
    there,
    waiting,
)
from safe_ops.operations.cluster_parameters import DeploymentParameters
from safe_ops.operations.cluster_paths import path_to
from safe_ops.operations.workload_change import WorkloadChange
from safe_ops.operations.workload_drawing import pinned, shown, snapshot_of
from safe_ops.operations.workload_reading import reads, workload, writes

if TYPE_CHECKING:
    from safe_ops.model.guarding import Guard
    from safe_ops.model.plans import Place, Plan, Target
    from safe_ops.model.surveys import Object
    from safe_ops.operations.operation import Eyes, Look, Parameters

_FIELD = ("spec", "paused")
_DEADLINE_S = 120
"""A controller notes a change of its object within seconds."""


class _Pausing(WorkloadChange):
    """Sets one field; which way, the two operations below say."""

    version = 1
    parameters: type[Parameters] = DeploymentParameters
    rights = Rights(
        cluster_reads=(reads("Deployment", "get"),), cluster_writes=(writes("Deployment", "patch"),)
    )
    pauses: bool
    verb: str

    def survey(self, wanted: Parameters, eyes: Eyes) -> WorkloadSurvey:
        """Read the deployment."""
        asked = DeploymentParameters.model_validate(wanted)
        found = workload(eyes, asked.kind, asked.name, asked.namespace)
        allowed = permission(eyes, found, verb="patch", kind=asked.kind)
        return WorkloadSurvey(read_at=eyes.now, target=found, permissions=allowed)

    def draw(self, wanted: Parameters, survey: WorkloadSurvey, place: Place) -> Drawing:
        """Return the patch of the field, and the one back."""
        asked = DeploymentParameters.model_validate(wanted)
        found = there(
            survey.target, what=f"{asked.kind} {asked.namespace}/{asked.name}", place=place
        )
        target = target_of(place, found, kind=asked.kind)
        rollout = rollout_of(found)
        by = annotations_of(found).get(PAUSED_BY, "")
        return Drawing(
            tier=Tier.T1,
            target=target,
            pins=pinned(found) | {"paused_by": by},
            changes=(
                Change(
                    field="spec.paused",
                    before=str(is_paused(found)).lower(),
                    after=str(self.pauses).lower(),
                ),
            ),
            steps=(
                Step(
                    says=f"{self.verb} the rollout of {shown(found)}",
                    call=_call(target, paused=self.pauses),
                ),
            ),
            undo=(
                Step(
                    says=f"set it back in {shown(found)}",
                    call=_call(target, paused=not self.pauses),
                ),
            ),
            verification=Verification(
                says=(
                    f"spec.paused is {str(self.pauses).lower()}, and the controller has seen it",
                ),
                deadline_s=_DEADLINE_S,
            ),
            blast_radius=(f"the rollout of {rollout.desired} pods: {rollout.says}",),
            snapshot=snapshot_of(found),
        )

    def is_after(self, plan: Plan, item: Object) -> bool:
        """Tell whether the field is set, and by an action of ours."""
        is_ours = PAUSED_BY in annotations_of(item)
        return is_paused(item) is self.pauses and is_ours is self.pauses

    def judge(self, plan: Plan, item: Object, eyes: Eyes) -> Look:
        """Tell whether the controller has seen it."""
        says = rollout_of(item).says
        return reached(says) if is_observed(item) else waiting(says)


class RolloutPause(_Pausing):
    """Holds a rollout that is under way: no further pods are replaced."""

    name = "rollout_pause"
    title = "Pause a rollout"
    pauses, verb = True, "pause"
    guards: tuple[Guard[WorkloadSurvey], ...] = (IS_RUNNING, IN_PROGRESS, ownership(_FIELD))


class RolloutResume(_Pausing):
    """Lets a rollout go on that an action of ours paused."""

    name = "rollout_resume"
    title = "Resume a paused rollout"
    pauses, verb = False, "resume"
    guards: tuple[Guard[WorkloadSurvey], ...] = (IS_PAUSED, PAUSED_BY_US, ownership(_FIELD))


def _call(target: Target, *, paused: bool) -> Call:
    """Return the patch; who paused is noted while it is paused, and taken away with it."""
    marks = {ACTION: ACTION_MARK, PAUSED_BY: ACTION_MARK if paused else None}
    return Call(
        action="PATCH",
        path=path_to(target.kind, target.name, target.namespace),
        body={
            "metadata": {"resourceVersion": RV, "annotations": marks},
            "spec": {"paused": paused},
        },
        media_type=MERGE_PATCH,
        late_bound=(RV, ACTION_MARK),
    )
