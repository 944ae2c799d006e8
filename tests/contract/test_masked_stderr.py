"""What a process writes to standard error beside its log carries no secret either."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import traceback
from threading import Thread
from typing import TYPE_CHECKING

import pytest

from bot.adapters.masked_stderr import MaskedStderr
from bot.domain.redaction.engine import Redactor

if TYPE_CHECKING:
    from pathlib import Path

TOKEN = "xoxb-" + "1234567890-1234567890123-AbCdEfGhIjKlMnOpQrStUvWx"
REDACTOR = Redactor(key=b"one installation")


def test_a_trace_is_masked_though_it_comes_in_pieces() -> None:
    under = io.StringIO()
    masked = MaskedStderr(under, REDACTOR)
    traceback.print_exception(RuntimeError(f"Slack refused {TOKEN}"), file=masked)
    masked.flush()
    assert TOKEN not in under.getvalue()
    assert under.getvalue().endswith("RuntimeError: Slack refused " + REDACTOR.mask(TOKEN) + "\n")


def test_a_secret_written_in_two_pieces_is_one_secret() -> None:
    under = io.StringIO()
    masked = MaskedStderr(under, REDACTOR)
    for piece in (TOKEN[:12], TOKEN[12:]):
        assert masked.write(piece) == len(piece)
    masked.flush()
    assert under.getvalue() == REDACTOR.mask(TOKEN)


def test_threads_may_write_at_once() -> None:
    under = io.StringIO()
    masked = MaskedStderr(under, REDACTOR)
    threads = [
        Thread(target=lambda: [masked.write(f"password={TOKEN}\n") for _ in range(50)])
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    masked.flush()
    assert TOKEN not in under.getvalue()
    assert under.getvalue().count("\n") == 200


@pytest.mark.parametrize("command", ["listener", "cron", "operator"])
def test_every_service_has_it(command: str, tmp_path: Path) -> None:
    # Without a database and a Redis the command ends at once; what comes then is uncaught.
    program = "import sys, bot.__main__ as nd; nd.main([sys.argv[1]]); raise KeyError(sys.argv[2])"
    ended = subprocess.run(  # noqa: S603 -- the product itself
        [sys.executable, "-c", program, command, TOKEN],
        env={
            "PATH": os.environ["PATH"],
            "NIGHTDESK_HOME": str(tmp_path),
            "SLACK_BOT_TOKEN": "xoxb-none",
            "SLACK_APP_TOKEN": "xapp-none",
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 1
    assert "KeyError" in ended.stderr
    assert TOKEN not in ended.stderr
    assert "\u2039secret:slack:" in ended.stderr
