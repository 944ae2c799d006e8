"""Parameters Kubernetes operations share: names as the API allows them, and nothing else."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from safe_ops.operations.operation import Parameters

_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
# Lengths are the API's own (RFC 1123): 63 of a label, 253 of a name made of labels.
Namespace = Annotated[str, Field(pattern=rf"^{_LABEL}$", max_length=63)]
ObjectName = Annotated[str, Field(pattern=rf"^{_LABEL}(\.{_LABEL})*$", max_length=253)]
ContainerName = Annotated[str, Field(pattern=rf"^{_LABEL}$", max_length=63)]
Replicas = Annotated[int, Field(ge=0, le=1000)]
"""Above a thousand nobody scales by hand."""


class NamespacedParameters(Parameters):
    """One object in one namespace."""

    namespace: Namespace
    name: ObjectName


class WorkloadParameters(NamespacedParameters):
    """One workload with a pod template."""

    kind: Literal["Deployment", "StatefulSet", "DaemonSet"] = "Deployment"


class ScalableParameters(NamespacedParameters):
    """One workload with a count of pods."""

    kind: Literal["Deployment", "StatefulSet"] = "Deployment"
    replicas: Replicas


class DeploymentParameters(NamespacedParameters):
    """One deployment."""

    kind: Literal["Deployment"] = "Deployment"
