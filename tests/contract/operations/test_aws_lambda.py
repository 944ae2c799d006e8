"""Operations on Lambda through boto3 against moto: surveyed, drawn, rehearsed, sent, looked at.

moto's own gaps are filled in tests/lab/aws/writing.py and enforce nothing; that each read and write
is among the operation's rights is enforced by the actuator itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from safe_ops.errors import CallRefusedError, RefusedError, StaleError
from safe_ops.model.actions import CallOutcome
from safe_ops.operations.operation import Progress
from safe_ops.service.binding import bound
from tests.contract.operations.aws_writes import (
    ACCOUNT,
    NAME,
    PLACE,
    REGION,
    TAGS,
    Desk,
    running_lab,
)
from tests.lab.aws.compute import packaged
from tests.lab.aws.writing import writes_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.lab.aws.server import AwsLab


@pytest.fixture(scope="module")
def running() -> Iterator[AwsLab]:
    with running_lab() as lab:
        yield lab


@pytest.fixture
def lab(running: AwsLab) -> Iterator[AwsLab]:
    running.gate.seen.clear()
    yield running
    running.gate.faults.clear()


def a_function(lab: AwsLab, name: str) -> Any:
    client = lab.client(NAME, "lambda")
    role = f"arn:aws:iam::{ACCOUNT}:role/{name}"
    lab.client(NAME, "iam").create_role(
        RoleName=name, AssumeRolePolicyDocument='{"Version": "2012-10-17", "Statement": []}'
    )
    client.create_function(
        FunctionName=name,
        Runtime="python3.13",
        Role=role,
        Handler="app.handler",
        Code={"ZipFile": packaged({"app.py": "def handler(event, context): ...\n"})},
        MemorySize=256,
        Timeout=10,
        Environment={"Variables": {"DB_PASSWORD": "canary-hunter2"}},
        Tags=TAGS,
    )
    return client


class TestLambdaSettings:
    def test_memory_is_set_and_set_back(self, lab: AwsLab) -> None:
        client = a_function(lab, "memory")
        desk = Desk(lab, "lambda_set_memory", {"function": "memory", "memory_mb": 512})
        plan = desk.plan()

        assert desk.refusals() == []
        assert desk.rehearse(plan) == [
            "lambda:update_function_configuration: parameters fit; AWS has no dry run for it"
        ]
        assert desk.applied(plan) == [CallOutcome.NOT_APPLIED]
        desk.send(plan)
        assert client.get_function_configuration(FunctionName="memory")["MemorySize"] == 512
        assert desk.look(plan).progress is Progress.REACHED
        assert desk.applied(plan) == [CallOutcome.APPLIED]
        desk.send(plan, part="undo")
        assert client.get_function_configuration(FunctionName="memory")["MemorySize"] == 256
        assert desk.applied(plan, part="undo") == [CallOutcome.APPLIED]

    def test_nothing_but_the_timeout_is_changed(self, lab: AwsLab) -> None:
        client = a_function(lab, "timeouts")
        before = client.get_function_configuration(FunctionName="timeouts")
        desk = Desk(lab, "lambda_set_timeout", {"function": "timeouts", "timeout_s": 20})
        desk.send(desk.plan())
        after = client.get_function_configuration(FunctionName="timeouts")

        differs = {key for key in before if before[key] != after.get(key)}
        assert differs - {"ResponseMetadata", "RevisionId", "LastModified"} == {"Timeout"}

    def test_a_queue_that_feeds_the_function_bounds_its_timeout(self, lab: AwsLab) -> None:
        client = a_function(lab, "fed")
        lab.client(NAME, "sqs").create_queue(
            QueueName="jobs", Attributes={"VisibilityTimeout": "100"}
        )
        client.create_event_source_mapping(
            FunctionName="fed", EventSourceArn=f"arn:aws:sqs:{REGION}:{ACCOUNT}:jobs"
        )
        desk = Desk(lab, "lambda_set_timeout", {"function": "fed", "timeout_s": 20})

        assert desk.refusals() == ["callers-wait"]

    def test_an_api_gateway_in_front_bounds_it_too(self, lab: AwsLab) -> None:
        client = a_function(lab, "fronted")
        client.update_function_configuration(FunctionName="fronted", Timeout=28)
        client.add_permission(
            FunctionName="fronted",
            StatementId="api",
            Action="lambda:InvokeFunction",
            Principal="apigateway.amazonaws.com",
        )
        desk = Desk(lab, "lambda_set_timeout", {"function": "fronted", "timeout_s": 40})

        assert desk.refusals() == ["callers-wait"]

    def test_a_change_between_read_and_write_is_a_conflict(self, lab: AwsLab) -> None:
        client = a_function(lab, "raced")
        desk = Desk(lab, "lambda_set_memory", {"function": "raced", "memory_mb": 512})
        plan = desk.plan()
        steps = plan.drawing.steps
        with desk.eyes() as eyes:
            call = bound(desk.operation, plan, steps[0].call, eyes, label="A12")
        client.update_function_configuration(FunctionName="raced", Description="meanwhile")
        with (
            desk.workshop.hands(PLACE, desk.warrant(steps)) as hands,
            pytest.raises(CallRefusedError, match="RevisionId") as caught,
        ):
            hands.send(call)

        assert caught.value.conflict
        assert client.get_function_configuration(FunctionName="raced")["MemorySize"] == 256

    def test_new_code_since_the_plan_is_drift(self, lab: AwsLab) -> None:
        client = a_function(lab, "deployed")
        desk = Desk(lab, "lambda_set_memory", {"function": "deployed", "memory_mb": 512})
        plan = desk.plan()
        client.update_function_code(
            FunctionName="deployed", ZipFile=packaged({"app.py": "def handler(e, c): return 2\n"})
        )

        with pytest.raises(StaleError, match="CodeSha256"):
            desk.send(plan)
        assert desk.draw().pins != plan.drawing.pins

    def test_a_change_of_another_kind_does_not_stop_it(self, lab: AwsLab) -> None:
        client = a_function(lab, "described")
        desk = Desk(lab, "lambda_set_memory", {"function": "described", "memory_mb": 512})
        plan = desk.plan()
        client.update_function_configuration(FunctionName="described", Description="new words")
        desk.send(plan)

        assert client.get_function_configuration(FunctionName="described")["MemorySize"] == 512

    def test_values_of_the_environment_are_in_no_plan_and_no_answer(self, lab: AwsLab) -> None:
        a_function(lab, "secretive")
        desk = Desk(lab, "lambda_set_memory", {"function": "secretive", "memory_mb": 512})
        plan = desk.plan()
        answers = desk.send(plan)

        assert "canary" not in repr((plan, answers, desk.survey()))
        assert answers[0]["request_id"]

    def test_a_function_that_is_not_there_is_told(self, lab: AwsLab) -> None:
        desk = Desk(lab, "lambda_set_memory", {"function": "absent", "memory_mb": 512})

        with pytest.raises(RefusedError, match="absent does not exist in shop-prod"):
            desk.draw()

    def test_a_denial_of_the_simulation_is_in_the_survey(self, lab: AwsLab) -> None:
        a_function(lab, "forbidden")
        denied = writes_of(ACCOUNT, "global").denied
        denied.add("lambda:UpdateFunctionConfiguration")
        desk = Desk(lab, "lambda_set_memory", {"function": "forbidden", "memory_mb": 512})
        (permission,) = desk.survey().permissions
        denied.clear()

        assert not permission.allowed
        assert permission.says.endswith(": implicitDeny")


class TestLambdaAlias:
    def test_an_alias_goes_back_and_forth(self, lab: AwsLab) -> None:
        client = a_function(lab, "orders")
        client.publish_version(FunctionName="orders")
        client.update_function_configuration(
            FunctionName="orders",
            Timeout=20,
            Environment={"Variables": {"DB_PASSWORD": "canary-other", "MODE": "new"}},
        )
        client.update_function_code(
            FunctionName="orders", ZipFile=packaged({"app.py": "def handler(e, c): return 2\n"})
        )
        client.publish_version(FunctionName="orders")
        client.create_alias(
            FunctionName="orders",
            Name="live",
            FunctionVersion="2",
            RoutingConfig={"AdditionalVersionWeights": {"1": 0.1}},
        )
        desk = Desk(
            lab,
            "lambda_alias_rollback",
            {"function": "orders", "alias": "live", "version": "1"},
        )
        plan = desk.plan()

        # Both were published within the hour.
        assert desk.refusals() == ["version-proven"]
        assert {one.field for one in plan.drawing.changes} >= {
            "FunctionVersion",
            "Timeout",
            "CodeSha256",
            "environment DB_PASSWORD",
            "environment MODE",
        }
        assert "canary" not in repr(plan)
        desk.rehearse(plan)
        desk.send(plan)
        alias = client.get_alias(FunctionName="orders", Name="live")
        assert alias["FunctionVersion"] == "1"
        assert not alias.get("RoutingConfig", {}).get("AdditionalVersionWeights")
        assert desk.look(plan).progress is Progress.REACHED
        assert desk.applied(plan) == [CallOutcome.APPLIED]
        desk.send(plan, part="undo")
        alias = client.get_alias(FunctionName="orders", Name="live")
        assert alias["FunctionVersion"] == "2"
        assert alias["RoutingConfig"]["AdditionalVersionWeights"] == {"1": 0.1}

    def test_an_alias_moved_since_the_plan_is_drift(self, lab: AwsLab) -> None:
        client = a_function(lab, "moved")
        for number in range(3):
            code = packaged({"app.py": f"def handler(e, c): return {number}\n"})
            client.update_function_code(FunctionName="moved", ZipFile=code)
            client.publish_version(FunctionName="moved")
        client.create_alias(FunctionName="moved", Name="live", FunctionVersion="3")
        desk = Desk(
            lab, "lambda_alias_rollback", {"function": "moved", "alias": "live", "version": "1"}
        )
        plan = desk.plan()
        client.update_alias(FunctionName="moved", Name="live", FunctionVersion="2")

        with pytest.raises(StaleError, match="FunctionVersion is 2 now and was 3"):
            desk.send(plan)
