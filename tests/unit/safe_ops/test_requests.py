"""Whether what a workload is asked for fits fewer pods: by what one pod was seen to serve."""

from __future__ import annotations

import pytest

from safe_ops.errors import RefusedError, UpstreamError
from safe_ops.operations.catalogue import CATALOGUE
from tests.unit.safe_ops.situations_workloads import FakeMetrics, Situation
from tests.unit.safe_ops.workload_estate import CART, PDB


def down(**metrics: object) -> Situation:
    return Situation("scale_down", metrics=FakeMetrics(**metrics))  # type: ignore[arg-type]


def said(here: Situation) -> str:
    (guard,) = [one for one in CATALOGUE["scale_down"].guards if one.name == "requests"]
    return guard.decide(here.case()).says


@pytest.mark.parametrize("when", ["requests", "requests_week_ago"])
@pytest.mark.parametrize(("share", "refused"), [(0.69, []), (0.71, ["requests"])])
def test_seventy_percent_of_what_a_pod_was_seen_to_serve_is_the_most_each_may_get(
    when: str, share: float, refused: list[str]
) -> None:
    # What three pods would get ten a second of each, four carry now.
    here = down(**{when: share * 10 * 3})
    assert here.refusals() == refused
    told = said(here)
    assert f"with 3 instead of 4 each pod would get {share * 10:.3g} requests/s" in told
    assert "the most one was seen to serve in a week is 10" in told
    assert "by http_requests_total" in told


def test_where_requests_fail_nothing_is_taken_away() -> None:
    here = down(failing=0.02)
    assert here.refusals() == ["requests"]
    assert said(here).startswith("2.0% of the requests of the last hour failed by http_requests")


def test_where_nobody_tells_failures_apart_the_rate_alone_decides() -> None:
    assert down(failing=None).refusals() == []


@pytest.mark.parametrize(
    ("metric", "missing"), [("requests", "last hour"), ("busiest", "served well in a week")]
)
def test_a_series_that_does_not_tell_enough_refuses(metric: str, missing: str) -> None:
    here = down(**{metric: None})
    assert here.refusals() == ["requests"]
    assert missing in said(here)


def test_a_series_younger_than_a_week_counts_as_far_as_it_goes() -> None:
    here = down(requests_week_ago=None)
    assert here.refusals() == []
    assert said(here).endswith("; none were counted a week ago")


def test_what_nothing_counts_is_let_through_and_the_card_says_so() -> None:
    here = down(counted_by="")
    assert here.refusals() == []
    assert "requests could not be compared" in said(here)
    assert "requests could not be compared" in here.drawing().notes[-1]
    assert not any("compared" in note for note in down().drawing().notes)


def test_metrics_that_do_not_answer_are_not_taken_for_no_requests() -> None:
    with pytest.raises(UpstreamError):
        down(silent=True).survey()


def test_where_everything_stops_no_requests_are_compared() -> None:
    here = down(requests=1000.0)
    here.asked["replicas"] = 0
    here.environment = "dev"
    del here.objects[PDB]
    assert here.refusals() == []
    assert here.drawing().notes == ()


def test_a_workload_without_pods_is_not_asked_about() -> None:
    here = down()
    here.objects[CART]["spec"]["replicas"] = 0
    assert here.metrics is not None
    with pytest.raises(RefusedError, match="would not be fewer"):
        here.drawing()
    assert not any("requests" in query for query in here.metrics.asked)


def test_the_first_metric_that_counts_is_asked_with_the_first_labels_that_find_it() -> None:
    here = down()
    assert here.metrics is not None
    here.survey()
    asked = [query for query in here.metrics.asked if "http_requests_total" in query]
    pods = 'namespace="shop",pod=~"cart-[a-z0-9]+-[a-z0-9]+"'
    assert asked[0].startswith(f"count(http_requests_total{{{pods}}}) * 0 + 0 or count(")
    assert 'count(http_requests_total{namespace="shop",service="cart"}) * 0 + 1' in asked[0]
    assert asked[1:3] == [
        f"quantile_over_time(0.95, sum(rate(http_requests_total{{{pods}}}[5m]))[1h:1m]{moved})"
        for moved in ("", " offset 7d")
    ]
    assert asked[3].startswith(
        f"max_over_time((sum(rate(http_requests_total{{{pods}}}[10m])) / count(count by (pod) ("
    )
    assert asked[3].endswith(" > 0.01)[7d:10m])")
    assert f'sum(rate(http_requests_total{{{pods},status=~"5.."}}[1h]))' in asked[4]


def test_a_mesh_counts_for_what_counts_nothing_itself() -> None:
    here = down(counted_by="istio_requests_total")
    assert here.metrics is not None
    assert here.refusals() == []
    asked = [query for query in here.metrics.asked if "istio_requests_total" in query]
    assert asked[0] == (
        'count(istio_requests_total{destination_workload_namespace="shop",'
        'destination_workload="cart",reporter="destination"}) * 0 + 0'
    )
    assert "by istio_requests_total" in said(here)


def test_names_are_no_patterns_where_a_pattern_is_asked_for() -> None:
    here = down(counted_by="traefik_service_requests_total")
    here.objects[CART]["metadata"]["name"] = "cart.v2"
    here.objects[CART.replace("/cart", "/cart.v2")] = here.objects.pop(CART)
    here.asked["name"] = "cart.v2"
    assert here.metrics is not None
    here.survey()
    asked = [query for query in here.metrics.asked if "traefik" in query]
    assert 'service=~"shop-cart[.]v2-[a-z0-9-]+@kubernetes.*"' in asked[0]
