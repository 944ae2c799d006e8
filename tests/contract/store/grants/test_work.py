"""Each process does its real work in a role that may do nothing else, by the real adapters."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text, update

from bot.adapters.audit.delivery import AuditDelivery
from bot.adapters.audit.file_sink import AuditFile
from bot.adapters.clock import SystemClock
from bot.adapters.store.action_index import SqlActionIndex
from bot.adapters.store.card_book import SqlCardBook
from bot.adapters.store.factors import SqlEnrolments
from bot.adapters.store.grants_rights import Client
from bot.adapters.store.kept_calls import SqlKeptCalls
from bot.adapters.store.operation_tables import actions
from bot.adapters.store.schema import check_schema, upgrade
from bot.domain.alert import AlertStatus
from bot.domain.conversation import ChannelId, PersonId, Rating, Scope
from bot.domain.delivery import Delivery
from bot.domain.enrolment import Enrolment
from bot.domain.investigation import RunState
from bot.ports.card_book import Edition
from safe_ops.audit import key_id_of
from safe_ops.model import events as on
from safe_ops.model.actions import Action, CallOutcome, Factor, Outcome, State, Switches
from safe_ops.model.trust import GRANT, TrustKey
from tests.contract.store.action_promises import check_promises
from tests.contract.store.alerts import Post, alert
from tests.contract.store.builders import (
    DAY,
    LEASE,
    charge,
    event,
    observation,
    question,
    turn,
)
from tests.contract.store.operations import (
    MANAGER,
    ONCALL,
    OPEN_WINDOW,
    actor,
    note,
    plan,
    request,
    target,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.contract.store.grants.staff import Staff

TRUST = TrustKey(operation="rollout_restart", environment="prod", service_key=target().service_key)


def wished(staff: Staff, rationale: str = "") -> Action:
    """Have an investigation ask for an operation."""
    action, is_new = staff.book(Client.INVESTIGATOR).open(request(), rationale=rationale)
    assert is_new
    return action


def pending(staff: Staff, *, both: bool = False) -> Action:
    """Have it planned."""
    drawn = plan(staff.book(Client.PLANNER).now(), needs=(ONCALL, MANAGER) if both else (ONCALL,))
    return staff.crew(Client.PLANNER).plan(wished(staff), drawn)


def approved(staff: Staff) -> Action:
    """Have it planned and approved."""
    return staff.crew(Client.LISTENER).agree(pending(staff))


def started(staff: Staff) -> Action:
    """Have its calls begin."""
    operators = staff.crew(Client.OPERATOR)
    return operators.start(operators.claim(approved(staff)))


def set_back(staff: Staff, action: Action, *columns: str) -> None:
    """Let some of the row's times be over, as if they had been waited for."""
    with staff.owner.begin() as connection:
        own = actions.c.action_id == action.action_id
        earlier = {name: text(f"{name} - interval '1 day'") for name in columns}
        connection.execute(update(actions).where(own).values(earlier))


def test_every_process_starts_and_finds_nothing_to_migrate(staff: Staff) -> None:
    for client in Client:
        check_schema(staff.engine(client))
        upgrade(staff.engine(client))


