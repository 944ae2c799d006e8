"""What is read before a workload or its autoscaler is changed."""

from __future__ import annotations

from dataclasses import dataclass

from safe_ops.model.surveys import ClusterSurvey, Object


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkloadSurvey(ClusterSurvey):
    """Of a deployment, stateful set, daemon set, or of an autoscaler."""

    scaled: Object | None = None
    """The workload the autoscaler scales, where that is the target."""
    revision_ready_s: float | None = None
    """For how many seconds of the last week the revision gone back to had ready pods; None where
    that is not measured."""

    @property
    def workload(self) -> Object:
        """Return the workload whose pods are concerned; empty if it is gone."""
        return self.scaled or self.target or {}
