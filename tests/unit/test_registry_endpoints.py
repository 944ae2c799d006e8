"""What the registry may say of the ways to clusters and accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.adapters.registry import read_registry
from bot.domain.errors import SettingsError
from bot.domain.registry import Account, Cluster

if TYPE_CHECKING:
    from pathlib import Path

    from bot.domain.registry import Registry

CLUSTERS = "clusters: [{name: prod-eu}]\n"


def read(directory: Path, text: str) -> Registry:
    path = directory / "nightdesk.yaml"
    path.write_text(text, encoding="utf-8")
    return read_registry(path)


def with_account(keys: str) -> str:
    return f"{CLUSTERS}accounts: [{{name: shop, account_id: '123456789012', {keys}}}]\n"


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        (
            "endpoint_url: 'http://aws.example.com'",
            "endpoint_url sends plain HTTP to aws.example.com, outside this machine and the",
        ),
        ("endpoint_url: localstack", "endpoint_url is no address such as https://aws.example.com"),
        ("endpoint_url: 'https://a:b@aws.example.com'", "endpoint_url holds a user name or"),
        ("proxy: 'socks5://proxy'", "proxy is no address such as http://proxy.example.com:3128"),
        ("proxy: 'http://me:secret@proxy'", "accounts[0].proxy holds a user name or password"),
        ("client_key: k.pem", "accounts[0].client_key has no client_cert: name the certificate"),
    ],
)
def test_a_wrong_way_to_an_account_is_refused(tmp_path: Path, keys: str, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read(tmp_path, with_account(keys))
    (problem,) = caught.value.problems
    assert said in problem
    assert "secret" not in problem


def test_a_refusal_of_plain_http_says_what_to_write(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="use https, or say insecure: true"):
        read(tmp_path, with_account("endpoint_url: 'http://aws.example.com'"))


@pytest.mark.parametrize(
    "keys",
    [
        "endpoint_url: 'http://127.0.0.1:4566'",
        "endpoint_url: 'http://localstack.tools.svc:4566'",
        "endpoint_url: 'http://aws.example.com', insecure: true",
        "proxy: 'http://proxy.example.com:3128'",
    ],
)
def test_plain_http_is_taken_inside_or_when_the_file_says_so(tmp_path: Path, keys: str) -> None:
    assert read(tmp_path, with_account(keys)).accounts[0].name == "shop"


def test_certificates_of_an_account_are_looked_for_beside_the_file(tmp_path: Path) -> None:
    keys = "ca_file: tls/ca.pem, client_cert: /etc/us.crt, client_key: us.key"
    assert read(tmp_path, with_account(keys)).accounts == (
        Account(
            name="shop",
            account_id="123456789012",
            ca_file=str(tmp_path / "tls/ca.pem"),
            client_cert="/etc/us.crt",
            client_key=str(tmp_path / "us.key"),
        ),
    )


def test_a_cluster_may_be_declared_insecure(tmp_path: Path) -> None:
    found = read(tmp_path, "clusters: [{name: old, insecure: true}, {name: new}]\n").clusters
    assert found == (Cluster(name="old", insecure=True), Cluster(name="new"))
