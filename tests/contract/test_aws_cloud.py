"""Accounts kept apart, credentials renewed, pages capped, faults in our own words."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from botocore.session import Session
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bot.adapters.cloud.aws import AwsCloud
from bot.domain.errors import DeniedError, ToolError, UpstreamError
from bot.ports.cloud import CloudCall, CloudPlace, MissingError, Pace
from tests.contract.aws_bench import PROD, SEAL, STAGING, ask, cloud_of, moved
from tests.lab.aws.gate import Fault
from tests.lab.aws.server import AwsLab
from tests.lab.clock import LabClock
from tests.lab.time import LabTime

if TYPE_CHECKING:
    from collections.abc import Iterator

ACCOUNTS = {"shop-prod": "111111111111", "shop-staging": "222222222222"}
IRELAND = CloudPlace(account="shop-prod", region="eu-west-1")


@pytest.fixture(scope="module")
def running() -> Iterator[AwsLab]:
    with AwsLab("shop_down") as lab:
        yield lab


@pytest.fixture
def lab(running: AwsLab) -> Iterator[AwsLab]:
    running.gate.seen.clear()
    yield running
    running.gate.faults.clear()
    running.gate.revoked.clear()


@pytest.fixture(scope="module")
def shared(running: AwsLab) -> AwsCloud:
    """One adapter for many examples: what it remembers of one must not reach the next."""
    return cloud_of(running)


def who(cloud: AwsCloud, place: CloudPlace) -> str:
    return str(ask(cloud, place, "sts", "get_caller_identity").content["Account"])


class TestIsolation:
    @settings(
        max_examples=12,
        deadline=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(
        calls=st.lists(
            st.tuples(st.sampled_from([PROD, STAGING, IRELAND]), st.integers(0, 9)),
            min_size=1,
            max_size=24,
        )
    )
    def test_no_call_ever_uses_another_accounts_credentials(
        self, lab: AwsLab, shared: AwsCloud, calls: list[tuple[CloudPlace, int]]
    ) -> None:
        def call(step: tuple[CloudPlace, int]) -> tuple[CloudPlace, str] | None:
            place, chance = step
            if chance == 0:
                used = {one.access_key for one in lab.seen("GetCallerIdentity")}
                lab.gate.revoked |= used
            elif chance == 1:
                lab.clock.advance(3_590)
            try:
                return place, who(shared, place)
            except UpstreamError:
                # Its credential was revoked twice, or ended, while the call was under way.
                return None

        lab.gate.seen.clear()
        with ThreadPoolExecutor(max_workers=8) as pool:
            outcomes = list(pool.map(call, calls))
        outcomes += [(place, who(shared, place)) for place, _chance in calls]
        for place, account in filter(None, outcomes):
            assert account == ACCOUNTS[place.account]
        for seen in lab.seen("GetCallerIdentity"):
            assert (seen.account, seen.region) in {
                (ACCOUNTS[place.account], place.region) for place, _chance in calls
            }

    def test_each_region_has_credentials_of_its_own(self, lab: AwsLab) -> None:
        cloud = cloud_of(lab)
        for place in (PROD, IRELAND, STAGING, PROD, IRELAND):
            ask(cloud, place, "ecs", "list_clusters")
        keys = {(one.account, one.region): one.access_key for one in lab.seen("ListClusters")}
        assert len(set(keys.values())) == len(keys) == 3
        assert len(lab.seen("AssumeRole")) == 3

    def test_threads_that_come_at_once_share_one_sign_in(self, lab: AwsLab) -> None:
        cloud = cloud_of(lab)
        with ThreadPoolExecutor(max_workers=8) as pool:
            answers = list(pool.map(lambda _turn: who(cloud, PROD), range(16)))
        assert set(answers) == {"111111111111"}
        assert len(lab.seen("AssumeRole")) == 1

    def test_a_role_of_another_account_reads_nothing(self, lab: AwsLab) -> None:
        prod, staging = lab.connections()
        wrong = moved(prod, role_arn=staging.role_arn, external_id=staging.external_id)
        cloud = cloud_of(lab, connections=[wrong])
        with pytest.raises(
            DeniedError, match="belong to account 222222222222, not to 111111111111"
        ):
            ask(cloud, PROD, "ecs", "list_clusters")
        assert lab.seen("ListClusters") == []

    def test_our_own_credentials_are_used_only_in_their_own_account(self, lab: AwsLab) -> None:
        prod = lab.connections()[0]
        cloud = cloud_of(lab, connections=[moved(prod, role_arn=None)])
        with pytest.raises(DeniedError, match="belong to account 123456789012"):
            ask(cloud, PROD, "ecs", "list_clusters")
        assert lab.seen("ListClusters") == []

    def test_the_external_id_is_presented_and_a_wrong_one_is_a_denial(self, lab: AwsLab) -> None:
        prod = lab.connections()[0]
        cloud = cloud_of(lab, connections=[moved(prod, external_id="guess")])
        with pytest.raises(DeniedError, match="sts:AssumeRole"):
            ask(cloud, PROD, "ecs", "list_clusters")
        assert "guess" not in repr(moved(prod, external_id="guess"))

    def test_a_process_without_credentials_says_so(self, lab: AwsLab) -> None:
        class Nobody(Session):  # type: ignore[misc]
            def get_credentials(self) -> None:
                return None

        cloud = AwsCloud(
            lab.connections(),
            allowed=[("ecs", "list_clusters")],
            seal=SEAL,
            clock=LabTime(LabClock()),
            own=Nobody(),
        )
        with pytest.raises(UpstreamError, match="has no AWS credentials to reach shop-prod"):
            ask(cloud, PROD, "ecs", "list_clusters")


class TestRenewal:
    def test_a_credential_is_renewed_before_it_ends(self, lab: AwsLab) -> None:
        cloud = cloud_of(lab)
        who(cloud, PROD)
        lab.clock.advance(3_000)
        who(cloud, PROD)
        assert len(lab.seen("AssumeRole")) == 1
        lab.clock.advance(580)
        who(cloud, PROD)
        assert len(lab.seen("AssumeRole")) == 2

    def test_a_clock_that_runs_wrong_is_named(self, lab: AwsLab) -> None:
        wrong = LabTime(LabClock(frozen_at=lab.clock.now() + 86_400))
        with pytest.raises(UpstreamError, match="set the clock"):
            who(cloud_of(lab, clock=wrong), PROD)

    def test_a_revoked_credential_is_replaced_within_the_call(self, lab: AwsLab) -> None:
        cloud = cloud_of(lab)
        who(cloud, PROD)
        lab.gate.revoked |= {one.access_key for one in lab.seen("GetCallerIdentity")}
        assert who(cloud, PROD) == "111111111111"
        assert len(lab.seen("AssumeRole")) == 2

    def test_credentials_that_stay_refused_are_a_denial(self, lab: AwsLab) -> None:
        lab.fail(Fault(operation="ListClusters", status=403, code="ExpiredTokenException"))
        with pytest.raises(DeniedError, match="does not accept our credentials"):
            ask(cloud_of(lab), PROD, "ecs", "list_clusters")


class TestGates:
    def test_what_is_not_listed_never_leaves(self, lab: AwsLab) -> None:
        with pytest.raises(KeyError, match=r"secretsmanager\.get_secret_value is not listed"):
            ask(cloud_of(lab), PROD, "secretsmanager", "get_secret_value", SecretId="shop/payments")
        assert lab.seen() == []

    def test_a_place_that_is_not_registered_is_never_asked(self, lab: AwsLab) -> None:
        cloud = cloud_of(lab)
        with pytest.raises(KeyError):
            ask(cloud, CloudPlace(account="other", region="eu-west-1"), "ecs", "list_clusters")
        with pytest.raises(KeyError, match="us-east-1 is no registered region"):
            ask(cloud, CloudPlace(account="shop-prod", region="us-east-1"), "ecs", "list_clusters")
        assert lab.seen() == []

    def test_parameters_that_do_not_fit_are_explained_and_not_sent(self, lab: AwsLab) -> None:
        with pytest.raises(ToolError, match="Unknown parameter in input") as refused:
            ask(cloud_of(lab), PROD, "ecs", "describe_services", Services=["web"])
        assert "services" in str(refused.value)
        assert lab.seen("DescribeServices") == []

    def test_a_slow_pace_is_refused_and_a_quick_one_waited_for(self, lab: AwsLab) -> None:
        clock = LabTime(LabClock(frozen_at=lab.clock.now()))
        cloud = cloud_of(lab, clock=clock)

        def turn(pace: Pace) -> None:
            call = CloudCall(service="ecs", operation="list_clusters", pace=pace)
            cloud.read(PROD, call)

        started_s = clock.monotonic()
        for _ in range(4):
            turn(Pace(calls=2, per_s=1))
        assert clock.monotonic() - started_s == pytest.approx(1.0)
        with pytest.raises(
            ToolError, match=r"B6: ecs\.list_clusters is allowed 1 times"
        ) as refused:
            turn(Pace(calls=1, per_s=3600))
        assert refused.value.rule == "B6"


class TestCeilings:
    @pytest.fixture
    def queues(self, lab: AwsLab) -> int:
        client = lab.client("shop-prod", "sqs", "eu-west-1")
        for number in range(30):
            client.create_queue(QueueName=f"queue-{number:03}")
        return 30

    def test_five_pages_are_read_and_the_rest_is_said_to_exist(
        self, lab: AwsLab, queues: int
    ) -> None:
        reply = ask(cloud_of(lab), IRELAND, "sqs", "list_queues", MaxResults=4)
        assert len(reply.content["QueueUrls"]) == 20 < queues
        assert (reply.pages, reply.more, reply.listed) == (5, True, "QueueUrls")

    def test_all_pages_are_joined_when_they_fit(self, lab: AwsLab, queues: int) -> None:
        reply = ask(cloud_of(lab), IRELAND, "sqs", "list_queues", MaxResults=10)
        assert len(reply.content["QueueUrls"]) == queues
        assert (reply.more, reply.pages) == (False, 3)
        assert "NextToken" not in reply.content


class TestFaults:
    @pytest.mark.parametrize(
        ("fault", "kind", "words"),
        [
            (Fault(operation="*", status=400, code="AccessDeniedException",
                   message="User: arn:x is not authorized to perform: ecs:ListClusters"),
             DeniedError, "refused ecs.list_clusters .*not authorized to perform"),
            (Fault(operation="*", status=400, code="ThrottlingException"),
             UpstreamError, "throttles ecs.list_clusters"),
            (Fault(operation="*", status=503, code="ServiceUnavailable"),
             UpstreamError, "failed at ecs.list_clusters"),
            (Fault(operation="*", status=400, code="ClusterNotFoundException", message="none"),
             MissingError, "has none such"),
            (Fault(operation="*", status=400, code="InvalidParameterException", message="odd"),
             ToolError, "could not use ecs.list_clusters .InvalidParameterException.: odd"),
            (Fault(operation="*", status=200, html="<html>sign in"),
             UpstreamError, "a form that is not AWS's"),
        ],
        ids=["denied", "throttled", "down", "missing", "invalid", "html"],
    )  # fmt: skip
    def test_a_fault_comes_in_words_that_say_what_to_do(
        self, lab: AwsLab, fault: Fault, kind: type[Exception], words: str
    ) -> None:
        cloud = cloud_of(lab)
        who(cloud, PROD)
        fault.operation = "ListClusters"
        lab.fail(fault)
        with pytest.raises(kind, match=words) as failed:
            ask(cloud, PROD, "ecs", "list_clusters")
        assert type(failed.value) is kind

    def test_throttling_says_when_to_come_back(self, lab: AwsLab) -> None:
        cloud = cloud_of(lab)
        lab.fail(
            Fault(operation="ListClusters", status=429, headers=(("Retry-After", "7"),), times=9)
        )
        with pytest.raises(UpstreamError) as failed:
            ask(cloud, PROD, "ecs", "list_clusters")
        assert failed.value.retry_after_s == 7
        assert len(lab.seen("ListClusters")) == 3

    def test_a_single_throttle_is_waited_out(self, lab: AwsLab) -> None:
        lab.fail(Fault(operation="ListClusters", code="ThrottlingException", times=1))
        found = ask(cloud_of(lab), PROD, "ecs", "list_clusters").content["clusterArns"]
        assert len(found) == 1

    def test_a_fault_in_cloudwatchs_own_protocol_is_read_too(self, lab: AwsLab) -> None:
        lab.fail(Fault(operation="DescribeAlarms", status=400, code="AccessDenied"))
        with pytest.raises(DeniedError):
            ask(cloud_of(lab), PROD, "cloudwatch", "describe_alarms")

    def test_an_address_nobody_listens_on_is_unreachable(self, lab: AwsLab) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        prod = moved(lab.connections()[0], endpoint_url=url)
        cloud = cloud_of(lab, connections=[prod])
        with pytest.raises(UpstreamError, match="cannot be reached"):
            ask(cloud, PROD, "ecs", "list_clusters")

    def test_silence_is_given_up_within_the_time_limit(self, lab: AwsLab) -> None:
        with socket.socket() as deaf:
            deaf.bind(("127.0.0.1", 0))
            deaf.listen(64)
            url = f"http://127.0.0.1:{deaf.getsockname()[1]}"
            prod = moved(lab.connections()[0], endpoint_url=url)
            cloud = cloud_of(lab, connections=[prod], timeout_s=0.1)
            with pytest.raises(UpstreamError, match="did not answer"):
                ask(cloud, PROD, "ecs", "list_clusters")


class TestSensitive:
    def test_what_aws_marks_as_sensitive_is_hidden_and_names_stay(self, lab: AwsLab) -> None:
        cloud = cloud_of(lab)
        found = ask(
            cloud, PROD, "lambda", "get_function_configuration", FunctionName="checkout-webhook"
        ).content["Environment"]["Variables"]
        assert found.keys() == {"LOG_LEVEL", "PAYMENTS_KEY", "PAYMENTS_SECRET_NAME"}
        assert all(value.startswith("\u2039secret:aws:") for value in found.values())

    def test_a_value_has_the_same_placeholder_wherever_it_stands(self, lab: AwsLab) -> None:
        cloud = cloud_of(lab)
        name = "checkout-webhook"
        one = ask(cloud, PROD, "lambda", "get_function_configuration", FunctionName=name)
        versions = ask(cloud, PROD, "lambda", "list_versions_by_function", FunctionName=name)
        held = {
            version["Version"]: version["Environment"]["Variables"]["PAYMENTS_KEY"]
            for version in versions.content["Versions"]
        }
        assert held["2"] == one.content["Environment"]["Variables"]["PAYMENTS_KEY"]
        assert held["1"] != held["2"]
