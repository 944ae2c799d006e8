"""What depends on what in an AWS account: from load balancers down to secrets, alarms above."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.domain.alert import Alert, AlertScope, AlertSource, AlertStatus, Severity
from bot.domain.verdict import Cause, Status
from tests.contract.cloud_desk import CloudDesk, cloud_desk
from tests.lab.aws.gate import Fault
from tests.lab.aws.server import AwsLab

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="class")
def behind() -> Iterator[CloudDesk]:
    """An account whose ECS service stands behind a load balancer."""
    with AwsLab("task_leak", names="telltale") as lab:
        yield cloud_desk(lab)


@pytest.fixture(scope="class")
def running() -> Iterator[AwsLab]:
    with AwsLab("shop_down") as lab:
        yield lab


@pytest.fixture
def desk(running: AwsLab) -> Iterator[CloudDesk]:
    running.gate.seen.clear()
    yield cloud_desk(running)
    running.gate.faults.clear()


class TestBehindALoadBalancer:
    @pytest.mark.parametrize(
        ("question", "heading"),
        [
            (
                "what does the alb edge depend on?",
                "What **load balancer/edge** in acme/eu-central-1",
            ),
            (
                "wovon hängt der ALB edge ab?",
                "**load balancer/edge** in acme/eu-central-1 hängt ab von",
            ),
            (
                "¿de qué depende el ALB edge?",
                "**load balancer/edge** en acme/eu-central-1 depende de",
            ),
            (
                "de quoi dépend l'ALB edge ?",
                "**load balancer/edge** dans acme/eu-central-1 dépend de",
            ),
        ],
    )
    def test_a_load_balancer_leads_over_its_target_group_to_the_service_behind_it(
        self, behind: CloudDesk, question: str, heading: str
    ) -> None:
        verdict = behind.told(question)
        assert heading in verdict.summary
        chain = "load balancer/edge → target group/"
        (line,) = (one for one in verdict.summary.splitlines() if chain in one)
        assert "→ service/demo/memory-leak" in line
        assert "[E" in line
        assert verdict.status is Status.LIKELY
        assert verdict.cause is Cause.NONE

    def test_what_depends_on_a_service_is_its_load_balancer(self, behind: CloudDesk) -> None:
        verdict = behind.told("what depends on ecs service memory-leak?")
        assert "load balancer/edge → target group/" in verdict.summary
        assert "AWS does not list the calls that code makes" in verdict.summary


class TestOfAShop:
    def test_a_service_uses_the_secrets_its_tasks_name(self, desk: CloudDesk) -> None:
        verdict = desk.told("what does ecs service web in shop-prod depend on?")
        assert "service/shop/web —uses→ secret/shop/web-db-2 (MISSING)" in verdict.summary
        assert "alarm/" not in verdict.summary
        assert "canary" not in verdict.summary

    def test_an_alarm_is_above_what_it_watches(self, desk: CloudDesk) -> None:
        verdict = desk.told("what depends on ecs service web in shop-prod?")
        assert "alarm/web-cpu —watches (OK)→ service/shop/web" in verdict.summary
        assert "secret/" not in verdict.summary

    def test_a_list_that_is_refused_is_named(self, desk: CloudDesk) -> None:
        desk.lab.fail(Fault(operation="DescribeTargetGroups", status=403, code="AccessDenied"))
        verdict = desk.told("what does the alb shop-alb in shop-prod depend on?")
        assert "target group/" not in verdict.summary
        assert "Not read: aws elbv2" in verdict.summary

    def test_a_complaint_that_speaks_of_dependencies_is_still_looked_into(
        self, desk: CloudDesk
    ) -> None:
        verdict = desk.investigated(
            Alert(
                source=AlertSource.PERSON,
                name="complaint",
                status=AlertStatus.FIRING,
                severity=Severity.HIGH,
                fingerprint="f",
                group_key="g",
                text="lambda checkout-webhook in shop-prod, which depends on payments, fails",
                scope=AlertScope(),
            )
        )
        assert verdict is not None
        assert verdict.cause is not Cause.NONE
        assert "What depends on" not in verdict.summary
