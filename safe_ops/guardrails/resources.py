"""Refuses bounds of containers that jump, contradict each other, or fit nowhere.

Knows templates, limit ranges, quotas and nodes as they were read, no operation. Which container it
is stands in the parameters, beside the wanted bounds by their names in `safe_ops.model.resources`.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from safe_ops.guardrails.capacity import more_for, over_quota
from safe_ops.model.fields import dig, entries, mapping, text
from safe_ops.model.guarding import Guard, passes, refuses
from safe_ops.model.objects import name_of
from safe_ops.model.quantities import amount
from safe_ops.model.resources import (
    BOUNDS,
    bound_of,
    container_of,
    in_force,
    with_bounds,
    with_container,
)
from safe_ops.model.revisions import template_of
from safe_ops.model.rollouts import desired_of
from safe_ops.model.room import Room, allocatable, asked_by, limited_to, takes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from safe_ops.model.guarding import Case
    from safe_ops.model.plans import Ruling
    from safe_ops.model.surveys import Object
    from safe_ops.model.workloads import WorkloadSurvey

LARGEST_STEP, SMALLEST_STEP = Decimal(2), Decimal("0.5")
_RESOURCES = ("cpu", "memory")


def _present(case: Case[WorkloadSurvey]) -> Object:
    spec = dig(template_of(case.survey.workload), "spec")
    return container_of(spec, str(case.parameters["container"])) or {}


def _changed(case: Case[WorkloadSurvey]) -> Object:
    return with_bounds(_present(case), case.parameters)


def _spec_after(case: Case[WorkloadSurvey]) -> Object:
    spec = mapping(template_of(case.survey.workload), "spec")
    return with_container(spec, _changed(case))


def _step(case: Case[WorkloadSurvey]) -> Ruling:
    present = _present(case)
    for parameter in BOUNDS:
        written = case.parameters.get(parameter)
        if written is None:
            continue
        wanted, before = amount(written), in_force(present, parameter)
        what = parameter.replace("_", " ")
        if wanted is None or not before:
            return refuses(
                "step",
                f"There is no {what} now that {written} could be compared with: a first one "
                "belongs where the workload is kept.",
            )
        if not SMALLEST_STEP <= wanted / before <= LARGEST_STEP:
            return refuses(
                "step",
                f"{what} {written} is {float(wanted / before):.2g} times the present "
                f"{bound_of(present, parameter) or 'limit'}: one step goes from half to twice.",
            )
    return passes("step", "Each bound is between half and twice the present one.")


def _request_within_limit(case: Case[WorkloadSurvey]) -> Ruling:
    changed = _changed(case)
    for resource in _RESOURCES:
        request = in_force(changed, f"{resource}_request")
        limit = in_force(changed, f"{resource}_limit")
        if request is not None and limit is not None and request > limit:
            return refuses(
                "request-within-limit",
                f"{resource} would ask for {bound_of(changed, f'{resource}_request')} and may "
                f"take only {bound_of(changed, f'{resource}_limit')}: raise the limit too.",
            )
    return passes("request-within-limit", "No request is above its limit.")


def _broken(ranges: tuple[Object, ...], container: Object, spec: Object) -> Iterator[str]:
    asked, limits = asked_by(spec), limited_to(spec)
    for held in ranges:
        for rule in entries(held, "spec", "limits"):
            name = name_of(held)
            match rule.get("type"):
                case "Container":
                    for resource in _RESOURCES:
                        yield from _outside(
                            name,
                            rule,
                            resource,
                            in_force(container, f"{resource}_request"),
                            in_force(container, f"{resource}_limit"),
                        )
                case "Pod":
                    yield from _outside(name, rule, "cpu", asked.cpu, limits.cpu)
                    yield from _outside(name, rule, "memory", asked.memory, limits.memory)
                case _:
                    pass


def _outside(
    name: str, rule: Object, resource: str, request: Decimal | None, limit: Decimal | None
) -> Iterator[str]:
    whose = f"limit range {name} gives a {text(rule, 'type').lower()}"
    least, most = text(rule, "min", resource), text(rule, "max", resource)
    ratio = amount(dig(rule, "maxLimitRequestRatio", resource))
    if least and request is not None and request < (amount(least) or 0):
        yield f"{whose} at least {least} {resource}"
    if most and limit is not None and limit > (amount(most) or 0):
        yield f"{whose} at most {most} {resource}"
    if ratio and request and limit and limit / request > ratio:
        yield f"{whose} limits of at most {ratio.normalize():f} times its requests ({resource})"


def _limit_range(case: Case[WorkloadSurvey]) -> Ruling:
    ranges = case.survey.limit_ranges
    why = next(_broken(ranges, _changed(case), _spec_after(case)), "")
    if why:
        return refuses("limit-range", f"New pods would be refused: {why}.")
    return passes("limit-range", f"The bounds keep {len(ranges)} limit ranges.")


def _quota(case: Case[WorkloadSurvey]) -> Ruling:
    workload, pods = case.survey.workload, desired_of(case.survey.workload)
    template = template_of(workload)
    after = workload | {"spec": {"template": template | {"spec": _spec_after(case)}}}
    now, then = more_for(workload, pods), more_for(after, pods)
    more = {name: then[name] - now[name] for name in then}
    why = over_quota(case.survey.quotas, more)
    if why:
        return refuses("quota", f"{pods} such pods do not fit: {why}. Ask for a larger quota.")
    return passes("quota", f"{pods} such pods fit {len(case.survey.quotas)} quotas.")


def _fits_a_node(case: Case[WorkloadSurvey]) -> Ruling:
    spec = _spec_after(case)
    asked = asked_by(spec)
    fitting = [node for node in case.survey.nodes if takes(node, spec)]
    largest = max((allocatable(node) for node in fitting), key=_size, default=Room())
    if not any(allocatable(node).times(asked) for node in fitting):
        return refuses(
            "largest-node",
            f"Such a pod asks for {asked.says} and the largest of {len(fitting)} nodes that take "
            f"it has {largest.says}: it would never be placed.",
        )
    return passes("largest-node", f"Such a pod asks for {asked.says}; a node has {largest.says}.")


def _size(room: Room) -> tuple[Decimal, Decimal]:
    return room.memory, room.cpu


STEP: Guard[WorkloadSurvey] = Guard(name="step", decide=_step)
REQUEST_WITHIN_LIMIT: Guard[WorkloadSurvey] = Guard(
    name="request-within-limit", decide=_request_within_limit
)
LIMIT_RANGE: Guard[WorkloadSurvey] = Guard(name="limit-range", decide=_limit_range)
RESOURCES_QUOTA: Guard[WorkloadSurvey] = Guard(name="quota", decide=_quota)
FITS_A_NODE: Guard[WorkloadSurvey] = Guard(name="largest-node", decide=_fits_a_node)
