"""Private ways to AWS accounts: their certificates and proxies, and what `doctor` says of them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from bot.adapters.cloud.clients import Clients
from bot.adapters.cloud.connection import AccountConnection, connection_to
from bot.adapters.cloud.probe import account_probe
from bot.domain.errors import UpstreamError
from bot.domain.registry import Account
from bot.ports.probe import Checkup, Health
from tests.contract.aws_bench import PROD, ask, cloud_of, moved
from tests.lab.aws.server import AwsLab
from tests.lab.time import LabTime
from tests.lab.tls import Certificate, issue, only_tls_1_1, tls_in_front, tunnelling_proxy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def running() -> Iterator[AwsLab]:
    with AwsLab("shop_down") as lab:
        yield lab


@pytest.fixture
def lab(running: AwsLab) -> Iterator[AwsLab]:
    yield running
    running.gate.faults.clear()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return issue(tmp_path_factory.mktemp("tls"))


def shop(lab: AwsLab, *, url: str | None = None, **account: str | None) -> AccountConnection:
    """The way to shop-prod, with other keys in its registry entry."""
    (known,) = (one for one in lab.connections() if one.name == "shop-prod")
    return moved(
        known,
        account=replace(known.account, **account),  # type: ignore[arg-type]
        endpoint_url=url or lab.url,
    )


def owner(lab: AwsLab, connection: AccountConnection) -> str:
    cloud = cloud_of(lab, connections=[connection])
    return str(ask(cloud, PROD, "sts", "get_caller_identity").content["Account"])


def checkups(lab: AwsLab, connection: AccountConnection) -> dict[str, Checkup]:
    clock = LabTime(lab.clock)
    clients = Clients(clock=clock, timeout_s=5, own=lab.own_session())
    found = account_probe(connection, clients, clock=clock)()
    return {one.part.removeprefix("account shop-prod").strip(): one for one in found}


def attach(iam: Any, name: str) -> None:
    statement = {"Effect": "Allow", "Action": "ec2:DescribeInstances", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    made = iam.create_policy(PolicyName=name, PolicyDocument=document)["Policy"]
    iam.attach_role_policy(RoleName="nightdesk-read", PolicyArn=made["Arn"])


def test_an_endpoint_with_an_authority_of_its_own_is_read(
    lab: AwsLab, certificate: Certificate
) -> None:
    with tls_in_front(certificate.context(), lab.url) as url:
        assert owner(lab, shop(lab, url=url, ca_file=str(certificate.cert))) == "111111111111"
        with pytest.raises(UpstreamError, match="certificate verify failed"):
            owner(lab, shop(lab, url=url))


def test_a_client_certificate_is_presented(
    lab: AwsLab, certificate: Certificate, tmp_path: Path
) -> None:
    client = issue(tmp_path, "client")
    ours = {"client_cert": str(client.cert), "client_key": str(client.key)}
    with tls_in_front(certificate.context(clients=client.cert), lab.url) as url:
        known = shop(lab, url=url, ca_file=str(certificate.cert), **ours)
        assert owner(lab, known) == "111111111111"
        assert checkups(lab, known)["client certificate"].health is Health.OK
        with pytest.raises(UpstreamError):
            owner(lab, shop(lab, url=url, ca_file=str(certificate.cert)))


def test_an_endpoint_only_its_proxy_can_find_is_read_through_it(
    lab: AwsLab, tmp_path: Path
) -> None:
    named = issue(tmp_path, "named", hosts=("aws.private.example",))
    with (
        tls_in_front(named.context(), lab.url) as url,
        tunnelling_proxy({"aws.private.example:443": url.removeprefix("https://")}) as proxy,
    ):
        private = shop(
            lab, url="https://aws.private.example", ca_file=str(named.cert), proxy=proxy.url
        )
        assert owner(lab, private) == "111111111111"
        assert checkups(lab, private)["TLS"].health is Health.OK
    assert set(proxy.asked) == {"aws.private.example:443"}


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
def test_tls_below_1_2_is_refused(lab: AwsLab, certificate: Certificate) -> None:
    with tls_in_front(only_tls_1_1(certificate), lab.url) as url:
        old = shop(lab, url=url, ca_file=str(certificate.cert))
        with pytest.raises(UpstreamError):
            owner(lab, old)
        assert checkups(lab, old)["TLS"].found == "the server offers no TLS 1.2 or later"


def test_certificates_that_cannot_be_read_are_named(lab: AwsLab, tmp_path: Path) -> None:
    missing = str(tmp_path / "missing.pem")
    with pytest.raises(UpstreamError, match=r"shop-prod cannot be asked: .*missing\.pem cannot be"):
        owner(lab, shop(lab, ca_file=missing))
    found = checkups(lab, shop(lab, ca_file=missing))
    assert [one.health for one in found.values()] == [Health.FAILED]


def test_doctor_says_who_we_are(lab: AwsLab) -> None:
    found = checkups(lab, shop(lab))
    assert found[""] == Checkup(
        part="account shop-prod",
        health=Health.OK,
        found="answers, we are nightdesk-read in 111111111111",
    )
    assert "(median of 3)" in found["latency"].found
    assert "plain HTTP, which stays on this machine" in found["TLS"].found


def test_doctor_fails_an_account_with_an_expired_certificate(lab: AwsLab, tmp_path: Path) -> None:
    expired = issue(tmp_path, "expired", days=-2)
    with tls_in_front(expired.context(), lab.url) as url:
        found = checkups(lab, shop(lab, url=url, ca_file=str(expired.cert)))
    assert found[""].health is Health.FAILED
    assert "expired on" in found["TLS"].found


def test_doctor_fails_an_account_whose_role_is_of_another(lab: AwsLab) -> None:
    role = lab.role("shop-staging")
    elsewhere = moved(shop(lab), role_arn=role, external_id=lab.gate.external_ids[role])
    found = checkups(lab, elsewhere)
    assert found[""].health is Health.FAILED
    assert "belong to account 222222222222, not to 111111111111" in found[""].found


def test_doctor_fails_an_account_that_does_not_trust_us(lab: AwsLab) -> None:
    found = checkups(lab, moved(shop(lab), external_id="wrong"))
    assert found[""].health is Health.FAILED
    assert "sts:AssumeRole" in found[""].found
    assert "external_id_env" in str(found[""].next_step)


def test_doctor_warns_of_a_role_that_may_more_than_read(lab: AwsLab) -> None:
    iam = lab.client("shop-prod", "iam")
    iam.create_role(RoleName="nightdesk-read", AssumeRolePolicyDocument="{}")
    attach(iam, "nightdesk-read-1")
    assert "policies" not in checkups(lab, shop(lab))
    attach(iam, "TeamFullAccess")
    found = checkups(lab, shop(lab))
    assert found[""].health is Health.OK
    assert found["policies"].health is Health.WARNING
    assert "also has TeamFullAccess, which goes beyond" in found["policies"].found


def test_an_account_is_reached_as_the_registry_declares_it() -> None:
    account = Account(
        name="shop",
        account_id="111111111111",
        regions=("eu-central-1",),
        role_arn="arn:aws:iam::111111111111:role/read",
        external_id_env="SHOP_ID",
        endpoint_url="https://aws.example.com",
        ca_file="/ca.pem",
    )
    found = connection_to(account, secret_of={"SHOP_ID": "7c1f"}.get)
    assert (found.role_arn, found.external_id) == (account.role_arn, "7c1f")
    assert found.endpoint_url == account.endpoint_url
    assert found.trust.ca_file == "/ca.pem"
