"""Rights an operation needs, no wider: the source of the shipped RBAC and IAM files."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class ClusterRule:
    """One RBAC rule."""

    group: str
    """API group; empty for the core one."""
    resource: str
    """Plural, with its subresource: `deployments`, `pods/eviction`."""
    verbs: tuple[str, ...]
    """Sorted."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Grant:
    """One thing IAM lets one session do."""

    action: str
    """IAM's name, such as `ecs:UpdateService`."""
    arn: str
    """The one resource."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """What one operation may do; reads and writes apart, because a session may only read."""

    cluster_reads: tuple[ClusterRule, ...] = ()
    cluster_writes: tuple[ClusterRule, ...] = ()
    cloud_reads: tuple[str, ...] = ()
    """IAM actions such as `ecs:DescribeServices`; granted on all resources."""
    cloud_writes: tuple[str, ...] = ()
    """IAM actions such as `ecs:UpdateService`; granted on the target's ARN only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Warrant:
    """In whose name, and for what alone, credentials are wanted.

    AWS gets them as session name, SourceIdentity, tags and session policy; Kubernetes as field
    manager and annotation.
    """

    action_id: str
    requester: str
    approvers: tuple[str, ...] = ()
    digest: str = ""
    rights: Rights
    """The operation's; on AWS the session may read what is among them, and write by `grants`."""
    grants: tuple[Grant, ...] = ()
    """AWS: those of all calls the session is opened for; empty for a session that only reads."""
