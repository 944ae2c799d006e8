"""`make demo ONCE=1`: a fixed tour of what the product does, with its transcript and its outcomes.

The model is the lab's scripted one, so that the tour says the same each time; everything else is
the product, in its own processes, over Socket Mode.
"""

from __future__ import annotations

import json
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import yaml

from bot.adapters.slack.actions import RATE
from tests.lab import tour_operations as operations
from tests.lab.aws.apart import AwsApart
from tests.lab.chat import Chat
from tests.lab.installation import Installation
from tests.lab.lab import Lab
from tests.lab.model.brains import Scripted, ScriptedBrain, call, conclude
from tests.lab.model.journal import Outcome
from tests.lab.model.outages import held, overloaded
from tests.lab.tour_stage import PATIENCE_S, Stage, as_read, expect, say

if TYPE_CHECKING:
    from collections.abc import Callable

DEMO_POLICY = Path(__file__).parent / "demo_policy.yaml"
UP_WITHIN_S = 60.0
ONCALL_WAIT_S = 60
"""The shortest a policy may wait for the first approval."""

PODS = call("kubectl", command="kubectl get pods -n shop")
LOGS = call("kubectl", command="kubectl logs deployment/cart -n shop --previous --tail=40")
HOSTS = call("kubectl", command="kubectl rollout history deployment/cart -n shop")
ANSWER = conclude(
    status="LIKELY",
    summary="cart is in CrashLoopBackOff [E1]: it cannot resolve its database host [E2].",
    object="prod-eu/deployment/shop/cart",
    cause="dns",
    category="configuration",
    hypotheses=[
        {
            "statement": "the database host name is wrong since the newest revision",
            "state": "supported",
            "evidence": ["E2"],
        }
    ],
    next_checks=["kubectl rollout history deployment/cart -n shop"],
)
FUNCTION = call("aws", read="function", params={"name": "checkout-webhook"})
TIMED_OUT = conclude(
    status="LIKELY",
    summary="checkout-webhook times out since its limit went from 30 s to 3 s [E1].",
    object="arn:aws:lambda:eu-central-1:111111111111:function:checkout-webhook",
    cause="wrong_config",
    category="configuration",
    hypotheses=[],
    next_checks=["aws function checkout-webhook"],
)
CAUSE = conclude(
    status="CONFIRMED",
    summary="cart crashes because its database host does not resolve [E3].",
    object="prod-eu/deployment/shop/cart",
    cause="dns",
    category="dependency",
    hypotheses=[
        {"statement": "the node is ill", "state": "ruled_out", "evidence": ["E3"]},
    ],
)
STANDS = call("object", ruling="stands", reason="The pods say the same.")
ROLLBACK = call(
    "propose_operation",
    operation="rollout_undo",
    parameters={"namespace": "shop", "name": "cart"},
    place="prod-eu",
    why="Revision 28 names a database host that does not resolve; revision 27 ran for four days.",
    evidence=["E3"],
)
SCRIPT: dict[str, list[Scripted]] = {
    # An alert's verdict is argued against once; both openings hold words of the others.
    "argue against": [[STANDS]],
    "Find the cause of these alerts": [[PODS], [ROLLBACK], CAUSE],
    "checkout-webhook": [[FUNCTION], TIMED_OUT],
    # A follow-up's opening holds the earlier question, and the first key that fits wins.
    "database": [
        [HOSTS],
        conclude(
            status="LIKELY",
            summary="Yes: the newest revision of cart brought it.",
            object="prod-eu/deployment/shop/cart",
            cause="bad_rollout",
            category="change",
            hypotheses=[],
        ),
    ],
    "killed": [[PODS], ANSWER],
    "twice": [[PODS], ANSWER],
    "stopped": [[PODS], ANSWER],
    "rated": [[PODS], ANSWER],
    "failing in shop": [[PODS, LOGS], ANSWER],
}


