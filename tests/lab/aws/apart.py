"""The lab's AWS in a process of its own, which may take its time: a call waits until it is filled.

moto needs seconds and 300 MB; a demo is up without them, and nobody may ask about AWS at all.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from tests.lab.aws.accounts import connections_of, environment_of, read_scenario, registry_of

if TYPE_CHECKING:
    from bot.adapters.cloud.connection import AccountConnection

ROOT = Path(__file__).parents[3]
STOP_WITHIN_S = 5.0
# Calls that may wait for the filling to end.
BACKLOG = 64


class AwsApart:
    """Serves a scenario's accounts from a child process until stopped.

    With `is_written`, what moto lacks of changing calls is there as well.
    """

    def __init__(self, scenario: str, *, is_written: bool = False) -> None:
        self._scenario = scenario
        self._more = ("written",) if is_written else ()
        self._tree = read_scenario(scenario)
        self._child: subprocess.Popen[bytes] | None = None
        self.url = ""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self.stop()

    def start(self) -> None:
        """Return at once, with an address that answers as soon as the accounts are filled."""
        with socket.create_server(("127.0.0.1", 0), backlog=BACKLOG) as listening:
            self.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
            number = listening.fileno()
            self._child = subprocess.Popen(  # noqa: S603 -- this module
                [
                    sys.executable,
                    "-m",
                    "tests.lab.aws.apart",
                    self._scenario,
                    str(number),
                    *self._more,
                ],
                stdin=subprocess.PIPE,
                pass_fds=[number],
                cwd=ROOT,
                # Ctrl-C is the parent's to take; this one ends with its standard input.
                start_new_session=True,
            )

    def stop(self) -> None:
        """End the child; safe to call twice."""
        if self._child is None:
            return
        self._child.terminate()
        try:
            self._child.wait(timeout=STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        if self._child.stdin is not None:
            self._child.stdin.close()
        self._child = None

    @property
    def names(self) -> tuple[str, ...]:
        """The accounts' names."""
        return tuple(self._tree["accounts"])

    def connections(self) -> tuple[AccountConnection, ...]:
        """The accounts as the product reaches them."""
        return connections_of(self._tree, self.url)

    def registry(self) -> list[dict[str, Any]]:
        """The accounts as a registry file declares them."""
        return registry_of(self._tree, self.url)

    def environment(self) -> dict[str, str]:
        """What the product needs in its environment to take on the accounts' roles."""
        return environment_of(self._tree)


def serve(scenario: str, number: int, *, is_written: bool = False) -> None:
    """Fill the accounts, then answer on the inherited socket until the parent is gone."""
    # Whoever starts the demo waits for the product, not for this.
    os.nice(10)
    from werkzeug.serving import make_server  # noqa: PLC0415 -- the parent does without

    from tests.lab.aws.server import AwsLab, Quiet  # noqa: PLC0415 -- it loads moto

    with AwsLab(scenario) as lab:
        if is_written:
            from tests.lab.aws.writing import install_writes  # noqa: PLC0415 -- as above

            install_writes()
        server = make_server(
            "127.0.0.1", 0, lab.gate, threaded=True, request_handler=Quiet, fd=number
        )
        lab.publish(f"http://127.0.0.1:{server.port}")
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        sys.stdin.read()


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]), is_written=sys.argv[3:] == ["written"])
