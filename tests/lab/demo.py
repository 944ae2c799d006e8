"""`make demo`: the lab, every process of the product and a browser page, on loopback ports only."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from tests.lab.aws.apart import AwsApart
from tests.lab.installation import Installation
from tests.lab.lab import Lab
from tests.lab.page_server import ALERT, DemoPage, alert_message, resolved_message
from tests.lab.tour import DEMO_POLICY, run_tour
from tests.lab.tour_operations import agree_with_alert, is_whole

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.lab.installation import Process

SCENARIO = "two_clusters"
AWS_SCENARIO = "shop_down"
HEALTHY = {"calm": "shop_calm"}
"""Scenarios in which nothing is wrong, and the accounts that go with them."""
PAGE_PORT = 8787
UP_WITHIN_S = 60.0
ILL = ("prod-eu", "cart")
"""Cluster and deployment the alert is about."""
FIRES_AFTER_S = 8.0
"""Time to open the page before the alert comes."""
TASK = (
    "The alert in #alerts ends in a proposed rollback: approve it as Ana, who is on call, then as"
    " Marta, who is a manager. Tom may not."
)

SAMPLES = (
    "what is failing in shop?",
    "why is cart unhealthy?",
    "kubectl get pods -n shop",
    "/nightdesk run rollout_restart deployment/checkout -n shop cluster=prod-us",
    "/nightdesk actions",
    "what changed in payments?",
    'promql --last=1h sum by (service) (rate(http_requests_total{namespace="shop"}[5m]))',
    "why does checkout-webhook fail in shop-prod?",
    "was ist kaputt in shop?",
    "kubectl get secrets -n shop",
)


def main() -> int:
    options = argparse.ArgumentParser(prog="make demo", description=__doc__)
    options.add_argument("--once", action="store_true", help="a fixed tour without a browser")
    options.add_argument("--scenario", default=SCENARIO, help="a file of tests/lab/scenarios")
    options.add_argument("--port", type=int, default=PAGE_PORT, help="port of the page")
    chosen = options.parse_args()
    home = Path(tempfile.mkdtemp(prefix="nightdesk-demo-"))
    if chosen.once:
        return run_tour(home)
    return run_demo(home, scenario=chosen.scenario, port=chosen.port)


def run_demo(home: Path, *, scenario: str, port: int) -> int:
    """Serve the page until Ctrl-C."""
    key = os.environ.get("ANTHROPIC_API_KEY", "")
    with ExitStack() as stack:
        aws = stack.enter_context(AwsApart(HEALTHY.get(scenario, AWS_SCENARIO)))
        lab = stack.enter_context(Lab(scenario, home=home))
        lab.declare(accounts=aws.registry())
        agree_with_alert(lab)
        environment = (
            lab.environment()
            | aws.environment()
            | {"NIGHTDESK_HTTP_PORT": "0", "NIGHTDESK_POLICY": str(DEMO_POLICY)}
        )
        estate = f"clusters {', '.join(lab.kubernetes)}; AWS accounts {', '.join(aws.names)}"
        if key:
            environment["ANTHROPIC_API_KEY"] = key
            for name in ("ANTHROPIC_BASE_URL", "NIGHTDESK_MODEL_NAME"):
                if name in os.environ:
                    environment[name] = os.environ[name]
        installation = stack.enter_context(Installation(environment, logs=home / "logs"))
        up = installation.start("up")
        up.wait_until_said("listener_ready", within_s=UP_WITHIN_S)
        answers = environment.get("NIGHTDESK_MODEL_NAME", "a real model") if key else ""
        page = stack.enter_context(
            DemoPage(
                lab.slack,
                banner={
                    "model": answers,
                    "scenario": scenario,
                    "description": estate,
                    "task": TASK,
                },
                samples=list(SAMPLES),
                alert={**ALERT, "channel": "#alerts"},
                port=port,
            )
        )
        sys.stdout.write(
            f"\nNightdesk demo: {page.url}\n"
            f"  answered by: {answers or 'rules only (set ANTHROPIC_API_KEY for a model)'}"
            f"\n  simulated estate: {estate} ({scenario})\n"
            f"  try: {' · '.join(SAMPLES[:3])}\n"
            f"  an alert fires in #alerts in {FIRES_AFTER_S:.0f} s. {TASK}\n"
            f"  what was done, by whom: {_typed('audit show A1', environment)}\n"
            f"  that nobody changed it: {_typed('audit verify', environment)}\n"
            f"  who may approve what: {DEMO_POLICY}\n"
            f"  logs: {home / 'logs'}\n"
            "  Ctrl-C ends it.\n"
        )
        sys.stdout.flush()
        firing = threading.Timer(FIRES_AFTER_S, lambda: lab.slack.post_as_app(alert_message()))
        firing.daemon = True
        firing.start()
        stack.callback(firing.cancel)
        stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        return _watch(lab, up, stop)


def _watch(lab: Lab, up: Process, stop: threading.Event) -> int:
    """Tell that the alert is over once cart is well again; return when it is time to end."""
    cluster = lab.world.cluster(ILL[0])
    was_ill = False
    while not stop.wait(1.0):
        if up.popen.poll() is not None:
            sys.stderr.write(up.said()[-2000:])
            return 1
        is_ill = not is_whole(cluster, ILL[1])
        if was_ill and not is_ill:
            lab.slack.post_as_app(resolved_message())
        was_ill = is_ill
    return 0


def _typed(words: str, environment: Mapping[str, str]) -> str:
    """Return a command for another terminal, with the settings it needs of this demo."""
    home = environment["NIGHTDESK_HOME"]
    return f"NIGHTDESK_HOME={home} {Path(sys.executable).parent / 'nightdesk'} {words}"


if __name__ == "__main__":
    sys.exit(main())
