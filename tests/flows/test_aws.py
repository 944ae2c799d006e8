"""AWS in the question journey: a model reads a cluster, metrics and an account for one answer."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect, sync_playwright

from bot.adapters.clock import SystemClock
from bot.adapters.redis_server import EmbeddedRedis
from tests.flows.conftest import QUICK
from tests.flows.demo_page.conftest import BANNER, FLAGS
from tests.flows.test_question import PODS, verdict
from tests.lab.aws.server import AwsLab
from tests.lab.chat import Chat
from tests.lab.installation import Installation
from tests.lab.lab import Lab
from tests.lab.model.brains import ScriptedBrain, call
from tests.lab.model.caching import prompt_tokens
from tests.lab.page_server import DemoPage

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
                call("aws", read="function", params={"name": "checkout-webhook"}),
                call("aws", read="secretsmanager.get_secret_value"),
            ],
            # Which of the parallel reads is E1 depends on which was first.
            verdict("cart crashes and the function fails [E1] [E2] [E3].", status="LIKELY"),
        ]
    )
    with (
        AwsLab("shop_down") as aws,
        Lab("two_clusters", home=home, brain=script) as lab,
        EmbeddedRedis(home / "redis", clock=SystemClock()) as redis,
        Installation(
            lab.environment() | QUICK | {"REDIS_URL": redis.url} | aws.environment(),
            logs=home / "logs",
        ) as installation,
    ):
        lab.declare(accounts=aws.registry())
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
    assert "aws function checkout-webhook" in card.words
    assert "data_visualization" in str(card.blocks)
    assert lab.model is not None
    told = str(lab.model.turns()[-1].request.body["messages"])
    assert "B4" in told
    assert "canary" not in told


def test_the_first_request_stays_small_with_three_clusters_metrics_and_accounts(
    chat: tuple[Chat, Lab],
) -> None:
    people, lab = chat
    assert lab.model is not None
    if not lab.model.turns():
        people.asked_and_answered(QUESTION)
    assert len(lab.kubernetes) == 3
    first = lab.model.turns()[0].request
    names = {tool["name"] for tool in first.body["tools"]}
    assert {"aws", "find_metrics", "kubectl", "promql", "search_evidence", "what_changed"} <= names
    assert "propose_operation" in names
    assert "shop-prod (eu-central-1, eu-west-1), shop-staging (eu-central-1)" in str(first.messages)
    assert prompt_tokens(first) <= 4_000


def test_the_answer_from_three_sources_is_drawn_on_the_page_with_its_chart(
    chat: tuple[Chat, Lab],
) -> None:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("chromium is not installed; .ci/run installs Debian's")
    people, lab = chat
    assert lab.model is not None
    if not lab.model.turns():
        people.asked_and_answered(QUESTION)
    with DemoPage(lab.slack, banner=BANNER, samples=[]) as demo, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        page = browser.new_page()
        page.goto(demo.url)
        page.get_by_text("1 reply").first.click()
        replies = page.locator("#replies")
        expect(replies.locator(".chart svg")).to_be_visible()
        for place in ("prod-eu/shop", "shop-prod/eu-central-1", "promql --last=1h", "aws function"):
            expect(replies).to_contain_text(place)
        browser.close()
