"""TLS to a metrics server: whom we trust, who we are, and which versions are spoken."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.adapters.metrics.probe import metrics_probe
from bot.domain.metrics import MetricsEndpoint
from bot.ports.probe import Health
from tests.contract.metrics_servers import CLUSTER, NOON, UP, fault_of, reader_for, sources_for
from tests.lab.clock import LabClock
from tests.lab.metrics.server import MetricsLab
from tests.lab.metrics.tracks import MetricStore
from tests.lab.time import LabTime
from tests.lab.tls import Certificate, issue, only_tls_1_1, tls_in_front, tunnelling_proxy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return issue(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def lab() -> Iterator[MetricsLab]:
    """A server that counts four series."""
    with MetricsLab(MetricStore(), clock=LabClock()) as running:
        running.counts[UP] = 4
        running.counts["up"] = 4
        yield running


def test_a_certificate_is_trusted_only_if_the_registry_says_so(
    lab: MetricsLab, certificate: Certificate
) -> None:
    with tls_in_front(certificate.context(), lab.url) as url:
        trusting = reader_for(MetricsEndpoint(url=url, ca_file=str(certificate.cert)))
        assert trusting.series_count(UP, at=NOON) == 4
        error = fault_of(reader_for(MetricsEndpoint(url=url)))
        assert "its certificate was not accepted (self-signed certificate)" in str(error)
        assert "`ca_file`" in str(error)


def test_a_client_certificate_is_presented(
    lab: MetricsLab, certificate: Certificate, tmp_path: Path
) -> None:
    client = issue(tmp_path, "client")
    with tls_in_front(certificate.context(clients=client.cert), lab.url) as url:
        known = MetricsEndpoint(
            url=url,
            ca_file=str(certificate.cert),
            client_cert=str(client.cert),
            client_key=str(client.key),
        )
        assert reader_for(known).series_count(UP, at=NOON) == 4
        fault_of(reader_for(MetricsEndpoint(url=url, ca_file=str(certificate.cert))))


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
def test_tls_below_1_2_is_refused(lab: MetricsLab, certificate: Certificate) -> None:
    with tls_in_front(only_tls_1_1(certificate), lab.url) as url:
        error = fault_of(reader_for(MetricsEndpoint(url=url, ca_file=str(certificate.cert))))
    assert "TLS failed" in str(error)


def test_doctor_looks_at_a_server_only_its_proxy_can_find(lab: MetricsLab, tmp_path: Path) -> None:
    aging = issue(tmp_path, "aging", days=3.5, hosts=("metrics.private.example",))
    with (
        tls_in_front(aging.context(), lab.url) as url,
        tunnelling_proxy({"metrics.private.example:443": url.removeprefix("https://")}) as proxy,
    ):
        endpoint = MetricsEndpoint(
            url="https://metrics.private.example", ca_file=str(aging.cert), proxy=proxy.url
        )
        clock = LabTime(lab.clock)
        probe = metrics_probe(sources_for(endpoint), CLUSTER, endpoint=endpoint, clock=clock)
        found = {one.part: one for one in probe()}
    assert found["metrics prod-eu"].found == "answers, 4 targets"
    assert "(median of 3)" in found["metrics prod-eu latency"].found
    assert found["metrics prod-eu TLS"].health is Health.WARNING
    assert "3 days from now" in found["metrics prod-eu TLS"].found
    assert set(proxy.asked) == {"metrics.private.example:443"}


def test_certificates_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    wrong = tmp_path / "ca.pem"
    wrong.write_text("no certificate", encoding="utf-8")
    for endpoint in (
        MetricsEndpoint(url="https://127.0.0.1:1", ca_file=str(wrong)),
        MetricsEndpoint(url="https://127.0.0.1:1", client_cert=str(wrong)),
        MetricsEndpoint(url="https://127.0.0.1:1", ca_file=str(tmp_path / "absent.pem")),
    ):
        assert "cannot be read" in str(fault_of(reader_for(endpoint)))
