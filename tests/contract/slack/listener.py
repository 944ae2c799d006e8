"""The listener over the lab, however Slack reaches it."""

from __future__ import annotations

import urllib.error
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

from slack_bolt import App
from sqlalchemy import Engine

from bot.adapters.buckets import TokenBuckets
from bot.adapters.slack.blocks.outcome import final_cards
from bot.adapters.slack.calling import web_client
from bot.adapters.slack.gateway import SlackGateway
from bot.adapters.store.engine import open_engine
from bot.adapters.store.store import SqlStore
from bot.domain.conversation import ChannelId, MessageTs
from bot.domain.investigation import RunState
from bot.entrypoints.listeners.deps import Deps
from bot.entrypoints.slack_app import build_app, close_app
from tests.lab.slack.alert_desk import RecordingAlerts, rules_of
from tests.lab.slack.desk import RecordingDesk
from tests.lab.slack.testing import SlackLab
from tests.lab.slack.values import ending, outcome
from tests.lab.time import LabTime

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from bot.domain.conversation import InboundEvent


ROOM = "#oncall"


@dataclass(kw_only=True)
class Listener:
    """The listener's parts over the lab, however Slack reaches them."""

    lab: SlackLab
    store: SqlStore
    engine: Engine
    desk: RecordingDesk
    alerts: RecordingAlerts
    gateway: SlackGateway
    app: App

    def unrouted(self) -> list[InboundEvent]:
        return self.store.unrouted(received_before=self.later, limit=100)

    @property
    def later(self) -> datetime:
        return LabTime(self.lab.clock).now().replace(year=2099)

    def posted(self, *, state: RunState = RunState.DONE) -> str:
        """Post an answer into a thread of ana's and return its ts."""
        root = self.lab.as_user("ana").post(ROOM, "checkout is down")
        found = ending(state, notice="It broke.") if state is not RunState.DONE else outcome()
        return self.gateway.post(
            ChannelId(root.channel), final_cards(found)[0], thread_ts=MessageTs(root.ts)
        )


@contextmanager
def parts(lab: SlackLab, url: str) -> Iterator[Listener]:
    time = LabTime(lab.clock)
    engine = open_engine(url)
    store = SqlStore(engine, time, lambda: uuid4().hex)
    client = web_client(token=lab.bot_token, base_url=lab.api_url)
    gateway = SlackGateway(
        client=client, buckets=TokenBuckets(None, clock=time), clock=time, patience_s=0
    )
    desk, alerts = RecordingDesk(), RecordingAlerts()
    app = build_app(
        Deps(
            inbox=store,
            desk=desk,
            alerts=alerts,
            rules_of=rules_of,
            gateway=gateway,
            clock=time,
            new_id=lambda: "err-7",
            mask=str,
        ),
        client=client,
        signing_secret=lab.signing_secret,
    )
    yield Listener(
        lab=lab, store=store, engine=engine, desk=desk, alerts=alerts, gateway=gateway, app=app
    )
    close_app(app)
    engine.dispose()


@dataclass(kw_only=True)
class Web:
    """A running web side."""

    listener: Listener
    url: str
    ready: dict[str, bool]

    def send(
        self, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, str]:
        request = urllib.request.Request(  # noqa: S310 -- loopback
            f"{self.url}{path}", data=body, headers=headers or {}
        )
        try:
            with urllib.request.urlopen(request, timeout=5) as response:  # noqa: S310 -- loopback
                return response.status, response.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()
