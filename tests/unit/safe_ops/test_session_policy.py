"""Whatever was approved, the session that does it can do nothing else of the catalogue."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safe_ops.actuators.session_policy import (
    MAX_POLICY_CHARS,
    policy_of,
    session_name,
    session_tags,
    source_identity,
)
from safe_ops.errors import RefusedError
from safe_ops.model.rights import Grant, Rights, Warrant
from safe_ops.operations.catalogue import CATALOGUE
from tests.unit.safe_ops.accounts import ACCOUNT, SERVICE
from tests.unit.safe_ops.cloud_worlds import WORLDS

if TYPE_CHECKING:
    from safe_ops.model.plans import Step

REGION = "eu-central-1"
PARTS = [(name, part) for name in WORLDS for part in ("steps", "undo")]
UPDATE = Grant(action="ecs:UpdateService", arn=SERVICE)
ECS = Rights(cloud_reads=("ecs:DescribeServices",), cloud_writes=("ecs:UpdateService",))


def warrant(
    *grants: Grant, rights: Rights = ECS, approvers: tuple[str, ...] = (), **fields: Any
) -> Warrant:
    given = {"action_id": "act-1", "requester": "ana", "digest": "d" * 64} | fields
    return Warrant(rights=rights, grants=grants, approvers=approvers, **given)


def policy(held: Warrant) -> str:
    return policy_of(held, account_id=ACCOUNT, region=REGION)


def allows(document: str, action: str, arn: str) -> bool:
    """IAM's evaluation of a document without denials: some statement names action and resource."""
    for statement in json.loads(document)["Statement"]:
        assert set(statement) == {"Effect", "Action", "Resource"}
        assert statement["Effect"] == "Allow"
        resources = statement["Resource"]
        resources = [resources] if isinstance(resources, str) else resources
        if any(fnmatchcase(action, one) for one in statement["Action"]) and any(
            fnmatchcase(arn, one) for one in resources
        ):
            return True
    return False


def drawn(operation: str, part: str) -> tuple[Warrant, tuple[Step, ...]]:
    drawing = WORLDS[operation]().drawing()
    steps: tuple[Step, ...] = getattr(drawing, part)
    grants = tuple(grant for step in steps for grant in step.call.grants)
    return warrant(*grants, rights=CATALOGUE[operation].rights), steps


def every_write() -> set[Grant]:
    """Each write of the catalogue on each resource any operation's plan touches."""
    grants = {
        grant for name, part in PARTS for step in drawn(name, part)[1] for grant in step.call.grants
    }
    actions = {one for name in WORLDS for one in CATALOGUE[name].rights.cloud_writes}
    return {Grant(action=action, arn=grant.arn) for action in actions for grant in grants}


@pytest.mark.parametrize(("operation", "part"), PARTS)
def test_a_session_may_do_its_calls_and_no_other_write(operation: str, part: str) -> None:
    held, steps = drawn(operation, part)
    document = policy(held)
    own = {grant for step in steps for grant in step.call.grants}

    assert {one for one in every_write() if allows(document, one.action, one.arn)} == own


@pytest.mark.parametrize("operation", WORLDS)
def test_every_session_fits_what_sts_takes(operation: str) -> None:
    held, _steps = drawn(operation, "steps")

    assert len(policy(held)) <= MAX_POLICY_CHARS


def test_credentials_to_update_a_service_cannot_delete_it() -> None:
    document = policy(warrant(UPDATE))

    assert allows(document, "ecs:UpdateService", SERVICE)
    assert not allows(document, "ecs:DeleteService", SERVICE)
    assert not allows(document, "ecs:UpdateService", SERVICE + "-2")


@pytest.mark.parametrize("operation", WORLDS)
def test_no_operation_may_pass_roles_take_roles_or_delete(operation: str) -> None:
    rights = CATALOGUE[operation].rights
    forbidden = ("iam:", "sts:", "kms:", "secretsmanager:", "organizations:")

    assert not [one for one in rights.cloud_writes if one.startswith(forbidden)]
    assert not [one for one in rights.cloud_writes + rights.cloud_reads if "*" in one]
    assert [one for one in rights.cloud_reads if one.startswith(forbidden)] == [
        "iam:SimulatePrincipalPolicy"
    ]


@pytest.mark.parametrize("operation", WORLDS)
def test_an_operation_asks_iam_about_every_call_it_may_come_to(operation: str) -> None:
    case = WORLDS[operation]().case()
    asked = {permission.says for permission in case.survey.permissions}
    grants = {
        f"{grant.action} on {grant.arn}"
        for step in (*case.drawing.steps, *case.drawing.undo)
        for grant in step.call.grants
        # IAM asks for a single resource, and a deployment's id is not known yet.
        if not grant.arn.endswith("*")
    }

    assert grants <= asked


@pytest.mark.parametrize("operation", WORLDS)
def test_rights_to_write_are_those_the_operations_calls_use(operation: str) -> None:
    grants = {
        grant.action
        for part in ("steps", "undo")
        for step in drawn(operation, part)[1]
        for grant in step.call.grants
    }
    if operation == "cw_alarm_unmute":
        grants |= {"cloudwatch:EnableAlarmActions", "cloudwatch:DisableAlarmActions"}

    assert set(CATALOGUE[operation].rights.cloud_writes) == grants


