"""The guard that no approval lifts: calls that are never sent, whatever a plan says.

It judges the very calls, so a mistake in an operation ends here, before the system's own rights.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from safe_ops.model.guarding import Case, Guard, passes, refuses
from safe_ops.model.plans import System
from safe_ops.model.trust import GIVE, ROWS, TAKE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from safe_ops.model.plans import Call, Json, Ruling
    from safe_ops.model.surveys import Survey

HARD_LIMITS: Final = "hard-limits"

_PATH: Final = re.compile(
    r"/(?:api/v1|apis/(?P<group>[^/]+)/v[^/]+)(?:/namespaces/[^/]+)?"
    r"/(?P<resource>[^/]+)/[^/]+(?:/(?P<subresource>[^/]+))?"
)
_CHANGEABLE: Final = frozenset(
    {
        "apps/deployments",
        "apps/deployments/scale",
        "apps/statefulsets",
        "apps/statefulsets/scale",
        "apps/daemonsets",
        "autoscaling/horizontalpodautoscalers",
        "batch/cronjobs",
        "/nodes",
    }
)
"""What PATCH and PUT may go to: group, resource, subresource."""
_DELETABLE: Final = frozenset({"/pods", "batch/jobs"})
_POSTABLE: Final = frozenset({"/pods/eviction"})
_BY_METHOD: Final = {
    "PATCH": _CHANGEABLE,
    "PUT": _CHANGEABLE,
    "DELETE": _DELETABLE,
    "POST": _POSTABLE,
}

_CLOUD_SERVICES: Final = frozenset({"autoscaling", "cloudwatch", "ec2", "ecs", "lambda", "sqs"})
_EC2_OPERATIONS: Final = frozenset({"ec2:reboot_instances"})
"""EC2 also holds networks and volumes, so it is named call by call."""
_LOSING: Final = re.compile(r"(delete|terminate|purge|deregister|destroy|remove)_")
_LOSES_NOTHING: Final = frozenset({"cloudwatch:delete_alarm_mute_rule"})
_UNTOUCHABLE_FIELDS: Final = frozenset(
    # Code, identity, network, keys and sessions of functions and services.
    {
        "environment",
        "enableexecutecommand",
        "executionrolearn",
        "handler",
        "imageuri",
        "kmskeyarn",
        "layers",
        "networkconfiguration",
        "policy",
        "role",
        "rolearn",
        "taskrolearn",
        "userdata",
        "vpcconfig",
        "zipfile",
    }
)
_OWN_CALLS: Final = frozenset({GIVE, TAKE})
_OWN_ROWS: Final = f"{ROWS}/"
"""What may be written of Nightdesk's own database; audit, actions and roles never."""


def forbidden(system: System, call: Call) -> str:
    """Return why a call is never sent; empty if it may be."""
    return next(_BY_SYSTEM[system](call), "")


def _in_cluster(call: Call) -> Iterator[str]:
    found = _PATH.fullmatch(call.path)
    what = "/".join(
        [found["group"] or "", *filter(None, (found["resource"], found["subresource"]))]
        if found
        else ["", call.path]
    )
    if what not in _BY_METHOD.get(call.action, frozenset()):
        yield f"{call.action} to {what.lstrip('/')} is on no list of changes"
    options = _deletion_options(call)
    if options is None:
        return
    if not _has_uid(options):
        yield f"{call.action} of {call.path} names no uid, so it could hit a namesake"
    if options.get("gracePeriodSeconds") == 0:
        yield f"{call.action} of {call.path} leaves pods no time to end"


def _deletion_options(call: Call) -> dict[str, Json] | None:
    """Return the options of what removes an object; None for what removes none."""
    body: dict[str, Json] = call.body if isinstance(call.body, dict) else {}
    if call.action == "DELETE":
        return body
    if call.action == "POST":
        options = body.get("deleteOptions")
        return options if isinstance(options, dict) else {}
    return None


def _has_uid(options: dict[str, Json]) -> bool:
    preconditions = options.get("preconditions")
    return isinstance(preconditions, dict) and bool(preconditions.get("uid"))


def _in_cloud(call: Call) -> Iterator[str]:
    service, _, operation = call.action.partition(":")
    if service not in _CLOUD_SERVICES or (service == "ec2" and call.action not in _EC2_OPERATIONS):
        yield f"{call.action} is on no list of changes"
    if _LOSING.match(operation) and call.action not in _LOSES_NOTHING:
        yield f"{call.action} loses what cannot be brought back"
    body: dict[str, Json] = call.body if isinstance(call.body, dict) else {}
    touched = sorted(field for field in body if field.lower() in _UNTOUCHABLE_FIELDS)
    if touched:
        yield f"{call.action} would set {', '.join(touched)}, which nobody changes from here"


def _in_own(call: Call) -> Iterator[str]:
    if call.action not in _OWN_CALLS or not call.path.startswith(_OWN_ROWS):
        yield f"{call.action} of {call.path} is on no list of changes"


_BY_SYSTEM: Final = {
    System.KUBERNETES: _in_cluster,
    System.AWS: _in_cloud,
    System.NIGHTDESK: _in_own,
}


def _hard_limits(case: Case[Survey]) -> Ruling:
    drawing = case.drawing
    for step in (*drawing.steps, *drawing.undo):
        why = forbidden(drawing.target.place.system, step.call)
        if why:
            return refuses(
                HARD_LIMITS,
                f"`{step.says}` is never sent, whoever approves: {why}. This is a fault of the"
                " operation: report it",
            )
    return passes(HARD_LIMITS, "all calls are of kinds that may be sent")


GUARDS: Final[tuple[Guard[Survey], ...]] = (Guard(name=HARD_LIMITS, decide=_hard_limits),)
