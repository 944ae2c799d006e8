"""Compares the journal of calls with what the audit holds of each of its rows.

The chain proves the audit; a row of the journal that was changed, deleted or added by hand then
differs from it. It reads nothing itself and judges nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING, Protocol

from safe_ops.audit import written
from safe_ops.model.actions import State
from safe_ops.model.call_trail import CALL_EVENTS, NUMBER, call_facts
from safe_ops.model.trail import AuditEntry

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from safe_ops.model.actions import JournalRow
    from safe_ops.model.trail import AuditRow

_EVENTS = frozenset(CALL_EVENTS.values())
Journals = dict[str, dict[int, "JournalRow | None"]]
"""Rows by action and by number in its journal; None for one that cannot be read any more."""


class KeptCalls(Protocol):
    """The journal as it is kept now."""

    def calls_of(self, action_ids: Collection[str]) -> Journals:
        """Return the journals of these actions; one without any is left out."""
        ...

    def highest(self) -> Mapping[str, int]:
        """Return the highest number in each journal there is."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFault:
    """A row of a journal that is not as it was written."""

    action_id: str
    says: str
    """Follows the action's name."""


def is_call(row: AuditRow) -> bool:
    """Tell whether a row of the audit is of a row of the journal."""
    return row.entry.event in _EVENTS


class CallProof:
    """Compares while the audit is read, once, from its first row to its last."""

    def __init__(self, kept: KeptCalls) -> None:
        """Begin, before the first row of the audit is read.

        What is written to journals from now on is in the audit by the time its last row is read.
        """
        self._kept = kept
        self._highest = dict(kept.highest())
        self._told: dict[str, int] = {}
        self._faults: list[CallFault] = []
        self._ran_before: set[str] = set()
        self.rows = 0
        """So many rows of journals the audit told of."""

    @property
    def unproved(self) -> int:
        """Return how many rows are of journals from before the audit told of any."""
        return sum(self._highest.get(one, 0) for one in self._ran_before - self._told.keys())

    def see(self, page: Collection[AuditRow]) -> None:
        """Compare the rows of journals a page of the audit tells of; pages come in their order."""
        calls = [row for row in page if is_call(row)]
        if not self.rows:
            self._ran_before.update(_ran_before(page))
        journals = self._kept.calls_of({row.entry.action_id for row in calls}) if calls else {}
        for row in calls:
            self.rows += 1
            action_id = row.entry.action_id
            number = _number(row)
            self._told[action_id] = max(number, self._told.get(action_id, 0))
            says = misfit(row, journals.get(action_id, {}))
            if says:
                self._faults.append(CallFault(action_id=action_id, says=says))

    def faults(self) -> tuple[CallFault, ...]:
        """Return what is wrong, once all of the audit was seen; empty when nothing is."""
        return (*self._faults, *self._added())

    def _added(self) -> Iterable[CallFault]:
        for action_id, highest in sorted(self._highest.items()):
            told = self._told.get(action_id, 0)
            if highest > told and (told or action_id not in self._ran_before):
                says = (
                    f"row {told + 1} of its journal"
                    if highest == told + 1
                    else f"rows from {told + 1} to {highest} of its journal"
                )
                yield CallFault(
                    action_id=action_id,
                    says=f"{says}: the audit knows nothing of it, so it was written by hand",
                )


def _ran_before(page: Iterable[AuditRow]) -> Iterator[str]:
    """Yield the actions whose calls were over before the page's first row of a journal.

    An installation that ran before journals were chained has such: nothing proves their journals,
    and nothing speaks against them.
    """
    for row in takewhile(lambda row: not is_call(row), page):
        if row.entry.before == State.EXECUTING:
            yield row.entry.action_id


def misfit(told: AuditRow, journal: Mapping[int, JournalRow | None]) -> str:
    """Return how the journal differs from what a row of the audit tells of it; empty if it fits."""
    number = _number(told)
    which = f"row {number} of its journal (row {told.number} of the audit tells of it)"
    if number not in journal:
        return f"{which} is gone"
    row = journal[number]
    if row is None:
        return f"{which} cannot be read any more"
    if _words(told, row, number) != (told.entry.event, told.entry.says, told.at, _facts(told)):
        return f"{which} was changed after it was written"
    return ""


def _words(told: AuditRow, row: JournalRow, number: int) -> tuple[object, ...]:
    # The audit keeps what its JSON can carry: the row's sentence is compared as it would be kept.
    kept = written(AuditEntry(event="", actor=told.entry.actor, says=row.says))
    return (CALL_EVENTS[row.phase], kept.says, row.at, call_facts(row, number=number))


def _facts(told: AuditRow) -> dict[str, object]:
    return {name: value for name, value in told.entry.facts.items() if name not in _OF_THE_CALL}


_OF_THE_CALL = frozenset({"call", "path"})
"""Facts that are the plan's, which has a digest of its own."""


def _number(row: AuditRow) -> int:
    number = row.entry.facts.get(NUMBER, 0)
    return number if isinstance(number, int) else 0
