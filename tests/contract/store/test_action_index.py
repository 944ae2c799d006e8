"""Actions looked for by the wish they came of."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from bot.adapters.store.action_index import SqlActionIndex
from bot.adapters.store.actions import SqlActionBook
from tests.contract.store.operations import request
from tests.lab.time import LabTime

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from tests.lab.clock import LabClock


def test_an_action_is_found_by_the_key_it_was_asked_for_with(engine: Engine, lab: LabClock) -> None:
    def new_id() -> str:
        return uuid4().hex

    book = SqlActionBook(engine, LabTime(lab), new_id)
    index = SqlActionIndex(engine, LabTime(lab), new_id)
    assert index.asked_with("proposal/1") is None
    asked, _ = book.open(request("proposal/1"))
    book.open(request("proposal/10"))
    assert index.asked_with("proposal/1") == asked
    assert index.asked_with("proposal/") is None
