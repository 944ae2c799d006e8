"""Which hosts an alert's address may lead people to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.registry import read_registry
from bot.domain.errors import SettingsError
from bot.domain.link_hosts import host_of, is_known, problem_of

if TYPE_CHECKING:
    from pathlib import Path

HOSTS = ("runbooks.example.com", "*.grafana.net", "127.0.0.1", "::1")


@pytest.mark.parametrize(
    "address",
    [
        "https://runbooks.example.com",
        "https://RUNBOOKS.example.com./cart?q=1#top",
        "http://runbooks.example.com:8443/cart",
        "https://shop.grafana.net/d/1",
        "https://eu.shop.grafana.net/d/1",
        "http://127.0.0.1:9090/graph",
        "http://[::1]:9090/graph",
    ],
)
def test_an_address_at_a_listed_host_is_known(address: str) -> None:
    assert is_known(address, HOSTS)


@pytest.mark.parametrize(
    "address",
    [
        "https://grafana.net/d/1",
        "https://evilgrafana.net/d/1",
        "https://shop.grafana.net.evil.example/",
        "https://evil.example/shop.grafana.net",
        "https://evil.example#.grafana.net",
        "https://evil.example?.grafana.net",
        "https://evil.example\\.grafana.net/",
        "https://evil.example%2f.grafana.net/",
        "https://runbooks.example.com@evil.example/",
        "https://runbooks.example.com:80@evil.example/",
        "https://runbooks.example.com:a.evil.example/",
        "https://runbooks\u3002example.com/",
        "https://.grafana.net/",
        "//runbooks.example.com/",
        "javascript://runbooks.example.com/%0aalert(1)",
        "runbooks.example.com",
        "",
    ],
)
def test_an_address_that_leads_anywhere_else_is_not(address: str) -> None:
    assert not is_known(address, HOSTS)


@given(st.text(max_size=80))
def test_a_host_is_of_plain_letters_whatever_the_address(text: str) -> None:
    for address in (text, f"https://{text}", f"https://{text}.grafana.net/"):
        host = host_of(address)
        assert host.isascii()
        assert not set(host) & set("\\/@%?# \t\n<>|")


@pytest.mark.parametrize("pattern", [*HOSTS, "*.console.aws.amazon.com", "localhost", "a_b.svc"])
def test_a_host_can_be_listed(pattern: str) -> None:
    assert problem_of(pattern) == ""


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("https://runbooks.example.com", "is more than a host"),
        ("runbooks.example.com/cart", "is more than a host"),
        ("*", "is no host such as"),
        ("*.com", "under a name anybody may have a host below"),
        ("run*.example.com", "is no host such as"),
        ("runbooks.example.com:8443", "is no host such as"),
        ("", "is no host such as"),
    ],
)
def test_what_would_match_nothing_or_everybody_is_refused_with_its_line(
    tmp_path: Path, pattern: str, said: str
) -> None:
    file = tmp_path / "nightdesk.yaml"
    file.write_text(f'clusters: [{{name: a}}]\nlinks:\n  hosts: [ok.example, "{pattern}"]\n')
    with pytest.raises(SettingsError) as refused:
        read_registry(file)
    assert "nightdesk.yaml:3 links.hosts[1] " in str(refused.value)
    assert said in str(refused.value)


def test_the_registrys_own_servers_are_known_beside_what_it_lists(tmp_path: Path) -> None:
    file = tmp_path / "nightdesk.yaml"
    file.write_text(
        """
clusters:
  - name: a
    prometheus: {url: "https://prometheus.example.com/base"}
    loki: {url: "https://loki.example.com"}
    alertmanager: {url: "https://am.example.com:9093"}
  - name: b
change_records: {webhook: "https://tickets.example.com/changes"}
links: {hosts: ["*.grafana.net"]}
"""
    )
    assert read_registry(file).link_hosts() == (
        "*.grafana.net",
        "prometheus.example.com",
        "loki.example.com",
        "am.example.com",
        "tickets.example.com",
    )


def test_without_an_entry_no_other_host_is_known(tmp_path: Path) -> None:
    file = tmp_path / "nightdesk.yaml"
    file.write_text("clusters: [{name: a}]\n")
    assert read_registry(file).link_hosts() == ()
