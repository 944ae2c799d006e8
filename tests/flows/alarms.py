"""Alerts as their senders bring them to an installation, and what becomes of them in Slack.

Every test has a channel and a rule of its own: incidents of one channel would make a storm, and
those of one rule would be one.
"""

from __future__ import annotations

import json
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from bot.adapters.clock import SystemClock
from bot.adapters.store.store import SqlStore
from bot.adapters.store.tables import alert_tellings, incidents
from bot.bootstrap.installation import new_id
from tests.flows.crashing import verdict
from tests.flows.house import PATIENCE_S, House, database_of, events_of
from tests.lab.lab import WEBHOOK_SECRET
from tests.lab.model.brains import ScriptedBrain, call
from tests.lab.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bot.domain.incident import Incident, IncidentState
    from tests.lab.installation import Process
    from tests.lab.slack.reading import Seen

CLUSTER = "prod-eu"
OTHERS = ("prod-us", "staging")
HERE = {"cluster": CLUSTER, "namespace": "shop", "deployment": "cart"}
"""Where cart crash-loops."""
STANDS = call("object", ruling="stands", reason="Nothing speaks against it.")
"""What the second look says; its conversation names no rule, so it is everybody's default."""
GENERATOR = "http://prometheus.example:9090/graph?g0.expr=up&g0.tab=1"


class Alarms:
    """A house in which some channels are watched, and whoever works there."""

    def __init__(
        self,
        house: House,
        *,
        watched: Sequence[str],
        rules: dict[str, dict[str, object]] | None = None,
    ) -> None:
        """Watch these channels; `rules` are what some of them say besides.

        Each has a webhook of its own name.
        """
        self.house = house
        self.slack = house.slack
        self.chat = house.chat
        self.workers: list[Process] = []
        self.listeners: list[Process] = []
        rules = rules or {}
        for name in watched:
            self.slack.add_channel(name, members=["ana", "marta"])
        channels = [
            {"channel": house.lab.channel_id(f"#{name}"), "name": name, "alerts": rules.get(name, {})}
            for name in watched
        ]
        webhooks = [
            {
                "name": name,
                "sender": "alertmanager",
                "channel": house.lab.channel_id(f"#{name}"),
                "secret_env": WEBHOOK_SECRET,
            }
            for name in watched
        ]
        registry = house.lab.registry()
        known = registry["channels"]
        assert isinstance(known, list)
        house.lab.declare(channels=[*known, *channels], webhooks=webhooks)

    def open(self, *, listeners: int = 1, workers: int = 1, questions: int = 1) -> None:
        """Start the processes; return once each is at work."""
        self.listeners = [self.house.installation.start("listener") for _ in range(listeners)]
        self.workers = [self._alert_worker() for _ in range(workers)]
        others = [self.house.installation.start("investigator") for _ in range(questions)]
        cron = self.house.installation.start("cron")
        for process in self.listeners:
            process.wait_until_said("listener_ready", within_s=PATIENCE_S)
        for process in (*self.workers, *others):
            process.wait_until_said("worker_started", within_s=PATIENCE_S)
        cron.wait_until_said("cron_started", within_s=PATIENCE_S)

    def complete(self, *, workers: int) -> None:
        """Replace the dead workers."""
        self.workers = [one for one in self.workers if one.popen.poll() is None]
        fresh = [self._alert_worker() for _ in range(workers - len(self.workers))]
        for process in fresh:
            process.wait_until_said("worker_started", within_s=PATIENCE_S)
        self.workers += fresh

    def script(self, **rules: list[object]) -> None:
        """Let the model look into these rules, and the second look agree with all it finds."""
        self.house.model.brain = ScriptedBrain([STANDS], questions=rules)  # type: ignore[arg-type] # any turn

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

    def first_card(self, channel: str, thread_ts: str, words: str) -> Seen:
        """Return the live message that shows the words while the look goes on."""

        def look() -> Seen | None:
            return next(
                (one for one in self.replies(channel, thread_ts) if words in one.words), None
            )

        return self.slack.wait_for(
            look, timeout_s=PATIENCE_S, what=f"a first card with {words!r} in #{channel}"
        )

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

    def _alert_worker(self) -> Process:
        return self.house.installation.start("investigator", "--lane", "alerts")


def conclusion(summary: str) -> list[object]:
    """Return the script of a lead that concludes from what triage collected."""
    return [verdict(summary)]


def post_of(
    rule: str,
    *,
    resolved: bool = False,
    severity: str = "warning",
    place: str = f"{CLUSTER} cart shop",
) -> dict[str, Any]:
    """Return Alertmanager's own Slack message for a rule."""
    state = "RESOLVED" if resolved else "FIRING:1"
    title = f"[{state}] {rule} ({place} {severity})"
    return {
        "username": "Alertmanager",
        "text": "",
        "attachments": [
            {
                "color": "2eb886" if resolved else "a30200",
                "fallback": title,
                "title": title,
                "title_link": "http://alertmanager.example:9093/#/alerts?receiver=slack",
            }
        ],
    }


def alert_of(
    rule: str,
    *,
    labels: dict[str, str] | None = None,
    annotations: dict[str, str] | None = None,
    severity: str = "warning",
    resolved: bool = False,
    since_s: float = 300,
) -> dict[str, Any]:
    """Return one alert as Alertmanager's webhook has it."""
    now = datetime.now(UTC)
    named = {"alertname": rule, "severity": severity, **(HERE if labels is None else labels)}
    return {
        "status": "resolved" if resolved else "firing",
        "labels": named,
        "annotations": {"summary": "It restarts again and again."} | (annotations or {}),
        "startsAt": _stamp(now - timedelta(seconds=since_s)),
        "endsAt": _stamp(now) if resolved else "0001-01-01T00:00:00Z",
        "generatorURL": GENERATOR,
        "fingerprint": f"{abs(hash(frozenset(named.items()))):016x}"[:16],
    }


def body_of(*alerts: dict[str, Any], group: dict[str, str] | None = None) -> dict[str, Any]:
    """Return Alertmanager's webhook body for alerts of one group."""
    first = alerts[0]["labels"]
    common = {
        name: value
        for name, value in first.items()
        if all(one["labels"].get(name) == value for one in alerts)
    }
    grouped = {"alertname": first["alertname"]} if group is None else group
    over = all(one["status"] == "resolved" for one in alerts)
    return {
        "version": "4",
        "groupKey": "{}:{" + ", ".join(f'{k}="{v}"' for k, v in sorted(grouped.items())) + "}",
        "truncatedAlerts": 0,
        "status": "resolved" if over else "firing",
        "receiver": "nightdesk",
        "groupLabels": grouped,
        "commonLabels": common,
        "commonAnnotations": {},
        "externalURL": "http://alertmanager.example:9093",
        "alerts": list(alerts),
    }


def _stamp(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
