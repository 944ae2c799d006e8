"""Private endpoints on loopback: certificates of any age, TLS in front of a server, a proxy.

Certificates are made when a test asks for them, so that none can age in the repository.
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import ssl
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Dial = Callable[[], socket.socket]
    Meet = Callable[[socket.socket], socket.socket]


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A certificate that signs itself, and its key, PEM files."""

    cert: Path
    key: Path

    def context(self, *, clients: Path | None = None) -> ssl.SSLContext:
        """The server side of TLS with it; with `clients`, only for who shows one of those."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.cert, self.key)
        if clients is not None:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(clients)
        return context


def issue(
    directory: Path,
    name: str = "server",
    *,
    days: float = 90,
    hosts: tuple[str, ...] = ("127.0.0.1",),
) -> Certificate:
    """A certificate for these hosts that ends so many days from now, before now if negative."""
    key = ec.generate_private_key(ec.SECP256R1())
    whole = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    end = datetime.now(tz=UTC) + timedelta(days=days)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(whole)
        .issuer_name(whole)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(end - timedelta(days=365))
        .not_valid_after(end)
        .add_extension(
            x509.SubjectAlternativeName([_named(host) for host in hosts]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    made = Certificate(cert=directory / f"{name}.crt", key=directory / f"{name}.key")
    made.cert.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    made.key.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return made


def only_tls_1_1(certificate: Certificate) -> ssl.SSLContext:
    """A server that speaks nothing newer; the caller has to expect Python's own warning."""
    context = certificate.context()
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1_1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    return context


@contextmanager
def tls_in_front(
    context: ssl.SSLContext,
    address: str,
    *,
    greeting: Callable[[socket.socket], None] | None = None,
) -> Iterator[str]:
    """An https address that leads to a plain one; `greeting` is said before TLS."""
    place = urlsplit(address)

    def meet(came: socket.socket) -> socket.socket:
        if greeting is not None:
            greeting(came)
        return context.wrap_socket(came, server_side=True)

    def dial() -> socket.socket:
        if place.scheme == "unix":
            found = socket.socket(socket.AF_UNIX)
            found.connect(place.path)
            return found
        return socket.create_connection((place.hostname or "", place.port or 0), timeout=10)

    with _relayed(lambda came: (meet(came), dial)) as port:
        yield f"https://127.0.0.1:{port}"


@dataclass(slots=True)
class Proxy:
    """An HTTP proxy that only tunnels."""

    url: str = ""
    asked: list[str] = field(default_factory=list)
    """Hosts and ports it connected somebody to, in order."""


@contextmanager
def tunnelling_proxy(leads_to: dict[str, str] | None = None) -> Iterator[Proxy]:
    """A proxy on loopback; `leads_to` sends `host:port` elsewhere, as only it can resolve it."""
    proxy = Proxy()

    def admit(came: socket.socket) -> tuple[socket.socket, Dial]:
        head = b""
        while b"\r\n\r\n" not in head:
            got = came.recv(4096)
            if not got:
                raise ConnectionError("nothing was asked")
            head += got
        wanted = head.split(b" ")[1].decode("ascii")
        proxy.asked.append(wanted)
        host, _, port = (leads_to or {}).get(wanted, wanted).rpartition(":")
        onward = socket.create_connection((host, int(port)), timeout=10)
        came.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        return came, lambda: onward

    with _relayed(admit) as port:
        proxy.url = f"http://127.0.0.1:{port}"
        yield proxy


@contextmanager
def silent() -> Iterator[str]:
    """An address that accepts connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"https://127.0.0.1:{listening.getsockname()[1]}"


@contextmanager
def _relayed(admit: Callable[[socket.socket], tuple[socket.socket, Dial]]) -> Iterator[int]:
    listening = socket.create_server(("127.0.0.1", 0))
    listening.settimeout(0.05)
    ended = threading.Event()
    open_now: list[socket.socket] = []

    def serve(came: socket.socket) -> None:
        with contextlib.suppress(OSError):
            near, dial = admit(came)
            open_now.append(near)
            far = dial()
            open_now.append(far)
            back = threading.Thread(target=_pump, args=(far, near), daemon=True)
            back.start()
            _pump(near, far)
            back.join(timeout=10)
        came.close()

    def accept() -> None:
        while not ended.is_set():
            try:
                came, _ = listening.accept()
            except TimeoutError:
                continue
            came.settimeout(10)
            open_now.append(came)
            threading.Thread(target=serve, args=(came,), daemon=True).start()

    accepting = threading.Thread(target=accept, daemon=True)
    accepting.start()
    try:
        yield int(listening.getsockname()[1])
    finally:
        ended.set()
        accepting.join(timeout=5)
        listening.close()
        for one in open_now:
            one.close()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    """Carry bytes one way until either side is through."""
    with contextlib.suppress(OSError, ValueError):
        while got := source.recv(65_536):
            sink.sendall(got)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_RDWR)


def _named(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
