"""Who may do what in a simulated cluster, until a scenario or a test denies it.

The investigator may read everything and change nothing; the operator may read everything and
change what guarded operations change.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.lab.kubernetes.kinds import KINDS, READ_VERBS

_READS = frozenset(READ_VERBS)
_CLUSTER_SCOPED = {(kind.plural, kind.group) for kind in KINDS if not kind.namespaced}


# Everything the catalogue of operations ever changes, as RBAC rules would grant it.
_OPERATOR_WRITES = frozenset(
    {
        ("create", "pods/eviction", ""),
        ("delete", "jobs", "batch"),
        ("delete", "pods", ""),
        ("patch", "cronjobs", "batch"),
        ("patch", "daemonsets", "apps"),
        ("patch", "deployments", "apps"),
        ("patch", "deployments/scale", "apps"),
        ("patch", "horizontalpodautoscalers", "autoscaling"),
        ("patch", "nodes", ""),
        ("patch", "statefulsets", "apps"),
        ("patch", "statefulsets/scale", "apps"),
        ("update", "deployments/scale", "apps"),
        ("update", "statefulsets/scale", "apps"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A service account of the lab."""

    name: str
    writes: frozenset[tuple[str, str, str]] = frozenset()
    """Verb, resource and group of each change it may make."""

    @property
    def user(self) -> str:
        """As RBAC and audit logs name it."""
        return f"system:serviceaccount:nightdesk:{self.name}"


INVESTIGATOR = Identity(name="investigator")
OPERATOR = Identity(name="operator", writes=_OPERATOR_WRITES)


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
    who: Identity = INVESTIGATOR

    def covers(self, access: Access, who: Identity) -> bool:
        return (
            self.who == who
            and self.verb in {"*", access.verb}
            and self.resource in {"*", access.resource}
            and (self.namespace in {"*", access.namespace} or access.spans_namespaces)
        )


def is_allowed(access: Access, denials: tuple[Denial, ...], who: Identity = INVESTIGATOR) -> bool:
    """Whether an account of the lab may do this."""
    if access.group in {"authorization.k8s.io", "authentication.k8s.io"}:
        return True
    granted = access.verb in _READS or (access.verb, access.resource, access.group) in who.writes
    return granted and not any(denial.covers(access, who) for denial in denials)
