"""AWS in the question journey: a model reads a cluster, metrics and an account for one answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.adapters.clock import SystemClock
from bot.adapters.redis_server import EmbeddedRedis
from tests.flows.conftest import QUICK
from tests.flows.test_question import PODS, verdict
from tests.lab.aws.server import AwsLab
from tests.lab.chat import Chat
from tests.lab.installation import Installation
from tests.lab.lab import Lab
from tests.lab.model.brains import ScriptedBrain, call

if TYPE_CHECKING:
    from collections.abc import Iterator

RATE = 'sum by (service) (rate(http_requests_total{namespace="shop"}[5m]))'
QUESTION = "why does checkout-webhook fail, and is shop well?"


@pytest.fixture(scope="module")
def chat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Chat, Lab]]:
    home = tmp_path_factory.mktemp("aws")
    script = ScriptedBrain(
        [
            [
                PODS,
                call("promql", query=RATE, minutes=60),
                call("aws_function", name="checkout-webhook"),
                call("aws_read", service="secretsmanager", operation="get_secret_value"),
            ],
            # Which of the parallel reads is E1 depends on which was first.
            verdict("cart crashes and the function fails [E1] [E2] [E3].", status="LIKELY"),
        ]
    )
    with (
        AwsLab("shop_down") as aws,
        Lab("crash_loop", home=home, brain=script) as lab,
        EmbeddedRedis(home / "redis", clock=SystemClock()) as redis,
        Installation(
            lab.environment()
            | QUICK
            | {
                "REDIS_URL": redis.url,
                "AWS_ACCESS_KEY_ID": aws.own_session().get_credentials().access_key,
                "AWS_SECRET_ACCESS_KEY": aws.own_session().get_credentials().secret_key,
                **{
                    f"EXTERNAL_ID_{number}": connection.external_id or ""
                    for number, connection in enumerate(aws.connections())
                },
            },
            logs=home / "logs",
        ) as installation,
    ):
        lab.declare(
            accounts=[
                {
                    "name": connection.account.name,
                    "account_id": connection.account.account_id,
                    "environment": connection.account.environment,
                    "regions": list(connection.account.regions),
                    "aliases": list(connection.account.aliases),
                    "role_arn": connection.role_arn,
                    "external_id_env": f"EXTERNAL_ID_{number}",
                    "endpoint_url": connection.endpoint_url,
                }
                for number, connection in enumerate(aws.connections())
            ]
        )
        upgraded = installation.run("db", "upgrade")
        assert upgraded.returncode == 0, upgraded.stderr
        listener = installation.start("listener")
        worker = installation.start("investigator")
        listener.wait_until_said("listener_ready")
        worker.wait_until_said("worker_started")
        yield Chat(lab.slack, patience_s=30), lab


def test_one_answer_cites_cluster_metrics_and_account_with_their_places(
    chat: tuple[Chat, Lab],
) -> None:
    people, lab = chat
    _, card = people.asked_and_answered(QUESTION)
    assert "prod-eu/shop" in card.words
    assert "promql --last=1h" in card.words
    assert "aws_function" in card.words
    assert "data_visualization" in str(card.blocks)
    assert lab.model is not None
    told = str(lab.model.turns()[-1].request.body["messages"])
    assert "B4" in told
    assert "canary" not in told