def test_an_operation_goes_its_whole_way_through_five_roles(staff: Staff, tmp_path: Path) -> None:
    listener, operator = staff.crew(Client.LISTENER), staff.crew(Client.OPERATOR)
    action = pending(staff, both=True)
    action = listener.agree(action)
    action = listener.agree(action, "idp|leo", stage=MANAGER.stage)
    assert action.state is State.APPROVED
    action = operator.start(operator.claim(action))
    for step in range(2):
        row = operator.before(action, step)
        operator.after(row, CallOutcome.APPLIED)
    operator.book.extend_lease(action.action_id, fence=action.fence, by=LEASE)
    operator.finish(action)
    key = Ed25519PrivateKey.generate()
    for client in (Client.OPERATOR, Client.CRON):
        sink = AuditFile(tmp_path / f"{client}.jsonl")
        delivery = AuditDelivery(
            trail=staff.trail(client), sinks=[sink], key=key, clock=SystemClock()
        )
        delivery.catch_up()
        assert (tmp_path / f"{client}.jsonl").read_text(encoding="utf-8")
    reader = staff.engine(Client.AUDIT)
    check_promises(reader, SystemClock(), keys={key_id_of(key.public_key()): key.public_key()})
    assert staff.trail(Client.AUDIT).remembered() == staff.trail(Client.AUDIT).rows()[-1].number
    assert SqlKeptCalls(reader, SystemClock(), str).highest() == {action.action_id: 4}
    found = SqlActionIndex(reader, SystemClock(), str).numbered(action.number)
    assert found is not None
    assert found.state is State.SUCCEEDED


def test_a_wish_keeps_its_reason_and_its_key(staff: Staff) -> None:
    book = staff.book(Client.INVESTIGATOR)
    action, _ = book.open(request("same"), rationale="the log says so \ud83d\0")
    assert book.open(request("same")) == (action, False)
    assert staff.book(Client.PLANNER).rationale(action.action_id).startswith("the log says so")
    index = SqlActionIndex(staff.engine(Client.INVESTIGATOR), SystemClock(), str)
    assert index.asked_with("same") == action


def test_whatever_text_a_wish_names_it_can_be_noted(staff: Staff) -> None:
    book = staff.book(Client.INVESTIGATOR)
    book.open(replace(request(), operation="roll\0out \ud83d \\u0000"))
    (row,) = staff.trail(Client.OPERATOR).rows()
    assert row.entry.facts["operation"] == "roll\ufffdout \ufffd \\u0000"
    check_promises(staff.engine(Client.AUDIT), SystemClock())


def test_people_deny_take_back_and_are_refused_by_the_listener(staff: Staff) -> None:
    listener = staff.crew(Client.LISTENER)
    assert listener.deny(pending(staff)).state is State.REJECTED
    assert listener.take_back(pending(staff)).state is State.CANCELLED
    assert listener.take_back(listener.requested()).state is State.CANCELLED
    assert listener.take_back(approved(staff)).state is State.REVOKED
    claimed = staff.crew(Client.OPERATOR).claim(approved(staff))
    assert listener.take_back(claimed).state is State.REVOKED
    listener.book.note(note("click.refused", "you asked for it yourself"))
    check_promises(staff.owner, SystemClock())


def test_a_second_factor_is_awaited_and_shown(staff: Staff) -> None:
    listener = staff.crew(Client.LISTENER)
    need = replace(ONCALL, factor=True)
    action = listener.requested()
    drawn = plan(listener.book.now(), needs=(need,))
    action = staff.crew(Client.PLANNER).plan(action, drawn)
    action = listener.agree(action)
    assert action.state is State.PENDING_FACTOR
    action = listener.tell(action, lambda _now: on.ProofFailed(actor=actor("idp|bob")))
    assert listener.book.take_factor_counter("totp:f1", 59)
    assert action.proof is not None
    proven = replace(action.proof.approval, factor=Factor.TOTP, factor_at=listener.book.now())
    action = listener.tell(
        action,
        lambda _now: on.Proven(actor=actor("idp|bob"), approval=proven, window=OPEN_WINDOW),
    )
    assert action.state is State.APPROVED


