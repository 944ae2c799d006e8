"""The end of the log of each container that crashes, read once and entered in the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.agent.fence import clean
from bot.domain.evidence import EvidenceState
from bot.domain.secret_text import mask
from bot.ports.cluster import LogQuery
from bot.triage.facts import Seen, observe, together
from bot.triage.rules.last_words import explained
from bot.triage.survey import entered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.agent.session import Session
    from bot.domain.evidence import Observation
    from bot.ports.clock import Clock
    from bot.ports.cluster import ClusterReader
    from bot.triage.finding import Finding

TAIL_LINES = 60
# The logs of so many faults are read; the others keep what their objects say.
MAX_LOGS = 3
# Longer lines are bodies and dumps; their beginning says what they are.
LINE_CHARS = 2_000
# The server sends the tail from its oldest line on, so this must hold all of it.
LIMIT_BYTES = 1024 * 1024


def with_last_words(
    reader: ClusterReader, found: Sequence[Finding], *, session: Session, clock: Clock
) -> list[Finding]:
    """Return the findings in their order, the first few judged by what their logs say.

    Raises:
        CancelledByPersonError, LeaseLostError: As the session's `check` says.
    """
    asked = [entry for entry in found if entry.container and entry.pods][:MAX_LOGS]
    seen = together(lambda entry: _tail(reader, entry, clock=clock), asked, check=session.check)
    told: dict[int, Finding] = {}
    for entry, observation in zip(asked, seen, strict=True):
        pod = entry.pods[0]
        name = f"triage-{reader.name}-{pod.namespace}-logs-{pod.name}-{entry.container}"
        kept = entered(session, name, observation)
        lines = kept.observation.body.splitlines() if kept.observation.rows else []
        told[id(entry)] = explained(entry, lines, label=kept.label)
    return [told.get(id(entry), entry) for entry in found]


def _tail(reader: ClusterReader, found: Finding, *, clock: Clock) -> Observation:
    pod, container = found.pods[0], found.container

    def read() -> Seen:
        text = reader.logs(
            LogQuery(
                namespace=pod.namespace,
                pod=pod.name,
                container=container,
                previous=found.previous,
                tail_lines=TAIL_LINES,
                since_s=found.log_since_s,
                limit_bytes=LIMIT_BYTES,
            )
        )
        whole = mask(clean(text.text)).splitlines()
        lines = [line[:LINE_CHARS] for line in whole]
        cut = sum(len(line) for line in whole) - sum(len(line) for line in lines)
        return Seen(
            body="\n".join(lines) or "no lines",
            rows=len(lines),
            cut_bytes=cut or int(text.cut),
        )

    before = " --previous" if found.previous else ""
    before += f" --since={found.log_since_s}s" if found.log_since_s else ""
    return observe(
        read,
        reader=reader,
        source="logs",
        query=(
            f"kubectl logs {pod.name} -n {pod.namespace} -c {container}{before} --tail={TAIL_LINES}"
        ),
        namespace=pod.namespace,
        clock=clock,
        # A container without an earlier run has no earlier log: that is an answer.
        refused=EvidenceState.EMPTY,
    )
