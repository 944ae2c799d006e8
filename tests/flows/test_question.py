"""The question journey through Socket Mode, with a model: asked in Slack, answered there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.adapters.slack.actions import DETAILS, DETAILS_VIEW, INVESTIGATE, RATE
from tests.lab.model.brains import call, conclude

if TYPE_CHECKING:
    from tests.flows.conftest import Running
    from tests.lab.model.replies import ToolCall

PODS = call("kubectl", command="kubectl get pods -n shop")
WARNINGS = call("kubectl", command="kubectl events -n shop --types=Warning")


def verdict(summary: str, **more: object) -> ToolCall:
    fields: dict[str, object] = {
        "status": "CONFIRMED",
        "summary": summary,
        "object": "prod-eu/deployment/shop/cart",
        "cause": "application_crash",
        "category": "application",
        "hypotheses": [{"statement": "cart crashes", "state": "supported", "evidence": ["E1"]}],
    }
    return conclude(**fields | more)


def test_a_mention_gets_one_threaded_answer_with_evidence_and_gaps(running: Running) -> None:
    running.script(failing=[[PODS, WARNINGS], verdict("cart is in CrashLoopBackOff [E1] [E2].")])
    question, card = running.chat.asked_and_answered("what is failing in shop?")
    assert "cart is in CrashLoopBackOff" in card.words
    assert "kubectl get pods -n shop" in card.words
    assert "prod-eu/shop" in card.words
    assert "AWS" in card.words.partition("Not checked")[2]
    assert [seen.ts for seen in running.chat.said_by_bot("#oncall", question.ts)] == [card.ts]


def test_progress_is_shown_while_the_answer_is_made(running: Running) -> None:
    running.script(progress=[[PODS], verdict("cart is in CrashLoopBackOff [E1].")])
    fault = running.lab.world.cluster("prod-eu").slow(1.0, on="/pods")
    question = running.chat.ask("show me progress in shop")
    live = running.slack.wait_for_reply("#oncall", question.ts, finished=False, contains="")
    assert running.slack.statuses("#oncall", question.ts)
    running.slack.wait_for(
        lambda: any(
            "kubectl get pods" in str(seen.tasks) + str(seen.blocks)
            for seen in running.chat.said_by_bot("#oncall", question.ts)
        ),
        timeout_s=10,
        what="a task that names what is being read",
    )
    fault.clear()
    assert running.chat.answer("#oncall", question.ts).ts == live.ts


def test_a_follow_up_in_the_thread_needs_no_mention_and_knows_what_was_said(
    running: Running,
) -> None:
    running.script(
        # The later question's opening holds the earlier one, and the first key that fits wins.
        perhaps=[[WARNINGS], verdict("The database host does not resolve [E2].")],
        begin=[[PODS], verdict("cart is in CrashLoopBackOff [E1].")],
    )
    question, _ = running.chat.asked_and_answered("begin with shop")
    running.slack.as_user("ana").reply(question, "could it be the database perhaps?")
    second = running.chat.answer("#oncall", question.ts, number=2)
    assert "does not resolve" in second.words
    assert running.lab.model is not None
    opening = running.lab.model.turns()[-1].request.first_user_text
    assert "cart is in CrashLoopBackOff" in opening


def test_a_burst_of_messages_is_one_question(running: Running) -> None:
    running.script(burst=[[PODS], verdict("cart is in CrashLoopBackOff [E1].")])
    # On a busy machine a line may be late for the burst; then it is taken in while the run reads.
    running.lab.world.cluster("prod-eu").slow(1.5, on="/pods")
    ana = running.slack.as_user("ana")
    question = ana.mention("#oncall", "first line of a burst")
    # Nobody types faster than a thread becomes known; a simulated person has to wait for it.
    running.slack.wait_for(lambda: running.slack.statuses("#oncall", question.ts))
    ana.reply(question, "second line")
    ana.reply(question, "third line")
    running.chat.answer("#oncall", question.ts)
    assert running.lab.model is not None
    told = str(running.lab.model.turns()[-1].request.body["messages"])
    assert "first line of a burst" in told
    assert "second line" in told
    assert "third line" in told
    assert len(running.chat.answers("#oncall", question.ts)) == 1


def test_a_typed_command_is_answered_without_the_model(running: Running) -> None:
    assert running.lab.model is not None
    before = len(running.lab.model.requests())
    question = running.chat.ask("kubectl get deployments -n shop")
    shown = running.chat.wait_for_words("#oncall", question.ts, "checkout")
    assert "data_table" in str(shown.blocks)
    assert "prod-eu/shop" in shown.words
    assert len(running.lab.model.requests()) == before


def test_a_secret_is_never_fetched(running: Running) -> None:
    question = running.chat.ask("kubectl get secrets -n shop -o yaml")
    refusal = running.chat.wait_for_words("#oncall", question.ts, "R20")
    assert "canary" not in refusal.words
    assert not running.lab.kubernetes["prod-eu"].requests(containing="/secrets")


def test_a_direct_message_is_a_session_of_its_own(running: Running) -> None:
    running.script(privately=[[PODS], verdict("cart is in CrashLoopBackOff [E1].")])
    ana = running.slack.as_user("ana")
    question = ana.dm("privately: what is wrong in prod-eu?")
    card = running.chat.answer(ana.dm_channel, question.ts)
    assert "CrashLoopBackOff" in card.words


def test_the_message_shortcut_investigates_what_somebody_wrote(running: Running) -> None:
    running.script(checkout=[[PODS], verdict("cart is in CrashLoopBackOff [E1].")])
    complaint = running.slack.as_user("marta").post("#oncall", "checkout is 5xx since 10:20")
    running.slack.as_user("ana").shortcut(INVESTIGATE, "#oncall", complaint.ts)
    card = running.chat.answer("#oncall", complaint.ts)
    assert "CrashLoopBackOff" in card.words


def test_what_the_model_made_up_is_marked(running: Running) -> None:
    running.script(invent=[[PODS], verdict("The pod zebra-7f9 has 4711 restarts [E1].")])
    _, card = running.chat.asked_and_answered("please invent something about shop")
    assert "zebra-7f9" in card.words
    assert "not in the evidence" in card.words.casefold() or "hypothes" in card.words.casefold()
    assert not card.text.startswith("Confirmed")


def test_without_a_known_cluster_the_bot_asks_which_and_then_goes_on(running: Running) -> None:
    running.script(nowhere=[[PODS], verdict("cart is in CrashLoopBackOff [E1].")])
    question = running.chat.ask("nowhere in particular: what is failing?", channel="#payments")
    picker = running.slack.wait_for_reply("#payments", question.ts, contains="prod-us")
    running.slack.as_user("ana").click(picker.ts, next(iter(picker.action_ids)), value="prod-eu")
    card = running.chat.answer("#payments", question.ts)
    assert "prod-eu" in card.words


def test_a_thread_can_be_turned_to_another_cluster(running: Running) -> None:
    question = running.chat.ask("kubectl get nodes")
    running.chat.wait_for_words("#oncall", question.ts, "prod-eu")
    marta = running.slack.as_user("marta")
    marta.reply(question, "use cluster prod-us")
    running.slack.wait_for_ephemeral("marta", contains="prod-us")
    marta.reply(question, "kubectl get namespaces")
    shown = running.chat.wait_for_words("#oncall", question.ts, "kubectl get namespaces")
    assert "prod-us" in shown.words


def test_a_person_can_choose_a_cluster_for_a_channel(running: Running) -> None:
    tom = running.slack.as_user("tom")
    tom.slash("/nightdesk", "use staging", channel="#payments")
    running.slack.wait_for_ephemeral("tom", contains="staging")
    question = running.chat.ask("kubectl get nodes", who="tom", channel="#payments")
    assert "staging" in running.chat.wait_for_words("#payments", question.ts, "kubectl").words


def test_naming_a_cluster_in_the_question_is_enough(running: Running) -> None:
    running.script(naming=[[PODS], verdict("All is well [E1].", status="HEALTHY")])
    _, card = running.chat.asked_and_answered("naming it: is prod-us healthy?", channel="#payments")
    assert "prod-us" in card.words


def test_a_guest_is_told_privately_and_nothing_is_read(running: Running) -> None:
    question = running.chat.ask("what is failing?", who="gus", channel="#payments")
    whisper = running.slack.wait_for_ephemeral("gus")
    assert "guest" in whisper.words.casefold()
    assert running.chat.said_by_bot("#payments", question.ts) == []


def test_an_empty_mention_is_answered_with_examples(running: Running) -> None:
    running.chat.ask("")
    assert "use cluster" in running.slack.wait_for_ephemeral("ana", contains="kubectl").words


def test_ten_kilobytes_of_emoji_are_survived(running: Running) -> None:
    running.script(**{"🔥": [[PODS], verdict("cart is in CrashLoopBackOff [E1].")]})
    _, card = running.chat.asked_and_answered("🔥" * 2500 + " shop?")
    assert "CrashLoopBackOff" in card.words


def test_details_open_in_a_modal_with_every_query(running: Running) -> None:
    running.script(details=[[PODS, WARNINGS], verdict("cart is in CrashLoopBackOff [E1].")])
    _, card = running.chat.asked_and_answered("details of shop please")
    running.slack.as_user("ana").click(card.ts, DETAILS)
    running.slack.wait_for_view("ana", callback_id=DETAILS_VIEW)
    running.slack.wait_for(
        lambda: any(
            "kubectl events -n shop --types=Warning" in str(view.body)
            for view in running.slack.views("ana")
        ),
        what="the modal with its content",
    )


def test_feedback_says_what_it_changes(running: Running) -> None:
    running.script(wrong=[[PODS], verdict("cart is in CrashLoopBackOff [E1].")])
    _, card = running.chat.asked_and_answered("a wrong answer about shop")
    rating = next(
        element["negative_button"]["value"]
        for block in card.blocks
        for element in block.get("elements", [])
        if element.get("action_id") == RATE
    )
    running.slack.as_user("ana").click(card.ts, RATE, value=rating)
    assert "counts as wrong" in running.slack.wait_for_ephemeral("ana", contains="wrong").words


def test_no_method_unknown_to_slack_is_ever_called(running: Running) -> None:
    running.chat.asked_and_answered("kubectl get ns")
    assert running.slack.unknown_methods() == []
