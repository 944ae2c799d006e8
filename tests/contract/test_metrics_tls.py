"""TLS to a metrics server: whom we trust, who we are, and which versions are spoken."""

from __future__ import annotations

import json
import shutil
import socket
import ssl
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from bot.domain.metrics import MetricsEndpoint
from tests.contract.metrics_servers import (
    NOON,
    UP,
    Certificate,
    fault_of,
    reader_for,
    self_signed,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is missing")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return self_signed(tmp_path_factory.mktemp("tls"), "server")


@contextmanager
def tls_server(context: ssl.SSLContext) -> Iterator[str]:
    """An answer to `count(…)` for every connection whose handshake succeeds."""
    result = {"resultType": "vector", "result": [{"metric": {}, "value": [1, "4"]}]}
    body = json.dumps({"status": "success", "data": result}).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    listening = socket.create_server(("127.0.0.1", 0))
    listening.settimeout(0.1)
    ended = threading.Event()

    def serve() -> None:
        while not ended.is_set():
            try:
                plain, _ = listening.accept()
            except TimeoutError:
                continue
            try:
                with context.wrap_socket(plain, server_side=True) as secured:
                    secured.recv(65_536)
                    secured.sendall(head.encode() + b"\r\nConnection: close\r\n\r\n" + body)
            except OSError:
                continue

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"https://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        ended.set()
        thread.join(timeout=5)
        listening.close()


def server_context(certificate: Certificate) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.cert, certificate.key)
    return context


@needs_openssl
def test_a_certificate_is_trusted_only_if_the_registry_says_so(certificate: Certificate) -> None:
    with tls_server(server_context(certificate)) as url:
        trusting = reader_for(MetricsEndpoint(url=url, ca_file=str(certificate.cert)))
        assert trusting.series_count(UP, at=NOON) == 4
        error = fault_of(reader_for(MetricsEndpoint(url=url)))
        assert "its certificate was not accepted (self-signed certificate)" in str(error)
        assert "`ca_file`" in str(error)


@needs_openssl
def test_a_client_certificate_is_presented(certificate: Certificate, tmp_path: Path) -> None:
    client = self_signed(tmp_path, "client")
    context = server_context(certificate)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(client.cert)
    with tls_server(context) as url:
        known = MetricsEndpoint(
            url=url,
            ca_file=str(certificate.cert),
            client_cert=str(client.cert),
            client_key=str(client.key),
        )
        assert reader_for(known).series_count(UP, at=NOON) == 4
        fault_of(reader_for(MetricsEndpoint(url=url, ca_file=str(certificate.cert))))


@needs_openssl
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
def test_tls_below_1_2_is_refused(certificate: Certificate) -> None:
    context = server_context(certificate)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1_1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    with tls_server(context) as url:
        error = fault_of(reader_for(MetricsEndpoint(url=url, ca_file=str(certificate.cert))))
    assert "TLS failed" in str(error)


def test_certificates_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    wrong = tmp_path / "ca.pem"
    wrong.write_text("no certificate", encoding="utf-8")
    for endpoint in (
        MetricsEndpoint(url="https://127.0.0.1:1", ca_file=str(wrong)),
        MetricsEndpoint(url="https://127.0.0.1:1", client_cert=str(wrong)),
        MetricsEndpoint(url="https://127.0.0.1:1", ca_file=str(tmp_path / "absent.pem")),
    ):
        assert "cannot be read" in str(fault_of(reader_for(endpoint)))