def test_a_session_that_only_reads_has_no_write() -> None:
    document = json.loads(policy(warrant()))

    assert document["Statement"] == [
        {"Effect": "Allow", "Action": ["ecs:DescribeServices"], "Resource": "*"}
    ]


def test_resources_with_the_same_rights_share_a_statement() -> None:
    other = Grant(action="ecs:UpdateService", arn=SERVICE + "-2")
    document = json.loads(policy(warrant(UPDATE, other, UPDATE)))

    assert document["Statement"][1] == {
        "Effect": "Allow",
        "Action": ["ecs:UpdateService"],
        "Resource": [SERVICE, SERVICE + "-2"],
    }


@pytest.mark.parametrize(
    "arn",
    [
        "*",
        f"arn:aws:ecs:eu-central-1:{ACCOUNT}:service/*",
        f"arn:aws:ecs:eu-central-1:{ACCOUNT}:service/shop/ca?t",
        f"arn:aws:ecs:eu-central-1:{ACCOUNT}:service/${{aws:username}}",
        f"arn:aws:ecs:*:{ACCOUNT}:service/shop/cart",
        f"arn:aws:ecs:eu-central-1:{ACCOUNT}:service-deployment/shop/*",
        f"arn:aws:ecs:eu-central-1:{ACCOUNT}:service-deployment/*/cart/*",
        f"arn:aws:ecs:eu-central-1:{ACCOUNT}:service-deployment/shop/cart/*/*",
        "",
    ],
)
def test_what_names_more_than_one_resource_is_refused(arn: str) -> None:
    with pytest.raises(RefusedError, match="does not name exactly one") as caught:
        policy(warrant(Grant(action="ecs:UpdateService", arn=arn)))
    assert caught.value.code == "policy"


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:ecs:eu-central-1:222222222222:service/shop/cart",
        f"arn:aws:ecs:us-east-1:{ACCOUNT}:service/shop/cart",
    ],
)
def test_a_resource_of_another_account_or_region_is_refused(arn: str) -> None:
    with pytest.raises(RefusedError, match="is not in account 111111111111"):
        policy(warrant(Grant(action="ecs:UpdateService", arn=arn)))


def test_a_grant_beyond_the_operations_rights_is_refused() -> None:
    with pytest.raises(RefusedError, match="ecs:DeleteService is no right"):
        policy(warrant(Grant(action="ecs:DeleteService", arn=SERVICE)))


def test_a_policy_that_sts_would_not_take_is_refused_before_it_is_sent() -> None:
    grants = [
        Grant(action="ecs:UpdateService", arn=f"{SERVICE}-{number}-{'x' * 200}")
        for number in range(9)
    ]
    with pytest.raises(RefusedError, match="AWS takes 2048"):
        policy(warrant(*grants))


def test_an_operation_without_any_aws_right_opens_no_session() -> None:
    with pytest.raises(RefusedError, match="no AWS rights at all"):
        policy(warrant(rights=Rights()))


def test_a_session_that_only_writes_has_no_reads() -> None:
    held = warrant(UPDATE, rights=Rights(cloud_writes=("ecs:UpdateService",)))

    assert len(json.loads(policy(held))["Statement"]) == 1


def test_the_first_approver_answers_for_a_session_and_before_that_the_requester() -> None:
    assert source_identity(warrant(approvers=("ben@example.com", "cleo"))) == "ben@example.com"
    assert source_identity(warrant()) == "ana"


@given(st.text(max_size=90))
def test_whatever_a_subject_is_sts_takes_it(subject: str) -> None:
    allowed = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+=,.@-")
    held = warrant(approvers=(subject,), action_id=subject)

    for text in (source_identity(held), session_name(held)):
        assert 2 <= len(text) <= 64
        assert set(text) <= allowed
    for tag in session_tags(held):
        assert len(tag["Value"]) <= 256


def test_two_subjects_that_do_not_fit_stay_two() -> None:
    first = source_identity(warrant(approvers=("policy:abc",)))
    second = source_identity(warrant(approvers=("policy:abd",)))

    assert first.startswith("sha256-")
    assert first != second


def test_tags_name_action_people_and_digest() -> None:
    tags = {one["Key"]: one["Value"] for one in session_tags(warrant(approvers=("ben", "cleo")))}

    assert tags == {
        "action_id": "act-1",
        "requester": "ana",
        "approvers": "ben cleo",
        "digest": "d" * 16,
    }


def test_what_is_not_known_yet_is_no_tag() -> None:
    keys = {one["Key"] for one in session_tags(warrant(digest=""))}

    assert keys == {"action_id", "requester"}


def test_more_approvers_than_a_tag_holds_stand_as_one_hash() -> None:
    (tag,) = [
        one
        for one in session_tags(warrant(approvers=tuple(f"{n}@{'x' * 50}" for n in range(9))))
        if one["Key"] == "approvers"
    ]

    assert tag["Value"].startswith("sha256-")
