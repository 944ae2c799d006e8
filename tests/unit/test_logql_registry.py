"""What the registry may say of a cluster's log server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.adapters.registry import read_registry
from bot.domain.errors import SettingsError
from bot.domain.logs import LogsEndpoint

if TYPE_CHECKING:
    from pathlib import Path

    from bot.domain.registry import Registry


def read(directory: Path, keys: str) -> Registry:
    path = directory / "nightdesk.yaml"
    path.write_text(
        f"clusters: [{{name: prod, loki: {{{keys}}}}}, {{name: bare}}]\n", encoding="utf-8"
    )
    return read_registry(path)


def test_a_log_server_has_the_keys_of_a_metrics_server(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        "url: 'https://loki.example.com', tenant: shop, token_env: LOKI, ca_file: tls/ca.pem,"
        " client_cert: /etc/us.crt, client_key: us.key, proxy: 'http://proxy:3128'",
    )
    assert found.clusters[0].loki == LogsEndpoint(
        url="https://loki.example.com",
        tenant="shop",
        token_env="LOKI",
        ca_file=str(tmp_path / "tls/ca.pem"),
        client_cert="/etc/us.crt",
        client_key=str(tmp_path / "us.key"),
        proxy="http://proxy:3128",
    )
    assert found.with_logs(("bare", "prod")) == ("prod",)


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ("url: loki", "clusters[0].loki.url is no address"),
        ("url: 'http://loki.example.com'", "use https, or say insecure: true"),
        (
            "url: 'https://loki.example.com/loki/api/v1/'",
            "url includes /loki/api/v1: write only what stands before it",
        ),
        ("url: 'https://loki.example.com?x=1'", "write only what stands before /loki/api/v1"),
        ("url: 'https://a:canary@loki.example.com'", "holds a user name or password"),
        ("url: 'https://loki.example.com', sigv4_region: eu-west-1", "is for Amazon's Prometheus"),
        ("url: 'https://loki.example.com', tennant: shop", "is no key of it"),
    ],
)
def test_a_wrong_way_to_a_log_server_is_refused_once(tmp_path: Path, keys: str, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read(tmp_path, keys)
    (problem,) = caught.value.problems
    assert said in problem
    assert "canary" not in problem
