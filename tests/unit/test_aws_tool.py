"""The `aws` tool without a cloud: what it takes, what it refuses before it asks, how it is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.clock import SystemClock
from bot.agent.toolbox import InvalidCallError
from bot.domain.errors import ToolError
from bot.domain.evidence import EvidenceState
from bot.domain.registry import Account
from bot.tools.aws.catalogue import load_catalogue
from bot.tools.aws.looks import LOOKS
from bot.tools.aws.scoping import CloudScope
from bot.tools.aws.tool import AwsTool

if TYPE_CHECKING:
    from bot.domain.evidence import Observation

ACCOUNT = Account(name="shop-prod", account_id="111111111111", regions=("eu-central-1",))


class NoCloud:
    """A cloud nothing may reach: a call to it is a failure of the test."""

    def read(self, _place: object, call: object) -> NoReturn:
        raise AssertionError(f"asked for {call}")

    def code(self, _place: object, function: str, _paths: object) -> NoReturn:
        raise AssertionError(f"asked for the code of {function}")


class Everything:
    def may_read_account(self, _account: str) -> bool:
        return True


TOOL = AwsTool(NoCloud(), CloudScope(accounts=(ACCOUNT,)), Everything(), SystemClock())


def find(words: str) -> Observation:
    return TOOL.aws("find", {"words": words})


class TestParams:
    @pytest.mark.parametrize(
        ("look", "params", "complaint"),
        [
            ("alarm", {}, "name: Field required. It takes: name."),
            ("alarm", {"name": "x", "account": "y"}, "account: Extra inputs are not permitted"),
            ("logs", {"group": "x", "minutes": 1_441}, "less than or equal to 1440"),
            ("logs", {"group": "x", "words": ["a"] * 9}, "at most 8 items"),
            ("logs", {"group": "x", "query": "q" * 4_001}, "at most 4000 characters"),
            ("changes", {"minutes": 0}, "greater than or equal to 1"),
            ("load_balancer", {"name": "x", "minutes": 1}, "greater than or equal to 5"),
            ("service", {"cluster": "shop"}, "service: Field required. It takes: cluster, service"),
            ("secrets", {"of": "x" * 521}, "at most 520 characters"),
            ("database", {"name": ""}, "at least 1 character"),
        ],
    )
    def test_what_does_not_fit_a_look_is_explained_and_not_sent(
        self, look: str, params: dict[str, Any], complaint: str
    ) -> None:
        with pytest.raises(InvalidCallError) as refused:
            TOOL.aws(look, params)
        assert f"aws {look}: the params do not fit" in str(refused.value)
        assert complaint in str(refused.value)

    def test_an_explanation_never_repeats_a_value(self) -> None:
        with pytest.raises(InvalidCallError) as refused:
            TOOL.aws("alarm", {"name": ["hunter2"]})
        assert "hunter2" not in str(refused.value)

    @pytest.mark.parametrize(
        ("look", "params", "form"),
        [
            ("alarm", {"name": "web-5xx"}, "aws alarm web-5xx"),
            ("service", {"cluster": "shop", "service": "web"}, "aws service shop/web"),
            ("logs", {"group": "/ecs/web"}, 'aws logs /ecs/web {"minutes": 60}'),
            ("changes", {"minutes": 5}, 'aws changes {"minutes": 5}'),
        ],
    )
    def test_a_look_is_spelled_out_in_one_form(
        self, look: str, params: dict[str, Any], form: str
    ) -> None:
        assert LOOKS[look].spelled(LOOKS[look].accepted(params)) == form


class TestNames:
    @pytest.mark.parametrize(
        ("read", "nearest"),
        [
            ("functions", "function"),
            ("loadbalancer", "load_balancer"),
            ("rds", "find, with words"),
            ("aws_alarm", "alarm"),
            ("ecs.describe_service", "ecs.describe_services"),
            ("rds.describe_db_instance", "rds.describe_db_instances"),
            ("performance-insights.get_metrics", "pi.get_resource_metrics"),
            ("health.list_events", "health.describe_events"),
            ("servicequotas.get_quota", "a read of service-quotas"),
        ],
    )
    def test_a_wrong_name_is_refused_with_the_nearest_right_one(
        self, read: str, nearest: str
    ) -> None:
        with pytest.raises(ToolError) as refused:
            TOOL.aws(read)
        assert refused.value.rule in {"B1", "B5"}
        assert nearest in str(refused.value)

    @given(st.text(min_size=1, max_size=80))
    def test_no_text_reaches_a_cloud_but_a_listed_name(self, read: str) -> None:
        try:
            TOOL.aws(read)
        except ToolError:
            return
        except AssertionError:
            service, _, operation = read.strip().partition(".")
            assert load_catalogue().find(service, operation) is not None


class TestFind:
    def test_words_find_listed_reads_with_their_terms(self) -> None:
        seen = find("rds events")
        assert seen.state is EvidenceState.OK
        assert "rds.describe_events" in seen.body
        assert "logs.filter_log_events (needs startTime, endTime; a span of at most 6 h" in (
            find("logs filter events").body
        )

    @pytest.mark.parametrize(
        ("words", "service"), [("eventbridge", "events."), ("sfn", "stepfunctions.")]
    )
    def test_a_service_is_found_by_its_other_names(self, words: str, service: str) -> None:
        assert f"\n{service}" in find(words).body

    def test_words_no_read_has_bring_the_closest(self) -> None:
        body = find("rds instances state").body
        assert body.startswith("no listed read is named like")
        assert "rds.describe_db_instances" in body

    def test_it_names_the_looks_and_the_services(self) -> None:
        body = find("xyzzy").body
        assert "load_balancer" in body
        assert "vpc-lattice" in body

    @given(st.text(min_size=1, max_size=200))
    def test_any_words_get_an_answer(self, words: str) -> None:
        assert find(words).state is EvidenceState.OK


def test_every_look_is_told_to_the_model_but_the_one_another_tool_covers() -> None:
    told = {
        line.split(" ")[0] for line in (AwsTool.aws.__doc__ or "").splitlines() if "}: " in line
        for line in [line.strip()]
    }  # fmt: skip
    # `what_changed` joins this look with the cluster's own changes.
    assert told == set(LOOKS) - {"changes"}
