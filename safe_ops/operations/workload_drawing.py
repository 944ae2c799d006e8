"""What drawings of all workload operations have in common: words, pins, snapshots, deadlines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from safe_ops.model.budgets import allowance, budgets_over, taken_by_update
from safe_ops.model.fields import dig, entries, mapping, number, text
from safe_ops.model.marks import REVISION
from safe_ops.model.objects import annotations_of, generation_of, name_of, namespace_of, uid_of
from safe_ops.model.plans import Verification
from safe_ops.model.revisions import fingerprint, template_of
from safe_ops.model.rollouts import DEPLOYMENT, desired_of, is_paused, rollout_of
from safe_ops.operations.cluster_change import missed, reached, waiting

if TYPE_CHECKING:
    from safe_ops.model.plans import Json
    from safe_ops.model.surveys import Object
    from safe_ops.operations.operation import Look

# The API's default of progressDeadlineSeconds.
_PROGRESS_S = 600
# Sets have no such field: time for one wave of pods to end, start and become ready.
_WAVE_S = 120
# Verification takes no less and no more, so that neither a field of zero nor one of years counts.
_SHORTEST_S, _LONGEST_S = 300, 1800
_SETTLE_S = 60


def pinned(workload: Object) -> dict[str, Json]:
    """Return what has to be the same when the plan is carried out."""
    return {
        "uid": uid_of(workload),
        "generation": generation_of(workload),
        "template": fingerprint(template_of(workload)),
        "paused": is_paused(workload),
    }


def are_pinned(pins: dict[str, Json], found: dict[str, Json]) -> bool:
    """Tell whether what was found is what the plan pinned under the same names."""
    return all(pins.get(name) == value for name, value in found.items())


def are_restored(pins: dict[str, Json], found: dict[str, Json]) -> bool:
    """Tell the same of a workload that was changed and changed back: that counts as two writes."""
    return are_pinned(pins, found | {"generation": pins["generation"]})


def snapshot_of(workload: Object) -> Json:
    """Return what is kept of a workload as it was; nothing of what its containers are told."""
    return {
        "kind": text(workload, "kind"),
        "namespace": namespace_of(workload),
        "name": name_of(workload),
        "generation": generation_of(workload),
        "replicas": desired_of(workload),
        "paused": is_paused(workload),
        "revision": annotations_of(workload).get(REVISION, ""),
        "containers": [
            {
                "name": text(one, "name"),
                "image": text(one, "image"),
                "resources": mapping(one, "resources"),
            }
            for one in entries(template_of(workload), "spec", "containers")
        ],
    }


def rollout_deadline_s(workload: Object) -> int:
    """Return how long a rollout may take before it counts as failed."""
    if text(workload, "kind") == DEPLOYMENT:
        wanted = number(workload, "spec", "progressDeadlineSeconds", default=_PROGRESS_S)
    else:
        pods = desired_of(workload)
        waves = -(-pods // max(1, taken_by_update(workload, replicas=pods)))
        wanted = waves * (_WAVE_S + number(workload, "spec", "minReadySeconds"))
    return min(_LONGEST_S, max(_SHORTEST_S, wanted))


def rollout_verification(workload: Object, *more: str, settle_s: int = _SETTLE_S) -> Verification:
    """Return how a rollout is verified: all pods new, ready, and nothing of before left."""
    pods = desired_of(workload)
    return Verification(
        says=(f"{pods} of {pods} pods updated and ready, none of before left", *more),
        deadline_s=rollout_deadline_s(workload),
        settle_s=settle_s,
    )


def rollout_radius(workload: Object, budgets: tuple[Object, ...]) -> tuple[str, ...]:
    """Return what a rollout touches: its pods, how many at once, and budgets over them."""
    pods = desired_of(workload)
    taken = taken_by_update(workload, replicas=pods)
    share = f" ({taken / pods:.0%})" if pods else ""
    labels = dig(template_of(workload), "metadata", "labels") or {}
    over = budgets_over(budgets, namespace=namespace_of(workload), labels=labels)
    return (
        f"{pods} pods of {shown(workload)} are replaced",
        f"at most {taken} of them{share} away at once",
        *(f"budget {allowance(one).says}" for one in over),
    )


def rollout_look(workload: Object) -> Look:
    """Tell how far a rollout is, of a workload that has the change."""
    rollout = rollout_of(workload)
    if rollout.complete:
        return reached(rollout.says)
    return (
        missed(f"{rollout.says}; {rollout.overdue}") if rollout.overdue else waiting(rollout.says)
    )


def shown(workload: Object) -> str:
    """Return a workload as people write it, such as `Deployment shop/cart`."""
    return f"{text(workload, 'kind')} {namespace_of(workload)}/{name_of(workload)}"