def run_tour(home: Path) -> int:
    """Walk through every step; return 0 when each ended as it should."""
    outcomes: dict[str, str] = {}
    with ExitStack() as stack:
        aws = stack.enter_context(AwsApart("shop_down"))
        lab = stack.enter_context(
            Lab("two_clusters", home=home, brain=ScriptedBrain(questions=SCRIPT))
        )
        lab.declare(accounts=aws.registry())
        operations.agree_with_alert(lab)
        quick = {
            "NIGHTDESK_HTTP_PORT": "0",
            "NIGHTDESK_LEASE_S": "3",
            "NIGHTDESK_SWEEP_S": "1",
            "NIGHTDESK_POLICY": str(_policy(home)),
        }
        installation = stack.enter_context(
            Installation(lab.environment() | aws.environment() | quick, logs=home / "logs")
        )
        up = installation.start("up")
        up.wait_until_said("listener_ready", within_s=UP_WITHIN_S)
        chat = Chat(lab.slack, patience_s=PATIENCE_S)
        stage = Stage(lab=lab, chat=chat, installation=installation, up=up)
        for name, step in STEPS.items():
            outcomes[name] = _outcome(step, stage, name)
    passed = all(outcome == "ok" for outcome in outcomes.values())
    sys.stdout.write(json.dumps({"passed": passed, "outcomes": outcomes}) + "\n")
    return 0 if passed else 1


def _policy(home: Path) -> Path:
    """Write the demo's policy, with a wait that a tour can see the end of."""
    policy = yaml.safe_load(DEMO_POLICY.read_text(encoding="utf-8"))
    policy["limits"]["oncall_wait_s"] = ONCALL_WAIT_S
    written = home / "policy.yaml"
    written.write_text(yaml.safe_dump(policy), encoding="utf-8")
    return written


def _outcome(step: Callable[[Stage], None], stage: Stage, name: str) -> str:
    sys.stdout.write(f"\n=== {name.replace('_', ' ')}\n")
    started = time.monotonic()
    try:
        step(stage)
    except (AssertionError, TimeoutError) as error:
        sys.stdout.write(f"--- FAILED: {error}\n")
        return f"failed: {str(error)[:200]}"
    sys.stdout.write(f"--- ok, {time.monotonic() - started:.1f} s\n")
    return "ok"


def a_question_gets_an_evidenced_answer(stage: Stage) -> None:
    say("ana", "@nightdesk what is failing in shop?")
    question, card = stage.chat.asked_and_answered("what is failing in shop?")
    expect(card, "CrashLoopBackOff", "kubectl get pods -n shop", "prod-eu/shop", "Checked:")
    say("ana", "could it be the database?")
    stage.lab.slack.as_user("ana").reply(question, "could it be the database?")
    second = stage.chat.answer("#oncall", question.ts, number=2)
    expect(second, "newest revision")


def a_typed_command_needs_no_model(stage: Stage) -> None:
    say("ana", "@nightdesk kubectl get pods -n shop")
    question = stage.chat.ask("kubectl get pods -n shop")
    expect(stage.chat.wait_for_words("#oncall", question.ts, "CrashLoopBackOff"))


def a_secret_is_refused(stage: Stage) -> None:
    say("ana", "@nightdesk kubectl get secrets -n shop -o yaml")
    question = stage.chat.ask("kubectl get secrets -n shop -o yaml")
    expect(stage.chat.wait_for_words("#oncall", question.ts, "R20"))
    if stage.lab.kubernetes["prod-eu"].requests(containing="/secrets"):
        raise AssertionError("secrets were asked for")


def an_aws_account_is_read(stage: Stage) -> None:
    say("ana", "@nightdesk why does checkout-webhook fail?")
    _, card = stage.chat.asked_and_answered("why does checkout-webhook fail?")
    expect(card, "aws function checkout-webhook", "shop-prod/eu-central-1")


def an_unclear_scope_is_asked_back(stage: Stage) -> None:
    say("ana", "@nightdesk what is failing in shop? (in #payments, which has no cluster)")
    question = stage.chat.ask("what is failing in shop?", channel="#payments")
    picker = stage.chat.wait_for_words("#payments", question.ts, "prod-us")
    say(picker.author, as_read(picker))
    stage.lab.slack.as_user("ana").click(picker.ts, picker.action_ids[0], value="prod-eu")
    expect(stage.chat.answer("#payments", question.ts), "prod-eu")


