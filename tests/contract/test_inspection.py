"""What `doctor` finds out about an endpoint's TLS, certificates and distance."""

from __future__ import annotations

import socket
import struct
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from bot.adapters.checkups import connection_checkup, latency_checkup, tls_checkups
from bot.adapters.clock import SystemClock
from bot.adapters.inspection import NoHandshakeError, NotReachedError, shake_hands
from bot.adapters.llm.probe import model_probe
from bot.adapters.redis_probe import redis_probe
from bot.adapters.redis_server import EmbeddedRedis
from bot.adapters.store.probe import ask_for_tls
from bot.adapters.tls import Endpoint, Trust
from bot.ports.probe import Checkup, Health
from tests.lab.tls import (
    Certificate,
    issue,
    only_tls_1_1,
    silent,
    tls_in_front,
    tunnelling_proxy,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CLOCK = SystemClock()
# Nothing here gets past the handshake, so nobody needs to listen there.
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("inspection")


@pytest.fixture(scope="module")
def certificate(home: Path) -> Certificate:
    return issue(home)


def trusting(url: str, certificate: Certificate, *, ours: Certificate | None = None) -> Endpoint:
    """An endpoint whose certificate is believed, perhaps with one of ours."""
    trust = Trust(ca_file=str(certificate.cert))
    if ours is not None:
        trust = replace(trust, client_cert=str(ours.cert), client_key=str(ours.key))
    return Endpoint(url=url, trust=trust)


def server_checkup(endpoint: Endpoint) -> Checkup:
    """What is said of the server."""
    (found,) = tls_checkups("cluster x", endpoint, clock=CLOCK)
    assert found.part == "cluster x TLS"
    return found


def test_version_and_end_of_a_good_certificate_are_told(certificate: Certificate) -> None:
    with tls_in_front(certificate.context(), NOWHERE) as url:
        found = server_checkup(trusting(url, certificate))
    until = datetime.now(tz=UTC) + timedelta(days=90)
    assert found.health is Health.OK
    assert found.found == f"TLSv1.3, certificate until {until:%Y-%m-%d}, 89 days from now"
    assert found.next_step is None


def test_an_older_version_that_is_good_enough_is_told_as_it_is(certificate: Certificate) -> None:
    import ssl  # noqa: PLC0415 -- only this test limits a version

    context = certificate.context()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with tls_in_front(context, NOWHERE) as url:
        assert shake_hands(trusting(url, certificate)).version == "TLSv1.2"


@pytest.mark.parametrize(("days", "health"), [(20.9, Health.WARNING), (21.1, Health.OK)])
def test_a_certificate_is_warned_of_below_21_days(home: Path, days: float, health: Health) -> None:
    aging = issue(home, f"aging-{health}", days=days)
    with tls_in_front(aging.context(), NOWHERE) as url:
        found = server_checkup(trusting(url, aging))
    assert found.health is health
    assert ("renew the certificate" in str(found.next_step)) is (health is Health.WARNING)


def test_an_expired_certificate_has_failed_and_says_since_when(home: Path) -> None:
    expired = issue(home, "expired", days=-3.5)
    with tls_in_front(expired.context(), NOWHERE) as url:
        found = server_checkup(trusting(url, expired))
    ended = datetime.now(tz=UTC) - timedelta(days=3.5)
    assert found.health is Health.FAILED
    assert found.found == f"TLSv1.3, expired on {ended:%Y-%m-%d}, 3 days ago"


def test_a_certificate_for_another_name_has_failed(home: Path) -> None:
    other = issue(home, "other", hosts=("api.example.com",))
    with tls_in_front(other.context(), NOWHERE) as url:
        found = server_checkup(trusting(url, other))
        named = Endpoint(
            url=url, trust=Trust(ca_file=str(other.cert)), server_name="api.example.com"
        )
        assert server_checkup(named).health is Health.OK
    assert found.health is Health.FAILED
    assert "not accepted: IP address mismatch" in found.found


def test_a_certificate_nobody_vouches_for_has_failed(certificate: Certificate) -> None:
    with tls_in_front(certificate.context(), NOWHERE) as url:
        found = server_checkup(Endpoint(url=url))
    assert found.health is Health.FAILED
    assert "not accepted: self-signed certificate" in found.found


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
def test_a_server_without_tls_1_2_has_failed(certificate: Certificate) -> None:
    with tls_in_front(only_tls_1_1(certificate), NOWHERE) as url:
        found = server_checkup(trusting(url, certificate))
    assert found.health is Health.FAILED
    assert found.found == "the server offers no TLS 1.2 or later"


def test_a_server_without_tls_has_failed(certificate: Certificate) -> None:
    def answer(came: socket.socket) -> None:
        came.recv(4096)
        came.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with tls_in_front(certificate.context(), NOWHERE, greeting=answer) as url:
        found = server_checkup(trusting(url, certificate))
    assert found.health is Health.FAILED
    assert found.found == "the server does not speak TLS on this port"


def test_a_server_that_stays_silent_ends_the_wait(certificate: Certificate) -> None:
    with silent() as url, pytest.raises(NoHandshakeError, match=r"no handshake within 0\.2 s"):
        shake_hands(trusting(url, certificate), timeout_s=0.2)


def test_of_a_server_that_is_not_reached_nothing_is_said(certificate: Certificate) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    endpoint = trusting(f"https://127.0.0.1:{port}", certificate)
    assert tls_checkups("cluster x", endpoint, clock=CLOCK) == []
    assert connection_checkup("cluster x", endpoint, clock=CLOCK) is None


@pytest.mark.parametrize(
    ("url", "health"),
    [
        ("http://127.0.0.1:8001", Health.OK),
        ("http://prometheus.monitoring.svc:9090", Health.OK),
        ("http://prometheus.example.com", Health.WARNING),
    ],
)
def test_plain_http_is_told_and_warned_of_outside(url: str, health: Health) -> None:
    found = server_checkup(Endpoint(url=url))
    assert found.health is health
    assert "plain HTTP" in found.found


def test_our_own_certificate_is_dated_too(home: Path, certificate: Certificate) -> None:
    ours = issue(home, "ours", days=10.5)
    gone = issue(home, "gone", days=-1.5)
    with tls_in_front(certificate.context(), NOWHERE) as url:
        for mine, health, said in (
            (ours, Health.WARNING, "10 days from now"),
            (gone, Health.FAILED, "1 day ago"),
        ):
            endpoint = trusting(url, certificate, ours=mine)
            found = tls_checkups("cluster x", endpoint, clock=CLOCK)[-1]
            assert found.part == "cluster x client certificate"
            assert found.health is health
            assert said in found.found


def test_files_that_cannot_be_read_are_named(home: Path) -> None:
    wrong = home / "wrong.pem"
    wrong.write_text("no certificate", encoding="utf-8")
    endpoint = Endpoint(url="https://127.0.0.1:9", trust=Trust(client_cert=str(wrong)))
    found = tls_checkups("cluster x", endpoint, clock=CLOCK)
    assert [one.health for one in found] == [Health.FAILED, Health.FAILED]
    assert all(str(wrong) in one.found for one in found)


def test_a_server_behind_a_proxy_is_looked_at_through_it(certificate: Certificate) -> None:
    with tls_in_front(certificate.context(), NOWHERE) as url:
        place = url.removeprefix("https://")
        with tunnelling_proxy() as proxy:
            endpoint = Endpoint(
                url=url, trust=Trust(ca_file=str(certificate.cert)), proxy=proxy.url
            )
            assert server_checkup(endpoint).health is Health.OK
            assert proxy.asked == [place]
            with pytest.raises(NotReachedError, match="speaks no plain HTTP"):
                shake_hands(Endpoint(url=url, proxy="socks5://127.0.0.1:1080"))


def test_postgresql_is_asked_to_change_to_tls(certificate: Certificate) -> None:
    asked = []

    def agree(came: socket.socket) -> None:
        asked.append(struct.unpack("!ii", came.recv(8)))
        came.sendall(b"S")

    with tls_in_front(certificate.context(), NOWHERE, greeting=agree) as url:
        seen = shake_hands(trusting(url, certificate), opening=ask_for_tls)
    assert seen.untrusted is None
    assert asked == [(8, 80877103)]


def test_a_postgresql_without_tls_says_so(certificate: Certificate) -> None:
    with (
        tls_in_front(
            certificate.context(), NOWHERE, greeting=lambda came: came.sendall(b"N")
        ) as url,
        pytest.raises(NoHandshakeError, match="offers no TLS"),
    ):
        shake_hands(trusting(url, certificate), opening=ask_for_tls)


@pytest.fixture
def redis_url(tmp_path: Path) -> Iterator[str]:
    with EmbeddedRedis(tmp_path, clock=CLOCK) as server:
        yield server.url


def test_redis_over_tls_is_looked_at(redis_url: str, certificate: Certificate) -> None:
    with tls_in_front(certificate.context(), redis_url) as url:
        address = f"{url.replace('https', 'rediss')}/0"
        verified = redis_probe(f"{address}?ssl_ca_certs={certificate.cert}", clock=CLOCK)()
        blind = redis_probe(f"{address}?ssl_cert_reqs=none", clock=CLOCK)()
    assert [one.part for one in verified] == ["redis", "redis latency", "redis TLS"]
    assert {verified[0].health, verified[2].health} == {Health.OK}
    assert blind[-1].part == "redis TLS verification"
    assert "`ssl_cert_reqs`" in blind[-1].found


def test_a_model_is_not_to_be_asked_in_plain_text() -> None:
    look = model_probe(None, addresses=("http://gateway.example.com/v1",), clock=CLOCK)
    found = look()[-1]
    assert found.part == "model at gateway.example.com"
    assert found.health is Health.FAILED
    assert "sends plain HTTP to gateway.example.com" in found.found


def test_the_way_to_a_model_is_looked_at(certificate: Certificate) -> None:
    with tls_in_front(certificate.context(), NOWHERE) as url:
        found = {one.part: one for one in model_probe(None, addresses=(url,), clock=CLOCK)()}
    assert "(median of 3)" in found["model at 127.0.0.1 latency"].found
    assert found["model at 127.0.0.1 TLS"].health is Health.FAILED


class Ticking:
    """A clock on which every answer takes the next of these milliseconds."""

    def __init__(self, *answers_ms: float) -> None:
        self._ticks = [tick for took in answers_ms for tick in (0.0, took / 1000)]

    def now(self) -> datetime:
        return CLOCK.now()

    def monotonic(self) -> float:
        return self._ticks.pop(0)

    def sleep(self, seconds: float) -> None:
        raise AssertionError(f"nothing here should wait {seconds} s")


@pytest.mark.parametrize(
    ("answers_ms", "health", "said"),
    [
        ((4, 900, 5), Health.OK, "5 ms (median of 3), as within a region (up to 50 ms)"),
        ((51, 51, 4), Health.OK, "51 ms (median of 3), as between regions (up to 250 ms)"),
        ((251, 4, 300), Health.WARNING, "251 ms (median of 3), too far: more than 250 ms"),
    ],
)
def test_distance_is_told_by_the_median_of_three(
    answers_ms: tuple[float, ...], health: Health, said: str
) -> None:
    found = latency_checkup("cluster x", lambda: None, clock=Ticking(*answers_ms))
    assert found.part == "cluster x latency"
    assert found.health is health
    assert found.found == said
    assert (found.next_step is None) is (health is Health.OK)
