"""What people press, open and command, and what they are told."""

from __future__ import annotations

import pytest

from bot.adapters.slack import actions
from bot.adapters.slack.blocks.plan import plan_card
from bot.adapters.slack.blocks.scope import scope_card
from bot.domain.conversation import ChannelId, MessageTs, Rating
from bot.domain.investigation import RunState
from tests.contract.slack.listener import ROOM, Listener, Web
from tests.lab.slack.desk import until
from tests.lab.slack.values import evidence, outcome


@pytest.mark.parametrize(
    ("text", "contains"),
    [
        ("help", "read-only command"),
        ("", "read-only command"),
        ("status", "1 investigation running, 2 threads waiting"),
        ("use prod-eu shop", "From now on this is about prod-eu."),
    ],
)
def test_the_slash_command_answers_its_caller_alone(
    listener: Listener, text: str, contains: str
) -> None:
    delivery = listener.lab.as_user("ana").slash(actions.COMMAND, text)
    assert contains in listener.lab.wait_for_ephemeral("ana", contains=contains).words
    assert delivery.state == "acked"
    assert listener.lab.ephemerals("tom") == []


def test_a_slash_command_works_through_http_too(web: Web) -> None:
    web.listener.lab.as_user("ana").slash(actions.COMMAND, "use prod-eu shop")
    web.listener.lab.wait_for_ephemeral("ana", contains="prod-eu")
    (arguments,) = web.listener.desk.did("use_scope")
    assert (arguments["cluster"], arguments["namespace"]) == ("prod-eu", "shop")
    assert arguments["thread_ts"] is None


def test_a_slash_command_that_fails_says_so_with_an_id(listener: Listener) -> None:
    listener.desk.outage = "the database does not answer"
    listener.lab.as_user("ana").slash(actions.COMMAND, "status")
    assert "err-7" in listener.lab.wait_for_ephemeral("ana").text


def test_a_refusal_is_told_to_the_person_alone(listener: Listener) -> None:
    listener.desk.refusal = "Only the team oncall may use prod-eu."
    listener.lab.as_user("ana").slash(actions.COMMAND, "use prod-eu")
    assert listener.lab.wait_for_ephemeral("ana").text == listener.desk.refusal


def test_investigate_takes_any_message_as_its_subject(listener: Listener) -> None:
    alert = listener.lab.post_webhook_alert(attachments=[{"title": "CheckoutDown", "text": "5xx"}])
    listener.lab.as_user("ana").shortcut(actions.INVESTIGATE, ROOM, alert.ts)
    (question,) = until(lambda: listener.desk.asked)
    assert question.subject == "CheckoutDown\n5xx"
    assert question.thread_ts == alert.ts
    assert "looking into this message" in listener.lab.wait_for_ephemeral("ana").text


def test_the_word_stop_and_both_buttons_stop_the_thread(listener: Listener) -> None:
    ana = listener.lab.as_user("ana")
    root = ana.mention(ROOM, "why?")
    until(lambda: listener.desk.asked)
    ana.reply(root, "stop")
    until(lambda: len(listener.desk.did("stop")) == 1)
    listener.gateway.set_session(ChannelId(root.channel), MessageTs(root.ts), "processing")
    ana.stop(ROOM, root.ts)
    until(lambda: len(listener.desk.did("stop")) == 2)
    assert {act["thread_ts"] for act in listener.desk.did("stop")} == {root.ts}
    assert {act["person"] for act in listener.desk.did("stop")} == {ana.id}


def test_a_rating_is_kept_and_answered(listener: Listener) -> None:
    card = listener.posted()
    listener.lab.as_user("ana").click(card, actions.RATE, value="good:inv-0001")
    listener.lab.wait_for_ephemeral("ana", contains="kept with the answer")
    (rated,) = listener.desk.did("rate")
    assert (rated["investigation_id"], rated["rating"]) == ("inv-0001", Rating.GOOD)


def test_details_open_in_a_modal_and_can_be_paged(listener: Listener) -> None:
    listener.desk.outcome = outcome(ledger=tuple(evidence(number) for number in range(1, 20)))
    ana = listener.lab.as_user("ana")
    card = listener.posted()
    ana.click(card, actions.DETAILS)
    view = listener.lab.wait_for(
        lambda: next((one for one in listener.lab.views("ana") if "*E1*" in str(one.body)), None)
    )
    ana.click(view.id, f"{actions.DETAILS_PAGE}.later")
    listener.lab.wait_for(lambda: "*E7*" in str(listener.lab.wait_for_view("ana").body))
    assert len(listener.lab.views("ana")) == 1


