"""How a piece of evidence is put before the model: its facts in our words, its body as data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.agent.condense import DEFAULT_LIMIT_BYTES, condense
from bot.agent.fence import clean
from bot.domain.evidence import EvidenceState

if TYPE_CHECKING:
    from bot.agent.fence import Fence
    from bot.domain.evidence import Evidence, Observation

_MEANING = {
    EvidenceState.OK: "",
    EvidenceState.EMPTY: "It answered that there is nothing.",
    EvidenceState.TRUNCATED: (
        "The source cut {cut_bytes:,} bytes off: conclude nothing from what is missing."
    ),
    EvidenceState.UNREACHABLE: "No answer: this says nothing about the state of the system.",
    EvidenceState.DENIED: "Not allowed: this says nothing about the state of the system.",
}


def exhibit(evidence: Evidence, fence: Fence, *, limit_bytes: int = DEFAULT_LIMIT_BYTES) -> str:
    """Return the text of a tool result: one line of facts, what its state means, the body."""
    seen = evidence.observation
    facts = [evidence.label, seen.state.value, where(seen), f"{seen.collected_at:%H:%M:%S} UTC"]
    if seen.rows is not None:
        facts.insert(2, f"{seen.rows} rows")
    parts = [" | ".join(facts)]
    if meaning := _MEANING[seen.state].format(cut_bytes=seen.cut_bytes):
        parts.append(meaning)
    body = condense(clean(seen.body), label=evidence.label, limit_bytes=limit_bytes)
    parts.append(fence.wrap(body, source=seen.query))
    return "\n".join(parts)


def where(seen: Observation) -> str:
    """Return cluster and namespace as `prod-eu/payments`, or the cluster alone."""
    return f"{seen.cluster}/{seen.namespace}" if seen.namespace else seen.cluster


def finding(evidence: Evidence) -> str:
    """Return one line for the plan people see, such as `14 rows, prod-eu, E3`."""
    seen = evidence.observation
    if seen.state in {EvidenceState.UNREACHABLE, EvidenceState.DENIED}:
        head = seen.state.value
    elif seen.rows is None:
        head = "nothing" if seen.state is EvidenceState.EMPTY else "read"
    else:
        head = f"{seen.rows} row{'' if seen.rows == 1 else 's'}"
        head += ", cut" if seen.state is EvidenceState.TRUNCATED else ""
    return f"{head} · {seen.cluster} · {evidence.label}"
