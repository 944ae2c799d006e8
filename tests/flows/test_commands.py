"""The command line as real processes: what it prints, where, and how it ends."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from bot.adapters.redis_server import find_server
from tests.lab.installation import Installation
from tests.lab.lab import Lab
from tests.lab.model.brains import ScriptedBrain, say
from tests.lab.model.outages import unauthorized

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator
    from pathlib import Path

    Ended = subprocess.CompletedProcess[str]

# Real processes start and die here; a busy machine takes its time over that.
pytestmark = pytest.mark.timeout(180)

COMMANDS = ("up", "listener", "investigator", "operator", "cron", "ask", "doctor", "db", "audit")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    brain = ScriptedBrain([say("ok")])
    with Lab("two_clusters", home=tmp_path_factory.mktemp("commands"), brain=brain) as lab:
        yield lab


@pytest.fixture(autouse=True)
def healed(lab: Lab) -> Iterator[None]:
    yield
    for cluster in lab.world.clusters.values():
        cluster.heal()
    lab.slack.revoke_token(error="")
    if lab.model is not None:
        lab.model.recover()


class Shell:
    """A person's shell: an environment, and commands run in it."""

    def __init__(self, environment: dict[str, str], logs: Path) -> None:
        self._environment = environment
        self._logs = logs

    def nightdesk(self, *command: str, **more: str | None) -> Ended:
        """Run one command; a variable that is None is not set."""
        wanted = self._environment | {k: v for k, v in more.items() if v is not None}
        for name, value in more.items():
            if value is None:
                wanted.pop(name, None)
        return Installation(wanted, logs=self._logs).run(*command)


@pytest.fixture
def with_kubeconfig(lab: Lab, tmp_path: Path) -> Shell:
    """Nothing but a kubeconfig: no Slack, no model, no Redis, no database."""
    return Shell({"KUBECONFIG": str(lab.kubeconfig), "NIGHTDESK_CLUSTER_TIMEOUT_S": "5"}, tmp_path)


@pytest.fixture
def installed(lab: Lab, tmp_path: Path) -> Shell:
    """The whole environment of an installation."""
    more = {"NIGHTDESK_HOME": str(tmp_path / "state"), "NIGHTDESK_CLUSTER_TIMEOUT_S": "4"}
    return Shell(lab.environment() | more, tmp_path)


def verdict_in(ended: Ended) -> dict[str, Any]:
    """Return the one JSON object on standard output."""
    (line,) = ended.stdout.splitlines()
    found = json.loads(line)
    assert isinstance(found, dict)
    return found


def test_a_typed_command_prints_what_the_cluster_says(with_kubeconfig: Shell) -> None:
    ended = with_kubeconfig.nightdesk("ask", "kubectl get deployments -n shop")
    assert ended.returncode == 0, ended.stderr
    assert "[prod-eu" in ended.stdout
    assert "checkout" in ended.stdout
    assert ended.stderr == ""


def test_json_prints_the_verdict_and_nothing_else(with_kubeconfig: Shell) -> None:
    ended = with_kubeconfig.nightdesk("ask", "--json", "what is failing in shop?")
    assert ended.returncode == 0, ended.stderr
    verdict = verdict_in(ended)
    assert verdict["answered_by"] == "rules"
    assert "cart" in verdict["summary"]
    assert verdict["evidence"]
    assert verdict["coverage"]["not_tried"]


def test_a_refused_command_says_which_rule_and_fails(with_kubeconfig: Shell) -> None:
    ended = with_kubeconfig.nightdesk("ask", "kubectl delete deployment cart -n shop")
    assert ended.returncode == 1
    assert "R" in ended.stdout
    assert "delete" in ended.stdout


def test_an_unknown_cluster_ends_with_2_and_the_known_ones(with_kubeconfig: Shell) -> None:
    ended = with_kubeconfig.nightdesk("ask", "what is failing?", "--cluster", "mars")
    assert ended.returncode == 2
    assert "no context 'mars'; it has: prod-eu, prod-us, staging" in ended.stderr
    assert ended.stdout == ""


def test_without_a_kubeconfig_it_ends_with_2_and_says_what_to_set(
    with_kubeconfig: Shell, tmp_path: Path
) -> None:
    missing = tmp_path / "missing"
    ended = with_kubeconfig.nightdesk("ask", "what is failing?", KUBECONFIG=str(missing))
    assert ended.returncode == 2
    assert "KUBECONFIG" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_cluster_that_hangs_is_named_as_unreachable(lab: Lab, with_kubeconfig: Shell) -> None:
    lab.world.cluster("prod-eu").hang()
    ended = with_kubeconfig.nightdesk(
        "ask", "--json", "kubectl get pods -n shop", NIGHTDESK_CLUSTER_TIMEOUT_S="1"
    )
    verdict = verdict_in(ended)
    assert verdict["status"] == "INCONCLUSIVE"
    (gap,) = verdict["coverage"]["unreachable"]
    assert "prod-eu" in gap["scope"]
    assert "Traceback" not in ended.stderr


def test_in_the_cluster_named_a_namespace_it_may_not_read_is_named_as_denied(
    lab: Lab, with_kubeconfig: Shell
) -> None:
    lab.world.cluster("prod-us").deny(resource="pods", namespace="payments")
    ended = with_kubeconfig.nightdesk(
        "ask", "--json", "kubectl get pods -n payments", "--cluster", "prod-us"
    )
    (gap,) = verdict_in(ended)["coverage"]["denied"]
    assert "prod-us/payments" in gap["scope"]


