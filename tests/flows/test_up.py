"""`nightdesk up`: a whole installation from one command, which leaves nothing behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psutil
import pytest

from tests.flows.crashing import CRASHING, PODS
from tests.lab.chat import Chat
from tests.lab.installation import Installation
from tests.lab.lab import Lab
from tests.lab.model.brains import ScriptedBrain
from tests.lab.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.lab.installation import Process

# Real processes start and die here; a busy machine takes its time over that.
pytestmark = pytest.mark.timeout(180)

PATIENCE_S = 30.0
ROLES = ("listener", "investigator", "alerts", "operator", "plans", "cron")


class OneCommand:
    """A lab, and `nightdesk up` with neither Redis nor database configured."""

    def __init__(self, lab: Lab, installation: Installation) -> None:
        self.lab = lab
        self.chat = Chat(lab.slack, patience_s=PATIENCE_S)
        self._installation = installation

    def start(self) -> Process:
        up = self._installation.start("up")
        up.wait_until_said("cron_started", within_s=PATIENCE_S)
        return up


@pytest.fixture(scope="module")
def command(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OneCommand]:
    home = tmp_path_factory.mktemp("up")
    brain = ScriptedBrain([PODS, CRASHING])
    settings = {
        "NIGHTDESK_HTTP_PORT": "0",
        "NIGHTDESK_BURST_S": "0",
        "NIGHTDESK_QUESTION_WORKERS": "1",
        "NIGHTDESK_OPERATORS": "1",
    }
    with (
        Lab("crash_loop", home=home, brain=brain) as lab,
        Installation(lab.environment() | settings, logs=home / "logs") as installation,
    ):
        yield OneCommand(lab, installation)


def test_up_answers_questions_restarts_what_dies_and_ends_with_all_it_started(
    command: OneCommand,
) -> None:
    up = command.start()
    command.chat.asked_and_answered("what is failing in shop?")
    family = family_of(up)
    assert [len(called(role, family)) for role in ROLES] == [1] * len(ROLES)
    assert any("redis-server" in one.name() for one in family)

    (victim,) = called("investigator", family)
    victim.kill()
    command.chat.asked_and_answered("and what is failing in shop now?")
    (heir,) = called("investigator", family_of(up))
    assert heir.pid != victim.pid

    family = family_of(up)
    up.popen.terminate()
    assert up.popen.wait(timeout=PATIENCE_S) == 0
    assert [one for one in family if is_alive(one)] == []


def test_up_killed_takes_every_child_with_it(command: OneCommand) -> None:
    up = command.start()
    family = family_of(up)
    assert len(family) == len(ROLES) + 1
    up.kill()
    eventually(
        lambda: not any(is_alive(one) for one in family), "no child is left", within_s=PATIENCE_S
    )


def test_up_says_what_is_missing_and_starts_nothing(command: OneCommand) -> None:
    environment = command.lab.environment()
    del environment["SLACK_BOT_TOKEN"]
    ended = Installation(environment, logs=command.lab.home / "none").run("up")
    assert ended.returncode == 2
    assert "SLACK_BOT_TOKEN is not set" in ended.stderr
    assert "child_started" not in ended.stderr


def family_of(process: Process) -> list[psutil.Process]:
    return psutil.Process(process.popen.pid).children(recursive=True)


def called(role: str, family: list[psutil.Process]) -> list[psutil.Process]:
    """Return the processes of a role; a worker of alerts or of plans ends with its lane."""
    return [one for one in family if one.cmdline()[-1:] == [role]]


def is_alive(process: psutil.Process) -> bool:
    """A child nobody reaped is as dead as any."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
