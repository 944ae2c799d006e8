"""Questions about AWS without a model: last errors, alarms, deployments, and what is denied."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.domain.alert import Alert, AlertScope, AlertSource, AlertStatus, Severity
from bot.domain.registry import Access, Grant
from bot.domain.verdict import Cause, Status
from tests.contract.cloud_desk import CloudDesk, cloud_desk
from tests.lab.aws.gate import Fault
from tests.lab.aws.server import AwsLab
from tests.lab.sessions import MemorySession

if TYPE_CHECKING:
    from collections.abc import Iterator

STAGING_ONLY = Access(grants=(Grant(accounts=("shop-staging",)),))


@pytest.fixture(scope="module")
def running() -> Iterator[AwsLab]:
    with AwsLab("shop_down") as lab:
        yield lab


@pytest.fixture
def desk(running: AwsLab) -> Iterator[CloudDesk]:
    running.gate.seen.clear()
    yield cloud_desk(running)
    running.gate.faults.clear()


def alarm(name: str, *, account: str | None, region: str | None = "eu-central-1") -> Alert:
    return Alert(
        source=AlertSource.CLOUDWATCH,
        name=name,
        status=AlertStatus.FIRING,
        severity=Severity.HIGH,
        fingerprint="f",
        group_key="g",
        scope=AlertScope(account=account, region=region),
    )


class TestErrors:
    @pytest.mark.parametrize(
        ("question", "says"),
        [
            ("last errors of function checkout-webhook in shop-prod", "errors of **checkout"),
            ("letzte Fehler der Funktion checkout-webhook in shop-prod", "Fehler von **checkout"),
            ("últimos errores de la función checkout-webhook en shop-prod", "errores de **check"),
            ("dernières erreurs de la fonction checkout-webhook dans shop-prod", "erreurs de **"),
        ],
    )
    def test_the_newest_lines_are_told_in_the_askers_language(
        self, desk: CloudDesk, question: str, says: str
    ) -> None:
        verdict = desk.told(question)
        assert says in verdict.summary
        assert "Task timed out after 3.00 seconds" in verdict.summary
        assert "canary" not in verdict.summary

    def test_a_service_logs_where_its_task_definition_says(self, desk: CloudDesk) -> None:
        verdict = desk.told("last errors of service web in shop-prod")
        assert "connection refused by db:5432" in verdict.summary

    def test_without_errors_that_is_said(self, desk: CloudDesk) -> None:
        verdict = desk.told("last errors of function checkout-webhook in shop-staging")
        assert "logged no errors" in verdict.summary


class TestAlarms:
    def test_an_alarm_its_metric_bears_out_is_real(self, desk: CloudDesk) -> None:
        verdict = desk.told("is alarm web-5xx real?")
        assert "is real" in verdict.summary
        assert "42, beyond 10" in verdict.summary

    def test_an_alarm_that_is_ok_is_not_firing(self, desk: CloudDesk) -> None:
        verdict = desk.told("ist der Alarm web-cpu echt?")
        assert "nicht ausgelöst" in verdict.summary

    def test_an_alarm_that_is_not_cloudwatchs_is_left_to_others(self, desk: CloudDesk) -> None:
        verdict, _ = desk.ask("is the alarm KubePodCrashLooping real?")
        assert verdict is None


class TestDeployed:
    def test_calls_and_stacks_of_an_account_stand_on_one_time_line(self, desk: CloudDesk) -> None:
        verdict = desk.told("what was deployed in account shop-prod?")
        assert verdict.status is Status.CONFIRMED
        assert "ecs UpdateService" in verdict.summary
        assert "mallory" not in verdict.summary
        times = [point.at for point in verdict.timeline]
        assert times == sorted(times)

    def test_a_service_has_its_deployments_and_images(self, desk: CloudDesk) -> None:
        verdict = desk.told("was wurde in ecs service web in shop-prod ausgerollt?")
        assert "`web:2`" in verdict.summary
        assert "web:1.5.0` hochgeladen" in verdict.summary


class TestPlaces:
    def test_a_question_without_a_sign_of_a_cloud_is_none_of_ours(self, desk: CloudDesk) -> None:
        verdict, session = desk.ask("why is web unhealthy?")
        assert verdict is None
        assert session.ledger() == ()
        assert desk.lab.seen() == []

    def test_the_same_name_in_two_accounts_is_looked_at_in_both(self, desk: CloudDesk) -> None:
        verdict = desk.told("why does function checkout-webhook fail?")
        assert verdict.cause is Cause.FUNCTION_TIMEOUT
        assert verdict.object is not None
        assert ":111111111111:" in verdict.object

    def test_an_account_one_may_not_read_is_not_touched(self, desk: CloudDesk) -> None:
        verdict = desk.told("why does function checkout-webhook fail?", access=STAGING_ONLY)
        assert verdict.status is Status.HEALTHY
        assert {call.account for call in desk.lab.seen()} <= {"222222222222", "123456789012"}

    def test_a_refused_account_is_named_with_those_that_may_be_read(self, desk: CloudDesk) -> None:
        question = "why does function checkout-webhook fail in shop-prod?"
        verdict = desk.told(question, access=STAGING_ONLY)
        assert verdict.status is Status.INCONCLUSIVE
        assert "`shop-prod` is no AWS account that may be read from here" in verdict.summary
        assert "shop-staging" in verdict.summary
        assert desk.lab.seen() == []

    def test_an_unknown_account_is_said_to_be_unknown(self, desk: CloudDesk) -> None:
        verdict = desk.told("what was deployed in account moonbase?")
        assert "`moonbase`" in verdict.summary
        assert verdict.status is Status.INCONCLUSIVE
        assert desk.lab.seen() == []

    def test_an_unknown_name_comes_with_the_closest(self, desk: CloudDesk) -> None:
        verdict = desk.told("why does function checkout-webhok fail?")
        assert verdict.status is Status.INCONCLUSIVE
        assert "`checkout-webhok`" in verdict.summary
        assert "`checkout-webhook`" in verdict.summary


class TestUnread:
    @pytest.mark.parametrize(
        ("code", "status", "says"),
        [
            ("AccessDeniedException", 403, "no permission"),
            ("ThrottlingException", 400, "no answer"),
            ("ExpiredTokenException", 403, "no permission"),
        ],
    )
    def test_what_was_refused_or_throttled_is_said_and_nothing_is_guessed(
        self, desk: CloudDesk, code: str, status: int, says: str
    ) -> None:
        desk.lab.fail(Fault(operation="*", status=status, code=code, message="not now"))
        verdict = desk.told("why does function checkout-webhook fail in shop-staging?")
        assert verdict.status is Status.INCONCLUSIVE
        assert verdict.cause is Cause.UNKNOWN
        assert says in verdict.summary

    def test_a_function_whose_look_is_cut_is_not_called_healthy(self, desk: CloudDesk) -> None:
        desk.lab.fail(Fault(operation="FilterLogEvents", status=400, code="AccessDeniedException"))
        verdict = desk.told("is function checkout-webhook ok in shop-staging?")
        assert verdict.status is Status.INCONCLUSIVE
        assert "only in part" in verdict.summary

    def test_nothing_is_read_twice(self, desk: CloudDesk) -> None:
        _, session = desk.ask("why does ecs service web fail in shop-prod?")
        queries = [(one.observation.cluster, one.observation.query) for one in session.ledger()]
        assert len(queries) == len(set(queries))

    def test_a_run_taken_over_keeps_what_is_already_in_the_ledger(self, desk: CloudDesk) -> None:
        session = MemorySession()
        desk.ask("is function checkout-webhook ok in shop-staging?", session=session)
        before = len(session.ledger())
        desk.ask("is function checkout-webhook ok in shop-staging?", session=session)
        assert len(session.ledger()) == before


class TestAlerts:
    def test_an_alert_of_an_unknown_account_is_not_guessed_at(self, desk: CloudDesk) -> None:
        verdict = desk.investigated(alarm("web-5xx", account="999999999999"))
        assert verdict is not None
        assert verdict.status is Status.INCONCLUSIVE
        assert "999999999999" in verdict.summary
        assert desk.lab.seen() == []

    def test_an_alert_of_another_region_says_which_are_registered(self, desk: CloudDesk) -> None:
        verdict = desk.investigated(alarm("web-5xx", account="111111111111", region="us-east-1"))
        assert verdict is not None
        assert "us-east-1" in verdict.summary
        assert "eu-west-1" in verdict.summary

    def test_an_alarm_that_was_deleted_is_said_to_be_gone(self, desk: CloudDesk) -> None:
        verdict = desk.investigated(alarm("web-6xx", account="shop-prod"))
        assert verdict is not None
        assert verdict.status is Status.INCONCLUSIVE
        assert "`web-6xx` is not in" in verdict.summary

    def test_an_alert_about_a_cluster_is_left_to_others(self, desk: CloudDesk) -> None:
        alert = Alert(
            source=AlertSource.ALERTMANAGER,
            name="KubePodCrashLooping",
            status=AlertStatus.FIRING,
            severity=Severity.HIGH,
            fingerprint="f",
            group_key="g",
            scope=AlertScope(cluster="prod-eu"),
        )
        assert desk.investigated(alert) is None
