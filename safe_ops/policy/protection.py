"""What no operation ever touches, whoever approves: what is built in, and what the file adds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from safe_ops.model.plans import System
from safe_ops.policy.rules import matches

if TYPE_CHECKING:
    from collections.abc import Mapping

    from safe_ops.model.plans import Target
    from safe_ops.policy.rules import Protected

OWN_NAME = "nightdesk"
"""Namespaces, workloads and AWS resources whose name begins so are Nightdesk's own."""
PROTECTED_LABEL = "nightdesk.dev/protected"
"""Protects what carries it, as a label or an AWS tag, unless its value is `false`."""
SYSTEM_NAMESPACES = ("kube-*",)
# https://kubernetes.io/docs/reference/labels-annotations-taints/: master is the name up to 1.24.
CONTROL_PLANE_LABELS = (
    "node-role.kubernetes.io/control-plane",
    "node-role.kubernetes.io/controlplane",
    "node-role.kubernetes.io/master",
    "node-role.kubernetes.io/etcd",
)


def protection(protected: Protected, target: Target, labels: Mapping[str, str]) -> str:
    """Return why the target may not be touched; empty if it may.

    Args:
        protected: What the policy file adds.
        target: What would be acted on.
        labels: Its Kubernetes labels, or its AWS tags.
    """
    return _built_in(target, labels) or _by_file(protected, target, labels)


def _built_in(target: Target, labels: Mapping[str, str]) -> str:
    namespace = target.name if target.kind == "Namespace" else target.namespace
    if matches(namespace, SYSTEM_NAMESPACES):
        return f"namespace {namespace} belongs to the cluster itself"
    if namespace.startswith(OWN_NAME) or any(
        part.startswith(OWN_NAME) for part in target.name.split("/")
    ):
        return f"{target.key} is part of Nightdesk itself"
    if labels.get(PROTECTED_LABEL, "false").lower() != "false":
        return f"it is marked with {PROTECTED_LABEL}"
    if target.place.system is System.KUBERNETES and target.kind == "Node":
        role = next((label for label in CONTROL_PLANE_LABELS if label in labels), "")
        return f"it is a node of the control plane ({role})" if role else ""
    return ""


def _by_file(protected: Protected, target: Target, labels: Mapping[str, str]) -> str:
    namespace = target.name if target.kind == "Namespace" else target.namespace
    if matches(target.place.name, protected.places):
        return f"the policy file protects all of {target.place.name}"
    if namespace and matches(namespace, protected.namespaces):
        return f"the policy file protects namespace {namespace}"
    if matches(target.name, protected.names) or matches(
        f"{target.namespace}/{target.name}", protected.names
    ):
        return f"the policy file protects {target.name} by name"
    for wanted in protected.labels:
        key, equals, value = wanted.partition("=")
        if key in labels and (not equals or labels[key] == value):
            return f"the policy file protects what is labelled {wanted}"
    return ""
