"""What people are told of rollouts when no model is configured."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.domain.verdict import Status
from tests.flows.rules_desk import Desk, desk

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def calm(tmp_path: Path) -> Iterator[Desk]:
    with desk("calm", tmp_path) as found:
        yield found


def test_what_changed_lists_rollouts_newest_first(tmp_path: Path) -> None:
    with desk("probe_failing", tmp_path) as asked:
        verdict, session = asked.ask("what changed recently in payments?")
    assert verdict.status is Status.CONFIRMED
    assert "1 rollouts in namespace payments" in verdict.summary
    assert "`gateway` in `payments` to revision 13, 16m ago" in verdict.summary
    assert [session.find(label).observation.source for label in verdict.evidence] == [  # type: ignore[union-attr]
        "replicasets"
    ]
    assert len(verdict.timeline) == 1


def test_no_change_is_an_answer_and_names_the_last_one(calm: Desk) -> None:
    verdict, _ = calm.ask("what changed recently in payments?")
    assert verdict.status is Status.CONFIRMED
    assert verdict.nothing_to_do
    assert "No Deployment in namespace payments of prod-eu was rolled out" in verdict.summary
    assert "`gateway` to revision 12, 13d ago" in verdict.summary


def test_changes_go_back_as_far_as_the_question_says(calm: Desk) -> None:
    verdict, _ = calm.ask("what was rolled out in shop in the last 5 days?")
    assert "2 rollouts" in verdict.summary
    assert "last 120 hours" in verdict.summary


def test_changes_of_one_workload_are_its_own(calm: Desk) -> None:
    verdict, _ = calm.ask("was hat sich an cart in den letzten 30 Tagen geändert?")
    assert "2 Rollouts" in verdict.summary
    assert "storefront" not in verdict.summary


def test_changes_of_something_unknown_are_not_everybodys(calm: Desk) -> None:
    verdict, _ = calm.ask("what changed in deployment chekout?")
    assert verdict.status is Status.INCONCLUSIVE
    assert "`checkout`" in verdict.summary


def test_changes_that_cannot_be_read_are_not_called_none(calm: Desk) -> None:
    calm.cluster.deny(resource="replicasets")
    verdict, _ = calm.ask("what changed in payments?")
    assert verdict.status is Status.INCONCLUSIVE
    assert "could not be read" in verdict.summary


def test_rollouts_that_only_part_of_the_clusters_show_are_likely(tmp_path: Path) -> None:
    with desk("two_clusters", tmp_path) as asked:
        asked.world.cluster("prod-us").deny(resource="replicasets")
        verdict, _ = asked.ask("what changed in shop?", clusters=("prod-eu", "prod-us"))
    assert verdict.status is Status.LIKELY
    assert "`cart` in `shop` to revision 28" in verdict.summary
    assert "replicasets of prod-us (no permission)" in verdict.summary


def test_nothing_ever_rolled_out_is_said_plainly(calm: Desk) -> None:
    verdict, _ = calm.ask("what changed in default?")
    assert verdict.summary.startswith("No Deployment in namespace default of prod-eu was rolled")
    assert "The last rollout" not in verdict.summary


@pytest.mark.parametrize(
    ("question", "count", "at"),
    [
        ("when was cart deployed?", "3 rollouts known in", ", at 20"),
        ("wann wurde cart ausgerollt?", "3 bekannte Rollouts in", ", um 20"),
        ("¿cuándo se desplegó cart?", "3 despliegues conocidos en", ", a las 20"),
        ("quand cart a-t-il été déployé ?", "3 déploiements connus dans", ", à 20"),
    ],
)
def test_when_something_was_deployed_is_told_in_full_times(
    calm: Desk, question: str, count: str, at: str
) -> None:
    verdict, _ = calm.ask(question)
    assert verdict.status is Status.CONFIRMED
    assert count in verdict.summary
    assert verdict.summary.count(at) == 3
    assert len(verdict.timeline) == 3


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("what was deployed yesterday?", "was rolled out from"),
        ("was wurde gestern deployt?", "T00:00:00Z ausgerollt"),
        ("¿qué se desplegó ayer?", "se desplegó de"),
        ("qu'est-ce qui a été déployé hier ?", "n'a été déployé de"),
    ],
)
def test_a_day_is_looked_at_from_midnight_to_midnight_in_utc(
    calm: Desk, question: str, words: str
) -> None:
    verdict, _ = calm.ask(question)
    assert words in verdict.summary
    assert verdict.summary.count("T00:00:00Z") == 2


def test_a_rollout_is_found_on_its_day(tmp_path: Path) -> None:
    with desk("probe_failing", tmp_path) as asked:
        rolled_out_s = asked.world.clock.now() - 16 * 60
        is_today = rolled_out_s // 86_400 == asked.world.clock.now() // 86_400
        verdict, _ = asked.ask(f"what was deployed {'today' if is_today else 'yesterday'}?")
    assert "`gateway` in `payments` to revision 13" in verdict.summary
