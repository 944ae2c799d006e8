"""How soon Slack hears that we have an event, beside a bare Bolt app that stores nothing.

Over Socket Mode both apps are processes, each beside a lab's Slack of its own; the time is what
that Slack waits, its own share included. Over HTTP both are called in this process, so that
nothing but the apps is measured. Events come one at a time and in turn: to us, to the other.

A direct message is one event. A mention is two at once, and over one socket the second answer
waits some 40 ms until the first is confirmed (Nagle's algorithm). Which of the two that is, is
chance in either app, so mentions are figures of their own, without a ratio.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr
from slack_bolt.adapter.wsgi import SlackRequestHandler

from bot import log
from bot.adapters.clock import SystemClock
from bot.adapters.redis_server import EmbeddedRedis
from bot.adapters.slack.manifest import manifest
from bot.bootstrap.installation import new_id, upgrade_database
from bot.bootstrap.workplace import build_workplace
from bot.entrypoints.listeners.deps import Deps
from bot.entrypoints.slack_app import build_app, close_app
from bot.entrypoints.web import EVENTS_PATH, WebApp
from bot.settings import LimitSettings, ModelSettings, ServiceSettings, Settings, SlackSettings
from tests.bench.bare_bolt import bare_app
from tests.bench.rows import Goal, Row
from tests.bench.sampling import Sample
from tests.lab.installation import ROOT, Installation
from tests.lab.lab import Lab
from tests.lab.slack.events_http import encode, sign
from tests.lab.slack.testing import SlackLab
from tests.lab.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bot.bootstrap.workplace import Workplace
    from tests.lab.installation import Process
    from tests.lab.slack.traffic import Delivery

EVENTS = 200
MENTIONS = 60
WARM_UP = 20
"""The first events open connections and are not counted."""
SCENARIO = "calm"
QUESTION = "why is checkout down?"
GOAL = Goal(at_most=1.5, of="ratio")
Pair = tuple[Sample, Sample]
"""Ours, and the bare app's."""


def measure() -> list[Row]:
    """Return median and 99th percentile over both transports."""
    log.configure(level="error", as_json=True, role="bench")
    messages, mentions = _by_socket()
    return [
        *_rows("Socket Mode", messages, goal=GOAL),
        *_mention_rows(mentions),
        *_rows("HTTP in process", _by_http(), goal=GOAL),
    ]


def _mention_rows(pair: Pair) -> list[Row]:
    ours, bare = pair
    return [
        Row(
            name=f"acknowledgement, Socket Mode, mention, p{percent}",
            value=ours.percentile_s(percent) * 1000,
            unit="ms",
            note=f"two events; a bare Bolt app {bare.percentile_s(percent) * 1000:.2f} ms",
        )
        for percent in (50, 99)
    ]


def _rows(transport: str, pair: Pair, *, goal: Goal) -> list[Row]:
    ours, bare = pair
    return [
        Row(
            name=f"acknowledgement, {transport}, p{percent}",
            value=ours.percentile_s(percent) * 1000,
            unit="ms",
            ratio=ours.percentile_s(percent) / bare.percentile_s(percent),
            goal=goal if percent == 50 else None,
            note=f"to a bare Bolt app, {bare.percentile_s(percent) * 1000:.2f} ms",
        )
        for percent in (50, 99)
    ]


def _by_socket() -> tuple[Pair, Pair]:
    """Return what direct messages took, and what mentions took."""
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="nd-bench-")))
        lab = stack.enter_context(Lab(SCENARIO, home=home))
        other = stack.enter_context(SlackLab(manifest=manifest()))
        redis = stack.enter_context(EmbeddedRedis(home / "redis", clock=SystemClock()))
        environment = lab.environment() | {"REDIS_URL": redis.url, "NIGHTDESK_HTTP_PORT": "0"}
        installation = stack.enter_context(Installation(environment, logs=home / "logs"))
        installation.run("db", "upgrade")
        listener = installation.start("listener")
        stack.enter_context(_bare_listener(other))
        for slack in (lab.slack, other):
            slack.wait_for(slack.socket_count, timeout_s=20, what="the app's socket")
        samples: list[Pair] = [(Sample(), Sample()) for _ in range(3)]
        warming, messages, mentions = samples
        asked = 0
        for gesture, pair, times in (
            (_message, warming, WARM_UP),
            (_message, messages, EVENTS),
            (_mention, mentions, MENTIONS),
        ):
            for _ in range(times):
                for slack, sample in zip((lab.slack, other), pair, strict=True):
                    _acknowledged(slack, gesture, sample)
                asked += 1
                _until_quiet(listener, questions=asked)
    return messages, mentions


