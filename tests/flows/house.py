"""An installation of a test's own, for deaths and settings that would disturb the shared one."""

from __future__ import annotations

import json
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from bot.adapters.clock import SystemClock
from bot.adapters.redis_server import EmbeddedRedis
from bot.adapters.store.engine import open_engine
from bot.adapters.store.schema import upgrade
from bot.adapters.store.store import SqlStore
from bot.bootstrap import new_id
from bot.domain.conversation import ChannelId, MessageTs
from bot.domain.investigation import RunState
from tests.lab.chat import Chat
from tests.lab.installation import Installation
from tests.lab.lab import Lab
from tests.lab.model.brains import ScriptedBrain
from tests.lab.model.journal import Outcome
from tests.lab.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.investigation import Investigation
    from tests.lab.installation import Process
    from tests.lab.model.brains import Brain, Scripted
    from tests.lab.model.journal import Exchange
    from tests.lab.model.server import ModelLab
    from tests.lab.slack.records import Message

QUICK = {
    "NIGHTDESK_HTTP_PORT": "0",
    "NIGHTDESK_BURST_S": "0",
    "NIGHTDESK_LEASE_S": "1",
    "NIGHTDESK_SWEEP_S": "0.3",
    "NIGHTDESK_CLUSTER_TIMEOUT_S": "2",
}
PATIENCE_S = 25.0


class House:
    """A lab, a Redis that can be stopped, and processes that can be killed."""

    def __init__(self, home: Path, *, brain: Brain | None = None, **settings: str) -> None:
        self.home = home
        self.lab = Lab("two_clusters", home=home, brain=brain or ScriptedBrain())
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
            state = self.home / "state"
            state.mkdir(exist_ok=True)
            engine = open_engine(self.database)
            upgrade(engine)
            engine.dispose()
            environment = self.lab.environment() | QUICK | {"REDIS_URL": self.redis.url}
            self.installation = held.enter_context(
                Installation(environment | self._settings, logs=self.home / "logs")
            )
            self._held = held.pop_all()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._held.close()

    @property
    def database(self) -> str:
        return f"sqlite:///{self.home / 'state' / 'nightdesk.db'}"

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

    def script(self, **questions: Sequence[Scripted]) -> None:
        """Let the model answer these questions, a keyword each, found in the question."""
        self.model.brain = ScriptedBrain(questions=questions)

    def turns_about(self, keyword: str) -> list[Exchange]:
        """Return the turns the model was asked for, of the question with the keyword."""
        return [one for one in self.model.turns() if keyword in one.request.first_user_text]

    def wait_until_held(self, keyword: str) -> Exchange:
        """Return the request about the keyword whose answer is being held back."""

        def held(_seen: object) -> list[Exchange]:
            return [one for one in self.turns_about(keyword) if one.outcome is Outcome.HELD]

        self.model.wait_until(held, timeout_s=PATIENCE_S)
        return held(None)[0]

    def store(self) -> SqlStore:
        """Return the installation's store, as a process of its own would open it."""
        return SqlStore(open_engine(self.database), SystemClock(), new_id)

    def run_of(self, question: Message) -> Investigation | None:
        """Return the newest run of the thread the question began."""
        store = self.store()
        thread = store.find_thread(ChannelId(question.channel), MessageTs(question.ts))
        return next(iter(store.latest(thread.thread_id, limit=1)), None) if thread else None

    def wait_until_closed(self, question: Message) -> Investigation:
        """Return the thread's run once it is closed."""

        def look() -> Investigation | None:
            run = self.run_of(question)
            return run if run is not None and run.state is not RunState.RUNNING else None

        return eventually(look, "the run is closed", within_s=PATIENCE_S)  # type: ignore[return-value] # never None

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
