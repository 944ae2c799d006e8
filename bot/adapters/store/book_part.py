"""What the parts of the book of actions have in common: a failed database fails in both worlds.

The write side knows its own errors only, the rest of the bot its own; whoever of them asked the
book is told in words it knows.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from bot.adapters.store.part import SqlPart
from bot.domain.errors import UpstreamError
from safe_ops import errors as safe_ops

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from sqlalchemy import Connection


class BookAwayError(UpstreamError, safe_ops.UpstreamError):
    """The database cannot be reached or written; nothing was changed."""

    def __init__(self, message: str, *, system: str, retry_after_s: float | None = None) -> None:
        Exception.__init__(self, message)
        self.system = system
        self.retry_after_s = retry_after_s


class BookPart(SqlPart):
    """Base of the book's parts."""

    def _reading(self) -> AbstractContextManager[Connection]:
        return _told_to_both(super()._reading())

    def _writing(self) -> AbstractContextManager[Connection]:
        return _told_to_both(super()._writing())


@contextmanager
def _told_to_both(opened: AbstractContextManager[Connection]) -> Iterator[Connection]:
    try:
        with opened as connection:
            yield connection
    except UpstreamError as error:
        raise BookAwayError(
            str(error), system=error.system, retry_after_s=error.retry_after_s
        ) from error
