"""How the actuator sends calls: as they are, once, and what it makes of the answers."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from botocore.session import Session

from safe_ops.actuators.cloud import AwsHands
from safe_ops.actuators.cloud_session import CloudSession, HubSessions
from safe_ops.errors import (
    CallRefusedError,
    GoneError,
    RefusedError,
    UnknownOutcomeError,
    UpstreamError,
)
from safe_ops.model.actions import CallOutcome
from tests.contract.operations.aws_calls import (
    SCALE,
    SERVICE,
    UPDATE,
    WARRANT,
    add_service,
    count,
    reboot,
    rehearse,
    send,
)
from tests.contract.operations.aws_writes import (
    PLACE,
    REGION,
    Desk,
    cloud_place,
    running_lab,
    workshop_of,
)
from tests.contract.operations.lossy import Loss, Lossy
from tests.lab.aws.gate import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from safe_ops.actuators.cloud_place import CloudPlace
    from safe_ops.model.plans import Call
    from safe_ops.model.rights import Warrant
    from tests.lab.aws.server import AwsLab


@pytest.fixture(scope="module")
def running() -> Iterator[AwsLab]:
    with running_lab() as lab:
        add_service(lab)
        yield lab


@pytest.fixture
def lab(running: AwsLab) -> Iterator[AwsLab]:
    running.gate.seen.clear()
    yield running
    running.gate.faults.clear()


class _GoneAway(HubSessions):
    """Sessions in an account nobody can reach any more."""

    def open(self, place: CloudPlace, region: str, warrant: Warrant) -> CloudSession:
        session = Session()
        session.set_credentials("key", "secret")
        unreachable = replace(place, endpoint_url="http://127.0.0.1:9")
        return CloudSession(session, place=unreachable, region=region)


class TestSending:
    def test_a_call_is_sent_as_it_is_and_its_request_id_kept(self, lab: AwsLab) -> None:
        answer = send(lab)
        (seen,) = lab.seen("UpdateService")

        assert json.loads(seen.body) == SCALE.body
        assert set(answer) == {"request_id"}
        assert count(lab) == 3

    @pytest.mark.parametrize(
        "call",
        [
            replace(SCALE, grants=()),
            replace(SCALE, grants=(replace(UPDATE, arn=SERVICE + "-2"),)),
            replace(SCALE, action="ecs:delete_service"),
            replace(SCALE, action="ecs:no_such_method"),
            replace(SCALE, action="ecs:get_waiter"),
        ],
    )
    def test_what_the_warrant_does_not_grant_is_not_sent(self, lab: AwsLab, call: Call) -> None:
        with pytest.raises(RefusedError) as caught:
            send(lab, call)
        assert caught.value.code == "rights"
        assert {one.operation for one in lab.seen()} == {"AssumeRole"}

    def test_for_an_approved_plan_the_role_is_taken_on_before_any_call(self, lab: AwsLab) -> None:
        with workshop_of(lab, cloud_place(lab)).hands(PLACE, WARRANT) as hands:
            assert [one.operation for one in lab.seen()] == ["AssumeRole"]
            hands.send(SCALE)
        assert [one.operation for one in lab.seen()] == ["AssumeRole", "UpdateService"]

    def test_a_placeholder_nobody_filled_is_not_sent(self, lab: AwsLab) -> None:
        call = replace(
            SCALE,
            body={**SCALE.body, "capacityProviderStrategy": [{"capacityProvider": "$rv"}]},
            late_bound=("$rv",),
        )
        with pytest.raises(RefusedError, match=r"still has \$rv in it") as caught:
            send(lab, call)
        assert caught.value.code == "unbound"
        assert lab.seen("UpdateService") == []

    def test_parameters_that_do_not_fit_are_not_sent(self, lab: AwsLab) -> None:
        call = replace(SCALE, body={**SCALE.body, "desiredCount": "many"})
        with pytest.raises(CallRefusedError, match="do not fit AWS's model") as caught:
            send(lab, call)
        assert caught.value.status == "ParamValidation"
        assert lab.seen("UpdateService") == []

    @pytest.mark.parametrize(
        ("status", "code", "error", "conflict"),
        [
            (400, "InvalidParameterException", CallRefusedError, False),
            (400, "AccessDeniedException", CallRefusedError, False),
            (409, "ResourceConflictException", CallRefusedError, True),
            (412, "PreconditionFailedException", CallRefusedError, True),
            (412, "Odd", CallRefusedError, True),
            (404, "ServiceNotFoundException", GoneError, False),
            (500, "ServerException", UnknownOutcomeError, False),
            (503, "ServiceUnavailable", UnknownOutcomeError, False),
        ],
    )
    def test_an_answer_that_is_no_success_is_named_for_what_it_means(
        self, lab: AwsLab, status: int, code: str, error: type[Exception], *, conflict: bool
    ) -> None:
        lab.fail(Fault(operation="UpdateService", status=status, code=code, message="no"))
        with pytest.raises(error, match=code) as caught:
            send(lab)
        assert type(caught.value) is error
        assert getattr(caught.value, "conflict", False) is conflict
        assert len(lab.seen("UpdateService")) == 1

    @pytest.mark.parametrize(
        ("status", "code"),
        [(400, "ThrottlingException"), (503, "RequestLimitExceeded"), (429, "X")],
    )
    def test_what_was_throttled_was_not_done_and_is_not_repeated_below(
        self, lab: AwsLab, status: int, code: str
    ) -> None:
        lab.fail(Fault(operation="UpdateService", status=status, code=code))
        with pytest.raises(UpstreamError, match="nothing was changed") as caught:
            send(lab)
        assert type(caught.value) is UpstreamError
        assert caught.value.retry_after_s == 5.0
        assert len(lab.seen("UpdateService")) == 1

    def test_a_validation_error_that_only_says_there_is_none_is_gone(self, lab: AwsLab) -> None:
        lab.fail(
            Fault(
                operation="UpdateService",
                code="ClientException",
                message="TaskDefinition does not exist." + "x" * 900,
            )
        )
        with pytest.raises(GoneError, match="does not exist") as caught:
            send(lab)
        assert len(str(caught.value)) < 700

    @pytest.mark.parametrize("loss", [Loss.ANSWER, Loss.SILENCE])
    def test_a_lost_answer_is_an_unknown_outcome_and_one_call(
        self, lab: AwsLab, loss: Loss
    ) -> None:
        wanted = {"cluster": "shop", "service": "cart", "desired": count(lab) + 1}
        desk = Desk(lab, "ecs_scale", wanted)
        plan = desk.plan()
        with (
            Lossy(url=lab.url, operation="UpdateService", loss=loss) as way,
            pytest.raises(UnknownOutcomeError, match="no answer came"),
        ):
            Desk(
                lab,
                desk.name,
                desk.wanted,
                place=cloud_place(lab, endpoint_url=way.address, write_timeout_s=0.5),
            ).send(plan)

        assert way.passed_on == 1
        assert len(lab.seen("UpdateService")) == 1
        assert desk.applied(plan) == [CallOutcome.APPLIED]

    def test_a_sign_in_page_that_reads_like_success_is_none(self, lab: AwsLab) -> None:
        call, warrant = reboot()
        lab.fail(Fault(operation="RebootInstances", status=200, html="<html>Sign in</html>"))
        with pytest.raises(UnknownOutcomeError, match="not AWS's"):
            send(lab, call, warrant=warrant)

    def test_a_proxys_page_leaves_the_outcome_unknown(self, lab: AwsLab) -> None:
        with (
            Lossy(url=lab.url, operation="UpdateService", loss=Loss.PAGE) as way,
            pytest.raises(UnknownOutcomeError),
        ):
            send(lab, endpoint_url=way.address)

    def test_a_service_aws_does_not_have_is_told(self, lab: AwsLab) -> None:
        with pytest.raises(RefusedError, match="no operation teapots:brew"):
            send(lab, replace(SCALE, action="teapots:brew"))

    def test_what_cannot_be_reached_was_not_sent(self, lab: AwsLab) -> None:
        away = _GoneAway(own=lab.own_session())
        hands = AwsHands(away, cloud_place(lab), REGION, WARRANT)

        with pytest.raises(UpstreamError, match="was not sent") as caught:
            hands.send(SCALE)
        assert type(caught.value) is UpstreamError


class TestRehearsing:
    def test_where_aws_has_no_dry_run_parameters_are_compared_with_its_model(
        self, lab: AwsLab
    ) -> None:
        planning = replace(WARRANT, digest="", approvers=())
        assert "AWS has no dry run for it" in rehearse(lab, SCALE, warrant=planning)
        many = replace(SCALE, body={**SCALE.body, "desiredCount": "many"})
        with pytest.raises(CallRefusedError, match="desiredCount") as caught:
            rehearse(lab, many, warrant=planning)
        assert caught.value.status == "ParamValidation"
        assert lab.seen() == [], "before an approval there are no credentials to write with"

    @pytest.mark.parametrize(
        ("status", "code", "error"),
        [
            (403, "UnauthorizedOperation", CallRefusedError),
            (400, "InvalidInstanceID.NotFound", GoneError),
            (500, "InternalError", UnknownOutcomeError),
        ],
    )
    def test_a_dry_run_that_fails_says_why(
        self, lab: AwsLab, status: int, code: str, error: type[Exception]
    ) -> None:
        call, warrant = reboot()
        lab.fail(Fault(operation="RebootInstances", status=status, code=code))
        with pytest.raises(error, match=code):
            rehearse(lab, call, warrant=warrant)

    def test_a_dry_run_answered_like_the_real_thing_is_alarming(self, lab: AwsLab) -> None:
        call, warrant = reboot()
        lab.fail(Fault(operation="RebootInstances", status=200, html="<RebootInstancesResponse/>"))
        with pytest.raises(UnknownOutcomeError, match="as if it were none"):
            rehearse(lab, call, warrant=warrant)

    def test_a_dry_run_that_does_not_fit_is_not_sent(self, lab: AwsLab) -> None:
        call, warrant = reboot()
        with pytest.raises(CallRefusedError, match="do not fit"):
            rehearse(lab, replace(call, body={"InstanceIds": "i-1"}), warrant=warrant)
        assert lab.seen("RebootInstances") == []
