"""How an object of a cluster is named: what every other value of triage refers to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectRef:
    """One object of one cluster."""

    cluster: str
    kind: str
    """Lower case, as in `deployment`."""
    namespace: str
    """Empty for objects that belong to no namespace."""
    name: str

    def __str__(self) -> str:
        """Return the form verdicts use."""
        return f"{self.cluster}/{self.kind}/{self.namespace}/{self.name}"
