"""The read ClusterRole: the list of kinds, and nothing else."""

from __future__ import annotations

import yaml

from bot.domain.kinds import KINDS
from tests.contract.cluster_role import ROLE, written


def test_the_role_in_the_repository_is_the_one_the_kinds_make() -> None:
    kept = ROLE.read_text(encoding="utf-8")
    assert kept == written(), "run `python -m tests.contract.cluster_role`, commit what it writes"


def test_every_readable_kind_is_granted() -> None:
    role = yaml.safe_load(ROLE.read_text(encoding="utf-8"))
    granted = {
        (group, resource)
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
    }
    assert {(kind.group, kind.plural) for kind in KINDS} <= granted


def test_the_role_only_reads_and_reads_no_secrets() -> None:
    role = yaml.safe_load(ROLE.read_text(encoding="utf-8"))
    resources = {resource for rule in role["rules"] for resource in rule["resources"]}
    assert {verb for rule in role["rules"] for verb in rule["verbs"]} == {"get", "list"}
    assert not resources & {"secrets", "*", "pods/exec", "pods/proxy", "services/proxy"}
    assert not any(resource.endswith("/proxy") for resource in resources)
