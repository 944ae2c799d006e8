"""No secret that a person types or a pod logs reaches the store, the model, Slack or a log."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest

from tests.flows.test_question import PODS, verdict
from tests.lab.installation import Installation
from tests.lab.model.brains import call

if TYPE_CHECKING:
    from tests.flows.conftest import Running

TYPED = "xoxb-" + "1234567890-1234567890123-AbCdEfGhIjKlMnOpQrStUvWx"
LOGGED = "AKIA" + "QX7TRM2ZL9WKBN4D"


def everything_stored(running: Running) -> str:
    """The whole database as text."""
    home = running.lab.home / "state"
    with sqlite3.connect(home / "nightdesk.db") as connection:
        return "\n".join(connection.iterdump())


def logs_of_storefront(running: Running, *lines: str) -> str:
    """Let a pod have said these lines; return its name."""
    cluster = running.lab.world.cluster("prod-eu")
    pod = next(
        str(item["metadata"]["name"])
        for item in cluster.listed("pods", "shop")
        if item["metadata"]["name"].startswith("storefront")
    )
    now = running.lab.clock.now()
    said = [(now - ago, line) for ago, line in enumerate(reversed(lines))]
    cluster.set_logs("shop", pod, "storefront", said[::-1])
    return pod


def test_a_secret_in_a_question_stays_with_the_person(running: Running) -> None:
    running.script(token=[[PODS], verdict(f"It uses {TYPED} [E1].")])
    question, card = running.chat.asked_and_answered(f"why does the token {TYPED} fail in shop?")
    assert TYPED not in card.words
    assert "secret:slack" in card.words
    assert running.lab.model is not None
    assert not running.lab.model.was_sent(TYPED)
    assert TYPED not in everything_stored(running)
    assert TYPED not in running.listener.said() + running.investigator.said()
    assert question.ts


def test_a_secret_in_a_log_line_is_masked_before_it_is_kept(running: Running) -> None:
    pod = logs_of_storefront(running, f"aws_access_key_id={LOGGED} loaded", "up")
    running.script(
        storefront=[
            [call("kubectl", command=f"kubectl logs {pod} -n shop")],
            verdict("It is up [E1].", status="HEALTHY", cause="none", object=None),
        ]
    )
    _, card = running.chat.asked_and_answered("what does storefront say?")
    assert LOGGED not in card.words
    assert running.lab.model is not None
    assert not running.lab.model.was_sent(LOGGED)
    assert "loaded" in everything_stored(running)
    assert LOGGED not in everything_stored(running)


@pytest.mark.parametrize(("wanted", "is_shown"), [("false", True), ("true", False)])
def test_personal_particulars_are_hidden_where_the_installation_asks_for_it(
    running: Running, wanted: str, is_shown: bool
) -> None:
    pod = logs_of_storefront(running, "order of jane.doe@example.org", "up")
    environment = running.installation.environment | {"NIGHTDESK_REDACT_PERSONAL": wanted}
    here = Installation(environment, logs=running.lab.home / "logs")
    ended = here.run("ask", "--cluster", "prod-eu", f"kubectl logs {pod} -n shop")
    assert "order of " in ended.stdout
    assert ("jane.doe" in ended.stdout) is is_shown
    assert ("secret:email" in ended.stdout) is not is_shown