def a_guest_is_refused(stage: Stage) -> None:
    say("gus (guest)", "@nightdesk what is failing?")
    stage.chat.ask("what is failing?", who="gus", channel="#payments")
    expect(stage.lab.slack.wait_for_ephemeral("gus", timeout_s=PATIENCE_S))


def feedback_is_taken(stage: Stage) -> None:
    _, card = stage.chat.asked_and_answered("what is failing in shop, rated?")
    bad = next(
        element["negative_button"]["value"]
        for block in card.blocks
        for element in block.get("elements", [])
        if element.get("action_id") == RATE
    )
    say("ana", "👎")
    stage.lab.slack.as_user("ana").click(card.ts, RATE, value=bad)
    expect(stage.lab.slack.wait_for_ephemeral("ana", contains="wrong", timeout_s=PATIENCE_S))


def a_lost_acknowledgement_answers_once(stage: Stage) -> None:
    stage.lab.slack.faults.duplicate_events()
    say("lab", "Slack delivers the next question twice")
    question, _ = stage.chat.asked_and_answered("asked twice by Slack: what is failing in shop?")
    stage.lab.slack.faults.clear()
    stage.lab.slack.wait_until_delivered(timeout_s=PATIENCE_S)
    if len(stage.chat.answers("#oncall", question.ts)) != 1:
        raise AssertionError("answered more than once")
    say("lab", "there is one answer")


def a_killed_worker_is_replaced(stage: Stage) -> None:
    model = stage.model
    model.outage(held(after_events=1), skip=1, question="killed")
    question = stage.chat.ask("killed in the middle: what is failing in shop?")
    model.wait_until(lambda turns: any(one.outcome is Outcome.HELD for one in turns))
    workers = [
        child
        for child in psutil.Process(stage.up.popen.pid).children(recursive=True)
        if "investigator" in child.cmdline()
    ]
    say("lab", f"kills {len(workers)} workers in the middle of the answer")
    for worker in workers:
        worker.kill()
    model.release()
    model.recover()
    expect(stage.chat.answer("#oncall", question.ts), "CrashLoopBackOff")
    if len(stage.chat.answers("#oncall", question.ts)) != 1:
        raise AssertionError("answered more than once")


def a_person_stops_a_run(stage: Stage) -> None:
    model = stage.model
    model.outage(held(after_events=1), question="stopped")
    question = stage.chat.ask("to be stopped: what is failing in shop?")
    model.wait_until(lambda turns: any(one.outcome is Outcome.HELD for one in turns))
    say("ana", "stop")
    stage.lab.slack.as_user("ana").reply(question, "stop")
    expect(stage.chat.wait_for_words("#oncall", question.ts, "Stopped"))
    model.release()
    model.recover()


def without_the_model_rules_answer(stage: Stage) -> None:
    model = stage.model
    model.outage(overloaded(), times=None)
    say("ana", "@nightdesk was ist kaputt in shop?")
    _, card = stage.chat.asked_and_answered("was ist kaputt in shop?")
    model.recover()
    expect(card, "cart", "answered by rules")


STEPS: dict[str, Callable[[Stage], None]] = {
    step.__name__: step
    for step in (
        # It expires while the others are looked at.
        operations.an_operation_is_asked_for_and_nobody_answers,
        a_question_gets_an_evidenced_answer,
        a_typed_command_needs_no_model,
        a_secret_is_refused,
        an_aws_account_is_read,
        an_unclear_scope_is_asked_back,
        a_guest_is_refused,
        feedback_is_taken,
        a_lost_acknowledgement_answers_once,
        a_person_stops_a_run,
        a_killed_worker_is_replaced,
        without_the_model_rules_answer,
        operations.an_alert_ends_in_a_proposal,
        operations.an_outsider_cannot_approve,
        operations.on_call_and_then_a_manager_approve,
        operations.it_is_executed_once,
        operations.the_rollback_is_verified,
        operations.a_person_denies_one_and_says_why,
        operations.one_that_does_not_help_is_undone,
        operations.the_one_nobody_answered_expires,
        operations.the_audit_holds_all_of_it,
    )
}
