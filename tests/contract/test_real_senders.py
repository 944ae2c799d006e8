"""The senders most teams have, as Debian ships them: what they really post becomes one incident.

Prometheus evaluates rules over an exporter of the test's own; Alertmanager tells Slack and us.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Self

import pytest
import yaml
from aiohttp import web

from bot.domain.incident import IncidentState
from tests.flows.alerts.alarms import Alarms
from tests.flows.alerts.leads import concluding
from tests.flows.house import PATIENCE_S, House
from tests.lab.http import LoopbackServer
from tests.lab.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bot.domain.alert import Alert

PROGRAMS = ("prometheus", "prometheus-alertmanager")
"""Debian's packages have the names of their programs."""
MISSING = [program for program in PROGRAMS if shutil.which(program) is None]
pytestmark = [
    pytest.mark.skipif(bool(MISSING), reason=f"apt install {' '.join(MISSING)}"),
    # Real servers start here; a busy machine takes its time over that.
    pytest.mark.timeout(180),
]

BOTH, BY_SLACK = "CartRestarting", "CheckoutSlow"
"""The first rule is told to Slack and to our webhook, the second to Slack alone."""
CART = {"namespace": "shop", "deployment": "cart", "container": "cart", "team": "storefront"}
CHECKOUT = {"namespace": "shop", "deployment": "checkout", "container": "app", "team": "tills"}
RULES = {
    "groups": [
        {
            "name": "shop",
            "interval": "1s",
            "rules": [
                {
                    "alert": rule,
                    "expr": f"lab_broken{{deployment={deployment!r}}} == 1",
                    "labels": {"severity": "warning", "road": road},
                    "annotations": {
                        "summary": f"{deployment} of team {{{{ $labels.team }}}} is not well.",
                        "runbook_url": f"https://runbooks.example/{rule}",
                    },
                }
                for rule, deployment, road in (
                    (BOTH, "cart", "both"),
                    (BY_SLACK, "checkout", "slack"),
                )
            ],
        }
    ]
}


