"""One lab with one installation for each pytest worker; each test has a thread of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.adapters.clock import SystemClock
from bot.adapters.redis_server import EmbeddedRedis
from tests.flows.house import refill_buckets
from tests.lab.chat import Chat
from tests.lab.installation import Installation
from tests.lab.lab import Lab
from tests.lab.model.brains import ScriptedBrain

if TYPE_CHECKING:
    from collections.abc import Iterator

QUICK = {
    "NIGHTDESK_HTTP_PORT": "0",
    "NIGHTDESK_BURST_S": "0.4",
    "NIGHTDESK_LEASE_S": "2",
    "NIGHTDESK_SWEEP_S": "0.5",
    "NIGHTDESK_CLUSTER_TIMEOUT_S": "2",
}
"""Settings that make waiting short; everything else is as shipped."""


class Running:
    """A lab whose product runs."""

    def __init__(self, lab: Lab, installation: Installation) -> None:
        self.lab = lab
        self.slack = lab.slack
        self.installation = installation
        self.chat = Chat(lab.slack)
        self.listener = installation.start("listener")
        self.investigator = installation.start("investigator")
        self.cron = installation.start("cron")
        self.listener.wait_until_said("listener_ready")
        self.investigator.wait_until_said("worker_started")

    def script(self, **questions: list[object]) -> None:
        """Let the model answer these questions, a keyword each, found in the question."""
        if self.lab.model is None:
            raise RuntimeError("this lab has no model")
        self.lab.model.brain = ScriptedBrain(questions=questions)  # type: ignore[arg-type] # any turn

    def as_before(self) -> None:
        """Take back what a test did to the simulators."""
        self.slack.faults.clear()
        self.slack.tiers.off()
        for cluster in self.lab.world.clusters.values():
            cluster.heal()
        if self.lab.model is not None:
            self.lab.model.recover()
            self.lab.model.release()
        # What tests before spent of Slack's rates is not this test's to wait for.
        refill_buckets(self)


@pytest.fixture(scope="session")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    home = tmp_path_factory.mktemp("flow")
    with (
        Lab("two_clusters", home=home, brain=ScriptedBrain()) as lab,
        EmbeddedRedis(home / "redis", clock=SystemClock()) as redis,
        Installation(
            lab.environment() | QUICK | {"REDIS_URL": redis.url}, logs=home / "logs"
        ) as installation,
    ):
        upgraded = installation.run("db", "upgrade")
        assert upgraded.returncode == 0, upgraded.stderr
        yield Running(lab, installation)


@pytest.fixture
def running(started: Running) -> Iterator[Running]:
    yield started
    started.as_before()