def test_time_ends_what_nobody_decides_and_opens_windows_by_cron(staff: Staff) -> None:
    cron = staff.crew(Client.CRON)
    action = pending(staff)
    set_back(staff, action, "stage_until")
    assert cron.expire(action).state is State.EXPIRED
    shut = on.WindowView(
        open=False, says="opens soon", opens_at=cron.book.now() + timedelta(hours=1)
    )
    drawn = plan(cron.book.now(), needs=())
    planned = on.Planned(actor=actor("process:operator"), plan=drawn, digest="d", window=shut)
    action = staff.crew(Client.PLANNER).tell(wished(staff), lambda _now: planned)
    assert action.state is State.SCHEDULED
    opened = cron.tell(action, lambda _now: on.WindowOpened(actor=actor("process:clock")))
    assert opened.state is State.APPROVED
    set_back(staff, opened, "stage_until")
    assert cron.expire(opened).state is State.EXPIRED
    # Cron carries on what the listener stored and did not route: orders, clicks, switches.
    assert cron.agree(pending(staff)).state is State.APPROVED
    assert cron.book.open(request())[1]
    for crew in (cron, staff.crew(Client.LISTENER)):
        crew.book.change_switches(
            lambda found: replace(found, stopped_by="Leo"),
            note("switch.set", "Leo stopped all"),
            since=DAY,
            heed=lambda _rows: None,
        )
    assert cron.book.due()


def test_policys_own_yes_and_a_block_are_the_planners(staff: Staff) -> None:
    planner = staff.crew(Client.PLANNER)
    drawn = plan(planner.book.now(), needs=())
    action = planner.plan(wished(staff), drawn)
    assert [given.subject for given in action.approvals] == [f"policy:{drawn.policy_hash}"]
    blocked = on.Blocked(actor=actor("process:operator"), reason="no", code="window")
    assert planner.tell(wished(staff), lambda _now: blocked).state is State.BLOCKED
    assert planner.book.switches() == Switches()
    assert planner.book.record(operation="x", environment="prod", service_key="y") == ()


def test_a_draft_that_a_planner_fell_over_is_taken_by_the_next(staff: Staff) -> None:
    planner, action = staff.book(Client.PLANNER), wished(staff)
    assert planner.take_draft(action.action_id, planner="one", by=LEASE) == 0
    set_back(staff, action, "lease_until")
    assert planner.take_draft(action.action_id, planner="two", by=LEASE) == 1
    assert planner.count_noted(action.action_id, "planning.abandoned") == 1
    planner.note(replace(note("record.opened"), actor=actor("process:records")))


def test_what_goes_wrong_is_undone_lost_and_settled(staff: Staff) -> None:
    operator = staff.crew(Client.OPERATOR)
    held = {"actor": actor("process:operator")}
    action = started(staff)
    operator.after(operator.before(action), CallOutcome.APPLIED)
    undoing = on.UndoBegun(**held, fence=action.fence, reason="not ready")
    action = operator.tell(action, lambda _now: undoing)
    operator.after(operator.before(action, part="undo"), CallOutcome.APPLIED)
    undone = on.Undone(**held, fence=action.fence, outcome=Outcome(says="as before"))
    assert operator.tell(action, lambda _now: undone).state is State.ROLLED_BACK
    action = started(staff)
    operator.after(operator.before(action), CallOutcome.UNKNOWN)
    lost = on.OutcomeLost(**held, fence=action.fence, outcome=Outcome(says="nobody knows"))
    action = operator.tell(action, lambda _now: lost)
    settled = on.Settled(actor=actor("idp|bob"), name="Bob", took_effect=False, reason="I looked")
    action = staff.crew(Client.LISTENER).tell(action, lambda _now: settled)
    assert action.state is State.FAILED
    assert operator.book.conduct(TRUST).lost_by == action.label
    check_promises(staff.owner, SystemClock())


def test_an_operator_reads_an_unknown_outcome_back(staff: Staff) -> None:
    operator, action = staff.crew(Client.OPERATOR), started(staff)
    held = {"actor": actor("process:operator")}
    lost = on.OutcomeLost(**held, fence=action.fence, outcome=Outcome(says="nobody knows"))
    action = operator.tell(action, lambda _now: lost)
    set_back(staff, action, "changed_at", "stage_until", "lease_until")
    looked = on.LookedAgain(**held, operator="op-2")
    action = operator.tell(action, lambda _now: looked)
    operator.book.note(replace(note("readback.in_doubt"), actor=held["actor"]))
    read = on.ReadBack(
        **held, fence=action.fence, took_effect=True, outcome=Outcome(says="it is so"), read={}
    )
    assert operator.tell(action, lambda _now: read).state is State.SUCCEEDED


