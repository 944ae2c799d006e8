"""Writes the operator's ClusterRoles from the catalogue.

`python -m tests.contract.operations.operator_roles` after an operation's rights have changed. Reads
and writes are apart, so that what is written can be bound namespace by namespace; and nodes are
apart from both, because who may drain one evicts pods everywhere.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from safe_ops.model.plans import System
from safe_ops.operations.catalogue import CATALOGUE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from safe_ops.model.rights import ClusterRule
    from safe_ops.operations.operation import Operation

FOLDER = Path(__file__).parents[3] / "safe_ops" / "actuators" / "policies"
ROLES = FOLDER / "kubernetes-roles.yaml"
READ, WRITE, NODES = (
    "nightdesk-operator-read",
    "nightdesk-operator-write",
    "nightdesk-operator-nodes",
)
_HEAD = """\
# Generated from safe_ops/operations by `python -m tests.contract.operations.operator_roles`; do not
# edit. What the operator's service account needs, and no more: no secrets, no wildcard, no exec.
#
# Bind nightdesk-operator-read with a ClusterRoleBinding; nightdesk-operator-write with a
# RoleBinding in each namespace Nightdesk may act in; nightdesk-operator-nodes, only if it may
# cordon and drain, with a ClusterRoleBinding. Where one is not bound, planning says which right
# is missing.
"""


def documents() -> list[dict[str, Any]]:
    """The three roles."""
    nodes = [one for one in _on_kubernetes() if _acts_on_nodes(one)]
    others = [one for one in _on_kubernetes() if not _acts_on_nodes(one)]
    return [
        _role(READ, (rule for one in _on_kubernetes() for rule in one.rights.cluster_reads)),
        _role(WRITE, (rule for one in others for rule in one.rights.cluster_writes)),
        _role(NODES, (rule for one in nodes for rule in one.rights.cluster_writes)),
    ]


def written() -> str:
    """The roles as their file holds them."""
    return _HEAD + yaml.safe_dump_all(documents(), sort_keys=False, explicit_start=True)


def _on_kubernetes() -> list[Operation[Any]]:
    return [one for one in CATALOGUE.values() if one.system is System.KUBERNETES]


def _acts_on_nodes(operation: Operation[Any]) -> bool:
    return any(rule.resource == "nodes" for rule in operation.rights.cluster_writes)


def _role(name: str, rules: Iterable[ClusterRule]) -> dict[str, Any]:
    """Return a role with one rule for all resources of a group that need the same verbs."""
    verbs: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for rule in rules:
        verbs[rule.group, rule.resource] |= set(rule.verbs)
    together: defaultdict[tuple[str, tuple[str, ...]], list[str]] = defaultdict(list)
    for (group, resource), needed in verbs.items():
        together[group, tuple(sorted(needed))].append(resource)
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": name},
        "rules": [
            {"apiGroups": [group], "resources": sorted(resources), "verbs": list(needed)}
            for (group, needed), resources in sorted(together.items())
        ],
    }


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    ROLES.write_text(written(), encoding="utf-8")
