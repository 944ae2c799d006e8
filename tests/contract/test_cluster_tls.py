"""TLS to API servers: whom a kubeconfig trusts, who we are, which way, and never in plain text."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest

from bot.adapters.clock import SystemClock
from bot.adapters.cluster.clusters import KubernetesClusters
from bot.adapters.cluster.probe import cluster_probe
from bot.domain.errors import UpstreamError
from bot.domain.registry import Cluster
from bot.ports.probe import Checkup, Health
from tests.contract.clusters import reader_for, written
from tests.lab.kubernetes.server import KubernetesLab
from tests.lab.tls import Certificate, issue, only_tls_1_1, tls_in_front, tunnelling_proxy
from tests.lab.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

VERSION = "v1.33.4"


@pytest.fixture(scope="module")
def lab() -> Iterator[KubernetesLab]:
    with KubernetesLab(World.load("calm").cluster("prod-eu")) as running:
        yield running


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return issue(tmp_path_factory.mktemp("tls"))


def data(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()


def entry(server: str, certificate: Certificate, **more: str) -> dict[str, Any]:
    return {"server": server, "certificate-authority": str(certificate.cert)} | more


def refusal(kubeconfig: Path) -> str:
    with pytest.raises(UpstreamError) as caught:
        reader_for(kubeconfig).version()
    return str(caught.value)


def checkups(kubeconfig: Path) -> dict[str, Checkup]:
    clusters = KubernetesClusters(
        [Cluster(name="prod-eu", kubeconfig=str(kubeconfig))], clock=SystemClock(), timeout_s=5
    )
    found = cluster_probe(clusters, "prod-eu", clock=SystemClock())()
    assert len({one.part for one in found}) == len(found)
    return {one.part.removeprefix("cluster prod-eu").strip(): one for one in found}


def test_a_cluster_with_an_authority_of_its_own_is_read(
    tmp_path: Path, lab: KubernetesLab, certificate: Certificate
) -> None:
    with tls_in_front(certificate.context(), lab.url) as url:
        user = {"token": lab.token}
        trusting = written(tmp_path, cluster=entry(url, certificate), user=user)
        assert reader_for(trusting).version() == VERSION
        inline = {"server": url, "certificate-authority-data": data(certificate.cert)}
        assert reader_for(written(tmp_path, cluster=inline, user=user)).version() == VERSION
        words = refusal(written(tmp_path, cluster={"server": url}, user=user))
    assert "its certificate was not accepted (self-signed certificate)" in words
    assert "`certificate-authority`" in words


def test_a_client_certificate_is_presented_and_dated(
    tmp_path: Path, lab: KubernetesLab, certificate: Certificate
) -> None:
    client = issue(tmp_path, "client", days=5.5)
    with tls_in_front(certificate.context(clients=client.cert), lab.url) as url:
        user = {
            "token": lab.token,
            "client-certificate-data": data(client.cert),
            "client-key-data": data(client.key),
        }
        kubeconfig = written(tmp_path, cluster=entry(url, certificate), user=user)
        assert reader_for(kubeconfig).version() == VERSION
        found = checkups(kubeconfig)
        strange = written(tmp_path, cluster=entry(url, certificate), user={"token": lab.token})
        refusal(strange)
    assert found["TLS"].health is Health.OK
    assert found["client certificate"].health is Health.WARNING
    assert "5 days from now" in found["client certificate"].found


def test_tls_server_name_is_whom_the_certificate_has_to_name(
    tmp_path: Path, lab: KubernetesLab
) -> None:
    named = issue(tmp_path, "named", hosts=("kubernetes.default.svc",))
    user = {"token": lab.token}
    with tls_in_front(named.context(), lab.url) as url:
        words = refusal(written(tmp_path, cluster=entry(url, named), user=user))
        assert "IP address mismatch" in words
        more = {"tls-server-name": "kubernetes.default.svc"}
        told = written(tmp_path, cluster=entry(url, named, **more), user=user)
        assert reader_for(told).version() == VERSION
        assert checkups(told)["TLS"].health is Health.OK


def test_a_cluster_only_its_proxy_can_find_is_read_and_looked_at_through_it(
    tmp_path: Path, lab: KubernetesLab
) -> None:
    named = issue(tmp_path, "named", hosts=("api.private.example",))
    with (
        tls_in_front(named.context(), lab.url) as url,
        tunnelling_proxy({"api.private.example:6443": url.removeprefix("https://")}) as proxy,
    ):
        more = {"proxy-url": proxy.url}
        kubeconfig = written(
            tmp_path,
            cluster=entry("https://api.private.example:6443", named, **more),
            user={"token": lab.token},
        )
        found = checkups(kubeconfig)
    assert found[""].found.startswith(VERSION)
    assert found["TLS"].health is Health.OK
    assert set(proxy.asked) == {"api.private.example:6443"}


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
def test_tls_below_1_2_is_refused(
    tmp_path: Path, lab: KubernetesLab, certificate: Certificate
) -> None:
    with tls_in_front(only_tls_1_1(certificate), lab.url) as url:
        kubeconfig = written(tmp_path, cluster=entry(url, certificate))
        assert "TLS failed" in refusal(kubeconfig)
        found = checkups(kubeconfig)
    assert found[""].health is Health.FAILED
    assert found["TLS"].found == "the server offers no TLS 1.2 or later"


def test_an_expired_certificate_fails_the_cluster_and_says_since_when(
    tmp_path: Path, lab: KubernetesLab
) -> None:
    expired = issue(tmp_path, "expired", days=-2.5)
    with tls_in_front(expired.context(), lab.url) as url:
        found = checkups(written(tmp_path, cluster=entry(url, expired)))
    assert "certificate has expired" in found[""].found
    assert found["TLS"].health is Health.FAILED
    assert "2 days ago" in found["TLS"].found


@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
def test_a_kubeconfig_that_verifies_nothing_is_warned_of(
    tmp_path: Path, lab: KubernetesLab, certificate: Certificate
) -> None:
    with tls_in_front(certificate.context(), lab.url) as url:
        blind: dict[str, Any] = {"server": url, "insecure-skip-tls-verify": True}
        found = checkups(written(tmp_path, cluster=blind, user={"token": lab.token}))
    assert found[""].health is Health.OK
    assert found["TLS"].health is Health.OK
    assert found["TLS verification"].health is Health.WARNING
    assert "`insecure-skip-tls-verify`" in found["TLS verification"].found


def test_plain_http_outside_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    kubeconfig = written(tmp_path, cluster={"server": "http://api.example.com:6443"})
    words = refusal(kubeconfig)
    assert "`server` sends plain HTTP to api.example.com, outside this machine" in words
    assert "use https, or say `insecure: true` for cluster prod-eu in nightdesk.yaml" in words


def test_plain_http_outside_is_spoken_once_the_registry_says_so(tmp_path: Path) -> None:
    kubeconfig = written(tmp_path, cluster={"server": "http://api.example.com:6443"})
    insecure = Cluster(name="prod-eu", kubeconfig=str(kubeconfig), insecure=True)
    clusters = KubernetesClusters([insecure], clock=SystemClock())
    assert clusters.endpoint("prod-eu").url == "http://api.example.com:6443"


@pytest.mark.parametrize("host", ["kubernetes", "kubernetes.default.svc", "localhost"])
def test_plain_http_inside_needs_no_word(tmp_path: Path, host: str) -> None:
    kubeconfig = written(tmp_path, cluster={"server": f"http://{host}:9"})
    clusters = KubernetesClusters(
        [Cluster(name="prod-eu", kubeconfig=str(kubeconfig))], clock=SystemClock()
    )
    assert clusters.endpoint("prod-eu").url == f"http://{host}:9"


def test_a_slow_cluster_is_called_too_far(tmp_path: Path, lab: KubernetesLab) -> None:
    kubeconfig = written(tmp_path, cluster={"server": lab.url}, user={"token": lab.token})
    fault = lab.cluster.slow(0.3, on="/version")
    found = checkups(kubeconfig)
    fault.clear()
    assert found[""].health is Health.OK
    assert found["latency"].health is Health.WARNING
    assert "too far: more than 250 ms" in found["latency"].found
