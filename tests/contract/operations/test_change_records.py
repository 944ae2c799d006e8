"""The outside is told of every operation, in a file and by a signed POST."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from aiohttp import web

from bot.adapters.operations.change_records import (
    SIGNATURE,
    RecordFile,
    RecordWebhook,
    ToldOutside,
)
from safe_ops.errors import UpstreamError
from safe_ops.model.actions import Action, Outcome, Request, State
from safe_ops.model.plans import Place, System
from tests.lab.http import LoopbackServer

if TYPE_CHECKING:
    from pathlib import Path

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def action(state: State = State.DRAFT, **more: object) -> Action:
    return Action(
        action_id="a1",
        number=12,
        state=state,
        version=1,
        request=Request(
            key="k",
            operation="rollout_restart",
            parameters={},
            provenance={},
            place=Place(system=System.KUBERNETES, name="prod-eu"),
            requester="ana",
            requester_name="Ana",
        ),
        created_at=NOON,
        changed_at=NOON,
        **more,  # type: ignore[arg-type] # fields of the action
    )


class Desk:
    """A ticket system that answers what it is told to."""

    def __init__(self, status: int = 204) -> None:
        self.status = status
        self.got: list[tuple[str, bytes]] = []

    def build(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/records", self._take)
        return app

    async def _take(self, request: web.Request) -> web.Response:
        self.got.append((request.headers.get(SIGNATURE, ""), await request.read()))
        return web.Response(status=self.status, headers={"Location": "http://127.0.0.1:1/"})


def test_a_file_gets_one_line_when_it_is_planned_and_one_when_it_ended(tmp_path: Path) -> None:
    path = tmp_path / "records" / "changes.jsonl"
    told = ToldOutside([RecordFile(path)])
    told.opened(action())
    told.closed(action(State.SUCCEEDED, outcome=Outcome(says="4 of 4 pods are ready")))
    rows = [json.loads(line) for line in path.read_text(encoding="ascii").splitlines()]
    assert [(row["event"], row["action"], row["state"]) for row in rows] == [
        ("opened", "A12", "draft"),
        ("closed", "A12", "succeeded"),
    ]
    assert rows[1]["outcome"] == "4 of 4 pods are ready"


def test_writers_at_the_same_time_leave_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "changes.jsonl"

    def write(writer: int) -> None:
        for number in range(20):
            RecordFile(path).keep({"action": f"A{writer}-{number}", "id": "x" * 9_000})

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    rows = [json.loads(line) for line in path.read_text(encoding="ascii").splitlines()]
    assert len(rows) == 80
    assert {row["action"] for row in rows} == {
        f"A{writer}-{number}" for writer in range(4) for number in range(20)
    }


def test_a_record_told_twice_stands_in_the_file_once(tmp_path: Path) -> None:
    path = tmp_path / "changes.jsonl"
    for _ in range(2):
        told = ToldOutside([RecordFile(path)])
        told.opened(action())
        told.closed(action(State.SUCCEEDED))
    assert [json.loads(line)["event"] for line in path.read_text().splitlines()] == [
        "opened",
        "closed",
    ]


def test_a_line_a_crash_left_unfinished_makes_room_for_the_next_record(tmp_path: Path) -> None:
    path = tmp_path / "changes.jsonl"
    ToldOutside([RecordFile(path)]).opened(action())
    whole = path.read_text()
    path.write_text(whole + whole[:40])
    ToldOutside([RecordFile(path)]).closed(action(State.SUCCEEDED))
    lines = path.read_text().splitlines()
    assert [json.loads(line)["event"] for line in lines] == ["opened", "closed"]


def test_a_file_of_somebody_elses_gets_no_record(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("buy milk", encoding="ascii")
    with pytest.raises(UpstreamError, match="no change record: name another file"):
        ToldOutside([RecordFile(path)]).opened(action())
    assert path.read_text(encoding="ascii") == "buy milk"


def test_a_file_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file, not a directory", encoding="ascii")
    with pytest.raises(UpstreamError, match="change record cannot be written"):
        ToldOutside([RecordFile(tmp_path / "taken" / "changes.jsonl")]).opened(action())


def test_a_webhook_gets_a_post_its_receiver_can_check() -> None:
    desk = Desk()
    with LoopbackServer(desk.build) as server:
        ToldOutside([RecordWebhook(f"{server.url}/records", secret="shared")]).opened(action())
    signature, body = desk.got[0]
    assert signature == f"sha256={hmac.new(b'shared', body, hashlib.sha256).hexdigest()}"
    assert json.loads(body)["operation"] == "rollout_restart"


@pytest.mark.parametrize("status", [302, 403, 500])
def test_an_answer_that_is_no_yes_means_it_was_not_kept(status: int) -> None:
    desk = Desk(status)
    with LoopbackServer(desk.build) as server:
        webhook = RecordWebhook(f"{server.url}/records", secret=None)
        with pytest.raises(UpstreamError, match=f"answered with {status}"):
            webhook.keep({"id": "a1"})
    assert desk.got[0][0] == ""


def test_a_receiver_that_is_away_means_it_was_not_kept() -> None:
    with LoopbackServer(Desk().build) as server:
        url = server.url
    with pytest.raises(UpstreamError, match="could not be sent"):
        RecordWebhook(f"{url}/records", secret=None).keep({"id": "a1"})


def test_without_a_sink_nothing_is_told_and_nothing_fails() -> None:
    ToldOutside([]).opened(action())
