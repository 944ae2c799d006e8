"""What is measured, as matchers of PromQL: a workload's pods, a namespace, a node.

Pods are matched by how controllers name them, not by today's names: last week's pods count too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.tools.promql.selectors import in_quotes

if TYPE_CHECKING:
    from bot.triage.objects import ObjectRef

# Generated parts of names have no vowels (k8s.io/apimachinery/pkg/util/rand), so that
# `checkout-api-x2b4c` of another workload is not taken for a pod of `checkout`.
_RANDOM = "[^-aeiou]"
_TAILS = {
    "deployment": f"-{_RANDOM}{{1,10}}-{_RANDOM}{{5}}",
    "statefulset": "-[0-9]+",
    "daemonset": f"-{_RANDOM}{{5}}",
    "replicaset": f"-{_RANDOM}{{5}}",
    "job": f"-{_RANDOM}{{5}}",
    "cronjob": f"-[0-9]+-{_RANDOM}{{5}}",
}
NODE = "node"
NAMESPACE = "namespace"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Something of one cluster that has measurements."""

    cluster: str
    kind: str
    """A kind of object in lower case, `node` and `namespace` among them."""
    namespace: str
    """Empty for a node; a namespace's own name."""
    name: str

    @property
    def pods(self) -> str:
        """A regular expression, in RE2's syntax, for the names of its pods; empty for any."""
        if self.kind in {NODE, NAMESPACE}:
            return ""
        plain = re.escape(self.name).replace(r"\-", "-")
        return f"{plain}{_TAILS.get(self.kind, '')}"

    @property
    def matchers(self) -> tuple[str, ...]:
        """What selects its containers; a node's label differs and is found out elsewhere."""
        inside = f"{NAMESPACE}={in_quotes(self.namespace)}"
        if self.kind == NAMESPACE:
            return (inside,)
        if self.kind == "pod":
            return (inside, f"pod={in_quotes(self.name)}")
        return (inside, f"pod=~{in_quotes(self.pods)}")

    @property
    def ref(self) -> str:
        """The form verdicts use."""
        return f"{self.cluster}/{self.kind}/{self.namespace}/{self.name}"


def subject_of(ref: ObjectRef) -> Subject:
    """Return an object as something to measure."""
    return Subject(cluster=ref.cluster, kind=ref.kind, namespace=ref.namespace, name=ref.name)


def namespace_subject(cluster: str, namespace: str) -> Subject:
    """Return a whole namespace as something to measure."""
    return Subject(cluster=cluster, kind=NAMESPACE, namespace=namespace, name=namespace)
