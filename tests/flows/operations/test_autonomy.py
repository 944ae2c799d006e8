"""Trust over real processes: asked for, given by two people, used, taken by one failed check.

Twenty runs would take the suite minutes: they are written as rows, by the product's own book and
lifecycle, as if they had been two days ago.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from sqlalchemy import update

from bot.adapters.store.actions import SqlActionBook
from bot.adapters.store.operation_tables import actions
from safe_ops.errors import RefusedError
from safe_ops.model.actions import State
from safe_ops.model.trust import TrustKey
from safe_ops.plan import digest_of
from tests.contract.store.operations import Crew
from tests.flows.house import database_of
from tests.flows.operations.ground import PATIENCE_S
from tests.lab.clock import LabClock
from tests.lab.estate.faults import Meets
from tests.lab.time import LabTime
from tests.lab.waiting import eventually

if TYPE_CHECKING:
    from safe_ops.model.actions import Action
    from safe_ops.model.plans import Plan
    from tests.flows.operations.ground import Ground
    from tests.flows.operations.guarded import Guarded

# The first test of a worker brings the whole installation up as well.
pytestmark = pytest.mark.timeout(180)

RUNS = 20
LONG_AGO = timedelta(days=2)
REST = timedelta(hours=1)


@pytest.mark.usefixtures("untouched")
def test_trust_is_earned_given_by_two_people_used_and_lost_at_the_first_failure(
    ground: Ground, guarded: Guarded
) -> None:
    key = _with_a_record(ground, guarded)
    words = f"{key.operation} on {key.service_key} in prod"
    asked = ground.order(
        f"autonomy_grant operation={key.operation} service={key.service_key} place=prod"
    )
    first = ground.deciding_card(asked)
    assert "needs the on-call approval" in first.words
    assert "runs by itself inside the budget of 10 an hour" in first.words
    assert "20 runs approved and verified within 30 days" in first.words
    ground.approved(asked, "ana", "marta")
    ground.reaches(asked, State.SUCCEEDED)

    alone = _suspended_again(ground)
    assert [given.subject[:7] for given in alone.approvals] == ["policy:"]
    ground.say("autonomy", who="tom")
    assert f"trusted by {asked.label} of" in ground.note_to("tom", words).words

    failed = _fails_its_check(ground, guarded)
    assert [given.subject[:7] for given in failed.approvals] == ["policy:"]
    assert f"{words} needs approval again" in ground.card(failed, "needs approval again").words
    told = [row.entry.event for row in guarded.audit()]
    assert told.count("autonomy.given") == told.count("autonomy.lost") == 1

    _rested(guarded, failed, back=REST)
    again = ground.order(ground.suspension(ground.light))
    ground.reaches(again, State.PENDING_ONCALL)
    _rested(guarded, failed, back=-REST)
    ground.say(f"cancel {again.label}", who="tom")
    ground.reaches(again, State.CANCELLED)


def _with_a_record(ground: Ground, guarded: Guarded) -> TrustKey:
    """Leave twenty approved and verified runs of a real plan behind; return whose they are."""
    wished = ground.suspend()
    ground.say(f"cancel {wished.label}", who="tom")
    plan = ground.reaches(wished, State.CANCELLED).plan
    assert plan is not None
    past = LabClock(frozen_at=(wished.created_at - LONG_AGO).timestamp())
    # Nobody plans or carries out what is written meanwhile.
    with guarded.unmanned(), database_of(guarded.house.installation) as engine:
        crew = Crew(SqlActionBook(engine, LabTime(past), lambda: uuid4().hex))
        done = 0
        while done < RUNS:
            past.advance(300)
            # Cron may meet one on its way and find it overdue: then another is written.
            with suppress(RefusedError):
                _ran(crew, plan)
                done += 1
    guarded.man()
    return TrustKey(
        operation=plan.operation,
        environment=plan.environment,
        service_key=plan.target.service_key,
    )


def _ran(crew: Crew, plan: Plan) -> None:
    drawn = replace(
        plan,
        nonce=uuid4().hex,
        drawing=replace(plan.drawing, sequel=None),
        created_at=crew.book.now(),
        expires_at=crew.book.now() + timedelta(hours=1),
    )
    assert digest_of(drawn) != digest_of(plan)
    crew.finish(crew.start(crew.claim(crew.agree(crew.plan(crew.requested(), drawn)))))


def _suspended_again(ground: Ground) -> Action:
    """Have the job suspended, then resumed by somebody else; return the action."""
    action = ground.order(ground.suspension(ground.light))
    done = ground.reaches(action, State.SUCCEEDED)
    ground.change_job(suspend=False)
    return done


def _fails_its_check(ground: Ground, guarded: Guarded) -> Action:
    """Have a run find, once it can look again, that somebody took its change back."""
    before = len(ground.writes())
    call = guarded.cluster.hang(on=ground.light, meets=Meets.WRITES, times=1)
    action = ground.order(ground.suspension(ground.light))
    eventually(lambda: len(ground.writes()) > before, "its call", within_s=PATIENCE_S)
    guarded.cluster.fail(500, on=f"/{ground.light}/")
    call.clear()
    ground.reaches(action, State.VERIFYING)
    ground.change_job(suspend=False)
    guarded.cluster.heal()
    return ground.reaches(action, State.ROLLBACK_FAILED)


def _rested(guarded: Guarded, action: Action, *, back: timedelta) -> None:
    """Let the failure be so much longer ago: its target rests for half an hour after one."""
    with database_of(guarded.house.installation) as engine, engine.begin() as connection:
        connection.execute(
            update(actions)
            .where(actions.c.action_id == action.action_id)
            .values(changed_at=guarded.action(action.action_id).changed_at - back)
        )
