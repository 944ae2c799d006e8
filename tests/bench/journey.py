"""The whole product beside the lab: how soon a person sees something, and what it costs to run.

Every process is started by `nightdesk up`, as on one machine; memory is what each of them holds
when nobody asks anything.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from bot.adapters.slack.actions import OPERATION_APPROVE
from tests.bench.rows import Goal, Row
from tests.bench.sampling import Sample
from tests.lab.aws.server import AwsLab
from tests.lab.chat import Chat
from tests.lab.installation import Installation
from tests.lab.lab import Lab
from tests.lab.model.brains import Scripted, ScriptedBrain, call, conclude
from tests.lab.model.caching import prompt_tokens
from tests.lab.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.lab.installation import Process
    from tests.lab.slack.reading import Seen

QUESTIONS = 20
PAUSE_S = 2.4
"""Between questions asked at leisure: each sets the session's status twice, and Slack allows
that fifty times a minute. Without a pause the limit is what is measured, in a row of its own."""
IN_A_ROW = 15
COMMAND = "kubectl get deployments -n shop"
OPERATION = "run cronjob_suspend cart-cleanup -n shop cluster=prod-us resume_after_hours=4"
PATIENCE_S = 30.0
ROLES = ("listener", "investigator", "operator", "cron")
WORKERS = 2
IDLE_S = 1.0
UP_WITHIN_S = 60.0
MIB = 1024 * 1024

ANSWER: list[Scripted] = [
    [
        call("kubectl", command="kubectl get pods -n shop"),
        call("kubectl", command="kubectl logs deployment/cart -n shop --previous --tail=40"),
    ],
    conclude(
        status="CONFIRMED",
        summary="cart is in CrashLoopBackOff [E1].",
        object="prod-eu/deployment/shop/cart",
        cause="application_crash",
        category="application",
        hypotheses=[],
    ),
]


def measure() -> list[Row]:
    """Return latencies and memory of one installation."""
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="nd-bench-")))
        brain = ScriptedBrain(questions={"failing": ANSWER})
        aws = stack.enter_context(AwsLab("shop_down"))
        lab = stack.enter_context(Lab("two_clusters", home=home, brain=brain))
        lab.declare(accounts=aws.registry())
        environment = (
            lab.environment()
            | aws.environment()
            | {
                "NIGHTDESK_HTTP_PORT": "0",
                "NIGHTDESK_QUESTION_WORKERS": str(WORKERS),
            }
        )
        installation = stack.enter_context(Installation(environment, logs=home / "logs"))
        up = installation.start("up")
        _until_up(up)
        chat = Chat(lab.slack, patience_s=PATIENCE_S)
        started = _memory(up)
        try:
            model_answer_s = _first_answer_s(chat)
            answered = _memory(up)
            tokens = _first_request_tokens(lab)
            status, command = _asked(chat, times=QUESTIONS, pause_s=PAUSE_S)
            _, hurried = _asked(chat, times=IN_A_ROW, pause_s=0.0, with_status=False)
            _operate(lab)
            operated = _memory(up)
        except TimeoutError as error:
            # The log goes with the directory it is in.
            raise RuntimeError(f"{error}; the product said: {up.said()[-4000:]}") from error
    return [
        _status_row(status),
        *_command_rows("typed command to closed card", command, note=f"every {PAUSE_S:g} s"),
        *_command_rows(
            "typed command, one after the other",
            hurried,
            note="courtesy calls are left out where Slack's budget is spent",
        ),
        Row(
            name="first question of a worker, model scripted",
            value=model_answer_s,
            unit="s",
            note="with the pause for a burst, 1 s, and the SDK's import",
        ),
        Row(
            name="first request of a question",
            value=tokens,
            unit="tokens",
            goal=Goal(at_most=4_000),
            note="an estimate, four characters each; three clusters, metrics, two AWS accounts",
        ),
        *_memory_rows("started", started),
        *_memory_rows("after answers", answered),
        *_memory_rows("after an operation", operated, roles=("operator",)),
    ]


def _until_up(up: Process) -> None:
    up.wait_until_said("listener_ready", within_s=UP_WITHIN_S)
    for event, times in (("worker_started", WORKERS + 4), ("cron_started", 1)):
        eventually(partial(_has_said, up, event, times), event, within_s=UP_WITHIN_S)


def _has_said(up: Process, event: str, times: int) -> bool:
    return up.said().count(event) >= times


def _first_answer_s(chat: Chat) -> float:
    """Let a worker answer its first question with the model; return how long that took."""
    began = time.perf_counter()
    chat.asked_and_answered("what is failing in shop?")
    return time.perf_counter() - began


def _first_request_tokens(lab: Lab) -> int:
    if lab.model is None:
        raise RuntimeError("this lab has no model")
    return prompt_tokens(lab.model.turns()[0].request)


def _operate(lab: Lab) -> None:
    """Have the operator plan, run and verify an operation: it loads its client for the first."""
    lab.slack.as_user("tom").slash("/nightdesk", OPERATION)
    card = lab.slack.wait_for(
        lambda: next((one for one in _cards(lab) if OPERATION_APPROVE in one.action_ids), None),
        timeout_s=PATIENCE_S,
        what="a card to decide on",
    )
    lab.slack.as_user("ana").click(card.ts, OPERATION_APPROVE)
    lab.slack.wait_for(
        lambda: any("it is done" in one.words for one in _cards(lab)),
        timeout_s=PATIENCE_S,
        what="the operation done",
    )


def _cards(lab: Lab) -> list[Seen]:
    return [one for one in lab.slack.messages("#oncall") if one.by_bot and not one.thread_ts]


def _asked(
    chat: Chat, *, times: int, pause_s: float, with_status: bool = True
) -> tuple[Sample, Sample]:
    """Ask for the same table again and again; return times to the status and to the card.

    Faster than Slack takes courtesy calls there is no status to wait for.
    """
    status, card = Sample(), Sample()
    for _ in range(times):
        time.sleep(pause_s)
        began = time.perf_counter()
        question = chat.ask(COMMAND)
        if with_status:
            seen = partial(chat.slack.statuses, "#oncall", question.ts)
            chat.slack.wait_for(seen, what="a status")
            status.seconds.append(time.perf_counter() - began)
        shown = chat.answer("#oncall", question.ts)
        card.seconds.append(time.perf_counter() - began)
        if "checkout" not in str(shown.blocks):
            raise RuntimeError(f"the card holds no deployments: {shown.words}")
    return status, card


def _status_row(status: Sample) -> Row:
    return Row(
        name="status visible after a mention, p95",
        value=status.percentile_s(95),
        unit="s",
        goal=Goal(at_most=1),
        note=f"median {status.median_s:.3f} s",
    )


def _command_rows(name: str, command: Sample, *, note: str) -> list[Row]:
    return [
        Row(
            name=f"{name}, p{percent}",
            value=command.percentile_s(percent),
            unit="s",
            goal=Goal(at_most=1),
            note=note,
        )
        for percent in (50, 95)
    ]


def _memory(up: Process) -> dict[str, tuple[float, float]]:
    """Return resident and proportional set size by role, in MiB; the largest of its processes."""
    time.sleep(IDLE_S)
    found: dict[str, tuple[float, float]] = {}
    for child in psutil.Process(up.popen.pid).children(recursive=True):
        role = child.cmdline()[-1]
        if role in ROLES:
            held = child.memory_full_info()
            found[role] = max(found.get(role, (0.0, 0.0)), (held.rss / MIB, held.pss / MIB))
    missing = set(ROLES) - set(found)
    if missing:
        raise RuntimeError(f"no process of {', '.join(sorted(missing))} is running")
    return found


def _memory_rows(
    when: str, memory: dict[str, tuple[float, float]], *, roles: Sequence[str] = ROLES
) -> list[Row]:
    rows = []
    for role in roles:
        resident, shared = memory[role]
        yardstick = "anthropic" if role == "investigator" else "slack_bolt"
        bare = _resident_after_import(yardstick)
        rows.append(
            Row(
                name=f"idle memory, {role}, {when}",
                value=resident,
                unit="MiB",
                ratio=resident / bare,
                goal=Goal(at_most=120),
                note=f"to `import {yardstick}`, {bare:.0f} MiB; {shared:.0f} MiB proportional",
            )
        )
    return rows


def _resident_after_import(module: str) -> float:
    script = f"import {module}, psutil; print(psutil.Process().memory_info().rss)"
    finished = subprocess.run(  # noqa: S603 -- our own interpreter
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )
    return int(finished.stdout) / MIB