def test_an_operator_takes_over_from_one_that_fell_silent(staff: Staff) -> None:
    action = started(staff)
    set_back(staff, action, "lease_until")
    taken = staff.crew(Client.OPERATOR).claim(action, "op-2")
    assert (taken.operator, taken.fence) == ("op-2", action.fence + 1)


def test_trust_is_given_and_taken_by_the_approved_action_at_work(staff: Staff) -> None:
    operator = staff.crew(Client.OPERATOR)
    action = staff.crew(Client.PLANNER).plan(
        wished(staff), plan(operator.book.now(), operation=GRANT)
    )
    action = operator.start(operator.claim(staff.crew(Client.LISTENER).agree(action)))
    operator.book.give_trust(TRUST, label=action.label, runs=20, lost_by="")
    assert staff.book(Client.PLANNER).trust(TRUST) is not None
    assert operator.book.take_trust(TRUST, label=action.label)
    assert staff.book(Client.LISTENER).trusts() == ()


def test_everybody_who_draws_cards_may(staff: Staff) -> None:
    action = pending(staff)
    for number, client in enumerate(
        (Client.LISTENER, Client.PLANNER, Client.OPERATOR, Client.CRON), start=1
    ):
        cards = SqlCardBook(staff.engine(client), SystemClock(), str)
        edition = Edition(version=number, rows=0)
        assert cards.claim_card(action.action_id, edition=edition, holder=client, lease_s=5)
        cards.card_shown(action.action_id, edition=edition, holder=client)
        sent = Delivery(
            key=f"action/{action.action_id}/{client}",
            channel=ChannelId("C1"),
            thread_ts=question().ts,
        )
        assert staff.store(client).take(sent, lease=LEASE)
        assert staff.store(client).take(sent, lease=timedelta())
        staff.store(client).intend(sent)
        staff.store(client).mark_sent(sent.key, ts=question().ts)
        cards.cards_behind(within_s=60, limit=10)


def test_apps_are_enrolled_at_a_terminal_and_keys_by_the_page(staff: Staff) -> None:
    terminal = SqlEnrolments(staff.engine(Client.FACTOR), SystemClock(), str)
    page = SqlEnrolments(staff.engine(Client.LISTENER), SystemClock(), str)
    app = Enrolment(
        factor_id="f1",
        subject="idp|mia",
        kind=Factor.TOTP,
        secret="sealed",
        label="phone",
        created_at=DAY,
    )
    key = replace(app, factor_id="f2", kind=Factor.WEBAUTHN)
    assert terminal.add_factor(app)
    assert page.add_factor(key)
    assert page.factors_of("idp|mia") == (app, key)
    assert staff.book(Client.FACTOR).take_factor_counter("totp:f1", 1)
    for name in ("factor.invited", "factor.added", "factor.removed"):
        entry = replace(note(name), actor=actor("process:terminal"))
        staff.book(Client.FACTOR).note(entry)
    staff.book(Client.LISTENER).note(note("factor.added"))
    assert terminal.remove_factor("f1", subject="idp|mia")


