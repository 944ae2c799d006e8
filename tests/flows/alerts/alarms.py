"""Alerts as their senders bring them to an installation, and what becomes of them in Slack.

Every test has a channel and a rule of its own: incidents of one channel would make a storm, and
those of one rule would be one.
"""

from __future__ import annotations

import json
from contextlib import closing
from functools import partial
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from bot.adapters.buckets import PREFIX
from bot.adapters.clock import SystemClock
from bot.adapters.redis_client import open_redis
from bot.adapters.store.store import SqlStore
from bot.adapters.store.tables import alert_tellings, incidents
from bot.bootstrap.installation import new_id
from bot.domain.conversation import ChannelId, MessageTs
from tests.flows.alerts.leads import Leads, told
from tests.flows.house import PATIENCE_S, House, database_of, events_of
from tests.lab.lab import WEBHOOK_SECRET
from tests.lab.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bot.domain.alert import Alert
    from bot.domain.evidence import Evidence
    from bot.domain.incident import Incident, IncidentState
    from bot.domain.verdict import Verdict
    from tests.lab.installation import Process
    from tests.lab.model.journal import Exchange
    from tests.lab.model.outages import Outage
    from tests.lab.slack.reading import Seen

REVIEW = "review"
WATCHED: dict[str, dict[str, str]] = {
    name: {}
    for name in (
        "journey",
        "both-roads",
        "webhook-first",
        "edited",
        "resolved",
        "again",
        "replicas",
        "blind",
        "outage",
        "minor",
        "stopped",
        "suggested",
        "refused",
        "replayed",
        "injected",
        "slack-storm",
        "webhook-storm",
        "late-storm",
        "busy",
        "killed-reading",
        "killed-thinking",
    )
} | {"shadowed": {"shadow_channel": REVIEW}}
"""The watched channels with their rules; one for each test."""


