"""An installation of a test's own, for deaths and settings that would disturb the shared one."""

from __future__ import annotations

import json
import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from bot.adapters.buckets import PREFIX
from bot.adapters.clock import SystemClock
from bot.adapters.redis_client import open_redis
from bot.adapters.redis_server import EmbeddedRedis
from bot.adapters.store.engine import open_engine
from bot.adapters.store.schema import upgrade
from bot.adapters.store.store import SqlStore
from bot.bootstrap.installation import new_id
from bot.domain.conversation import ChannelId, MessageTs
from bot.domain.investigation import RunState
from tests.lab.chat import Chat
from tests.lab.installation import Installation
from tests.lab.lab import Lab
from tests.lab.model.brains import ScriptedBrain
from tests.lab.model.journal import Outcome
from tests.lab.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Engine

    from bot.domain.evidence import Evidence
    from bot.domain.investigation import Investigation
    from tests.flows.conftest import Running
    from tests.lab.installation import Process
    from tests.lab.model.journal import Exchange
    from tests.lab.model.server import ModelLab
    from tests.lab.slack.records import Message
    from tests.lab.slack.testing import SlackLab

QUICK = {
    "NIGHTDESK_HTTP_PORT": "0",
    "NIGHTDESK_BURST_S": "0",
    "NIGHTDESK_LEASE_S": "1",
    "NIGHTDESK_SWEEP_S": "0.3",
    "NIGHTDESK_CLUSTER_TIMEOUT_S": "2",
}
PATIENCE_S = 60.0
"""A busy machine with two cores takes its time; only a test that fails waits so long."""


class House:
    """A lab, a Redis that can be stopped, and processes that can be killed."""

    def __init__(self, home: Path, *, scenario: str = "two_clusters", **settings: str) -> None:
        """Take what differs from a quick installation, each setting by its variable's name."""
        self.home = home
        self.lab = Lab(scenario, home=home, brain=ScriptedBrain())
        self.slack = self.lab.slack
        self.chat = Chat(self.slack, patience_s=PATIENCE_S)
        self._settings = settings
        self._held = ExitStack()

    def __enter__(self) -> Self:
        self.home.mkdir(parents=True, exist_ok=True)
        with ExitStack() as held:
            held.enter_context(self.lab)
            # A socket's path has to be short.
            short = held.enter_context(tempfile.TemporaryDirectory(prefix="flow-"))
            self.redis = EmbeddedRedis(Path(short), clock=SystemClock())
            self.redis.__enter__()
            held.callback(self._stop_redis)
            environment = self.lab.environment() | QUICK | {"REDIS_URL": self.redis.url}
            self.installation = held.enter_context(
                Installation(environment | self._settings, logs=self.home / "logs")
            )
            Path(environment["NIGHTDESK_HOME"]).mkdir(exist_ok=True)
            with database_of(self.installation) as engine:
                upgrade(engine)
            self._held = held.pop_all()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._held.close()

    @property
    def model(self) -> ModelLab:
        if self.lab.model is None:
            raise RuntimeError("this lab has no model")
        return self.lab.model

    def start(self, *commands: str, **more: str) -> list[Process]:
        """Start processes at the same time and return once each is at work."""
        started = [self.installation.start(command, **more) for command in commands]
        for command, process in zip(commands, started, strict=True):
            process.wait_until_said(_READY[command], within_s=PATIENCE_S)
        return started

    def script(self, **questions: list[object]) -> None:
        """Let the model answer these questions, a keyword each, found in the question."""
        self.model.brain = ScriptedBrain(questions=questions)  # type: ignore[arg-type] # any turn

    def turns_about(self, keyword: str) -> list[Exchange]:
        """Return the turns the model was asked for, of the question with the keyword."""
        return [one for one in self.model.turns() if keyword in one.request.first_user_text]

    def wait_until_held(self, keyword: str) -> Exchange:
        """Return the request about the keyword whose answer is being held back."""
        return held_about(self.model, keyword)

    def stop_redis(self) -> None:
        """Take Redis away; what it kept stays in its file."""
        self.redis.__exit__(None, None, None)

    def start_redis(self) -> None:
        """Bring Redis back at the same address."""
        self.redis.__enter__()

    def _stop_redis(self) -> None:
        self.redis.__exit__(None, None, None)


_READY = {
    "listener": "listener_ready",
    "investigator": "worker_started",
    "cron": "cron_started",
}


@contextmanager
def database_of(installation: Installation) -> Iterator[Engine]:
    """Open an installation's database, as a process of its own would."""
    environment = installation.environment
    embedded = f"sqlite:///{environment['NIGHTDESK_HOME']}/nightdesk.db"
    engine = open_engine(environment.get("DATABASE_URL", embedded))
    try:
        yield engine
    finally:
        engine.dispose()


def run_of(installation: Installation, question: Message) -> Investigation | None:
    """Return the newest run of the thread the question began."""
    with database_of(installation) as engine:
        store = SqlStore(engine, SystemClock(), new_id)
        thread = store.find_thread(ChannelId(question.channel), MessageTs(question.ts))
        return next(iter(store.latest(thread.thread_id, limit=1)), None) if thread else None


def evidence_of(installation: Installation, question: Message) -> list[Evidence]:
    """Return what was read for the thread's newest run, in order."""
    run = run_of(installation, question)
    assert run is not None
    with database_of(installation) as engine:
        return SqlStore(engine, SystemClock(), new_id).of_investigation(run.investigation_id)


def wait_until_closed(installation: Installation, question: Message) -> Investigation:
    """Return the thread's newest run once it is closed, a moment after its card is."""

    def look() -> Investigation | None:
        run = run_of(installation, question)
        return run if run is not None and run.state is not RunState.RUNNING else None

    run = eventually(look, "the run is closed", within_s=PATIENCE_S)
    assert run is not None
    return run


def refill_buckets(running: Running) -> None:
    """Give the product its whole budget of calls back, whatever tests before spent."""
    with open_redis(running.installation.environment["REDIS_URL"]) as client:
        for key in client.scan_iter(f"{PREFIX}*"):
            client.delete(key)


def held_about(model: ModelLab, keyword: str) -> Exchange:
    """Return the request about the keyword whose answer is being held back."""

    def held(_seen: object) -> list[Exchange]:
        return [
            one
            for one in model.turns()
            if one.outcome is Outcome.HELD and keyword in one.request.first_user_text
        ]

    model.wait_until(held, timeout_s=PATIENCE_S)
    return held(None)[0]


def events_of(process: Process, name: str) -> list[dict[str, Any]]:
    """Return what a process logged under that event name, oldest first."""
    lines = process.said().splitlines()
    rows = [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]
    return [row for row in rows if row.get("event") == name]


def worker_of(run: Investigation | None, processes: Sequence[Process]) -> Process:
    """Return the investigator that has had a turn of the model's in this run."""
    assert run is not None

    def look() -> Process | None:
        for process in processes:
            for row in events_of(process, "model_answered"):
                if row["investigation_id"] == run.investigation_id:
                    return process
        return None

    found = eventually(look, "an investigator at work", within_s=PATIENCE_S)
    assert found is not None
    return found


def shown_in_thread(slack: SlackLab, channel: str, thread_ts: str) -> str:
    """Return everything the bot shows in a thread, as one text."""
    return "\n".join(seen.words for seen in slack.thread(channel, thread_ts) if seen.by_bot)
