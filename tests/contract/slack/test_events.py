"""Deliveries are stored, acknowledged, routed once, and answered for."""

from __future__ import annotations

from bot.adapters.slack import actions
from bot.entrypoints.listeners.routing import route_stored
from bot.entrypoints.slack_app import close_app
from tests.contract.slack.listener import ROOM, Listener, Web
from tests.lab.slack.alert_desk import rules_of
from tests.lab.slack.desk import until


def test_a_mention_through_the_socket_is_stored_acknowledged_and_asked(socket: Listener) -> None:
    message = socket.lab.as_user("ana").mention(ROOM, "why is checkout down?")
    (question,) = until(lambda: socket.desk.asked)
    assert (question.text, question.ts) == ("why is checkout down?", message.ts)
    socket.lab.wait_until_delivered()
    assert [one.state for one in socket.lab.deliveries("app_mention")] == ["acked"]
    until(lambda: socket.unrouted() == [])


def test_a_mention_through_signed_http_is_stored_acknowledged_and_asked(web: Web) -> None:
    assert web.listener.lab.verify_endpoint()
    web.listener.lab.as_user("ana").mention(ROOM, "why is checkout down?")
    (question,) = until(lambda: web.listener.desk.asked)
    assert question.text == "why is checkout down?"
    web.listener.lab.wait_until_delivered()
    assert [one.state for one in web.listener.lab.deliveries("app_mention")] == ["acked"]
    until(lambda: web.listener.unrouted() == [])


def test_building_the_app_calls_nobody(socket: Listener) -> None:
    assert [call.method for call in socket.lab.calls()] == ["apps.connections.open"]


def test_a_direct_message_and_its_follow_up_are_one_thread(listener: Listener) -> None:
    ana = listener.lab.as_user("ana")
    first = ana.dm("what is failing?")
    until(lambda: len(listener.desk.asked) == 1)
    ana.dm("and since when?", thread_ts=first.ts)
    until(lambda: len(listener.desk.asked) == 2)
    assert {question.thread_ts for question in listener.desk.asked} == {first.ts}


def test_what_does_not_concern_us_is_acknowledged_and_not_stored(listener: Listener) -> None:
    tom = listener.lab.as_user("tom")
    lunch = tom.post(ROOM, "lunch?")
    tom.edit(lunch, "lunch at 12?")
    listener.lab.post_webhook_alert(text="KubePodCrashLooping")
    listener.lab.wait_until_delivered()
    assert {one.state for one in listener.lab.deliveries()} == {"acked"}
    assert listener.store.forget(received_before=listener.later) == 0
    assert listener.unrouted() == []
    assert listener.desk.asked == []


def test_an_event_delivered_twice_is_asked_once(socket: Listener) -> None:
    socket.lab.faults.duplicate_events(what="app_mention")
    socket.lab.as_user("ana").mention(ROOM, "why?")
    socket.lab.wait_until_delivered()
    until(lambda: socket.desk.asked)
    assert {one.state for one in socket.lab.deliveries("app_mention")} == {"acked"}
    close_app(socket.app)
    assert len(socket.desk.asked) == 1


def test_a_lost_acknowledgement_leads_to_a_redelivery_without_effect(socket: Listener) -> None:
    socket.lab.faults.lose_acks(what="app_mention")
    socket.lab.as_user("ana").mention(ROOM, "why?")
    socket.lab.wait_until_delivered()
    (delivery,) = socket.lab.deliveries("app_mention")
    assert (delivery.state, delivery.attempts) == ("acked", 2)
    close_app(socket.app)
    assert len(socket.desk.asked) == 1


def test_what_cannot_be_stored_is_not_acknowledged_and_comes_again(web: Web) -> None:
    with web.listener.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE inbox_events RENAME TO away")
    web.listener.lab.as_user("ana").mention(ROOM, "why?")
    web.listener.lab.wait_for(
        lambda: any(one.failures for one in web.listener.lab.deliveries("app_mention"))
    )
    assert web.listener.desk.asked == []
    with web.listener.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE away RENAME TO inbox_events")
    web.listener.lab.clock.advance(61)
    web.listener.lab.clock.advance(301)
    web.listener.lab.wait_until_delivered()
    (delivery,) = web.listener.lab.deliveries("app_mention")
    assert delivery.state == "acked"
    assert "http_error" in delivery.failures
    assert len(until(lambda: web.listener.desk.asked)) == 1


def test_what_the_desk_could_not_take_is_left_for_the_sweeper(listener: Listener) -> None:
    listener.desk.outage = "the database does not answer"
    listener.lab.as_user("ana").mention(ROOM, "why?")
    note = listener.lab.wait_for_ephemeral("ana", contains="err-7")
    assert "will be tried again" in note.text
    assert "database" not in note.words
    assert "Traceback" not in note.words
    (event,) = listener.unrouted()
    listener.desk.outage = ""
    assert route_stored(event, listener.desk, listener.alerts, rules_of=rules_of) is None
    assert [question.text for question in listener.desk.asked] == ["why?"]


def test_a_revoked_token_costs_no_question(listener: Listener) -> None:
    listener.lab.revoke_token()
    listener.lab.as_user("ana").mention(ROOM, "why?")
    listener.lab.wait_until_delivered()
    stored = {str(event.payload["event"]["type"]) for event in listener.unrouted()}  # type: ignore[index]
    assert "app_mention" in stored


def test_no_secret_of_a_delivery_is_kept(listener: Listener) -> None:
    listener.desk.outage = "down"
    listener.lab.as_user("ana").slash(actions.COMMAND, "status")
    listener.lab.wait_until_delivered()
    (stored,) = listener.unrouted()
    assert {"token", "response_url"}.isdisjoint(stored.payload)
    assert str(stored.payload["trigger_id"]) not in stored.event_id


def test_an_empty_mention_is_answered_with_help(listener: Listener) -> None:
    listener.lab.as_user("ana").mention(ROOM, "")
    assert "read-only command" in listener.lab.wait_for_ephemeral("ana").words
    assert listener.desk.asked == []


def test_in_a_direct_message_help_lasts(listener: Listener) -> None:
    message = listener.lab.as_user("ana").dm("help")
    reply = listener.lab.wait_for_reply(message.channel, message.ts)
    assert "read-only command" in reply.words
