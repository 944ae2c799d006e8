"""`nightdesk audit show` tells an action from the request to its end, and hides nothing."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from bot.__main__ import EXIT_FAILED, EXIT_OK
from bot.adapters.store.engine import writing
from bot.entrypoints.action_story import show_action
from bot.settings import LimitSettings, ModelSettings, ServiceSettings, Settings, SlackSettings
from safe_ops.model.actions import CallOutcome
from safe_ops.model.plans import Change, Ruling
from safe_ops.plan import canonical_json
from tests.contract.operations.audit_house import AuditHouse
from tests.contract.store.operations import ONCALL, plan, request, target

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from safe_ops.model.actions import Action

UNTOLD = (
    "INSERT INTO action_journal"
    " SELECT action_id, 1, 1, 'steps', 0, 1, 'before', NULL, '\"\"', changed_at"
    " FROM actions WHERE number = :number"
)
"""A row of a journal that the audit does not tell of."""
MADE_UP = (
    "INSERT INTO action_journal"
    " SELECT action_id, 3, fence, part, 1, attempt, phase, outcome, says, at"
    " FROM action_journal WHERE number = 1"
)
Capture = pytest.CaptureFixture[str]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[AuditHouse]:
    house = AuditHouse(tmp_path)
    yield house
    house.engine.dispose()


@pytest.fixture
def settings(house: AuditHouse) -> Settings:
    return Settings(
        slack=SlackSettings(),
        model=ModelSettings(),
        limits=LimitSettings(),
        service=ServiceSettings(home=house.home),
    )


@pytest.fixture
def done(house: AuditHouse) -> Action:
    """An action that was carried out, its plan as full as a plan gets."""
    crew, book = house.crew, house.book
    wish = replace(request("wish"), incident_id="INC-7")
    asked, _ = book.open(wish, rationale="It \x1b[31mlooks\x1b[0m stuck.\nSo I'd restart it.")
    drawn = plan(book.now())
    drawing = replace(
        drawn.drawing,
        changes=(Change(field="restartedAt", before="never", after="now"),),
        blast_radius=("2 of 2 pods",),
        undo=(),
        cannot_be_undone="a restart is a restart",
    )
    ruling = Ruling(guard="room", passed=True, says="2 of 4 nodes have room", at=book.now())
    drawn = replace(drawn, drawing=drawing, rulings=(ruling,), break_glass="all is burning")
    action = crew.start(crew.claim(crew.agree(crew.plan(asked, drawn))))
    crew.after(crew.before(action), CallOutcome.APPLIED)
    return crew.finish(action)


def test_the_story_has_request_plan_people_journal_and_end(
    settings: Settings, done: Action, capsys: Capture
) -> None:
    assert show_action(settings, "a1", as_json=False) == EXIT_OK
    said = capsys.readouterr().out
    told = [
        "A1 rollout_restart: succeeded\n",
        "target     eu/Deployment/shop/cart (prod, T1)",
        f"id         {done.action_id}",
        "by Ana (idp|ana)",
        "incident   INC-7",
        'parameter  workload = "Deployment/cart" (from person)',
        "outcome    ready",
        "  It looks stuck.\n  So I'd restart it.\n",
        f"digest {done.digest} (it holds)",
        "guards set aside: all is burning",
        "restartedAt: never → now",
        'restart it: PATCH /apis/apps/v1/namespaces/shop/deployments/cart-0  {"n": 0}',
        "cannot be undone: a restart is a restart",
        "2 of 2 pods",
        "passed  room: 2 of 4 nodes have room (20",
        "on-call: one of oncall, not the requester\n",
        "on-call: idp|bob (idp|bob), 20",
        "#6 20",
        "steps 0 attempt 1 before\n",
        "steps 0 attempt 1 after applied\n",
        "action.approved pending_oncall → approved by idp|bob",
        "action.succeeded verifying → succeeded by process:operator",
    ]
    assert [words for words in told if words not in said] == []
    # What the audit has of the calls is what the journal says: it is not told twice.
    assert "call.before" not in said
    assert [line.split()[0] for line in said.splitlines() if line.startswith("  #")] == [
        *("#6", "#7"),
        *("#1", "#2", "#3", "#4", "#5", "#8", "#9"),
    ]


@pytest.mark.parametrize(
    ("tampering", "named"),
    [
        ("DELETE FROM action_journal WHERE number = 2", "row 2 of its journal (row 7 of the audit"),
        (MADE_UP, "row 3 of its journal: the audit knows nothing of it"),
    ],
)
def test_a_journal_that_was_tampered_with_is_told_in_its_story(
    settings: Settings, done: Action, capsys: Capture, tampering: str, named: str
) -> None:
    with closing(sqlite3.connect(settings.service.home / "nightdesk.db")) as connection:
        connection.execute(tampering)
        connection.commit()
    assert show_action(settings, done.action_id, as_json=False) == EXIT_FAILED
    assert f"  NOT AS IT WAS WRITTEN: {named}" in capsys.readouterr().out
    assert len(story(settings, capsys)["journal_faults"]) == 1


def test_a_journal_is_older_than_the_chaining_of_journals_only_if_the_audit_bears_it_out(
    settings: Settings, house: AuditHouse, capsys: Capture
) -> None:
    for name in ("older", "first", "later"):
        action = house.crew.started(name)
        if name == "first":
            house.crew.before(action)
        else:
            house.crew.finish(action)
    with writing(house.engine) as connection:
        connection.execute(text(UNTOLD), [{"number": 1}, {"number": 3}])
    assert show_action(settings, "A1", as_json=False) == EXIT_OK
    assert "steps 0 attempt 1 before" in capsys.readouterr().out
    assert show_action(settings, "A3", as_json=False) == EXIT_FAILED
    assert "row 1 of its journal: the audit knows nothing of it" in capsys.readouterr().out


def test_by_id_it_is_the_same_story(settings: Settings, done: Action, capsys: Capture) -> None:
    show_action(settings, "A1", as_json=False)
    by_number = capsys.readouterr().out
    assert show_action(settings, done.action_id, as_json=False) == EXIT_OK
    assert capsys.readouterr().out == by_number


def story(settings: Settings, capsys: Capture) -> dict[str, Any]:
    show_action(settings, "A1", as_json=True)
    (line,) = capsys.readouterr().out.splitlines()
    found = json.loads(line)
    assert canonical_json(found).decode() == line
    assert isinstance(found, dict)
    return found


def test_whoever_has_the_json_can_compute_the_digest(
    settings: Settings, done: Action, capsys: Capture
) -> None:
    found = story(settings, capsys)
    spelled = canonical_json(found["action"]["plan"])
    assert hashlib.sha256(b"nightdesk-plan-v1\0" + spelled).hexdigest() == done.digest
    assert found["digest_holds"] is True
    assert found["rationale"].startswith("It \x1b[31mlooks")
    assert [row["phase"] for row in found["journal"]] == ["before", "after"]
    assert found["audit"][0]["entry"]["event"] == "action.requested"
    assert found["action"]["approvals"][0]["subject"] == "idp|bob"


def test_a_plan_that_was_changed_behind_its_digest_is_told(
    settings: Settings, house: AuditHouse, done: Action, capsys: Capture
) -> None:
    with writing(house.engine) as connection:
        changed = "UPDATE actions SET plan = replace(plan, 'cart-0', 'till-0')"
        connection.execute(text(changed))
    assert show_action(settings, "A1", as_json=False) == EXIT_FAILED
    said = capsys.readouterr().out
    assert f"{done.digest} (IT DOES NOT HOLD: THE PLAN WAS CHANGED)" in said
    assert story(settings, capsys)["digest_holds"] is False


def test_a_draft_has_a_story_too(settings: Settings, house: AuditHouse, capsys: Capture) -> None:
    house.crew.requested()
    assert show_action(settings, "A1", as_json=False) == EXIT_OK
    said = capsys.readouterr().out
    assert said.startswith("A1 rollout_restart: draft\n")
    assert "Plan:" not in said
    assert "Journal:" not in said
    assert "#1 20" in said


def test_who_has_to_agree_is_told(settings: Settings, house: AuditHouse, capsys: Capture) -> None:
    house.crew.planned("cart", needs=(replace(ONCALL, factor=True),))
    house.crew.planned("till", needs=())
    show_action(settings, "A1", as_json=False)
    assert "one of oncall, not the requester, with a second factor" in capsys.readouterr().out
    show_action(settings, "A2", as_json=False)
    assert "nobody: policy lets it run by itself" in capsys.readouterr().out
    follows, _ = house.book.open(replace(request("sequel"), origin="act-1"))
    house.crew.plan(follows, plan(house.book.now(), on_target=target("web"), needs=()))
    show_action(settings, "A3", as_json=False)
    assert "nobody: it was approved with the action it follows (act-1)" in capsys.readouterr().out


def test_why_it_was_denied_is_told(settings: Settings, house: AuditHouse, capsys: Capture) -> None:
    house.crew.deny(house.crew.planned())
    show_action(settings, "A1", as_json=False)
    assert "reason     idp|bob said no: not now" in capsys.readouterr().out


@pytest.mark.parametrize("named", ["A2", "nothing", "A\x1b[31m1", "A99999999999"])
def test_an_action_there_is_not_is_said(
    settings: Settings, done: Action, capsys: Capture, named: str
) -> None:
    del done
    assert show_action(settings, named, as_json=False) == EXIT_FAILED
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("There is no action ")
    assert "\x1b" not in told.err
