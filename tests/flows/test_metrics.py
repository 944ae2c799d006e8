"""Metrics in the question journey: typed PromQL, and a model that reads the cluster and metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.flows.test_question import PODS, verdict
from tests.lab.model.brains import call

if TYPE_CHECKING:
    from tests.flows.conftest import Running

RATE = 'sum by (service) (rate(http_requests_total{namespace="shop"}[5m]))'
EVERY_KIND = 'rate(http_requests_total{namespace="shop"}[5m])'


def test_a_typed_query_is_answered_with_a_chart_and_without_the_model(running: Running) -> None:
    assert running.lab.model is not None
    before = len(running.lab.model.requests())
    question = running.chat.ask(f"promql --last=1h {RATE}")
    shown = running.chat.wait_for_words("#oncall", question.ts, "http_requests_total")
    assert "data_visualization" in str(shown.blocks)
    assert "prod-eu" in shown.words
    assert len(running.lab.model.requests()) == before


def test_a_range_with_too_many_series_ends_in_a_picture_in_the_thread(running: Running) -> None:
    question, card = running.chat.asked_and_answered(f"promql --last=1h {EVERY_KIND}")
    assert "data_visualization" not in str(card.blocks)
    assert "a picture in this thread" in card.words

    def look() -> list[dict[str, object]]:
        said = running.chat.said_by_bot("#oncall", question.ts)
        return [file for seen in said for file in seen.files]

    (file,) = running.slack.wait_for(look, timeout_s=20, what="the picture")
    assert file["mimetype"] == "image/png"
    assert "http_requests_total" in str(file["alt_txt"])


def test_a_query_that_would_cost_too_much_is_refused_with_its_rule(running: Running) -> None:
    question = running.chat.ask('promql {__name__=~".+"}')
    assert "P1" in running.chat.wait_for_words("#oncall", question.ts, "P1").words


def test_one_answer_rests_on_the_cluster_and_on_metrics(running: Running) -> None:
    running.script(
        traffic=[
            [PODS, call("promql", query=RATE, minutes=60)],
            verdict("cart is in CrashLoopBackOff [E1]; requests were measured [E2]."),
        ]
    )
    _, card = running.chat.asked_and_answered("how is the traffic of shop?")
    assert "kubectl get pods -n shop" in card.words
    assert "promql --last=1h" in card.words
    assert "data_visualization" in str(card.blocks)
    assert "metrics @ prod-eu" not in card.words.partition("Not checked")[2]


def test_a_metrics_server_that_does_not_answer_is_named(running: Running) -> None:
    metrics = running.lab.metrics["prod-eu"]
    fault = metrics.fail(503)
    question = running.chat.ask(f"promql {RATE}")
    shown = running.chat.wait_for_words("#oncall", question.ts, "State:")
    fault.clear()
    assert "unreachable" in shown.words
