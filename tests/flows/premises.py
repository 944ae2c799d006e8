"""One installation for each pytest worker, kept open between tests.

A test that is run again gets a new one: what it left in the first would count, as pace or as a
repeat.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

    import pytest

T = TypeVar("T")


class Premises(Generic[T]):
    """The installation that is open now; `at_work` opens one in a home of its own."""

    def __init__(
        self,
        homes: pytest.TempPathFactory,
        name: str,
        at_work: Callable[[Path], AbstractContextManager[T]],
    ) -> None:
        self._homes = homes
        self._name = name
        self._at_work = at_work
        self._open = ExitStack()
        self._held: T | None = None

    def now(self, request: pytest.FixtureRequest, *, fresh: bool = False) -> T:
        """Return the installation at work: one nobody used with `fresh`, or in a rerun."""
        # Counted by pytest-rerunfailures, from 1; absent without it.
        if fresh or getattr(request.node, "execution_count", 1) > 1:
            self.close()
        if self._held is None:
            home = self._homes.mktemp(self._name)
            self._held = self._open.enter_context(self._at_work(home))
        return self._held

    def close(self) -> None:
        """Take the installation down."""
        self._held = None
        self._open.close()
