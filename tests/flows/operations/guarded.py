"""An installation that may change its cluster: who is who in it, its policy, and its processes.

Any number of operators may be at work, be killed, and be replaced. What one test asks for and looks
at is its ground's; nothing here belongs to a test.
"""

from __future__ import annotations

import json
import os
import signal
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import yaml
from rq import Queue as RqQueue

from bot.adapters.buckets import PREFIX
from bot.adapters.clock import SystemClock
from bot.adapters.jobs import RqDoorbell
from bot.adapters.kept_keys import AUDIT_KEY_FILE
from bot.adapters.operations.bell import QueueBell
from bot.adapters.redis_client import open_redis
from bot.adapters.store.actions import SqlActionBook
from bot.adapters.store.audit_trail import SqlTrail
from bot.bootstrap.installation import new_id
from bot.ports.queue import Queue
from safe_ops.audit import key_id_of, read_private_key
from tests.contract.store.action_promises import check_promises
from tests.flows.house import House, database_of
from tests.flows.operations.ground import PATIENCE_S, Ground
from tests.lab.slack.records import Group
from tests.lab.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from safe_ops.model.actions import Action, JournalRow
    from safe_ops.model.trail import AuditRow
    from tests.lab.installation import Process
    from tests.lab.model.brains import Brain

CLUSTER: Final = "prod-eu"
NO_MODEL: Final = {"ANTHROPIC_API_KEY": ""}
"""The operator may hold no model key."""
GROUP: Final = "night"
"""A user group one test deletes, so that nothing of it is remembered from others; olga is in it."""
DEPUTIES: Final = ("nils", "vera", "rosa")
"""On-call people of the registry itself, each for a test that does something to them."""
STRANGERS: Final = {"zoe": {"team_id": "T0OTHER", "is_stranger": True}}
POLICY: Final = {
    "approvals": {"prod": {"T2": "oncall+manager"}},
    # Everything a ground calls heavy counts as a change of capacity; grave, as an interruption.
    "operations": [
        {"operation": "cronjob_*", "namespaces": [f"{weight}-*"], "tier": tier}
        for weight, tier in (("heavy", "T2"), ("grave", "T4"))
    ],
    "roles": {
        "oncall": [{"teams": ["oncall", GROUP, "deputies"]}],
        "manager": [{"teams": ["managers"]}],
    },
    # All tests share one environment, and some ask for many operations on one thing.
    "limits": {
        "per_environment_hour": 100,
        "per_target_hour": 10,
        "per_service_hour": 20,
        "objects_service_hour": 200,
    },
}


