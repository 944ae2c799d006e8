"""How fast text is redacted: a megabyte of mixed logs, as they come from a busy namespace."""

from __future__ import annotations

import time
from random import Random
from typing import Final

from bot.domain.redaction.engine import Redactor
from tests.unit.redaction_benign import benign
from tests.unit.redaction_corpus import working

GOAL_MS_PER_MB: Final = 200
GROWTH_AT_MOST: Final = 4.0
"""What a search that looks at every pair of places would take."""
_MEGABYTE = 1_000_000
_ROUNDS = 5
_TELLING_S = 0.005
_SECRETS_PER_LINE = 0.01


# What a hostile log would be made of: each is the beginning of something a rule looks for.
ADVERSARIAL: Final = (
    "password=", "password: ", "token=/var/", 'token="a b ', "cookie: ", "cookie: a=b; ",
    "authorization: ", "://a:", "://a:b@", "eyJaaaaaaaa.", "aaaa",
    "-----BEGIN PRIVATE KEY-----\n",
    "-----BEGIN PRIVATE KEY-----\nAAAA\n", "-----END PRIVATE KEY-----",
    f"{'A' * 64}\n-----END PRIVATE KEY-----\n", "name: password\nvalue: ", 'token=\\"', "token=%22",
    "<token>", "--password ", "-", "\\", '"', "data:\n  a: b\n", "password: |\n  ",
    'tokens: ["a",',
    "\u2039secret:a:000000\u203a", "\u2039secret:", "curl -u ", "mysql a ", "A", "a/b",
    "QUFB\n",
    "a:b@tcp(", "%3a%2f%2fa", "token is ", "secret: a-", "token=a;", '{"a":',
)  # fmt: skip
_ADVERSARIAL_SIZE = 40_000


def worst_growth(redactor: Redactor) -> float:
    """How many times as long twice the text takes, for the worst unit; 4 is quadratic."""
    found = []
    for unit in ADVERSARIAL:
        once = (unit * (_ADVERSARIAL_SIZE // len(unit) + 1))[:_ADVERSARIAL_SIZE]
        short_s, long_s = _took_s(redactor, once), _took_s(redactor, once + once)
        # Below a few milliseconds the clock, not the rule, is measured.
        if long_s > _TELLING_S:
            found.append(long_s / short_s)
    return max(found, default=1.0)


def _took_s(redactor: Redactor, text: str) -> float:
    took = []
    for _ in range(3):
        began = time.process_time()
        redactor.redact(text)
        took.append(time.process_time() - began)
    return min(took)


def log_mix(seed: int = 7, size: int = _MEGABYTE) -> str:
    """A text of that many characters; about every hundredth line has a secret in it."""
    rng = Random(seed)
    plain = [line for line in benign(rng, 60) if "\n" not in line]
    secret = [planted.text for planted in working(rng) if "\n" not in planted.text]
    lines: list[str] = []
    length = 0
    while length < size:
        source = secret if rng.random() < _SECRETS_PER_LINE else plain
        line = (
            f"2026-11-21T08:{rng.randint(10, 59)}:{rng.randint(10, 59)}.123Z "
            f"{rng.choice(('INFO', 'WARN', 'ERROR'))} [web-7d9f8b6c5-x2x4z] handler took "
            f"{rng.randint(1, 900)}ms status={rng.choice((200, 404, 500))} {rng.choice(source)}"
        )
        lines.append(line)
        length += len(line) + 1
    return "\n".join(lines)[:size]


def measure() -> dict[str, object]:
    """Milliseconds of processor time for one megabyte, median and best of five, and MB/s.

    It is pure computation in one thread, so what else the machine has to do is left out.
    """
    text = log_mix()
    redactor = Redactor(key=b"bench")
    redactor.redact(text[:1000])
    took_ms: list[float] = []
    for _ in range(_ROUNDS):
        began = time.process_time()
        redacted = redactor.redact(text)
        took_ms.append((time.process_time() - began) * 1000)
        assert redacted.found
    took_ms.sort()
    megabytes = len(text.encode()) / _MEGABYTE
    middle_ms = took_ms[_ROUNDS // 2] / megabytes
    return {
        "one megabyte of logs": {"value": middle_ms, "unit": "ms", "goal": GOAL_MS_PER_MB},
        "one megabyte of logs, best of five": {"value": took_ms[0] / megabytes, "unit": "ms"},
        "speed": {"value": 1000 / middle_ms, "unit": "MB/s"},
        "twice the worst text": {
            "value": worst_growth(redactor),
            "unit": "times the time",
            "goal": GROWTH_AT_MOST,
        },
    }


if __name__ == "__main__":
    print(measure())
