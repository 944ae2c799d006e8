"""Rules over sights made by hand: what each makes of its facts, and what it leaves alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest

from bot.domain.verdict import Cause
from bot.ports.cloud import CloudPlace
from bot.tools.log_lines import LogLine
from bot.triage.cloud.resource import Resource, ResourceKind
from bot.triage.cloud.rulebook import findings
from bot.triage.cloud.sight import (
    DatabaseSight,
    Deployment,
    FunctionSight,
    Lines,
    RunReport,
    SecretUse,
    ServiceSight,
    Sight,
    TaskEnd,
    Write,
)

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
PLACE = CloudPlace(account="acme", region="eu-central-1")

INIT = "ResourceInitializationError: unable to pull secrets or registry auth"


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


def series(value: float, *, minutes: int = 60) -> tuple[tuple[float, float], ...]:
    return tuple((ago(back).timestamp(), value) for back in range(minutes, 0, -1))


def lines(*texts: str, minutes: float = 5) -> Lines:
    return Lines(
        label="E2",
        group="/log",
        read=True,
        lines=tuple(LogLine(text=text, at=ago(minutes)) for text in texts),
    )


def function(**changes: Any) -> FunctionSight:
    sight = FunctionSight(
        resource=Resource(place=PLACE, kind=ResourceKind.FUNCTION, name="f-1", arn="arn:f-1"),
        label="E1",
        at=NOW,
        timeout_s=5,
        memory_mb=128,
        state="Active",
        state_reason="",
        update_status="Successful",
        update_reason="",
        variables={},
        reserved=None,
        revisions=(),
        aliases={},
        series={("Errors", "Sum"): series(3), ("Invocations", "Sum"): series(9)},
        errors=Lines(label="E2", read=True),
    )
    return replace(sight, **changes)


def service(**changes: Any) -> ServiceSight:
    sight = ServiceSight(
        resource=Resource(
            place=PLACE, kind=ResourceKind.SERVICE, name="s-1", cluster="c", arn="arn:s-1"
        ),
        label="E1",
        at=NOW,
        desired=2,
        running=2,
        pending=0,
        deployments=(),
        memory_mb=512,
        variables={},
        injected=(),
        role="",
        changes=(),
        images=(),
        ends=(),
        events=(),
        series_label="E3",
    )
    return replace(sight, **changes)


def database(**changes: Any) -> DatabaseSight:
    sight = DatabaseSight(
        resource=Resource(place=PLACE, kind=ResourceKind.DATABASE, name="d-1", arn="arn:d-1"),
        label="E8",
        at=NOW,
        status="available",
        engine="postgres",
        size="db.m6g.large",
        storage_gib=100,
        endpoint="d-1.x.eu-central-1.rds.amazonaws.com",
        events=(),
        series={},
    )
    return replace(sight, **changes)


def causes(*sights: Sight) -> list[Cause]:
    return [one.cause for one in findings(sights, ()) if not one.over and not one.symptom]


def ended(**changes: Any) -> TaskEnd:
    end = TaskEnd(at=ago(4), revision="s-1:2", code="EssentialContainerExited", reason="exited")
    return replace(end, **changes)


class TestFunctions:
    def test_memory_explains_the_time_a_run_takes(self) -> None:
        report = RunReport(at=ago(5), memory_mb=128, used_mb=128)
        sight = function(
            errors=lines("x Task timed out after 5.00 seconds"), reports=(report,),
            reports_label="E3",
        )  # fmt: skip
        assert causes(sight)[0] is Cause.OUT_OF_MEMORY

    def test_memory_that_was_raised_since_is_no_cause_any_more(self) -> None:
        report = RunReport(at=ago(50), memory_mb=64, used_mb=64)
        assert Cause.OUT_OF_MEMORY not in causes(function(reports=(report,), reports_label="E3"))

    def test_a_missing_key_of_a_body_is_a_crash_and_a_missing_setting_is_not(self) -> None:
        assert causes(function(errors=lines("[ERROR] KeyError: 'name'"))) == [
            Cause.APPLICATION_CRASH
        ]
        assert causes(function(errors=lines("[ERROR] KeyError: 'DB_HOST'"))) == [
            Cause.MISSING_CONFIG
        ]

    def test_errors_that_are_only_logged_are_noise(self) -> None:
        well = {("Errors", "Sum"): series(0), ("Invocations", "Sum"): series(9)}
        for text in ("[ERROR] ValueError: retried", "connection refused by db:5432"):
            assert causes(function(errors=lines(text), series=well)) == []

    def test_a_denied_action_is_named(self) -> None:
        text = (
            "[ERROR] ClientError: User: arn:aws:sts::1:assumed-role/x is not authorized to perform:"
            " dynamodb:PutItem on resource: t"
        )
        found = findings([function(errors=lines(text))], ())[0]
        assert found.cause is Cause.ACCESS
        assert found.statement.values["subject"] == "dynamodb:PutItem"

    def test_a_reference_to_a_secret_that_is_gone_is_a_cause(self) -> None:
        use = SecretUse(used_as="KEY", kind="secret", name="k", state="MISSING")
        sight = function(secrets=(use,), secrets_label="E4", errors=lines("error"))
        assert causes(sight) == [Cause.MISSING_CONFIG]

    def test_a_secret_that_could_not_be_read_is_none(self) -> None:
        use = SecretUse(used_as="KEY", kind="secret", name="k", state="not read")
        assert causes(function(secrets=(use,), secrets_label="E4")) == []

    def test_what_stopped_a_while_ago_with_runs_since_is_over(self) -> None:
        quiet = {("Invocations", "Sum"): series(9)}
        old = lines("[ERROR] ValueError: x", minutes=40)
        found = findings([function(errors=old, series=quiet)], ())
        assert [one.over for one in found] == [True]

    def test_without_runs_since_nothing_is_over(self) -> None:
        old = lines("[ERROR] ValueError: x", minutes=40)
        assert causes(function(errors=old, series={})) == [Cause.APPLICATION_CRASH]


class TestServices:
    @pytest.mark.parametrize(
        ("reason", "cause"),
        [
            ("CannotPullContainerError: x: not found", Cause.IMAGE_NOT_FOUND),
            ("CannotPullContainerError: pull access denied", Cause.IMAGE_ACCESS_DENIED),
            ("CannotPullContainerError: dial tcp 1.2.3.4:443: i/o timeout", Cause.NETWORK),
            (f"{INIT}: not authorized to perform: secretsmanager:GetSecretValue", Cause.ACCESS),
            (f"{INIT}: can't find the specified secret.", Cause.MISSING_CONFIG),
            ("ECS was unable to assume the role 'arn:aws:iam::1:role/x'", Cause.ACCESS),
            (
                'CannotStartContainerError: exec: "x": executable file not found in $PATH',
                Cause.BAD_COMMAND,
            ),
        ],
    )
    def test_why_a_task_does_not_start_is_told_by_ecs(self, reason: str, cause: Cause) -> None:
        end = ended(code="TaskFailedToStart", reason=reason)
        assert causes(service(running=0, ends=(end,)))[0] is cause

    def test_a_task_that_was_asked_to_go_did_not_crash(self) -> None:
        ends = (ended(exit_code=143), ended(exit_code=0), ended(exit_code=None))
        assert causes(service(ends=ends)) == []

    def test_a_kill_by_a_health_check_is_not_for_memory(self) -> None:
        end = ended(exit_code=137, reason="Task failed ELB health checks in (target-group x)")
        assert Cause.OUT_OF_MEMORY not in causes(service(ends=(end,)))

    def test_a_stack_trace_now_and_then_is_noise_while_the_service_works(self) -> None:
        trace = lines("ValueError: x", '  File "/app/a.py", line 3, in f')
        assert causes(service(errors=trace)) == []
        assert causes(service(errors=trace, running=1)) == [Cause.APPLICATION_CRASH]

    def test_load_that_grew_with_the_requests_says_so(self) -> None:
        cpu = (*series(10)[:40], *series(99)[40:])
        requests = (*series(100)[:40], *series(900)[40:])
        sight = service(
            series={("CPUUtilization", "Average"): cpu, ("RequestCount", "Sum"): requests},
            groups_label="E4",
        )
        found = findings([sight], ())[0]
        assert (found.cause, found.statement.phrase) == (Cause.CPU_SATURATED, "aws_cpu_more")

    def test_load_from_the_start_of_a_deployment_says_so(self) -> None:
        cpu = (*series(10)[:40], *series(99)[40:])
        newest = Deployment(
            revision="s-1:2", status="PRIMARY", at=ago(21), desired=2, running=2, failed=0,
            state="COMPLETED",
        )  # fmt: skip
        sight = service(series={("CPUUtilization", "Average"): cpu}, deployments=(newest,))
        found = findings([sight], ())[0]
        assert found.statement.phrase == "aws_cpu_start"
        assert found.trigger is not None


class TestCredentials:
    SETTINGS: ClassVar = {"DB_HOST": "d-1.x.eu-central-1.rds.amazonaws.com"}

    def idle(self, value: float) -> DatabaseSight:
        return database(series={("DatabaseConnections", "Maximum"): series(value)})

    def test_a_database_somebody_is_connected_to_speaks_against_it(self) -> None:
        assert causes(service(variables=self.SETTINGS), self.idle(0)) == [Cause.CREDENTIALS_MISSING]
        assert causes(service(variables=self.SETTINGS), self.idle(4)) == []

    def test_a_database_that_was_not_measured_proves_nothing(self) -> None:
        assert causes(service(variables=self.SETTINGS), database()) == []

    @pytest.mark.parametrize(
        "given",
        [{"injected": ("ANY",)}, {"variables": {**SETTINGS, "DB_PASSWORD": "\u2039value\u203a"}}],
    )
    def test_credentials_of_any_kind_speak_against_it(self, given: dict[str, Any]) -> None:
        sight = replace(service(variables=self.SETTINGS), **given)
        assert causes(sight, self.idle(0)) == []


class TestDatabases:
    def test_what_a_database_refuses_comes_before_those_it_refuses(self) -> None:
        host = "d-1.x.eu-central-1.rds.amazonaws.com"
        client = service(
            running=1, errors=lines(f"connection refused: {host}:5432", f"x {host}:5432 refused")
        )
        full = database(status="storage-full", series={("FreeStorageSpace", "Minimum"): series(0)})
        found = findings([client, full], ())
        assert [one.cause for one in found[:2]] == [Cause.STORAGE, Cause.DEPENDENCY_DOWN]

    def test_an_old_failover_explains_nothing_that_goes_on(self) -> None:
        sight = database(
            status="storage-full",
            events=((ago(200), "failover started"), (ago(198), "failover completed")),
        )
        assert causes(sight)[0] is Cause.STORAGE

    def test_room_that_is_left_is_no_fault(self) -> None:
        sight = database(series={("FreeStorageSpace", "Minimum"): series(50 * 1024.0**3)})
        assert findings([sight], ()) == []


class TestChanges:
    def write(self, minutes: float, **changes: Any) -> Write:
        made = Write(
            at=ago(minutes), what="lambda UpdateFunctionCode", subject="f-1", by="alice",
            result="done", label="E9", place=PLACE.title,
        )  # fmt: skip
        return replace(made, **changes)

    def test_a_call_right_before_the_onset_is_what_it_began_with(self) -> None:
        sight = function(errors=lines("[ERROR] ValueError: x"))
        found = findings([sight], [self.write(70)])[0]
        assert found.trigger is not None
        assert found.trigger.statement.values["person"] == "alice"

    @pytest.mark.parametrize(
        "changes",
        [
            {"result": "AccessDenied"},
            {"subject": "f-2"},
            {"place": "acme/us-east-1"},
            {"at": ago(300)},
            {"at": ago(1)},
        ],
        ids=["refused", "another's", "elsewhere", "long before", "after"],
    )
    def test_other_calls_are_not(self, changes: dict[str, Any]) -> None:
        sight = function(errors=lines("[ERROR] ValueError: x"))
        found = findings([sight], [self.write(70, **changes)])[0]
        assert found.trigger is None


@pytest.mark.parametrize("name", ["oom-leak", "timeout", "crash", "no-credentials", "x"])
def test_names_change_nothing(name: str) -> None:
    sight = function(resource=replace(function().resource, name=name), series={})
    assert findings([sight], ()) == []
