"""What the registry may say of a cluster's Alertmanager."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.adapters.registry import read_registry
from bot.domain.alert_server import AlertmanagerEndpoint
from bot.domain.errors import SettingsError

if TYPE_CHECKING:
    from pathlib import Path

    from bot.domain.registry import Registry


def read(directory: Path, keys: str) -> Registry:
    path = directory / "nightdesk.yaml"
    path.write_text(
        f"clusters: [{{name: prod, alertmanager: {{{keys}}}}}, {{name: bare}}]\n", encoding="utf-8"
    )
    return read_registry(path)


def test_an_alertmanager_has_the_keys_of_a_metrics_server(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        "url: 'https://am.example.com', tenant: shop, basic_auth_env: AM, ca_file: tls/ca.pem,"
        " client_cert: /etc/us.crt, client_key: us.key, proxy: 'http://proxy:3128'",
    )
    assert found.clusters[0].alertmanager == AlertmanagerEndpoint(
        url="https://am.example.com",
        tenant="shop",
        basic_auth_env="AM",
        ca_file=str(tmp_path / "tls/ca.pem"),
        client_cert="/etc/us.crt",
        client_key=str(tmp_path / "us.key"),
        proxy="http://proxy:3128",
    )
    assert found.clusters[1].alertmanager is None


def test_amazons_alertmanager_is_signed_for_as_its_prometheus(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        "url: 'https://aps.example.com/workspaces/ws-1/alertmanager', sigv4_region: eu-west-1",
    )
    endpoint = found.clusters[0].alertmanager
    assert endpoint is not None
    assert endpoint.sigv4_region == "eu-west-1"


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ("url: am", "clusters[0].alertmanager.url is no address"),
        ("url: 'http://am.example.com'", "use https, or say insecure: true"),
        (
            "url: 'https://am.example.com/api/v2/'",
            "url includes /api/v2: write only what stands before it",
        ),
        ("url: 'https://am.example.com/#/alerts'", "write only what stands before /api/v2"),
        ("url: 'https://a:canary@am.example.com'", "holds a user name or password"),
        (
            "url: 'https://am.example.com', token_env: A, basic_auth_env: B",
            "alertmanager.basic_auth_env contradicts token_env",
        ),
        ("url: 'https://am.example.com', tennant: shop", "is no key of it"),
    ],
)
def test_a_wrong_way_to_an_alertmanager_is_refused_once(
    tmp_path: Path, keys: str, said: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        read(tmp_path, keys)
    (problem,) = caught.value.problems
    assert said in problem
    assert "canary" not in problem
