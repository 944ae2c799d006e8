"""One worker or one listener over the lab for each test."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from bot.adapters.slack.manifest import manifest
from bot.adapters.store.engine import open_engine
from bot.adapters.store.store import SqlStore
from bot.domain.registry import Channel, Registry, Team
from bot.entrypoints.socket_mode import SocketRunner
from bot.entrypoints.web import EVENTS_PATH, WebApp, http_server
from tests.contract.slack.listener import Listener, Web, parts
from tests.contract.slack.worker import Worker
from tests.lab.databases import SqliteFiles
from tests.lab.slack.testing import SlackLab
from tests.lab.time import LabTime

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> SqliteFiles:
    return SqliteFiles(tmp_path_factory.mktemp("databases"))


@pytest.fixture
def worker(sqlite: SqliteFiles) -> Iterator[Worker]:
    with SlackLab(manifest=manifest()) as lab:
        engine = open_engine(sqlite.fresh())
        registry = Registry(
            clusters=(),
            channels=(Channel(channel="C0LABPAY1", quiet=True),),
            teams=(
                Team(name="oncall", user_group="S0LABONC1"),
                Team(name="named", members=("U0LABTOM1",)),
                Team(name="ghosts", user_group="S0NOSUCH1"),
            ),
        )
        yield Worker(
            lab=lab,
            store=SqlStore(engine, LabTime(lab.clock), lambda: uuid4().hex),
            registry=registry,
        )
        engine.dispose()


@pytest.fixture
def socket(sqlite: SqliteFiles) -> Iterator[Listener]:
    with SlackLab(manifest=manifest()) as lab, parts(lab, sqlite.fresh()) as listener:
        runner = SocketRunner(listener.app, app_token=lab.app_token, clock=LabTime(lab.clock))
        runner.start()
        assert runner.wait_until_greeted(5)
        yield listener
        runner.stop()


@pytest.fixture
def web(sqlite: SqliteFiles) -> Iterator[Web]:
    ready = {"listening": True}
    with ExitStack() as stack:
        lab = stack.enter_context(SlackLab(manifest=manifest()))
        listener = stack.enter_context(parts(lab, sqlite.fresh()))
        server = http_server(
            WebApp(app=listener.app, readiness=lambda: ready), host="127.0.0.1", port=0
        )
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{server.effective_port}"
        lab.deliver_to(f"{url}{EVENTS_PATH}")
        yield Web(listener=listener, url=url, ready=ready)
        lab.wait_until_delivered()
        server.close()
        thread.join(timeout=5)


@pytest.fixture
def listener(web: Web) -> Listener:
    return web.listener
