"""Refuses to set by hand what an autoscaler sets: it would set it back within seconds.

Knows autoscalers and what they point at, no operation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from safe_ops.model.fields import dig, entries, number, text
from safe_ops.model.guarding import Guard, passes, refuses
from safe_ops.model.objects import holds, name_of

if TYPE_CHECKING:
    from safe_ops.model.guarding import Case
    from safe_ops.model.plans import Ruling
    from safe_ops.model.surveys import Object
    from safe_ops.model.workloads import WorkloadSurvey

# What a VerticalPodAutoscaler and an autoscaler by use would both move.
_USED = frozenset({"cpu", "memory"})


def scalers_of(survey: WorkloadSurvey) -> tuple[Object, ...]:
    """Return the HorizontalPodAutoscalers that scale the workload."""
    return tuple(one for one in survey.autoscalers if _points(one, "scaleTargetRef", survey))


def _points(scaler: Object, field: str, survey: WorkloadSurvey) -> bool:
    ref, workload = dig(scaler, "spec", field), survey.workload
    # KEDA leaves the kind out where it is a deployment.
    kind = text(ref, "kind", default="Deployment")
    return kind == text(workload, "kind") and text(ref, "name") == name_of(workload)


def _not_autoscaled(case: Case[WorkloadSurvey]) -> Ruling:
    survey = case.survey
    for one in survey.scaled_objects:
        if _points(one, "scaleTargetRef", survey):
            return refuses(
                "autoscaler",
                f"KEDA's ScaledObject {name_of(one)} sets its replicas and would set them back: "
                "change minReplicaCount or maxReplicaCount there.",
            )
    for one in scalers_of(survey):
        least, most = number(one, "spec", "minReplicas", default=1), dig(one, "spec", "maxReplicas")
        return refuses(
            "autoscaler",
            f"Autoscaler {name_of(one)} sets its replicas ({least} to {most}) and would set them "
            "back: change its bounds instead (hpa_bounds).",
        )
    return passes("autoscaler", "No autoscaler sets its replicas.")


def _active_vertical(survey: WorkloadSurvey) -> Object | None:
    return next(
        (
            one
            for one in survey.scaled_objects
            if _points(one, "targetRef", survey)
            and text(one, "spec", "updatePolicy", "updateMode", default="Auto") != "Off"
        ),
        None,
    )


def _no_vertical(case: Case[WorkloadSurvey]) -> Ruling:
    found = _active_vertical(case.survey)
    if found is not None:
        return refuses(
            "vertical-autoscaler",
            f"VerticalPodAutoscaler {name_of(found)} sets its resources: change its bounds, or "
            "set its updateMode to Off first.",
        )
    return passes("vertical-autoscaler", "No vertical autoscaler sets its resources.")


def _not_both_ways(case: Case[WorkloadSurvey]) -> Ruling:
    found = _active_vertical(case.survey)
    metrics = entries(case.survey.target, "spec", "metrics")
    used = {
        text(one, kind, "name")
        for one in metrics
        for kind in ("resource", "containerResource")
        if dig(one, kind) is not None
    }
    # Without metrics an autoscaler goes by processor time.
    if found is not None and (not metrics or used & _USED):
        return refuses(
            "vertical-autoscaler",
            f"VerticalPodAutoscaler {name_of(found)} moves the same workload by the same use: "
            "the two would drive each other. Set its updateMode to Off first.",
        )
    return passes("vertical-autoscaler", "No vertical autoscaler moves it by the same use.")


def _sound_bounds(case: Case[WorkloadSurvey]) -> Ruling:
    pins, target = case.drawing.pins, case.survey.target
    least, most = pins["wanted_min"], pins["wanted_max"]
    present = number(target, "status", "currentReplicas")
    if not least <= present <= most:
        return refuses(
            "bounds",
            f"{present} pods run now, outside {least} to {most}: that would scale at once. "
            "Choose bounds that hold what runs, and let the autoscaler move.",
        )
    return passes("bounds", f"{present} pods run now, within {least} to {most}.")


def _is_able(case: Case[WorkloadSurvey]) -> Ruling:
    target = case.survey.target or {}
    for kind in ("AbleToScale", "ScalingActive"):
        if not holds(target, kind):
            return refuses(
                "autoscaler-works",
                f"The autoscaler is not {kind} now, so other bounds would not help: mend that "
                "first.",
            )
    return passes("autoscaler-works", "The autoscaler gets its metrics and can scale.")


NOT_AUTOSCALED: Guard[WorkloadSurvey] = Guard(name="autoscaler", decide=_not_autoscaled)
NO_VERTICAL: Guard[WorkloadSurvey] = Guard(name="vertical-autoscaler", decide=_no_vertical)
NOT_BOTH_WAYS: Guard[WorkloadSurvey] = Guard(name="vertical-autoscaler", decide=_not_both_ways)
SOUND_BOUNDS: Guard[WorkloadSurvey] = Guard(name="bounds", decide=_sound_bounds)
IS_ABLE: Guard[WorkloadSurvey] = Guard(name="autoscaler-works", decide=_is_able)
