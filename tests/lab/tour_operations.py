"""The tour's third journey: an alert ends in a rollback that two people approve, and what else
becomes of operations: one is refused, one expires, one is undone.

Names of actions are known as their cards are: an alert's proposal is found in the incident's
thread, an order's by what its requester is told.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from bot.adapters.slack.actions import DENIAL_VIEW, OPERATION_APPROVE, OPERATION_DENY
from bot.adapters.slack.blocks.approval.views import REASON
from tests.lab.estate.rollouts import PROGRESS_DEADLINE_S
from tests.lab.page_server import alert_message, resolved_message
from tests.lab.slack.seed import ANA
from tests.lab.tour_stage import PATIENCE_S, Stage, as_read, expect, say
from tests.lab.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.lab.estate.store import SimulatedCluster
    from tests.lab.lab import Lab
    from tests.lab.slack.reading import Seen

SETTLES_WITHIN_S = 180.0
"""A rollback has to hold for a minute before it counts; a signal may take two more."""
EXPIRES_WITHIN_S = 150.0
"""The tour's policy waits a minute for the first approval, from the tour's first step on."""
LEFT_ALONE = "run cronjob_suspend cart-cleanup -n shop cluster=prod-us resume_after_hours=4"
DENIED = "run scale_up deployment/checkout replicas=3 -n shop cluster=prod-us"
UNDONE = "run rollout_restart deployment/checkout -n shop cluster=prod-us"
WHY_NOT = "Two are plenty: the queue is empty."
UNANSWERED = "waits for a yes of the on-call tier"
ENDS = {
    "cronjob_suspend": "expired",
    "rollout_undo": "succeeded",
    "scale_up": "rejected",
    "rollout_restart": "rolled_back",
}
"""What becomes of each operation of the tour, as the audit says it."""
ALERT_NAME = "KubePodCrashLooping"
FIRES_AFTER_S = 600
_ORDERED = re.compile(r"\bA\d+\b(?= is being planned)")
_LABEL = re.compile(r"\bA\d+\b")


def an_operation_is_asked_for_and_nobody_answers(stage: Stage) -> None:
    label = _order(stage, LEFT_ALONE, who="tom")
    expect(_card(stage, label, UNANSWERED), "cronjob suspend", "prod-us/CronJob/shop/cart-cleanup")


def an_alert_ends_in_a_proposal(stage: Stage) -> None:
    slack = stage.lab.slack
    root = slack.post_as_app(alert_message())
    say("Alertmanager", as_read(root))
    verdict = stage.chat.wait_for_words("#alerts", root.ts, "Ruled out")
    expect(verdict, "cart", "does not resolve")
    card = stage.chat.wait_for_words("#alerts", root.ts, UNANSWERED)
    expect(card, "T2", "rollout undo", "prod-eu/Deployment/shop/cart", "revision: 28 → 27")
    if len(stage.chat.answers("#alerts", root.ts)) != 1:
        raise AssertionError("more than one verdict in the incident's thread")


def an_outsider_cannot_approve(stage: Stage) -> None:
    card = _proposed(stage)
    say("tom", "[Approve]")
    stage.lab.slack.as_user("tom").click(card.ts, OPERATION_APPROVE)
    told = stage.lab.slack.wait_for_ephemeral(
        "tom", contains="ask somebody of oncall", timeout_s=PATIENCE_S
    )
    expect(told)
    if _proposed(stage).words != card.words:
        raise AssertionError("the card changed by a click of somebody who has no say")


def on_call_and_then_a_manager_approve(stage: Stage) -> None:
    slack, card = stage.lab.slack, _proposed(stage)
    label = _label(card)
    say("ana", "[Approve]")
    slack.as_user("ana").click(card.ts, OPERATION_APPROVE)
    waiting = _card(stage, label, "waits for a yes of the manager tier")
    expect(waiting, f"<@{ANA}> (on-call tier)")
    say("marta", "[Approve]")
    slack.as_user("marta").click(waiting.ts, OPERATION_APPROVE)
    approved = _card(stage, label, "(manager tier)")
    if OPERATION_APPROVE in approved.action_ids:
        raise AssertionError("an approved action still has its button")
    say(approved.author, as_read(approved))


def it_is_executed_once(stage: Stage) -> None:
    cluster = stage.lab.world.cluster("prod-eu")
    eventually(lambda: is_whole(cluster, "cart"), "cart's pods ready", within_s=PATIENCE_S)
    # As a monitor does once what it told of is over.
    stage.lab.slack.post_as_app(resolved_message())
    sent = _writes(stage, "prod-eu")
    say("API server of prod-eu", "\n".join(sent))
    if sent != ["PATCH /apis/apps/v1/namespaces/shop/deployments/cart"]:
        raise AssertionError(f"there should be one write, and there are {len(sent)}")


def the_rollback_is_verified(stage: Stage) -> None:
    label = _label(_of_incident(stage))
    card = _card(stage, label, "it is done", within_s=SETTLES_WITHIN_S)
    expect(card, "4 of 4 pods updated", "The incident's signal has fallen silent")
    question = stage.chat.ask("kubectl get pods -n shop")
    expect(stage.chat.wait_for_words("#oncall", question.ts, "Running"))


def a_person_denies_one_and_says_why(stage: Stage) -> None:
    slack = stage.lab.slack
    label = _order(stage, DENIED, who="tom")
    card = _card(stage, label, UNANSWERED)
    say("ana", f"[Deny] {WHY_NOT}")
    slack.as_user("ana").click(card.ts, OPERATION_DENY)
    form = slack.wait_for_view("ana", callback_id=DENIAL_VIEW, timeout_s=PATIENCE_S)
    slack.as_user("ana").submit_view(form.id, {REASON: WHY_NOT})
    expect(_card(stage, label, "was denied"), WHY_NOT)
    if _writes(stage, "prod-us"):
        raise AssertionError("something was written all the same")


def one_that_does_not_help_is_undone(stage: Stage) -> None:
    cluster = stage.lab.world.cluster("prod-us")
    before = cluster.get("Deployment", "checkout", "shop")
    template = before["spec"]["template"]
    crash = {"is": "crash_loop", "exit_code": 1}
    cluster.behaviours.note(before, template["spec"], given={}, state=crash)
    label = _order(stage, UNDONE, who="marta")
    card = _card(stage, label, UNANSWERED)
    say("ana", "[Approve]")
    stage.lab.slack.as_user("ana").click(card.ts, OPERATION_APPROVE)
    eventually(lambda: _crashes(cluster), "a new pod crashing", within_s=PATIENCE_S)
    say("lab", f"the new pods crash; {PROGRESS_DEADLINE_S // 60} minutes pass")
    stage.lab.clock.advance(PROGRESS_DEADLINE_S + 1)
    expect(_card(stage, label, "was undone"), "has timed out progressing", "changed back")
    eventually(lambda: is_whole(cluster, "checkout"), "checkout as before", within_s=PATIENCE_S)
    if cluster.get("Deployment", "checkout", "shop")["spec"]["template"] != template:
        raise AssertionError("the template is not as it was before")


def the_one_nobody_answered_expires(stage: Stage) -> None:
    card = _until(stage, lambda one: "ran out of time" in one.words, within_s=EXPIRES_WITHIN_S)
    expect(card, "cronjob suspend", "it was not run")
    job = stage.lab.world.cluster("prod-us").get("CronJob", "cart-cleanup", "shop")
    if job["spec"].get("suspend"):
        raise AssertionError("it was suspended all the same")


def the_audit_holds_all_of_it(stage: Stage) -> None:
    outcomes = [_audited(stage, "show", f"A{number}")[0] for number in range(1, len(ENDS) + 1)]
    say("$ nightdesk audit show A1 … ", "\n".join(outcomes))
    found = dict(line.split(" ", 1)[1].split(": ") for line in outcomes)
    if found != ENDS:
        raise AssertionError(f"they should have ended as {ENDS}")
    say("$ nightdesk audit verify", "\n".join(_audited(stage, "verify")))


def _audited(stage: Stage, *words: str) -> list[str]:
    """Run `nightdesk audit` and return the lines of its answer; fail if it is not satisfied."""
    done = stage.installation.run("audit", *words)
    if done.returncode != 0:
        raise AssertionError(f"it ended with status {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout.splitlines()


def agree_with_alert(lab: Lab) -> None:
    """Let Prometheus fire what the alert's message tells, as where such a message comes from.

    cart has been ill for 12 minutes, and the rule waits for 15 as it is shipped.
    """
    for server in lab.metrics.values():
        for rule in server.rules:
            if rule["name"] == ALERT_NAME:
                rule["for_s"] = FIRES_AFTER_S


def is_whole(cluster: SimulatedCluster, name: str, namespace: str = "shop") -> bool:
    """Tell whether a deployment has all its pods, new and ready, and no others."""
    found = cluster.peek("deployments.apps", namespace, name)
    if found is None:
        return False
    wanted, status = found["spec"]["replicas"], found["status"]
    counts = ("replicas", "updatedReplicas", "availableReplicas")
    return all(status.get(count, 0) == wanted for count in counts)


def _order(stage: Stage, words: str, *, who: str) -> str:
    """Ask for an operation; return its short name."""
    slack = stage.lab.slack
    before = len(slack.ephemerals(who))
    say(who, f"/nightdesk {words}")
    slack.as_user(who).slash("/nightdesk", words)

    def look() -> str | None:
        told = (_ORDERED.search(one.words) for one in slack.ephemerals(who)[before:])
        return next((found[0] for found in told if found), None)

    return slack.wait_for(look, timeout_s=PATIENCE_S, what=f"an answer to {words!r}")


def _card(stage: Stage, label: str, words: str, *, within_s: float = PATIENCE_S) -> Seen:
    """Return the card of an action once it has these words."""
    named = re.compile(rf"\b{label}\b")
    return _until(
        stage, lambda one: words in one.words and bool(named.search(one.words)), within_s=within_s
    )


def _until(stage: Stage, fits: Callable[[Seen], bool], *, within_s: float = PATIENCE_S) -> Seen:
    slack = stage.lab.slack

    def look() -> Seen | None:
        seen = (one for room in ("#oncall", "#alerts") for one in slack.messages(room))
        return next((one for one in seen if one.by_bot and fits(one)), None)

    return slack.wait_for(look, timeout_s=within_s, what="an action's card")


def _of_incident(stage: Stage) -> Seen:
    return _until(stage, lambda one: "· prod · rollout undo" in one.words)


def _proposed(stage: Stage) -> Seen:
    """Return the card of the incident's proposal while somebody can decide it."""
    card = _of_incident(stage)
    if OPERATION_APPROVE not in card.action_ids:
        raise AssertionError(f"it cannot be decided: {card.words}")
    return card


def _label(card: Seen) -> str:
    found = _LABEL.search(card.words)
    if found is None:
        raise AssertionError(f"the card names no action: {card.words}")
    return found[0]


def _writes(stage: Stage, cluster: str) -> list[str]:
    """Return the changing requests a cluster had, dry runs left out."""
    return [f"{one.method} {one.path}" for one in stage.lab.kubernetes[cluster].writes()]


def _crashes(cluster: SimulatedCluster) -> bool:
    return any(_waits(pod) for pod in cluster.listed("pods", "shop"))


def _waits(pod: dict[str, Any]) -> bool:
    return pod["metadata"]["name"].startswith("checkout-") and any(
        one["state"].get("waiting", {}).get("reason") == "CrashLoopBackOff"
        for one in pod["status"].get("containerStatuses", ())
    )