def test_a_question_is_asked_answered_rated_and_swept(staff: Staff) -> None:
    listener, worker = staff.store(Client.LISTENER), staff.store(Client.INVESTIGATOR)
    cron = staff.store(Client.CRON)
    assert listener.record(event("Ev1"))
    assert listener.record(event("Ev2"))
    thread = listener.add_question(question())
    listener.mark_routed("Ev1")
    scope = Scope(clusters=("prod-eu",))
    listener.choose_scope(thread.channel, PersonId("U1"), scope)
    listener.choose_scope(thread.channel, PersonId("U1"), Scope(clusters=("prod-us",)))
    listener.set_scope(thread.thread_id, scope)
    run = worker.claim(thread.thread_id, worker="w1", lease=LEASE, max_attempts=3)
    assert run is not None
    listener.add_question(question(2))
    assert worker.renew(run.investigation_id, fence=1, lease=LEASE).waiting_questions == 1
    assert worker.absorb(run.investigation_id, fence=1)
    worker.append_turn(run.investigation_id, fence=1, turn=turn())
    kept = worker.enter(run.investigation_id, fence=1, tool_use_id="tu1", observation=observation())
    worker.charge(charge(0.5, at=DAY))
    assert worker.spent_usd(since=DAY) == 0.5
    assert worker.chosen_scope(thread.channel, PersonId("U1")) is not None
    assert listener.request_cancel(thread.thread_id, person=PersonId("U1"))
    sent = Delivery(key="answer/1", channel=thread.channel, thread_ts=thread.thread_ts)
    assert worker.take(sent, lease=LEASE)
    assert worker.take(sent, lease=timedelta())
    worker.intend(sent)
    worker.mark_sent(sent.key, ts=question().ts)
    worker.finish(run.investigation_id, fence=1, state=RunState.DONE, verdict=None)
    assert listener.rate(run.investigation_id, person=PersonId("U1"), rating=Rating.GOOD)
    assert listener.rate(run.investigation_id, person=PersonId("U1"), rating=Rating.BAD)
    assert listener.ask_again(run.investigation_id) == 2
    assert listener.drop_waiting(thread.thread_id) == 2
    assert listener.of_investigation(run.investigation_id) == [kept]
    assert listener.latest_of_cluster("prod-eu") == kept
    assert listener.recent_of(question().person, limit=5)
    assert (listener.count_running(), listener.count_waiting()) == (0, 0)
    later = DAY + timedelta(days=1)
    assert [one.event_id for one in cron.unrouted(received_before=later, limit=9)] == ["Ev2"]
    cron.mark_routed("Ev2")
    assert cron.forget(received_before=later) == 2
    cron.add_question(question(3))
    assert cron.threads_to_ring(waiting_since=later, now=later) == [thread.thread_id]
    assert not cron.is_of_incident(thread.thread_id)
    check_promises(staff.owner, SystemClock())


def test_an_alert_becomes_an_incident_that_is_looked_into(staff: Staff) -> None:
    listener, worker = staff.store(Client.LISTENER), staff.store(Client.INVESTIGATOR)
    cron, operator = staff.store(Client.CRON), staff.store(Client.OPERATOR)
    post = Post(listener)
    incident = post.webhook(alert()).incident
    assert incident is not None
    post.slack(alert(workload="search"))
    post.webhook(alert(status=AlertStatus.RESOLVED))
    for number in range(60):
        # A storm takes what it is made of into one incident.
        post.webhook(alert(f"Down{number}", namespace=f"ns-{number}", workload=f"app-{number}"))
    assert cron.due(limit=5)
    worker.bind_thread(incident.incident_id, channel=incident.channel, thread_ts="1.5")
    asked = replace(question(), person=PersonId(""), incident_id=incident.incident_id)
    thread = worker.add_question(asked)
    worker.set_scope(thread.thread_id, Scope(clusters=("prod-eu",)))
    assert worker.run_begun(incident.incident_id, at=DAY) == 1
    worker.told(incident.incident_id, messages=1)
    worker.run_concluded(incident.incident_id, at=DAY, conclusive=True)
    assert worker.alerts_of(incident.incident_id)
    assert worker.recurrences(incident.incident_id, limit=5) == []
    assert worker.concluded(since=DAY, limit=5) == []
    assert worker.open_incidents(limit=5)
    assert worker.incident_of_thread(ChannelId(incident.channel), thread.thread_ts) is None
    assert operator.incident(incident.incident_id) is not None
    assert operator.alerts_of(incident.incident_id)
    Post(cron).webhook(alert(name="KubeNodeNotReady", workload="node-1"), delivery="hook-cron")