def test_a_namespace_that_does_not_exist_is_named(with_kubeconfig: Shell) -> None:
    ended = with_kubeconfig.nightdesk("ask", "kubectl get pods -n nowhere")
    assert "prod-eu has no namespace nowhere" in ended.stdout


def test_a_misspelt_variable_is_named_with_the_right_one(with_kubeconfig: Shell) -> None:
    ended = with_kubeconfig.nightdesk("ask", "what is failing?", NIGHTDESK_BURTS_S="1")
    assert ended.returncode == 2
    assert "NIGHTDESK_BURTS_S is not a setting: did you mean NIGHTDESK_BURST_S?" in ended.stderr


def test_wrong_and_missing_settings_are_one_list(with_kubeconfig: Shell) -> None:
    ended = with_kubeconfig.nightdesk("listener", KUBECONFIG=None)
    assert ended.returncode == 2
    assert "SLACK_BOT_TOKEN is not set" in ended.stderr
    assert "SLACK_APP_TOKEN" in ended.stderr
    assert "SLACK_SIGNING_SECRET" in ended.stderr
    wrong = with_kubeconfig.nightdesk(
        "listener", NIGHTDESK_HTTP_PORT="http", NIGHTDESK_LEASE_S="0", NIGHTDESK_MAX_TURNS="many"
    )
    assert wrong.returncode == 2
    for name in ("NIGHTDESK_HTTP_PORT", "NIGHTDESK_LEASE_S", "NIGHTDESK_MAX_TURNS"):
        assert f"{name} is wrong" in wrong.stderr
    assert "Traceback" not in wrong.stderr


def test_the_operator_may_not_hold_a_model_key(installed: Shell) -> None:
    ended = installed.nightdesk("operator")
    assert ended.returncode == 2
    assert "the operator may not hold a model key" in ended.stderr


def test_what_is_to_be_done_first_is_said_step_by_step(installed: Shell) -> None:
    for command in (("db", "current"), ("investigator",)):
        early = installed.nightdesk(*command)
        assert early.returncode == 2
        assert "run `nightdesk db upgrade`" in early.stderr
    assert installed.nightdesk("db", "upgrade").returncode == 0
    current = installed.nightdesk("db", "current")
    assert current.returncode == 0
    assert "The database is at this version's schema." in current.stdout
    without_redis = installed.nightdesk("investigator")
    assert without_redis.returncode == 2
    assert "REDIS_URL is not set: set it, or use `nightdesk up`" in without_redis.stderr


def test_a_home_that_cannot_be_made_is_named(installed: Shell, tmp_path: Path) -> None:
    in_the_way = tmp_path / "a file"
    in_the_way.touch()
    ended = installed.nightdesk("db", "upgrade", NIGHTDESK_HOME=str(in_the_way / "state"))
    assert ended.returncode == 2
    assert f"NIGHTDESK_HOME {in_the_way / 'state'} cannot be made" in ended.stderr
    assert "Traceback" not in ended.stderr


def checkups(ended: Ended) -> dict[str, dict[str, Any]]:
    rows = [json.loads(line) for line in ended.stdout.splitlines()]
    return {str(row["part"]): row for row in rows}


def test_the_doctor_finds_a_good_installation_well(installed: Shell) -> None:
    assert installed.nightdesk("db", "upgrade").returncode == 0
    ended = installed.nightdesk("doctor", "--json")
    found = checkups(ended)
    assert {part: row["health"] for part, row in found.items() if row["health"] == "failed"} == {}
    assert ended.returncode == 0
    assert {"Slack bot token", "Slack app token", "Slack scopes", "database", "redis", "model"} <= (
        found.keys()
    )
    assert {"cluster prod-eu", "cluster prod-us", "cluster staging"} <= found.keys()
    assert find_server().name in found["redis"]["found"]


def test_the_doctor_names_each_fault_and_what_to_do(lab: Lab, installed: Shell) -> None:
    assert lab.model is not None
    lab.model.outage(unauthorized(), times=None)
    lab.slack.revoke_token()
    lab.world.cluster("staging").hang()
    ended = installed.nightdesk("doctor", "--json", REDIS_URL="redis://127.0.0.1:1/0")
    found = checkups(ended)
    assert ended.returncode == 1
    faults = {part for part, row in found.items() if row["health"] == "failed"}
    assert faults == {"Slack bot token", "database", "redis", "model", "cluster staging"}
    assert all(found[part]["next_step"] for part in faults)
    assert "run `nightdesk db upgrade`" in found["database"]["next_step"]
    assert "Traceback" not in ended.stderr


def test_the_doctor_in_words_marks_what_failed(with_kubeconfig: Shell) -> None:
    ended = with_kubeconfig.nightdesk("doctor")
    assert ended.returncode == 1
    assert "FAILED   Slack bot token: not set" in ended.stdout
    assert "→ set SLACK_BOT_TOKEN" in ended.stdout
    assert "ok       " in ended.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(with_kubeconfig: Shell, command: str) -> None:
    ended = with_kubeconfig.nightdesk(command, "--help")
    assert ended.returncode == 0
    assert f"nightdesk {command}" in ended.stdout
    assert ended.stderr == ""


def test_the_help_names_every_command(with_kubeconfig: Shell) -> None:
    ended = with_kubeconfig.nightdesk("--help")
    assert ended.returncode == 0
    assert [one for one in COMMANDS if f"\n    {one} " not in ended.stdout] == []


def test_a_command_that_does_not_exist_ends_with_2(with_kubeconfig: Shell) -> None:
    ended = with_kubeconfig.nightdesk("destroy")
    assert ended.returncode == 2
    assert "invalid choice: 'destroy'" in ended.stderr
