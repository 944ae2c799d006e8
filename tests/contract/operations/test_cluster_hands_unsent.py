"""When a changing call certainly never left: no way to the server, no credential, no right."""

from __future__ import annotations

import socket
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from safe_ops.actuators.cluster import KubernetesHands
from safe_ops.actuators.cluster_wire import ClusterWire
from safe_ops.errors import (
    CallRefusedError,
    UnknownOutcomeError,
    UpstreamError,
)
from safe_ops.model.plans import Call
from tests.contract.operations.cluster_calls import (
    DEPLOYMENT,
    DONE,
    MERGE,
    PODS,
    WARRANT,
    hands_at,
)
from tests.contract.operations.stand_in import (
    TOKEN,
    StandIn,
    api_client,
)
from tests.lab.tls import issue, tls_in_front

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def closed_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def unreachable(url: str, *, token: str = TOKEN) -> str:
    api = api_client(url, token=token)
    hands = KubernetesHands(api, cluster="prod-eu", warrant=WARRANT)
    with pytest.raises(UpstreamError) as caught:
        hands.send(MERGE)
    assert "was not sent" in str(caught.value)
    assert TOKEN not in str(caught.value)
    return str(caught.value)


def test_a_refused_connection_means_that_nothing_was_sent() -> None:
    assert "the connection was refused" in unreachable(f"http://127.0.0.1:{closed_port()}")


def test_a_proxy_that_is_not_there_means_that_nothing_was_sent() -> None:
    with StandIn(DONE) as server:
        api = api_client(server.url, proxy=f"http://127.0.0.1:{closed_port()}")
        hands = KubernetesHands(api, cluster="prod-eu", warrant=WARRANT)
        with pytest.raises(UpstreamError, match="the proxy in between failed"):
            hands.send(MERGE)
        assert server.requests() == []


def test_a_name_that_cannot_be_resolved_means_that_nothing_was_sent() -> None:
    # Longer than a name may be: the resolver refuses it without asking anybody.
    too_long = ".".join(["x" * 60] * 5)
    assert "its name cannot be resolved" in unreachable(f"http://{too_long}")


def test_a_connection_that_is_not_taken_in_time_means_that_nothing_was_sent() -> None:
    with ExitStack() as held:
        silent = held.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        address = silent.getsockname()
        # Linux takes backlog + 1 connections nobody has accepted; later ones are not answered.
        for _ in range(2):
            waiting = held.enter_context(socket.socket())
            waiting.settimeout(0)
            waiting.connect_ex(address)
        api = api_client(f"http://127.0.0.1:{address[1]}")
        wire = ClusterWire(api, cluster="prod-eu", connect_timeout_s=0.3)
        hands = KubernetesHands(api, cluster="prod-eu", warrant=WARRANT, wire=wire)
        with pytest.raises(UpstreamError, match="no connection in time"):
            hands.send(MERGE)


def test_an_unknown_certificate_means_that_nothing_was_sent(tmp_path: Path) -> None:
    with (
        StandIn(DONE) as server,
        tls_in_front(issue(tmp_path).context(), server.url) as url,
    ):
        assert "TLS failed" in unreachable(url)
        assert server.requests() == []


def test_tls_spoken_to_a_server_without_it_does_not_tell() -> None:
    with StandIn(DONE) as server, pytest.raises(UnknownOutcomeError, match="TLS failed"):
        hands_at(server.url.replace("http://", "https://")).send(MERGE)


def test_an_address_that_is_none_means_that_nothing_was_sent() -> None:
    assert "it cannot be reached" in unreachable("http://127.0.0.1:99999")


def test_a_token_that_cannot_be_sent_is_not_quoted() -> None:
    with StandIn(DONE) as server:
        said = unreachable(server.url, token=f"{TOKEN}\nX-Evil: 1")
        assert server.requests() == []
    assert "characters that cannot be sent" in said


def test_a_credential_that_cannot_be_had_means_that_nothing_was_sent() -> None:
    def lost_file(_configuration: object) -> None:
        raise FileNotFoundError("/var/run/secrets/token")

    with StandIn(DONE) as server:
        api = api_client(server.url)
        api.configuration.refresh_api_key_hook = lost_file
        hands = KubernetesHands(api, cluster="prod-eu", warrant=WARRANT)
        with pytest.raises(UpstreamError, match="credential cannot be had"):
            hands.send(MERGE)
        assert server.requests() == []


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/namespaces/shop/pods/../secrets/x",
        "/api/v1/namespaces/shop/pods/x?dryRun=All",
        "/api/v1/namespaces/shop/pods/%2e%2e",
        "//elsewhere.example.com/api/v1/pods/x",
        "/version",
    ],
)
def test_a_path_that_is_not_plainly_one_object_is_never_sent(path: str) -> None:
    with StandIn(DONE) as server:
        call = Call(action="DELETE", path=path, body={})
        with pytest.raises(UpstreamError):
            hands_at(server.url).send(call)
        assert server.requests() == []


@pytest.mark.parametrize(
    ("action", "path"),
    [
        ("DELETE", DEPLOYMENT),
        ("PATCH", f"{DEPLOYMENT}/scale"),
        ("PATCH", "/apis/extensions/v1/namespaces/shop/deployments/cart"),
        ("DELETE", PODS),
        ("POST", f"{PODS}/cart-1/exec"),
        ("GET", f"{PODS}/cart-1"),
        ("PATCH", "/api/v1/namespaces/shop"),
    ],
)
@pytest.mark.parametrize("way", ["send", "rehearse"])
def test_a_call_beyond_the_operations_rights_is_never_sent(
    action: str, path: str, way: str
) -> None:
    with StandIn(DONE) as server:
        call: Callable[[Call], object] = getattr(hands_at(server.url), way)
        with pytest.raises(CallRefusedError, match="beyond the rights") as caught:
            call(Call(action=action, path=path, body={}))
        assert server.requests() == []
    assert caught.value.status == "rights"


def test_connections_are_kept_from_call_to_call() -> None:
    with StandIn(DONE) as server:
        hands = hands_at(server.url)
        for _ in range(3):
            hands.send(MERGE)
        assert len({seen.peer for seen in server.requests()}) == 1
