"""The evidence ledger's values: what was asked of which system, and what came back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256

from bot.domain.chart import Chart


class EvidenceState(StrEnum):
    """How far an observation can be trusted; absence is evidence only when it is EMPTY."""

    OK = "ok"
    EMPTY = "empty"
    """The system answered: there is nothing."""
    TRUNCATED = "truncated"
    """Part of the answer; conclusions from what is missing are not allowed."""
    UNREACHABLE = "unreachable"
    """No answer, or not one that could be read."""
    DENIED = "denied"
    """Refused, by the system's access control or by our own read policy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A span of time, both ends UTC."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Columns and rows of an answer that is a list; every row has as many cells as columns."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What one tool call saw, before it gets its place in the ledger."""

    tool: str
    """Name of the tool, as the model calls it."""
    source: str
    """What kind of thing was looked at, for the coverage line: `pods`, `logs`, `events` …"""
    query: str
    """The exact query in canonical form; typing it again repeats the observation."""
    cluster: str
    namespace: str | None
    state: EvidenceState
    body: str
    """Redacted text; for every state but OK and TRUNCATED, the reason in words."""
    collected_at: datetime
    took_s: float
    rows: int | None = None
    """How many rows or lines the body holds; None where counting makes no sense."""
    cut_bytes: int = 0
    """Bytes left out of the body; more than 0 exactly when the state is TRUNCATED."""
    window: Window | None = None
    grid: Grid | None = None
    chart: Chart | None = None
    """Samples over time, when it is a range of measurements."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """An observation in the ledger of its thread."""

    label: str
    """E1, E2 …, in the order recorded, unique within the thread."""
    investigation_id: str
    tool_use_id: str
    """The model's id of the call, or `direct-…`/`triage-…` for calls no model made."""
    observation: Observation

    @property
    def digest(self) -> str:
        """SHA-256 of the body, in hex."""
        return sha256(self.observation.body.encode(errors="surrogatepass")).hexdigest()
