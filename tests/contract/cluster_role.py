"""Writes the read ClusterRole from the list of kinds: `python -m tests.contract.cluster_role`.

The role is what the list of kinds says and nothing else: get and list, logs of pods, usage.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from bot.domain.kinds import KINDS

ROLE = Path(__file__).parents[2] / "bot" / "tools" / "kubectl" / "read-role.yaml"
_HEAD = """\
# Generated from bot/domain/kinds.py by `python -m tests.contract.cluster_role`; do not edit.
# What Nightdesk reads, and no more: no secrets, no exec, no proxy, no wildcard.
"""


def cluster_role() -> dict[str, Any]:
    """The role: one rule an API group, then pods' logs and usage."""
    groups = sorted({kind.group for kind in KINDS})
    rules = [
        _rule(group, sorted({kind.plural for kind in KINDS if kind.group == group}))
        for group in groups
    ]
    rules.append({"apiGroups": [""], "resources": ["pods/log"], "verbs": ["get"]})
    rules.append(_rule("metrics.k8s.io", ["nodes", "pods"]))
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": "nightdesk-read"},
        "rules": rules,
    }


def written() -> str:
    """The role as its file holds it."""
    return _HEAD + yaml.safe_dump(cluster_role(), sort_keys=False)


def _rule(group: str, resources: list[str]) -> dict[str, list[str]]:
    return {"apiGroups": [group], "resources": resources, "verbs": ["get", "list"]}


if __name__ == "__main__":
    ROLE.write_text(written(), encoding="utf-8")
