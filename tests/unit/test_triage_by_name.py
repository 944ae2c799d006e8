"""Hosts that programs call by name and that answer by number."""

from __future__ import annotations

import pytest

from bot.triage.rules.last_words import meaning_of


@pytest.mark.parametrize(
    ("line", "host"),
    [
        (
            (
                'ERROR Post "http://gateway.payments.svc.cluster.local/charge": dial tcp'
                " 172.20.0.21:80: connect: connection refused"
            ),
            "gateway.payments.svc.cluster.local",
        ),
        ("FATAL dial tcp 172.20.0.21:80: connect: connection refused", "172.20.0.21"),
        (
            'ERROR Get "http://172.20.0.9/ready": dial tcp 172.20.0.9:80: i/o timeout',
            "172.20.0.9",
        ),
        (
            (
                'ERROR Get "https://shop.example.com/": proxyconnect tcp: dial tcp'
                " proxy.corp.example.com:3128: connect: connection refused"
            ),
            "proxy.corp.example.com",
        ),
    ],
)
def test_a_host_asked_by_name_is_told_by_its_name(line: str, host: str) -> None:
    meaning = meaning_of(line)
    assert meaning is not None
    assert meaning.subject == host