def test_details_nobody_may_see_say_so_in_the_modal(listener: Listener) -> None:
    card = listener.posted()
    listener.desk.refusal = "Only people of prod-eu may see this."
    listener.lab.as_user("tom").click(card, actions.DETAILS)
    listener.lab.wait_for(
        lambda: any("Only people of prod-eu" in str(one.body) for one in listener.lab.views("tom"))
    )


def test_details_that_could_not_open_in_time_say_so(listener: Listener) -> None:
    card = listener.posted()
    listener.lab.faults.add("views.open", error="expired_trigger_id")
    listener.lab.as_user("ana").click(card, actions.DETAILS)
    assert "click again" in listener.lab.wait_for_ephemeral("ana").text


def test_a_pressed_stop_leaves_the_message_to_its_worker(listener: Listener) -> None:
    root = listener.lab.as_user("ana").post(ROOM, "why?")
    progress = listener.gateway.post(
        ChannelId(root.channel),
        plan_card((), investigation="inv-0001"),
        thread_ts=MessageTs(root.ts),
    )
    listener.lab.as_user("ana").click(progress, actions.STOP)
    assert listener.lab.wait_for_ephemeral("ana").text == "Stopping."
    assert listener.lab.calls("chat.update") == []


def test_a_used_retry_disappears_and_the_rest_of_the_card_stays(listener: Listener) -> None:
    card = listener.posted(state=RunState.FAILED)
    listener.lab.as_user("ana").click(card, actions.RETRY)
    listener.lab.wait_for_call("chat.update")
    (seen,) = [one for one in listener.lab.messages(ROOM) if one.ts == card]
    assert actions.RETRY not in seen.action_ids
    assert "It broke." in seen.words
    (act,) = listener.desk.did("retry")
    assert act["investigation_id"] == "inv-0001"


def test_the_picker_becomes_what_was_chosen(listener: Listener) -> None:
    root = listener.lab.as_user("ana").post(ROOM, "why?")
    picker = listener.gateway.post(
        ChannelId(root.channel), scope_card(["prod-eu", "prod-us"]), thread_ts=MessageTs(root.ts)
    )
    listener.lab.as_user("ana").click(picker, f"{actions.SCOPE_BUTTON}.1")
    listener.lab.wait_for_call("chat.update")
    (seen,) = [one for one in listener.lab.messages(ROOM) if one.ts == picker]
    assert seen.action_ids == []
    assert "prod-us" in seen.words
    (act,) = listener.desk.did("pick_scope")
    assert (act["cluster"], act["thread_ts"]) == ("prod-us", root.ts)


def test_somebody_who_may_not_choose_leaves_the_picker_as_it_was(listener: Listener) -> None:
    listener.desk.refusal = "Only the team oncall may use prod-us."
    root = listener.lab.as_user("ana").post(ROOM, "why?")
    picker = listener.gateway.post(
        ChannelId(root.channel), scope_card(["prod-eu", "prod-us"]), thread_ts=MessageTs(root.ts)
    )
    listener.lab.as_user("tom").click(picker, f"{actions.SCOPE_BUTTON}.1")
    assert listener.lab.wait_for_ephemeral("tom").text == listener.desk.refusal
    assert listener.lab.calls("chat.update") == []


def test_a_double_click_is_acknowledged_twice_and_each_gets_a_sentence(listener: Listener) -> None:
    card = listener.posted()
    ana = listener.lab.as_user("ana")
    clicks_made = [ana.click(card, actions.RATE, value="bad:inv-0001") for _ in range(2)]
    listener.lab.wait_for(lambda: len(listener.lab.ephemerals("ana")) == 2)
    listener.lab.wait_until_delivered()
    assert {one.state for one in clicks_made} == {"acked"}


def test_the_home_tab_shows_clusters_and_links_to_earlier_questions(listener: Listener) -> None:
    ana = listener.lab.as_user("ana")
    ana.mention(ROOM, "why is checkout down?")
    (question,) = until(lambda: listener.desk.asked)
    listener.desk.remember(question)
    ana.open_home()
    home = listener.lab.wait_for(lambda: listener.lab.home("ana"))
    shown = str(home.body)
    assert "prod-eu" in shown
    assert f"/archives/{question.channel}/p{question.ts.replace('.', '')}" in shown
    assert "No model is configured" in shown


def test_the_messages_tab_offers_prompts(listener: Listener) -> None:
    ana = listener.lab.as_user("ana")
    ana.open_home(tab="messages")
    listener.lab.wait_for_call("assistant.threads.setSuggestedPrompts")
    prompts = listener.lab.prompts(ana.dm_channel)
    assert prompts is not None
    assert len(prompts["prompts"]) == 4
