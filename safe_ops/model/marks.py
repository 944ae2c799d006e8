"""Annotations and labels that changes are marked with, ours and Kubernetes' own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from safe_ops.model.objects import annotations_of, labels_of

if TYPE_CHECKING:
    from safe_ops.model.surveys import Object

ACTION = "nightdesk.dev/action"
"""Annotation: the label of the action that wrote an object last."""
MARKED = "marked"
"""Pin of plans on objects that bear that annotation: what it said when they were drawn."""
PAUSED_BY = "nightdesk.dev/paused-by"
"""Annotation: the label of the action that paused a rollout; who else paused it, resumes it."""
MIGRATION = "nightdesk.dev/schema-migration"
"""Label or annotation of a pod template that moved its database: going back may not be enough."""
RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"
"""Annotation of a pod template: kubectl's own mark of a restart, so that its history reads on."""
REVISION = "deployment.kubernetes.io/revision"
"""Annotation of a deployment and of its replica sets: which rollout they are."""
TEMPLATE_HASH = "pod-template-hash"
"""Label the deployment controller adds to each replica set's template."""
KEEP = "nightdesk.dev/keep"
"""Label or annotation of what people want left alone, whatever its value is."""


def action_of(item: Object) -> str:
    """Return the label of the action that wrote the object last; empty if none did."""
    return annotations_of(item).get(ACTION, "")


def is_kept(item: Object) -> bool:
    """Tell whether somebody asked to leave the object alone."""
    return KEEP in labels_of(item) or KEEP in annotations_of(item)
