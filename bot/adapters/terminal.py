"""Talks to the one person at the command line: progress on standard error, the answer on output."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, TextIO

from bot.domain.conversation import MessageTs
from bot.domain.progress import TaskState
from bot.domain.verdict import Cause
from bot.ports.roster import Membership

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.alert import Alert
    from bot.domain.conversation import PersonId, Question, Thread
    from bot.domain.evidence import Evidence
    from bot.domain.incident import Incident
    from bot.domain.outcome import Outcome
    from bot.domain.progress import Task
    from bot.domain.verdict import Coverage, Gap, Step, Verdict

_MARKS = {
    TaskState.PENDING: "·",
    TaskState.IN_PROGRESS: "…",
    TaskState.COMPLETE: "✓",
    TaskState.ERROR: "✗",
}


class TerminalMessenger:
    """Implements bot.ports.messenger.Messenger; `outcome` holds how the run ended."""

    def __init__(self, *, out: TextIO, err: TextIO, as_json: bool) -> None:
        self._out = out
        self._err = err
        self._as_json = as_json
        self.outcome: Outcome | None = None
        self.refusal: str | None = None
        """What was said instead of an answer."""

    def acknowledge(self, question: Question) -> None:
        """Say nothing: the person is watching."""

    def open_live(self, thread: Thread, question: Question, *, key: str) -> TerminalMessenger:
        """Return this very object; a terminal has one message."""
        return self

    def show(self, task: Task) -> None:
        """Print one line per change of a task."""
        found = f"  {task.outcome}" if task.outcome else ""
        self._err.write(f"{_MARKS[task.state]} {task.title}{found}\n")
        self._err.flush()

    def preview(self, outcome: Outcome) -> None:
        """Print what rules say already, where a person watches."""
        if outcome.verdict is not None and not self._as_json:
            first = outcome.verdict.summary.splitlines()[0] if outcome.verdict.summary else ""
            self._err.write(f"rules: {outcome.verdict.status.value}  {first}\n")
            self._err.flush()

    def close(self, outcome: Outcome) -> None:
        """Print the answer; with `--json` the verdict object and nothing else."""
        self.outcome = outcome
        if self._as_json:
            if outcome.verdict is not None:
                self._out.write(json.dumps(asdict(outcome.verdict), ensure_ascii=False) + "\n")
            elif outcome.notice:
                self._err.write(outcome.notice + "\n")
            return
        self._out.write("\n".join(outcome_lines(outcome)) + "\n")

    def note(self, thread: Thread, text: str, *, key: str) -> None:
        """Print the sentence."""
        self.refusal = text
        self._err.write(text + "\n")

    def announce(self, incident: Incident, alerts: Sequence[Alert]) -> MessageTs:
        """Say what is looked into; a terminal has one thread."""
        self._err.write(f"{incident.title} ({len(alerts)} alerts)\n")
        return MessageTs("0")

    def whisper(self, thread: Thread, person: PersonId, text: str) -> None:
        """Print the sentence."""
        self.refusal = text
        self._err.write(text + "\n")

    def pick_scope(
        self,
        thread: Thread,
        question: Question,
        clusters: tuple[str, ...],
        *,
        key: str,
    ) -> None:
        """Say how to name a cluster here."""
        self.refusal = f"Which cluster? Say --cluster with one of: {', '.join(clusters)}"
        self._err.write(self.refusal + "\n")


class TerminalRoster:
    """Implements bot.ports.roster.Roster: whoever has the shell has the kubeconfig's rights."""

    def membership(self, person: PersonId, *, team_id: str) -> Membership:
        """Return a member of everyone, not barred."""
        return Membership(
            person=person,
            display_name=person,
            language=None,
            teams=frozenset({"everyone"}),
        )


def outcome_lines(outcome: Outcome) -> list[str]:
    """Return the outcome as plain text, conclusion first."""
    lines: list[str] = []
    if outcome.notice:
        lines.append(outcome.notice)
    if outcome.command is not None:
        return [*lines, *_command_lines(outcome.command)]
    if outcome.verdict is not None:
        lines += _verdict_lines(outcome.verdict)
    return lines


def _command_lines(evidence: Evidence) -> list[str]:
    seen = evidence.observation
    head = f"{seen.query}  [{seen.cluster}, {seen.collected_at:%H:%M:%S} UTC, {seen.state.value}]"
    return [head, seen.body.rstrip()]


def _verdict_lines(verdict: Verdict) -> list[str]:
    lines = [f"{verdict.status.value}  {verdict.summary}"]
    lines += [f"  {label}: {value}" for label, value in _facts(verdict) if value]
    lines += _step_lines("relief", verdict.mitigation)
    lines += _step_lines("cure", verdict.permanent)
    if verdict.nothing_to_do:
        lines.append("  nothing to do now")
    if verdict.code_change:
        lines += ["  code change:", *(f"    {line}" for line in verdict.code_change.splitlines())]
    lines += [
        f"  {one.state.value.replace('_', ' ')}: {one.statement}{_cited(one.evidence)}"
        for one in verdict.hypotheses
    ]
    lines += [f"  {point.at}  {point.what}{_cited(point.evidence)}" for point in verdict.timeline]
    lines += [f"  next: {check}" for check in verdict.next_checks]
    lines += [f"  note: {caveat}" for caveat in verdict.caveats]
    if verdict.unverified:
        lines.append(f"  not in the evidence: {', '.join(verdict.unverified)}")
    lines += [f"  {line}" for line in coverage_lines(verdict.coverage)]
    cost = f"{verdict.cost_usd:.4f} USD" if verdict.cost_usd else "no cost"
    lines.append(
        f"  {verdict.answered_by} · {verdict.calls} calls · {verdict.seconds:.1f} s · {cost}"
    )
    return lines


def _facts(verdict: Verdict) -> tuple[tuple[str, str | None], ...]:
    """Return what it is about by name; None or empty where it is not known."""
    cause = "" if verdict.cause is Cause.NONE else f"{verdict.cause.value}, {verdict.cause.meaning}"
    return (
        ("object", verdict.object),
        ("cause", cause),
        ("since", verdict.since),
        ("trigger", verdict.trigger),
    )


def _step_lines(title: str, steps: Sequence[Step]) -> list[str]:
    lines = []
    for step in steps:
        lines.append(f"  {title}: {step.action}")
        notes = (("risk", step.risk), ("undo", step.undo), ("check", step.check))
        lines += [f"    {name}: {value}" for name, value in notes if value]
    return lines


def _cited(labels: Sequence[str]) -> str:
    return f" [{', '.join(labels)}]" if labels else ""


def coverage_lines(coverage: Coverage) -> list[str]:
    """Return what was and what was not looked at, a line each."""
    lines = []
    for name, places in (("checked", coverage.checked), ("clean", coverage.clean)):
        if places:
            lines.append(f"{name}: {', '.join(places)}")
    gaps: tuple[tuple[str, tuple[Gap, ...]], ...] = (
        ("truncated", coverage.truncated),
        ("unreachable", coverage.unreachable),
        ("denied", coverage.denied),
        ("not tried", coverage.not_tried),
    )
    for name, found in gaps:
        lines += [f"{name}: {gap.source} @ {gap.scope} ({gap.reason})" for gap in found]
    return lines
