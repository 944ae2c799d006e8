"""What the end of a crashing container's log says about the cause."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.verdict import Category, Cause
from bot.triage.finding import Finding
from bot.triage.rules.last_words import explained
from tests.unit.triage_estates import ref

CRASH = Finding(
    object=ref("deployment", "app"),
    cause=Cause.APPLICATION_CRASH,
    category=Category.APPLICATION,
    phrase="crash",
    values={"pod": "app-1"},
    evidence=("E1",),
    weight=0.6,
    container="app",
)
PROBE = replace(
    CRASH,
    phrase="probe_refused",
    cause=Cause.PROBE_WRONG,
    values={"message": 'Get "http://10.0.0.1:9090/ready": dial tcp 10.0.0.1:9090: refused'},
)


@pytest.mark.parametrize(
    ("line", "cause", "subject"),
    [
        (
            "cannot reach db.shop.svc.cluster.internal: [Errno -2] Name or service not known",
            Cause.DNS,
            "db.shop.svc.cluster.internal",
        ),
        ("dial tcp: lookup cart-db on 10.96.0.10:53: no such host", Cause.DNS, "cart-db"),
        ("Error: getaddrinfo ENOTFOUND redis.cache", Cause.DNS, "redis.cache"),
        (
            'could not translate host name "cart-db" to address: Name or service not known',
            Cause.DNS,
            "cart-db",
        ),
        ("java.net.UnknownHostException: orders-api", Cause.DNS, "orders-api"),
        ("curl: (6) Could not resolve host: api.example.com", Cause.DNS, "api.example.com"),
        ("ERROR Temporary failure in name resolution", Cause.DNS, ""),
        (
            "Error: connect ECONNREFUSED 10.0.0.5:5432",
            Cause.DEPENDENCY_DOWN,
            "10.0.0.5",
        ),
        (
            'connection to server at "cart-db" (10.1.2.3), port 5432 failed: Connection refused',
            Cause.DEPENDENCY_DOWN,
            "cart-db",
        ),
        (
            "error: dial tcp cart-db:5432: connect: connection refused",
            Cause.DEPENDENCY_DOWN,
            "cart-db",
        ),
        ("FATAL: i/o timeout", Cause.DEPENDENCY_DOWN, ""),
        ("KeyError: 'PAYMENT_URL'", Cause.MISSING_CONFIG, "PAYMENT_URL"),
        (
            "panic: required environment variable DATABASE_URL is not set",
            Cause.MISSING_CONFIG,
            "DATABASE_URL",
        ),
        (
            "FileNotFoundError: [Errno 2] No such file or directory: '/etc/app/config.yaml'",
            Cause.MISSING_CONFIG,
            "/etc/app/config.yaml",
        ),
        (
            "open /etc/app/config.yaml: no such file or directory, giving up with error",
            Cause.MISSING_CONFIG,
            "/etc/app/config.yaml",
        ),
        ('FATAL: password authentication failed for user "cart"', Cause.ACCESS, ""),
        ("Error: EACCES permission denied /data/app/lock.pid", Cause.ACCESS, "/data/app/lock.pid"),
        ("OSError: [Errno 28] No space left on device: error", Cause.STORAGE, ""),
        ("FATAL ERROR: JavaScript heap out of memory", Cause.OUT_OF_MEMORY, ""),
        ("error: unknown flag --liten", Cause.WRONG_CONFIG, ""),
        ("listen tcp :8080: bind: address already in use error", Cause.WRONG_CONFIG, ""),
        ("ERROR invalid value for CACHE_TTL: 'soon'", Cause.WRONG_CONFIG, "CACHE_TTL"),
    ],
)
def test_a_telling_line_names_the_cause_and_what_it_is_about(
    line: str, cause: Cause, subject: str
) -> None:
    found = explained(CRASH, ["INFO starting", line], label="E9")
    assert found.words is not None
    assert (found.cause, found.words.subject, found.words.label) == (cause, subject, "E9")
    assert found.words.line == line
    is_told = bool(subject) or cause is Cause.OUT_OF_MEMORY
    assert bool(found.words.phrase) is is_told
    assert found.weight > CRASH.weight


@pytest.mark.parametrize(
    "line",
    [
        "INFO connected to cart-db:5432, no connection refused so far",
        "INFO listening on :8080",
        "DEBUG getaddrinfo took 3 ms",
    ],
)
def test_a_line_that_tells_of_no_failure_is_no_cause(line: str) -> None:
    found = explained(CRASH, [line], label="E9")
    assert found.cause in {Cause.APPLICATION_CRASH, Cause.DEPENDENCY_DOWN}
    assert found.words is None or "refused" in line


def test_an_unclassified_error_is_quoted_and_the_cause_stays() -> None:
    lines = [
        "INFO start",
        "Traceback (most recent call last):",
        '  File "a.py", line 3',
        "TypeError: x",
    ]
    found = explained(CRASH, lines, label="E9")
    assert found.cause is Cause.APPLICATION_CRASH
    assert found.words is not None
    assert found.words.line == "TypeError: x"
    assert 0.6 < found.weight < 0.85


def test_a_log_that_tells_nothing_changes_nothing() -> None:
    assert explained(CRASH, [], label="E9") == CRASH
    assert explained(CRASH, ["", "INFO bye"], label="E9") == CRASH


def test_the_last_cause_counts() -> None:
    lines = ["ERROR dial tcp a-db:1234: connection refused", "ERROR KeyError: 'DB_NAME'"]
    assert explained(CRASH, lines, label="E9").cause is Cause.MISSING_CONFIG


def test_a_kill_for_memory_stays_one_whatever_the_log_says() -> None:
    killed = replace(CRASH, phrase="out_of_memory", cause=Cause.OUT_OF_MEMORY, weight=0.95)
    assert explained(killed, ["ERROR no such host: db.example.com"], label="E9") == killed


def test_a_kill_without_a_reason_is_explained_by_the_log() -> None:
    killed = replace(CRASH, phrase="killed", cause=Cause.OUT_OF_MEMORY, weight=0.6)
    named = explained(killed, ["java.lang.OutOfMemoryError: Java heap space"], label="E9")
    assert (named.cause, named.weight) == (Cause.OUT_OF_MEMORY, 0.75)
    quoted = explained(killed, ["ERROR bye"], label="E9")
    assert (quoted.weight, quoted.words is not None) == (0.6, True)


def test_a_failed_job_keeps_its_code_and_gets_its_reason() -> None:
    failed = replace(CRASH, phrase="job_failed", cause=Cause.JOB_FAILED, weight=0.75)
    found = explained(failed, ["ERROR lookup ledger-db on 10.0.0.1:53: no such host"], label="E9")
    assert found.cause is Cause.JOB_FAILED
    assert found.needs == "ledger-db"


def test_only_the_end_of_a_log_counts() -> None:
    lines = ["ERROR no such host: db.example.com", *(["INFO fine"] * 60)]
    assert explained(CRASH, lines, label="E9") == CRASH


def test_a_probe_of_another_port_than_the_program_listens_on_is_certain() -> None:
    found = explained(PROBE, ["INFO listening on 0.0.0.0:9000"], label="E9")
    assert found.weight > 0.9
    assert found.words is not None
    assert (found.words.phrase, found.words.subject) == ("log_listens", "9000")


@pytest.mark.parametrize(
    "lines", [["INFO listening on 0.0.0.0:9090"], ["INFO serving on port 9090"], ["INFO hello"]]
)
def test_a_probe_of_the_right_port_stays_what_it_was(lines: list[str]) -> None:
    assert explained(PROBE, lines, label="E9") == PROBE


@given(st.lists(st.text(max_size=300), max_size=20))
def test_no_log_is_too_strange_to_be_read(lines: list[str]) -> None:
    found = explained(CRASH, lines, label="E9")
    assert found.words is None or found.words.line in lines


@pytest.mark.parametrize(
    "line",
    [
        "error " + "a" * 500,
        "error no such host " + "a." * 250,
        "error connection refused " + "a-" * 250,
        "error missing " + "A_" * 250,
        "no such file or directory error " + "/a" * 250,
        "listening " * 60,
    ],
)
def test_a_line_made_to_be_slow_is_not(line: str) -> None:
    began = time.perf_counter()
    for finding in (CRASH, PROBE):
        explained(finding, [line] * 40, label="E9")
    assert time.perf_counter() - began < 1
