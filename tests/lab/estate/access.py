"""Who is denied what in a simulated cluster.

The lab's account may read everything and change nothing, until a scenario or a test denies more.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.lab.kubernetes.kinds import KINDS, READ_VERBS

_READS = frozenset(READ_VERBS)
_CLUSTER_SCOPED = {(kind.plural, kind.group) for kind in KINDS if not kind.namespaced}


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """One attempt: `resource` is `plural` or `plural/subresource`; namespace "" is cluster-wide."""

    verb: str
    resource: str
    group: str = ""
    namespace: str = ""
    name: str = ""

    @property
    def spans_namespaces(self) -> bool:
        """Whether this reaches a namespaced resource in every namespace at once."""
        plural = self.resource.split("/", maxsplit=1)[0]
        return not self.namespace and (plural, self.group) not in _CLUSTER_SCOPED


@dataclass(frozen=True, slots=True, kw_only=True)
class Denial:
    """A rule that refuses; "*" matches anything.

    Refusing a resource in one namespace also refuses it over all namespaces: RBAC only adds, so
    whoever lacks one namespace cannot have the cluster-wide right.
    """

    verb: str = "*"
    resource: str = "*"
    namespace: str = "*"

    def covers(self, access: Access) -> bool:
        return (
            self.verb in {"*", access.verb}
            and self.resource in {"*", access.resource}
            and (self.namespace in {"*", access.namespace} or access.spans_namespaces)
        )


def is_allowed(access: Access, denials: tuple[Denial, ...]) -> bool:
    """Whether the lab's account may do this."""
    if access.group in {"authorization.k8s.io", "authentication.k8s.io"}:
        return True
    return access.verb in _READS and not any(denial.covers(access) for denial in denials)
