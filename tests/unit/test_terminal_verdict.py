"""The verdict at a terminal: every part of it, a line each, in plain text."""

from __future__ import annotations

from dataclasses import replace

from bot.adapters.terminal import outcome_lines
from bot.domain.verdict import Cause, Status
from tests.lab.slack.values import outcome, verdict

STEP = "kubectl rollout undo deployment/checkout"


def test_every_part_of_a_verdict_is_printed() -> None:
    lines = outcome_lines(outcome())
    assert lines[0].startswith("CONFIRMED  checkout crashes since 11:40")
    for line in (
        "  object: prod-eu/deployment/shop/checkout",
        f"  cause: missing_config, {Cause.MISSING_CONFIG.meaning}",
        "  since: 2031-05-06T11:40:00+00:00",
        f"  relief: {STEP}",
        f"  cure: {STEP}",
        f"    risk: {STEP}",
        f"    undo: {STEP}",
        "    check: kubectl get pods -n shop",
        f"  supported: {STEP} [E1]",
        f"  ruled out: {STEP} [E2]",
        f"  2031-05-06T11:40:00Z  {STEP} [E1]",
        f"  next: {STEP}",
        "  not in the evidence: db-primary",
        "  checked: pods @ prod-eu/shop",
    ):
        assert line in lines


def test_a_code_change_keeps_its_lines() -> None:
    found = replace(verdict(), code_change="The system shall retry.\nIn pay.py:12.")
    lines = outcome_lines(outcome(found=found))
    at = lines.index("  code change:")
    assert lines[at + 1 : at + 3] == ["    The system shall retry.", "    In pay.py:12."]


def test_what_a_verdict_does_not_say_is_not_printed() -> None:
    calm = replace(
        verdict(status=Status.HEALTHY),
        object=None,
        cause=Cause.NONE,
        since=None,
        trigger=None,
        mitigation=(),
        permanent=(),
        nothing_to_do=True,
    )
    said = "\n".join(outcome_lines(outcome(found=calm)))
    assert "nothing to do now" in said
    for word in ("object:", "cause:", "since:", "trigger:", "relief:", "cure:", "risk:"):
        assert word not in said