class Guarded:
    """One installation; grounds are laid out on it one for each test."""

    def __init__(self, house: House) -> None:
        """Bring people, groups and policy into a house in which nothing runs yet."""
        self.house = house
        self.slack = house.slack
        self.cluster = house.lab.world.cluster(CLUSTER)
        self.kubernetes = house.lab.kubernetes[CLUSTER]
        self.operators: list[Process] = []
        self.listeners: list[Process] = []
        self._others: list[Process] = []
        self._worker: Process | None = None
        self._grounds = 0
        olga, *deputies = [self.slack.add_user(name).id for name in ("olga", *DEPUTIES)]
        group = Group(id="S0LABNGT1", handle=GROUP, name="Night", users=[olga])
        self.slack.workspace.groups[group.id] = group
        house.slack.set_group(
            "managers", [self.slack.as_user("marta").id, self.slack.add_user("mona").id]
        )
        for name, fields in STRANGERS.items():
            self.slack.add_user(name, **fields)
        known = house.lab.registry()["teams"]
        assert isinstance(known, list)
        more = [
            {"name": GROUP, "user_group": group.id},
            {"name": "deputies", "members": deputies},
        ]
        house.lab.declare(teams=[*known, *more])
        self.audit_file = house.home / "audit.jsonl"
        self.records_file = house.home / "changes.jsonl"
        self.policy_file = house.home / "policy.yaml"
        self.write_policy(self.policy_file)

    def write_policy(self, path: Path, **sections: object) -> Path:
        """Write the policy, some sections of it replaced."""
        path.write_text(yaml.safe_dump(POLICY | sections), encoding="utf-8")
        return path

    def open(self, *, operators: int, listeners: int = 1) -> None:
        """Start the processes at the same time; return once each is at work."""
        self.listeners = [self.start("listener") for _ in range(listeners)]
        cron = self.start("cron")
        self._others = [*self.listeners, cron]
        self.operators = [self.start("operator") for _ in range(operators)]
        for listener in self.listeners:
            listener.wait_until_said("listener_ready", within_s=PATIENCE_S)
        cron.wait_until_said("cron_started", within_s=PATIENCE_S)
        for operator in self.operators:
            operator.wait_until_said("worker_started", within_s=PATIENCE_S)

    def start(self, *command: str, **more: str) -> Process:
        """Start one process under this installation's policy."""
        policy = {"NIGHTDESK_POLICY": str(self.policy_file)}
        secrets = NO_MODEL if command[0] == "operator" else {}
        return self.house.installation.start(*command, **(policy | secrets | more))

    def investigate(self, brain: Brain) -> None:
        """Have a worker answer questions, with this model."""
        self.house.model.brain = brain
        if self._worker is None:
            self._worker = self.start("investigator")
            self._others.append(self._worker)
            self._worker.wait_until_said("worker_started", within_s=PATIENCE_S)

    def man(self, operators: int = 2) -> None:
        """Have so many operators at work again, whatever a test did to them."""
        self.operators = [one for one in self.operators if one.popen.poll() is None]
        new = [self.start("operator") for _ in range(operators - len(self.operators))]
        for operator in new:
            operator.wait_until_said("worker_started", within_s=PATIENCE_S)
        self.operators += new

    @contextmanager
    def unmanned(self) -> Iterator[None]:
        """Have no operator at work meanwhile, or only those a test starts; see `man`."""
        self._dismiss()
        try:
            yield
        finally:
            self._dismiss()

    def _dismiss(self) -> None:
        for operator in self.operators:
            operator.popen.terminate()
        for operator in self.operators:
            operator.stop()
        self.operators = []

    def close(self) -> None:
        """Ask all processes to end, so that they do it at the same time."""
        for process in (*self._others, *self.operators):
            if process.popen.poll() is None:
                process.popen.terminate()

    def ground(self) -> Ground:
        """Lay out a channel and namespaces nobody has used."""
        self._grounds += 1
        return Ground(self, number=self._grounds)

    def refill(self) -> None:
        """Give the product its whole budget of Slack calls back, whatever tests before spent."""
        with open_redis(self.house.redis.url) as client:
            for key in client.scan_iter(f"{PREFIX}*"):
                client.delete(key)

    def as_before(self) -> None:
        """Take back what a test did to the simulators."""
        self.slack.faults.clear()
        for cluster in self.house.lab.world.clusters.values():
            cluster.heal()
        self.man()

    # Processes.

    def holder(self, action: Action) -> Process:
        """Return the operator that has the action, as its row says."""
        pid = int(action.operator.rsplit("-", 1)[1])
        return next(one for one in self.operators if one.popen.pid == pid)

    def pause(self, operator: Process) -> None:
        """Let a process stand still where it is (SIGSTOP)."""
        os.kill(operator.popen.pid, signal.SIGSTOP)

    def resume(self, operator: Process) -> None:
        """Let it go on."""
        os.kill(operator.popen.pid, signal.SIGCONT)

    def ring(self, action: Action, *, times: int) -> None:
        """Tell the operators of an action again and again, as duplicate jobs would."""
        with open_redis(self.house.redis.url) as client:
            bell = QueueBell(RqDoorbell(client, job_timeout_s=60))
            for _ in range(times):
                bell.execute(action.action_id)

    def rings(self) -> int:
        """Return how many jobs wait for the operators."""
        with open_redis(self.house.redis.url) as client:
            return RqQueue(Queue.OPERATIONS.value, connection=client).count

    def flush(self) -> None:
        """Lose everything Redis has."""
        with open_redis(self.house.redis.url) as client:
            client.flushall()

    def fail_over(self) -> None:
        """Take Redis away at once, and bring another back that was told nothing of it."""
        pid = self.house.redis.pid
        assert pid is not None
        self.flush()
        os.kill(pid, signal.SIGKILL)
        self.house.stop_redis()
        self.house.start_redis()

    def redeliver(self, what: str) -> None:
        """Deliver the newest of this kind once more, and return once it is acknowledged."""
        again = self.slack.deliveries(what)[-1]
        self.slack.workspace.deliver(again)
        self.slack.wait_for(
            lambda: again.attempts > 1 and again.acked, timeout_s=PATIENCE_S, what=f"{what} again"
        )

    # What is kept.

    def action(self, action_id: str) -> Action:
        """Return an action as the database has it now."""
        with database_of(self.house.installation) as engine:
            found = SqlActionBook(engine, SystemClock(), new_id).find(action_id)
        assert found is not None
        return found

    def now(self) -> datetime:
        """Return what time it is for all processes of the database."""
        with database_of(self.house.installation) as engine:
            return SqlActionBook(engine, SystemClock(), new_id).now()

    def journal(self, action: Action) -> tuple[JournalRow, ...]:
        """Return what was written down before and after each of its calls."""
        with database_of(self.house.installation) as engine:
            return SqlActionBook(engine, SystemClock(), new_id).journal(action.action_id)

    def audit(self, action: Action | None = None) -> tuple[AuditRow, ...]:
        """Return the audit, or an action's part of it."""
        with database_of(self.house.installation) as engine:
            rows = SqlTrail(engine, SystemClock(), new_id).rows(limit=100_000)
        return tuple(
            row for row in rows if action is None or row.entry.action_id == action.action_id
        )

    def until_refused(self, action: Action, *, times: int) -> None:
        """Return once so many clicks on the action are noted as refused."""

        def refused() -> bool:
            rows = self.audit(action)
            return sum(row.entry.event == "click.refused" for row in rows) >= times

        eventually(refused, f"{times} refused clicks of {action.label}", within_s=PATIENCE_S)

    def change_records(self, action: Action) -> list[dict[str, Any]]:
        """Return what the file of change records has of an action."""
        lines = self.records_file.read_text(encoding="utf-8").splitlines()
        return [row for row in map(json.loads, lines) if action.action_id in json.dumps(row)]

    def check(self) -> None:
        """Assert the invariants, the audit's chain among them, over all that ever happened here."""
        home = Path(self.house.installation.environment["NIGHTDESK_HOME"])
        key = read_private_key((home / AUDIT_KEY_FILE).read_text(encoding="utf-8")).public_key()
        with database_of(self.house.installation) as engine:
            check_promises(engine, SystemClock(), keys={key_id_of(key): key})
