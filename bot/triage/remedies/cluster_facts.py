"""What is known for steps about scaling, placement, budgets and storage classes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bot.tools.kubectl.quantity import amount

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.triage.estate import Estate
    from bot.triage.finding import Finding
    from bot.triage.objects import ObjectRef

# A maximum is proposed to grow to twice of what it is at most, whatever the load asks for.
_MOST_TIMES = 2


def of(estate: Estate, found: Finding) -> Iterator[tuple[str, str]]:
    """Yield slots and values for a finding about such bounds; nothing for others."""
    match found.phrase:
        case "autoscaler_at_max":
            yield from _autoscaler(found)
        case "budget_blocks" | "budget_never":
            yield from _budget(estate, found)
        case "no_label":
            yield "wanted", found.values.get("wanted", "")
            yield "there", found.values.get("labels", "")
        case "probe_port":
            yield "numbers", found.values.get("ports", "")
        case "all_cordoned":
            cordoned = sorted(node.ref.name for node in estate.nodes if node.cordoned)
            yield from (("cordoned", name) for name in cordoned[:1])
        case "claim_no_default":
            if len(estate.storage_classes) == 1:
                yield "class", estate.storage_classes[0].ref.name
        case _:
            return


def is_scaled_for(estate: Estate, ref: ObjectRef) -> bool:
    """Tell whether an autoscaler keeps the replicas of a workload, and would undo a hand's work."""
    return any(
        (one.target_kind, one.target_name, one.ref.namespace) == (ref.kind, ref.name, ref.namespace)
        for one in estate.autoscalers
    )


def _autoscaler(found: Finding) -> Iterator[tuple[str, str]]:
    most = int(found.values["most"])
    target = found.values.get("wanted", "")
    yield "target", target
    current, wanted = (
        amount(found.values.get("current", "").rstrip("%")),
        amount(target.rstrip("%")),
    )
    if current and wanted:
        needed = math.ceil(most * current / wanted)
        yield "raised_most", str(min(max(needed, most + 1), _MOST_TIMES * most))


def _budget(estate: Estate, found: Finding) -> Iterator[tuple[str, str]]:
    """Yield one replica more, where that lets one go: a number must stay, and so many are well."""
    rule = found.values["rule"]
    yield "budget", rule
    kept = rule.removeprefix("minAvailable=")
    owners = {estate.workload_of(pod) for ref in found.pods if (pod := estate.pod(ref)) is not None}
    workload = estate.workload(next(iter(owners))) if len(owners) == 1 else None
    is_well = int(found.values["healthy"]) >= int(found.values["needed"])
    if (
        kept.isdecimal()
        and is_well
        and workload is not None
        and workload.ref.kind in {"deployment", "statefulset"}
        and not is_scaled_for(estate, workload.ref)
    ):
        yield "scaled", f"{workload.ref.kind}/{workload.ref.name}"
        yield "expected", str(workload.desired)
        yield "one_more", str(workload.desired + 1)