@contextmanager
def _bare_listener(slack: SlackLab) -> Iterator[None]:
    with subprocess.Popen(  # noqa: S603 -- our own module
        [sys.executable, "-m", "tests.bench.bare_bolt", slack.api_url],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as bare:
        try:
            yield
        finally:
            bare.kill()


def _message(slack: SlackLab) -> str:
    slack.as_user("ana").dm(QUESTION)
    return "message"


def _mention(slack: SlackLab) -> str:
    slack.as_user("ana").mention("#oncall", QUESTION)
    return "app_mention"


def _acknowledged(slack: SlackLab, gesture: Callable[[SlackLab], str], sample: Sample) -> None:
    """Let somebody ask and wait until the app has acknowledged the event."""
    began = time.perf_counter()
    delivery = _newest(slack, gesture(slack))
    slack.wait_for(lambda: delivery.acked, what="an acknowledgement")
    sample.seconds.append(time.perf_counter() - began)
    slack.wait_until_delivered()


def _newest(slack: SlackLab, what: str) -> Delivery:
    return next(one for one in reversed(slack.workspace.deliveries) if one.what == what)


def _until_quiet(listener: Process, *, questions: int) -> None:
    """Return once the listener has dealt with what it acknowledged."""
    eventually(
        lambda: listener.said().count("question_received") >= questions,
        f"question {questions} received",
    )


def _by_http() -> Pair:
    ours, bare = Sample(), Sample()
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="nd-bench-")))
        lab = stack.enter_context(Lab(SCENARIO, home=home))
        redis = stack.enter_context(EmbeddedRedis(home / "redis", clock=SystemClock()))
        place = _workplace(lab, redis.url)
        deps = Deps(
            inbox=place.store,
            desk=place.desk,
            alerts=place.alerts,
            rules_of=place.registry.alert_rules,
            gateway=place.gateway,
            clock=place.clock,
            new_id=new_id,
            mask=place.redactor.mask,
        )
        app = build_app(deps, client=place.client, signing_secret=SlackLab.signing_secret)
        stack.callback(close_app, app)
        other = bare_app(lab.slack.api_url)
        stack.callback(close_app, other)
        our_side = WebApp(app=app, readiness=dict)
        bare_side = SlackRequestHandler(other, path=EVENTS_PATH)
        for number in range(WARM_UP + EVENTS):
            counts = number >= WARM_UP
            delivery = _newest(lab.slack, _message(lab.slack))
            _posted(bare_side, delivery, bare if counts else Sample())
            _posted(our_side, delivery, ours if counts else Sample())
            eventually(lambda: _is_quiet(place), "the event routed")
    return ours, bare


def _workplace(lab: Lab, redis_url: str) -> Workplace:
    settings = Settings(
        slack=SlackSettings(
            bot_token=SecretStr(SlackLab.bot_token), api_url=f"{lab.slack.api_url}/"
        ),
        model=ModelSettings(),
        limits=LimitSettings(),
        service=ServiceSettings(
            home=lab.home / "state",
            config=lab.registry_file,
            kubeconfig=str(lab.kubeconfig),
            redis_url=SecretStr(redis_url),
        ),
    )
    upgrade_database(settings)
    return build_workplace(settings, patience_s=0.0)


def _is_quiet(place: Workplace) -> bool:
    return not place.store.unrouted(received_before=place.clock.now(), limit=1)


def _posted(side: Any, delivery: Delivery, sample: Sample) -> None:
    """POST the delivery, signed, to a WSGI application."""
    body, content_type = encode(delivery)
    environ = {
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REQUEST_METHOD": "POST",
        "PATH_INFO": EVENTS_PATH,
        "QUERY_STRING": "",
        "CONTENT_TYPE": content_type,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": BytesIO(body),
        **{
            f"HTTP_{name.upper().replace('-', '_')}": value
            for name, value in sign(SlackLab.signing_secret, body).items()
        },
    }
    statuses: list[str] = []
    sample.time(
        lambda: b"".join(side(environ, lambda status, _headers, *_rest: statuses.append(status)))
    )
    if not statuses[0].startswith("200"):
        raise RuntimeError(f"the delivery was answered with {statuses[0]}")
