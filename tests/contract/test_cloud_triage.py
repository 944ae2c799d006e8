"""Triage of AWS over the lab's accounts: each scenario's own cause at its own resource."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest

from bot.domain.alert import (
    Alert,
    AlertObject,
    AlertScope,
    AlertSource,
    AlertStatus,
    Severity,
)
from bot.domain.verdict import Cause, HypothesisState, Status, Verdict
from tests.contract.cloud_desk import cloud_desk
from tests.lab.aws.accounts import read_scenario
from tests.lab.aws.server import AwsLab

FAMILIES = (
    "fn_null", "fn_memory", "fn_host", "fn_timeout", "task_leak", "task_cpu", "task_panic",
    "task_credentials",
)  # fmt: skip
"""The eight of the test that the project was created from."""
OTHERS = ("fn_throttled", "db_connections", "db_storage", "db_failover")
WELL = ("fn_well", "fn_recovered", "db_recovered")
CASES = [
    *((scenario, "neutral") for scenario in (*FAMILIES, *OTHERS, *WELL)),
    *((scenario, "telltale") for scenario in (*FAMILIES, "fn_well", "fn_recovered")),
]


def alert_of(tree: dict[str, Any], *, status: AlertStatus = AlertStatus.FIRING) -> Alert:
    """The scenario's alarm as CloudWatch tells it."""
    account = tree["accounts"]["acme"]
    return Alert(
        source=AlertSource.CLOUDWATCH,
        name=tree["alarm"]["name"],
        status=status,
        severity=Severity.HIGH,
        fingerprint="f",
        group_key="g",
        starts_at=datetime.now(UTC) - timedelta(minutes=20),
        scope=AlertScope(account=account["id"], region=account["regions"][0]),
    )


@dataclass(frozen=True)
class Case:
    """One scenario's verdicts; a lab is started once for all who ask about it."""

    expect: dict[str, str]
    verdict: Verdict
    by_alarm: Verdict | None


@cache
def case(scenario: str, names: str) -> Case:
    with AwsLab(scenario, names=names) as lab:
        desk = cloud_desk(lab)
        return Case(
            expect=lab.tree["expect"],
            verdict=desk.told(lab.tree["ask"]),
            by_alarm=desk.investigated(alert_of(lab.tree)) if "alarm" in lab.tree else None,
        )


def neutral(scenario: str) -> Verdict:
    return case(scenario, "neutral").verdict


def judged(verdict: Verdict | None, expect: dict[str, str]) -> None:
    assert verdict is not None
    found = (verdict.object, verdict.cause, verdict.status)
    assert found == (expect["object"], expect["cause"], expect["status"])
    assert expect.get("says", "") in verdict.summary


@pytest.mark.parametrize(("scenario", "names"), CASES)
def test_the_rules_name_resource_and_cause_whatever_things_are_called(
    scenario: str, names: str
) -> None:
    found = case(scenario, names)
    judged(found.verdict, found.expect)
    assert "canary" not in str(found.verdict)
    assert not (found.verdict.nothing_to_do and found.verdict.mitigation)


@pytest.mark.parametrize("scenario", ["fn_null", "task_leak", "fn_well", "fn_recovered"])
def test_an_alarm_leads_to_the_same_verdict_as_a_question(scenario: str) -> None:
    found = case(scenario, "neutral")
    judged(found.by_alarm, found.expect)


def test_every_scenario_of_the_rules_has_both_kinds_of_names() -> None:
    for scenario in (*FAMILIES, *OTHERS, *WELL):
        assert set(read_scenario(scenario)["names"]) == {"telltale", "neutral"}, scenario


class TestAnswers:
    """What is said besides object and cause."""

    def test_a_crash_of_code_asks_for_a_change_of_code_and_nothing_else(self) -> None:
        verdict = neutral("fn_null")
        assert verdict.code_change is not None
        assert "/var/task/parsing.py:31" in verdict.code_change
        assert verdict.mitigation == ()

    def test_memory_comes_with_a_larger_size_its_check_and_the_way_back(self) -> None:
        verdict = neutral("fn_memory")
        step = verdict.mitigation[0]
        assert "--memory-size 512" in step.action
        assert "REPORT RequestId" in step.check
        assert "--memory-size 128" in step.undo

    def test_a_name_that_does_not_resolve_is_held_against_the_settings(self) -> None:
        verdict = neutral("fn_host")
        assert "`DB_HOST`" in verdict.summary
        assert "db.new.internal" in verdict.summary

    def test_a_leak_is_dated_by_the_deployment_and_can_be_rolled_back(self) -> None:
        verdict = neutral("task_leak")
        assert verdict.trigger is not None
        assert "unit-3:2" in verdict.trigger
        assert "--task-definition unit-3:1" in verdict.mitigation[0].action
        assert "--task-definition unit-3:2" in verdict.mitigation[0].undo

    def test_calm_metrics_rule_out_a_lack_of_resources(self) -> None:
        verdict = neutral("task_panic")
        ruled_out = [one for one in verdict.hypotheses if one.state is HypothesisState.RULED_OUT]
        assert len(ruled_out) == 1
        assert "7 %" in ruled_out[0].statement

    def test_missing_credentials_say_how_to_inject_the_unused_secret(self) -> None:
        verdict = neutral("task_credentials")
        assert "secretsmanager:GetSecretValue" in verdict.permanent[0].action
        assert "`/health`" in verdict.summary
        assert "0 connections" in verdict.summary


def test_lock_waits_are_found_in_performance_insights_and_an_old_failover_is_no_cause() -> None:
    with AwsLab("orders_slow") as lab:
        verdict = cloud_desk(lab).told("why is rds orders-db slow?")
    assert verdict.cause is Cause.LOCK_CONTENTION
    assert verdict.object == "arn:aws:rds:eu-central-1:333333333333:db:orders-db"
    assert "Lock:transactionid" in verdict.summary


def test_tasks_that_cannot_start_name_the_secret_and_the_deployment() -> None:
    with AwsLab("shop_down") as lab:
        verdict = cloud_desk(lab).told("why does ecs service web fail in account shop-prod?")
    assert verdict.cause is Cause.MISSING_CONFIG
    assert verdict.status is Status.CONFIRMED
    assert verdict.object == "arn:aws:ecs:eu-central-1:111111111111:service/shop/web"
    assert "Secrets Manager can't find the specified secret" in verdict.summary


def test_an_alert_about_an_object_needs_no_alarm() -> None:
    with AwsLab("db_storage", names="neutral") as lab:
        alert = Alert(
            source=AlertSource.DATADOG,
            name="disk",
            status=AlertStatus.FIRING,
            severity=Severity.HIGH,
            fingerprint="f",
            group_key="g",
            scope=AlertScope(
                account="acme",
                region="eu-central-1",
                objects=(AlertObject(kind="db_instance", name="store-3"),),
            ),
        )
        judged(cloud_desk(lab).investigated(alert), lab.tree["expect"])


def test_a_service_that_is_well_is_called_healthy() -> None:
    with AwsLab("shop_calm") as lab:
        verdict = cloud_desk(lab).told("is ecs service web ok in shop-prod?")
    assert (verdict.status, verdict.cause) == (Status.HEALTHY, Cause.NONE)
    assert verdict.nothing_to_do