class Exporter:
    """What is broken, as Prometheus scrapes it."""

    def __init__(self) -> None:
        self.broken = 0
        self.server = LoopbackServer(self._build)

    def _build(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/metrics", self._metrics)
        return app

    async def _metrics(self, _request: web.Request) -> web.Response:
        lines = [
            "lab_broken{" + ",".join(f'{k}="{v}"' for k, v in labels.items()) + f"}} {self.broken}"
            for labels in (CART, CHECKOUT)
        ]
        return web.Response(text="\n".join([*lines, ""]))


class Senders:
    """Prometheus and Alertmanager on ports of their own; ends with its context."""

    def __init__(self, home: Path, *, target: str) -> None:
        self._home = home
        self._target = target
        self._stack = ExitStack()
        self.prometheus, self.alertmanager = _free_port(), _free_port()

    def __enter__(self) -> Self:
        self._home.mkdir()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._stack.close()

    def start(self, *, receivers: list[dict[str, Any]], to_slack_alone: str) -> None:
        """Start both; the first receiver is told everything but what is for Slack alone."""
        told = {
            "route": {
                "receiver": receivers[0]["name"],
                "group_by": ["alertname"],
                "group_wait": "100ms",
                "group_interval": "1s",
                "repeat_interval": "1h",
                "routes": [{"receiver": to_slack_alone, "matchers": ['road="slack"']}],
            },
            "receivers": receivers,
        }
        self._serve(
            "prometheus-alertmanager",
            self.alertmanager,
            f"--config.file={self._written('alertmanager', told)}",
            f"--storage.path={self._home / 'alertmanager'}",
            f"--web.external-url=http://127.0.0.1:{self.alertmanager}",
            # No gossip with others of its kind.
            "--cluster.listen-address=",
        )
        scraped = {
            "global": {
                "scrape_interval": "1s",
                "evaluation_interval": "1s",
                "external_labels": {"cluster": "prod-eu"},
            },
            "rule_files": [str(self._written("rules", RULES))],
            "alerting": {"alertmanagers": [_static(f"127.0.0.1:{self.alertmanager}")]},
            "scrape_configs": [{"job_name": "lab", **_static(self._target)}],
        }
        self._serve(
            "prometheus",
            self.prometheus,
            f"--config.file={self._written('prometheus', scraped)}",
            f"--storage.tsdb.path={self._home / 'prometheus'}",
        )

    def _serve(self, program: str, port: int, *options: str) -> None:
        log = self._stack.enter_context((self._home / f"{program}.log").open("wb"))
        server = subprocess.Popen(  # noqa: S603 -- our own arguments
            [program, f"--web.listen-address=127.0.0.1:{port}", *options],
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        self._stack.callback(server.wait, timeout=20)
        self._stack.callback(server.terminate)
        eventually(lambda: _listens(port), f"{program} at work", within_s=PATIENCE_S)

    def _written(self, name: str, content: dict[str, Any]) -> Path:
        path = self._home / f"{name}.yaml"
        path.write_text(yaml.safe_dump(content), encoding="utf-8")
        return path


@pytest.fixture
def exporter() -> Iterator[Exporter]:
    exporter = Exporter()
    with exporter.server:
        yield exporter


@pytest.fixture
def senders(exporter: Exporter, tmp_path: Path) -> Iterator[Senders]:
    target = exporter.server.url.removeprefix("http://")
    with Senders(tmp_path / "senders", target=target) as senders:
        yield senders


@pytest.fixture
def alarms(senders: Senders, tmp_path: Path) -> Iterator[Alarms]:
    with House(tmp_path / "house") as house:
        clusters = house.lab.registry()["clusters"]
        assert isinstance(clusters, list)
        clusters[0]["prometheus"] = {"url": f"http://127.0.0.1:{senders.prometheus}"}
        house.lab.declare(clusters=clusters)
        alarms = Alarms(house)
        try:
            alarms.open(listeners=1)
            yield alarms
        finally:
            alarms.close()


def test_what_prometheus_and_alertmanager_send_is_one_incident_that_ends(
    exporter: Exporter, senders: Senders, alarms: Alarms
) -> None:
    alarms.script(CartRestarting=concluding(), CheckoutSlow=concluding("checkout waits for cart"))
    senders.start(
        receivers=[
            {
                "name": "both",
                "slack_configs": [_slack(alarms, "both-roads")],
                "webhook_configs": [_webhook(alarms, "both-roads")],
            },
            {"name": "slack", "slack_configs": [_slack(alarms, "journey")]},
        ],
        to_slack_alone="slack",
    )
    exporter.broken = 1

    both = alarms.the_incident(BOTH, lambda one: one.messages == 2, what="told by both roads")
    assert (both.alerts, both.firing) == (1, 1)
    expected = CART | {"alertname": BOTH, "cluster": "prod-eu", "severity": "warning"}
    (told,) = alerts_of(alarms, BOTH)
    assert expected.items() <= told.labels.items()
    assert told.annotations["summary"] == "cart of team storefront is not well."
    assert told.starts_at is not None

    alone = alarms.thread_of(BY_SLACK)
    alarms.card("journey", alone)
    (post,) = alerts_of(alarms, BY_SLACK)
    assert "deployment" not in post.labels
    shown = alarms.turns_about(BY_SLACK)[0].request.first_user_text
    for name, value in (CHECKOUT | {"severity": "warning"}).items():
        assert f"\n{name}={value}\n" in shown
    assert "summary: checkout of team tills is not well." in shown
    assert 'rule: lab_broken{deployment="checkout"} == 1' in shown

    thread_ts = alarms.thread_of(BOTH)
    alarms.card("both-roads", thread_ts)
    exporter.broken = 0
    for rule, channel, root in ((BOTH, "both-roads", thread_ts), (BY_SLACK, "journey", alone)):
        over = alarms.in_state(rule, IncidentState.RESOLVED)
        assert over.firing == 0
        alarms.note(channel, root, "Resolved at")
        assert len(alarms.replies(channel, root)) == 2
        spoken_in = {one.thread_ts for one in alarms.slack.messages(f"#{channel}") if one.by_bot}
        assert spoken_in <= {root, ""}


def alerts_of(alarms: Alarms, rule: str) -> list[Alert]:
    """Return the alerts of the rule's incident, as they were told."""
    return alarms.alerts_of(alarms.the_incident(rule))


def _slack(alarms: Alarms, channel: str) -> dict[str, Any]:
    return {
        "api_url": alarms.slack.webhook_url(f"#{channel}"),
        "channel": f"#{channel}",
        "send_resolved": True,
    }


def _webhook(alarms: Alarms, name: str) -> dict[str, Any]:
    return {
        "url": f"http://127.0.0.1:{alarms.port()}/alerts/{name}",
        "http_config": {
            "authorization": {"type": "Bearer", "credentials": alarms.house.lab.webhook_token}
        },
    }


def _static(target: str) -> dict[str, Any]:
    return {"static_configs": [{"targets": [target]}]}


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
