"""The operator's rights in a cluster: what its operations use, and no more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml

from safe_ops.model.plans import System
from safe_ops.operations.catalogue import CATALOGUE
from tests.contract.operations.admission import (
    ADMITTED_AS,
    BACKSTOP,
    OPERATIONS,
    OPERATOR,
    asked_by,
)
from tests.contract.operations.operator_roles import NODES, READ, ROLES, WRITE, written

if TYPE_CHECKING:
    from collections.abc import Iterable

    from safe_ops.model.rights import ClusterRule

Uses = set[tuple[str, str, str]]
ON_NODES = {"cordon", "uncordon", "drain_node"}
OURS = [one for one in CATALOGUE.values() if one.system is System.KUBERNETES]
SELF_REVIEW = "authorization.k8s.io/selfsubjectaccessreviews CREATE"


def role(name: str) -> Uses:
    """What a role of the shipped file allows."""
    documents = yaml.safe_load_all(ROLES.read_text(encoding="utf-8"))
    (found,) = [one for one in documents if one["metadata"]["name"] == name]
    return {
        (group, resource, verb)
        for rule in found["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


def spelled(rules: Iterable[ClusterRule]) -> Uses:
    return {(rule.group, rule.resource, verb) for rule in rules for verb in rule.verbs}


def backstop() -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(BACKSTOP.read_text(encoding="utf-8")))


def test_the_roles_in_the_repository_are_what_the_catalogue_makes() -> None:
    kept = ROLES.read_text(encoding="utf-8")
    assert kept == written(), "run `python -m tests.contract.operations.operator_roles`"


def test_every_operation_on_a_cluster_is_drawn_here() -> None:
    assert set(OPERATIONS) == {one.name for one in OURS}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_call_is_allowed_to_its_own_operation_and_by_one_role(operation: str) -> None:
    rights = CATALOGUE[operation].rights
    calls = {(one.group, one.full, one.verb) for one in asked_by(operation)}
    assert calls
    assert calls <= spelled(rights.cluster_writes)
    assert calls <= role(NODES if operation in ON_NODES else WRITE)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_what_an_operation_surveys_may_be_read(operation: str) -> None:
    assert spelled(CATALOGUE[operation].rights.cluster_reads) <= role(READ)


def test_every_right_is_used_by_an_operation() -> None:
    reads = {use for one in OURS for use in spelled(one.rights.cluster_reads)}
    writes = {use for one in OURS for use in spelled(one.rights.cluster_writes)}
    assert role(READ) <= reads
    assert role(WRITE) | role(NODES) <= writes


def test_nothing_is_granted_that_could_do_more_than_an_operation() -> None:
    everything = role(READ) | role(WRITE) | role(NODES)
    resources = {resource for _group, resource, _verb in everything}
    verbs = {verb for _group, _resource, verb in everything}
    groups = {group for group, _resource, _verb in everything}
    assert "*" not in resources | verbs | groups
    assert not resources & {"secrets", "pods/exec", "pods/attach", "pods/portforward"}
    assert not groups & {"rbac.authorization.k8s.io", "admissionregistration.k8s.io"}
    assert {verb for _group, _resource, verb in role(READ)} == {"get", "list"}
    assert {use[:2] for use in everything if use[2] == "delete"} == {
        ("", "pods"),
        ("batch", "jobs"),
    }
    assert {use[:2] for use in everything if use[2] == "create"} == {("", "pods/eviction")}
    assert verbs == {"get", "list", "create", "delete", "patch", "update"}


def test_the_backstop_lets_through_the_catalogues_calls_alone() -> None:
    (calls,) = [one for one in backstop() if one["metadata"]["name"].endswith("operator-calls")][:1]
    (expression,) = [
        one["expression"]
        for one in calls["spec"]["validations"]
        if "variables.call in" in one["expression"]
    ]
    listed = set(yaml.safe_load(expression.partition("in ")[2]))
    assert listed - {SELF_REVIEW} == {
        f"{rule.group}/{rule.resource} {ADMITTED_AS[verb]}"
        for one in OURS
        for rule in one.rights.cluster_writes
        for verb in rule.verbs
    }


def test_every_policy_of_the_backstop_is_bound_and_about_the_operator() -> None:
    policies = [one for one in backstop() if one["kind"] == "ValidatingAdmissionPolicy"]
    bindings = [one for one in backstop() if one["kind"] == "ValidatingAdmissionPolicyBinding"]
    names = [one["metadata"]["name"] for one in policies]
    assert [one["spec"]["policyName"] for one in bindings] == names
    assert all("Deny" in one["spec"]["validationActions"] for one in bindings)
    for policy in policies:
        assert policy["spec"]["failurePolicy"] == "Fail"
        (condition,) = policy["spec"]["matchConditions"]
        assert condition["expression"] == f"request.userInfo.username == '{OPERATOR}'"
