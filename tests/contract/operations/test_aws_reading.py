"""How the actuator reads: within the operation's rights, completely, and never guessing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import pytest
from moto.ecs.models import ecs_backends

from safe_ops.errors import (
    CallRefusedError,
    GoneError,
    RefusedError,
    UpstreamError,
)
from safe_ops.model.rights import Rights
from tests.contract.operations.aws_calls import (
    SERVICE,
    WARRANT,
    add_service,
)
from tests.contract.operations.aws_writes import (
    ACCOUNT,
    NAME,
    PLACE,
    REGION,
    ROLE,
    cloud_place,
    running_lab,
    workshop_of,
)
from tests.contract.operations.lossy import Loss, Lossy
from tests.lab.aws.gate import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator

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


class TestReading:
    def test_a_read_beyond_the_operations_rights_is_refused(self, lab: AwsLab) -> None:
        with workshop_of(lab, cloud_place(lab)).cloud(PLACE, WARRANT) as cloud:
            with pytest.raises(RefusedError, match="ecs:ListServices is no right"):
                cloud.read("ecs:list_services", {"cluster": "shop"})
            with pytest.raises(RefusedError, match="AWS has no operation ecs:update_everything"):
                cloud.read("ecs:update_everything", {})

    def test_pages_are_joined(self, lab: AwsLab) -> None:
        lab.client(NAME, "cloudwatch").put_metric_data(
            Namespace="Pages",
            MetricData=[{"MetricName": f"m{number}", "Value": 1} for number in range(600)],
        )
        warrant = replace(WARRANT, rights=Rights(cloud_reads=("cloudwatch:ListMetrics",)))
        with workshop_of(lab, cloud_place(lab)).cloud(PLACE, replace(warrant, grants=())) as cloud:
            answer = cloud.read("cloudwatch:list_metrics", {"Namespace": "Pages"})

        assert len({one["MetricName"] for one in answer["Metrics"]}) == 600
        assert len(lab.seen("ListMetrics")) == 2
        assert "ResponseMetadata" not in answer

    def test_more_than_can_be_judged_is_not_read_in_part(self, lab: AwsLab) -> None:
        clusters = ecs_backends[ACCOUNT][REGION].clusters
        before = dict(clusters)
        clusters.update({f"filler-{number}": before["shop"] for number in range(2_001)})
        try:
            with (
                workshop_of(lab, cloud_place(lab)).cloud(PLACE, WARRANT) as cloud,
                pytest.raises(UpstreamError, match="more than 2000 entries"),
            ):
                cloud.read("ecs:list_clusters", {})
        finally:
            clusters.clear()
            clusters.update(before)

    def test_a_sign_in_page_is_not_taken_for_an_empty_answer(self, lab: AwsLab) -> None:
        lab.fail(Fault(operation="DescribeInstances", status=200, html="<html>Sign in</html>"))
        warrant = replace(WARRANT, rights=Rights(cloud_reads=("ec2:DescribeInstances",)))
        with (
            workshop_of(lab, cloud_place(lab)).cloud(PLACE, replace(warrant, grants=())) as cloud,
            pytest.raises(UpstreamError, match="not AWS's"),
        ):
            cloud.read("ec2:describe_instances", {})

    @pytest.mark.parametrize(
        ("status", "code", "error", "says"),
        [
            (400, "AccessDeniedException", CallRefusedError, "refused ecs:describe_services"),
            (400, "ClusterNotFoundException", GoneError, "none such"),
            (500, "ServerException", UpstreamError, "try again"),
            (400, "ThrottlingException", UpstreamError, "throttles"),
        ],
    )
    def test_a_read_that_fails_is_never_an_unknown_outcome(
        self, lab: AwsLab, status: int, code: str, error: type[Exception], says: str
    ) -> None:
        lab.fail(Fault(operation="DescribeServices", status=status, code=code))
        with (
            workshop_of(lab, cloud_place(lab)).cloud(PLACE, WARRANT) as cloud,
            pytest.raises(error, match=says) as caught,
        ):
            cloud.read("ecs:describe_services", {"cluster": "shop", "services": ["cart"]})
        assert type(caught.value) is error

    def test_a_read_that_does_not_fit_is_refused(self, lab: AwsLab) -> None:
        with (
            workshop_of(lab, cloud_place(lab)).cloud(PLACE, WARRANT) as cloud,
            pytest.raises(CallRefusedError, match="do not fit"),
        ):
            cloud.read("ecs:describe_services", {"services": "cart"})

    def test_a_read_without_an_answer_says_so(self, lab: AwsLab) -> None:
        with (
            Lossy(url=lab.url, operation="DescribeServices", loss=Loss.SILENCE) as way,
            workshop_of(lab, cloud_place(lab, endpoint_url=way.address, read_timeout_s=0.3)).cloud(
                PLACE, WARRANT
            ) as cloud,
            pytest.raises(UpstreamError, match="cannot be asked"),
        ):
            cloud.read("ecs:describe_services", {"services": ["cart"]})

    def test_iam_is_asked_about_the_write_role_with_our_tag(self, lab: AwsLab) -> None:
        with workshop_of(lab, cloud_place(lab)).cloud(PLACE, WARRANT) as cloud:
            permission = cloud.may("ecs:UpdateService", SERVICE)
        (seen,) = lab.seen("SimulatePrincipalPolicy")
        asked = {key: value[0] for key, value in parse_qs(seen.body).items()}

        assert permission.allowed
        assert permission.says == f"ecs:UpdateService on {SERVICE}: allowed"
        assert asked["PolicySourceArn"] == ROLE
        assert asked["ContextEntries.member.1.ContextKeyName"] == "aws:ResourceTag/nightdesk"
