"""Real servers that are installed on this machine, on loopback for as long as a test needs them."""

from __future__ import annotations

import socket
import subprocess
import urllib.error
import urllib.request
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from tests.lab.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def free_ports(count: int) -> tuple[int, ...]:
    """So many ports of loopback that nobody listens on."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return tuple(one.getsockname()[1] for one in sockets)


@contextmanager
def running(arguments: Sequence[str], *, ready_url: str, within_s: float) -> Iterator[None]:
    """The program, once its address answers 200."""
    server = subprocess.Popen(  # noqa: S603 -- our own arguments
        arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        eventually(lambda: _is_ready(server, ready_url), f"{arguments[0]} ready", within_s=within_s)
        yield
    finally:
        server.terminate()
        server.wait(timeout=20)


def _is_ready(server: subprocess.Popen[bytes], url: str) -> bool:
    if server.poll() is not None:
        raise RuntimeError(f"it ended with code {server.returncode}")
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 -- loopback
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
