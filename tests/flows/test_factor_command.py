"""Whoever runs Nightdesk enrols second factors at a terminal; the listener knows them at once."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from html import unescape
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pyotp
import pytest

from tests.contract.operations.soft_key import SoftKey
from tests.flows.house import House
from tests.lab.installation import FOREIGN, ROOT
from tests.lab.slack.seed import ANA

if TYPE_CHECKING:
    from collections.abc import Iterator

# Real processes start and end here; a busy machine takes its time over that.
pytestmark = pytest.mark.timeout(180)

PUBLIC = "http://localhost:8080"
"""As behind a proxy: the listener's own port is another."""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with House(tmp_path_factory.mktemp("factor"), NIGHTDESK_PUBLIC_URL=PUBLIC) as made:
        yield made


def factor(house: House, *words: str) -> str:
    """Run `nightdesk factor …`, which has to end well, and return what it printed."""
    ended = house.installation.run("factor", *words)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def asked(house: House, *words: str, wrong: int) -> tuple[int, str]:
    """Run `nightdesk factor add …` with this many wrong codes before the right one."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    with subprocess.Popen(  # noqa: S603 -- the product itself
        [sys.executable, "-m", "bot", "factor", "add", *words],
        env={**clean, **house.installation.environment},
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        heading, _, secret = (process.stdout.readline() for _ in range(3))
        assert ANA in heading
        app = pyotp.TOTP(secret.strip())
        right = app.now()
        other = f"{(int(right) + 500_000) % 1_000_000:06}"
        said, _ = process.communicate("".join(f"{one}\n" for one in [*[other] * wrong, right]))
        return process.returncode, said + secret


def open_page(port: int, path: str, body: dict[str, Any] | None = None) -> tuple[int, str]:
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        sent = None if body is None else json.dumps(body)
        method = "GET" if sent is None else "POST"
        connection.request(method, path, sent, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def test_an_app_is_enrolled_once_a_code_of_it_was_right(house: House) -> None:
    status, said = asked(house, ANA, "--label", "phone", wrong=2)
    assert status == 0
    secret = said.splitlines()[-1].strip()
    (line,) = [line for line in factor(house, "list", ANA).splitlines() if "phone" in line]
    subject, kind, factor_id = line.split()[:3]
    assert (subject, kind) == (ANA, "totp")
    database = house.lab.home / "state"
    kept = b"".join(path.read_bytes() for path in database.glob("nightdesk.db*"))
    assert factor_id.encode() in kept
    assert secret.encode() not in kept
    assert "factor.added" in house.installation.run("audit", "export").stdout
    factor(house, "remove", ANA, factor_id)
    assert "phone" not in factor(house, "list")
    assert "factor.removed" in house.installation.run("audit", "export").stdout


def test_an_app_none_of_whose_codes_was_right_is_not_enrolled(house: House) -> None:
    status, _ = asked(house, ANA, "--label", "other", wrong=3)
    assert status == 1
    assert "other" not in factor(house, "list")


def test_a_key_is_enrolled_at_the_listener_by_the_link_that_was_printed(house: House) -> None:
    (listener,) = house.start("listener")
    (ready,) = [line for line in listener.said().splitlines() if "listener_ready" in line]
    port = int(json.loads(ready)["http_port"])
    printed = factor(house, "add", ANA, "--key", "--label", "blue")
    found = re.search(rf"{PUBLIC}(/factor/\S+)", printed)
    assert found is not None
    status, page = open_page(port, found[1])
    question = re.search(r'data-question="([^"]*)"', page)
    assert status == 200
    assert question is not None
    options = json.loads(unescape(question[1]))["options"]
    assert options["rp"]["id"] == urlsplit(PUBLIC).hostname
    key = SoftKey()
    status, said = open_page(port, found[1], {"credential": key.create(options, origin=PUBLIC)})
    assert (status, "is enrolled" in said) == (200, True)
    assert f"webauthn  {key.factor_id[:12]}" in factor(house, "list", ANA)
    assert open_page(port, found[1])[0] == 403


def test_who_is_known_to_nobody_gets_no_factor(house: House) -> None:
    ended = house.installation.run("factor", "add", "somebody")
    assert ended.returncode == 2
    assert "somebody is neither a Slack id" in ended.stderr
    ended = house.installation.run("factor", "remove", ANA, "zz")
    assert ended.returncode == 1
    assert "0 factors" in ended.stderr
