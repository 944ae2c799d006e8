"""The calls that put an earlier pod template back, whose text is read only when it is sent.

Plans name the revision and its fingerprint; what containers are told never enters a plan.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from safe_ops.errors import StaleError
from safe_ops.model.marks import ACTION
from safe_ops.model.plans import Call
from safe_ops.model.revisions import fingerprint, plain, template_of
from safe_ops.model.rollouts import DEPLOYMENT
from safe_ops.operations.cluster_change import (
    ACTION_MARK,
    JSON_PATCH,
    RV,
    cluster_of,
    merge_call,
    spelled,
)
from safe_ops.operations.cluster_paths import path_to
from safe_ops.operations.workload_reading import holder_kind

if TYPE_CHECKING:
    from safe_ops.model.plans import Json, Target
    from safe_ops.operations.operation import Eyes

_TEMPLATE = "$template:"


def template_mark(name: str) -> str:
    """Return the placeholder of the template the revision of that name holds."""
    return f"{_TEMPLATE}{name}"


def going_back_call(target: Target, name: str, *, is_annotated: bool = True) -> Call:
    """Return the patch that puts a template back, as kubectl's `rollout undo` sends it.

    Of a deployment it replaces the template where nothing else was written since; of sets it is
    what their ControllerRevision holds, which says itself that it replaces. `name` is the
    revision's; `is_annotated` tells whether the object has annotations when it is sent: ours joins
    them.
    """
    template = template_mark(name)
    if target.kind != DEPLOYMENT:
        return merge_call(target, {"template": template}, late_bound=(template,))
    mark: Json = {"op": "add", "path": "/metadata/annotations", "value": {ACTION: ACTION_MARK}}
    if is_annotated:
        path = f"/metadata/annotations/{_escaped(ACTION)}"
        mark = {"op": "add", "path": path, "value": ACTION_MARK}
    return Call(
        action="PATCH",
        path=path_to(target.kind, target.name, target.namespace),
        body=[
            {"op": "test", "path": "/metadata/resourceVersion", "value": RV},
            mark,
            {"op": "replace", "path": "/spec/template", "value": template},
        ],
        media_type=JSON_PATCH,
        late_bound=(RV, ACTION_MARK, template),
    )


def template_to_send(eyes: Eyes, target: Target, *, name: str, mark: str) -> Json:
    """Return the template a revision holds now, as it has to be sent.

    Raises:
        StaleError: The revision is gone, or is not the one the plan names.
    """
    kind = holder_kind(target.kind)
    holder = cluster_of(eyes).get(path_to(kind, name, target.namespace))
    if holder is None or fingerprint(template_of(holder)) != mark:
        raise StaleError(
            f"{kind} {name} of {spelled(target)} is gone or holds another template; plan it again."
        )
    return plain(template_of(holder)) if target.kind == DEPLOYMENT else template_of(holder)


def _escaped(key: str) -> str:
    """Return a key as a JSON pointer has it (RFC 6901)."""
    return key.replace("~", "~0").replace("/", "~1")
