"""The write both ways of scaling make: the count of a workload's pods, through its `scale`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from safe_ops.model.budgets import budgets_over, needed_of
from safe_ops.model.fields import dig, number
from safe_ops.model.objects import name_of, namespace_of
from safe_ops.model.plans import Call, Change, Drawing, Step, Tier, Verification
from safe_ops.model.revisions import template_of
from safe_ops.model.rollouts import desired_of
from safe_ops.model.workloads import WorkloadSurvey
from safe_ops.operations.cluster_change import RV, ClusterChange, permission, target_of, there
from safe_ops.operations.cluster_parameters import ScalableParameters
from safe_ops.operations.cluster_paths import path_to
from safe_ops.operations.workload_drawing import rollout_deadline_s, shown, snapshot_of
from safe_ops.operations.workload_reading import beside, budgets_beside, workload

if TYPE_CHECKING:
    from safe_ops.model.plans import Place, Plan, Target
    from safe_ops.model.surveys import Object
    from safe_ops.operations.operation import Eyes, Parameters

REPLICAS = ("spec", "replicas")
"""Left out of a Scale where it is 0, always there in a workload."""
SETTLE_S = 60


class ReplicaChange(ClusterChange):
    """Sets the count of pods through the `scale` subresource, and nothing else of the object."""

    version = 1
    parameters: type[Parameters] = ScalableParameters

    def base_survey(self, wanted: Parameters, eyes: Eyes) -> WorkloadSurvey:
        """Read the workload and who else sets its count."""
        asked = ScalableParameters.model_validate(wanted)
        found = workload(eyes, asked.kind, asked.name, asked.namespace)
        return WorkloadSurvey(
            read_at=eyes.now,
            target=found,
            permissions=permission(eyes, found, verb="update", kind=f"{asked.kind}/scale"),
            budgets=budgets_beside(eyes, found),
            autoscalers=beside(eyes, "HorizontalPodAutoscaler", found),
            scaled_objects=beside(eyes, "ScaledObject", found),
        )

    def base_drawing(self, wanted: Parameters, survey: WorkloadSurvey, place: Place) -> Drawing:
        """Return what both ways have in common, of the first tier."""
        asked = ScalableParameters.model_validate(wanted)
        found = there(
            survey.target, what=f"{asked.kind} {asked.namespace}/{asked.name}", place=place
        )
        target, present = target_of(place, found, kind=asked.kind), desired_of(found)
        return Drawing(
            tier=Tier.T1,
            target=target,
            pins={"uid": target.uid, "replicas": present, "wanted_replicas": asked.replicas},
            changes=(
                Change(field="spec.replicas", before=str(present), after=str(asked.replicas)),
            ),
            steps=(
                Step(
                    says=f"scale {shown(found)} to {asked.replicas}",
                    call=_call(target, asked.replicas),
                ),
            ),
            undo=(Step(says=f"scale {shown(found)} to {present}", call=_call(target, present)),),
            verification=Verification(
                says=(f"{asked.replicas} of {asked.replicas} pods ready",),
                deadline_s=rollout_deadline_s(found),
                settle_s=SETTLE_S,
            ),
            blast_radius=_radius(found, survey, present, asked.replicas),
            snapshot=snapshot_of(found),
        )

    def is_before(self, plan: Plan, item: Object) -> bool:
        """Tell whether the count is the one that was planned for."""
        return number(item, *REPLICAS) == int(plan.drawing.pins["replicas"])

    def is_after(self, plan: Plan, item: Object) -> bool:
        """Tell whether the count is the one wanted."""
        return number(item, *REPLICAS) == int(plan.drawing.pins["wanted_replicas"])


def _call(target: Target, replicas: int) -> Call:
    """Return the whole Scale object: uid and resourceVersion make the API refuse any other."""
    return Call(
        action="PUT",
        path=path_to(target.kind, target.name, target.namespace, subresource="scale"),
        body={
            "apiVersion": "autoscaling/v1",
            "kind": "Scale",
            "metadata": {
                "name": target.name,
                "namespace": target.namespace,
                "uid": target.uid,
                "resourceVersion": RV,
            },
            "spec": {"replicas": replicas},
        },
        late_bound=(RV,),
    )


def _radius(workload: Object, survey: WorkloadSurvey, present: int, wanted: int) -> tuple[str, ...]:
    more = wanted - present
    share = f" ({abs(more) / present:.0%} of it)" if present else ""
    labels = dig(template_of(workload), "metadata", "labels") or {}
    over = budgets_over(survey.budgets, namespace=namespace_of(workload), labels=labels)
    word = "more" if more > 0 else "fewer"
    return (
        f"{abs(more)} {word} pods of {shown(workload)}{share}",
        *(
            f"budget {name_of(one)} wants {needed_of(one, expected=wanted)} of {wanted} healthy"
            for one in over
        ),
    )