class Alarms:
    """A house in which some channels are watched, and whoever works there."""

    def __init__(self, house: House) -> None:
        """Watch the channels of WATCHED, each with a webhook of its name."""
        self.house = house
        self.slack = house.slack
        self.chat = house.chat
        self.workers: list[Process] = []
        self.listeners: list[Process] = []
        self._others: list[Process] = []
        self._scripts: dict[str, list[object]] = {}
        for name in (*WATCHED, REVIEW):
            self.slack.add_channel(name, members=["ana", "marta"])
        known = house.lab.registry()["channels"]
        assert isinstance(known, list)
        house.lab.declare(
            channels=[*known, *(self._channel(name, rules) for name, rules in WATCHED.items())],
            webhooks=[self._webhook(name) for name in WATCHED],
        )

    def open(self, *, listeners: int) -> None:
        """Start the processes; return once each is at work."""
        house = self.house.installation
        self.listeners = [house.start("listener") for _ in range(listeners)]
        self._others = [house.start("investigator"), house.start("cron")]
        self.add_worker()
        for process, said in (
            *((one, "listener_ready") for one in self.listeners),
            *zip(self._others, ("worker_started", "cron_started"), strict=True),
        ):
            process.wait_until_said(said, within_s=PATIENCE_S)

    def add_worker(self) -> Process:
        """Start one more worker for alerts; return it once it is at work."""
        process = self.house.installation.start("investigator", "--lane", "alerts")
        process.wait_until_said("worker_started", within_s=PATIENCE_S)
        self.workers.append(process)
        return process

    def worker_of(self, rule: str) -> Process:
        """Return the worker that looks into the rule's incident."""
        incident = self.the_incident(rule, lambda one: one.runs > 0, what="looked into")

        def look() -> Process | None:
            for process in self.workers:
                asked = events_of(process, "incident_run_asked")
                if any(row["incident_id"] == incident.incident_id for row in asked):
                    return process
            return None

        found = eventually(look, f"a worker on {rule}", within_s=PATIENCE_S)
        assert found is not None
        return found

    def kill(self, worker: Process) -> None:
        """Take a worker away without a word."""
        worker.kill()
        self.workers.remove(worker)

    def close(self) -> None:
        """Ask all processes to end, so that they do it at the same time."""
        for process in (*self.listeners, *self.workers, *self._others):
            if process.popen.poll() is None:
                process.popen.terminate()

    def refill(self) -> None:
        """Give the product its whole budget of calls back, whatever tests before spent."""
        with open_redis(self.house.redis.url) as client:
            for key in client.scan_iter(f"{PREFIX}*"):
                client.delete(key)

    def as_before(self) -> None:
        """Take back what a test did to the simulators."""
        self.slack.faults.clear()
        for cluster in self.house.lab.world.clusters.values():
            cluster.heal()
        self.house.model.recover()
        self.house.model.release()

    def script(
        self, questions: Mapping[str, list[object]] | None = None, /, **rules: list[object]
    ) -> None:
        """Let the model look into these rules, and answer questions with these words in them.

        The second look agrees with all it finds. What earlier tests scripted stays: their storms
        may still be looked into.
        """
        self._scripts |= {told(rule): turns for rule, turns in rules.items()}
        self._scripts |= questions or {}
        self.house.model.brain = Leads(self._scripts)

    def outage(self, outage: Outage, rule: str, *, skip: int = 0, times: int | None = 1) -> None:
        """Let the model be unwell for the next turn about the rule, or for all with None."""
        self.house.model.outage(outage, skip=skip, times=times, question=told(rule))

    def turns_about(self, rule: str) -> list[Exchange]:
        """Return the lead's turns on the rule; earlier incidents it was shown do not count."""
        return self.house.turns_about(told(rule))

    def wait_until_held(self, rule: str) -> Exchange:
        """Return the request about the rule whose answer is being held back."""
        return self.house.wait_until_held(told(rule))

    # Senders.

    def post(self, channel: str, body: dict[str, Any]) -> Seen:
        """Post as Alertmanager does."""
        return self.slack.post_as_app(body, channel=f"#{channel}")

    def send(
        self,
        hook: str,
        body: dict[str, Any] | bytes | None,
        *,
        token: str | None = "",
        listener: int = 0,
        headers: dict[str, str] | None = None,
    ) -> tuple[int, Any]:
        """POST to a webhook, by default with the right token; return status and answer.

        Without a body only what `headers` say of it is sent.
        """
        token = self.house.lab.webhook_token if token == "" else token
        more = {} if token is None else {"Authorization": f"Bearer {token}"}
        content = json.dumps(body).encode() if isinstance(body, dict) else body
        kind = {"Content-Type": "application/json"}
        with closing(
            HTTPConnection("127.0.0.1", self.port(listener), timeout=PATIENCE_S)
        ) as connection:
            connection.request(
                "POST", f"/alerts/{hook}", body=content, headers=kind | more | (headers or {})
            )
            answer = connection.getresponse()
            said = answer.read()
        return answer.status, json.loads(said) if said.startswith(b"{") else said.decode()

    def port(self, listener: int = 0) -> int:
        """Return where a listener's web server is."""
        return int(events_of(self.listeners[listener], "listener_ready")[0]["http_port"])

    # What became of it.

    def incidents_of(self, rule: str) -> list[Incident]:
        """Return the incidents with the rule's name in their title, oldest first."""
        with database_of(self.house.installation) as engine, engine.connect() as connection:
            ids = connection.execute(
                select(incidents.c.incident_id)
                .where(incidents.c.title.startswith(rule))
                .order_by(incidents.c.opened_at)
            ).scalars()
            store = SqlStore(engine, SystemClock(), new_id)
            return [one for name in ids if (one := store.incident(name)) is not None]

    def tellings(self) -> int:
        """Return how many alerts were taken in until now."""
        with database_of(self.house.installation) as engine, engine.connect() as connection:
            return connection.execute(select(func.count()).select_from(alert_tellings)).scalar_one()

    def the_incident(
        self, rule: str, until: Callable[[Incident], bool] = lambda _: True, *, what: str = "there"
    ) -> Incident:
        """Return the rule's only incident, once `until` holds of it."""

        def look() -> Incident | None:
            found = self.incidents_of(rule)
            assert len(found) < 2, found
            return found[0] if found and until(found[0]) else None

        incident = eventually(look, f"an incident of {rule} that is {what}", within_s=PATIENCE_S)
        assert incident is not None
        return incident

    def in_state(self, rule: str, state: IncidentState) -> Incident:
        """Return the rule's only incident, once it is in that state."""
        return self.the_incident(rule, lambda one: one.state is state, what=state.value)

    def alerts_of(self, incident: Incident) -> list[Alert]:
        """Return the incident's alerts as they were told, the first to arrive first."""
        with database_of(self.house.installation) as engine:
            return SqlStore(engine, SystemClock(), new_id).alerts_of(incident.incident_id)

    def concluded(self, rule: str) -> tuple[Verdict, dict[str, Evidence]]:
        """Return the verdict of the incident's newest run once it is closed, and its evidence."""
        incident = self.the_incident(rule, lambda one: one.runs > 0, what="looked into")
        channel, ts = ChannelId(incident.channel), MessageTs(str(incident.thread_ts))

        def look() -> tuple[Verdict, dict[str, Evidence]] | None:
            with database_of(self.house.installation) as engine:
                store = SqlStore(engine, SystemClock(), new_id)
                thread = store.find_thread(channel, ts)
                if thread is None:
                    return None
                (run,) = store.latest(thread.thread_id, limit=1)
                read = store.of_investigation(run.investigation_id)
                return (run.verdict, {one.label: one for one in read}) if run.verdict else None

        found = eventually(look, f"the verdict on {rule} kept", within_s=PATIENCE_S)
        assert found is not None
        return found

    def thread_of(self, rule: str) -> str:
        """Return the root of the incident's thread, once it has one."""
        incident = self.the_incident(rule, lambda one: one.thread_ts is not None, what="told")
        return str(incident.thread_ts)

    def roots(self, channel: str) -> list[Seen]:
        """Return what begins a thread in the channel, or could."""
        return [one for one in self.slack.messages(f"#{channel}") if one.thread_ts in {"", one.ts}]

    def replies(self, channel: str, thread_ts: str) -> list[Seen]:
        """Return what the bot says in a thread, less the message that begins it."""
        said = self.chat.said_by_bot(f"#{channel}", thread_ts)
        return [one for one in said if one.ts != thread_ts]

    def card(self, channel: str, thread_ts: str, *, number: int = 1) -> Seen:
        """Return the thread's closed card of that number."""
        return self.chat.answer(f"#{channel}", thread_ts, number=number)

    def live(self, channel: str, thread_ts: str, words: str) -> Seen:
        """Return the live message, once it shows the words while the look goes on."""

        def look() -> Seen | None:
            return next(
                (one for one in self.replies(channel, thread_ts) if words in one.words), None
            )

        return self.slack.wait_for(look, timeout_s=PATIENCE_S, what=f"{words!r} live in #{channel}")

    def note(self, channel: str, thread_ts: str, words: str) -> Seen:
        """Return the bot's message in the thread that holds the words."""
        return self.chat.wait_for_words(f"#{channel}", thread_ts, words)

    def events(self, name: str, **fields: object) -> list[dict[str, Any]]:
        """Return what listeners and workers logged under that name with these fields."""
        rows = [
            row for process in (*self.listeners, *self.workers) for row in events_of(process, name)
        ]
        return [row for row in rows if all(row.get(key) == want for key, want in fields.items())]

    def wait_for_event(self, name: str, *, times: int = 1, **fields: object) -> None:
        """Return once it was logged so often."""
        eventually(
            partial(self._logged, name, times, fields), f"{name} {fields}", within_s=PATIENCE_S
        )

    def _logged(self, name: str, times: int, fields: dict[str, object]) -> bool:
        return len(self.events(name, **fields)) >= times

    def _channel(self, name: str, rules: Mapping[str, str]) -> dict[str, object]:
        alerts = dict(rules)
        if "shadow_channel" in alerts:
            alerts["shadow_channel"] = self.house.lab.channel_id(f"#{alerts['shadow_channel']}")
        return {"channel": self.house.lab.channel_id(f"#{name}"), "name": name, "alerts": alerts}

    def _webhook(self, name: str) -> dict[str, object]:
        return {
            "name": name,
            "sender": "alertmanager",
            "channel": self.house.lab.channel_id(f"#{name}"),
            "secret_env": WEBHOOK_SECRET,
        }
