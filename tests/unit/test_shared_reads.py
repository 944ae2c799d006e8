"""What many threads want to know from Slack at the same moment."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from bot.adapters.clock import SystemClock
from bot.adapters.slack.shared_reads import SharedReads
from bot.domain.errors import UpstreamError

WAIT_S = 10


class JobEndedError(BaseException):
    """What ends a read in the middle, as the end of a job does."""


class Key:
    """A key that tells when somebody finds another's read under it."""

    def __init__(self, found: threading.Event) -> None:
        self._found = found

    def __hash__(self) -> int:
        return 1

    def __eq__(self, other: object) -> bool:
        self._found.set()
        return isinstance(other, Key)


def test_a_read_that_was_broken_off_is_an_unknown_answer_to_all_who_waited() -> None:
    reads = SharedReads[int](clock=SystemClock(), cache_s=60)
    begun, found = threading.Event(), threading.Event()

    def broken_off() -> int:
        begun.set()
        assert found.wait(WAIT_S)
        raise JobEndedError

    with ThreadPoolExecutor(max_workers=2) as pool:
        first = pool.submit(reads.get, Key(found), broken_off)
        assert begun.wait(WAIT_S)
        second = pool.submit(reads.get, Key(found), lambda: pytest.fail("asked a second time"))
        assert isinstance(first.exception(WAIT_S), JobEndedError)
        assert isinstance(second.exception(WAIT_S), UpstreamError)
    assert reads.get(Key(found), lambda: 7) == 7
