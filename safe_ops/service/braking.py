"""The switches that stop everything: pressed by people, in force from the next read on.

What was approved and has not begun is revoked by a stop, so that a release lets nothing begin by
itself. What has begun is stopped by the book: it takes no further step into its journal.

A word may reach us twice, or late: carried out, and its delivery lost before that was noted. The
same one is not carried out again, and one that lets operations go on never lifts what was set after
it was given.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from safe_ops.errors import RefusedError
from safe_ops.lifecycle import advance
from safe_ops.model import events as on
from safe_ops.model.actions import Action, State, Switches
from safe_ops.model.given import NOW, REMEMBERED, Given
from safe_ops.model.trail import AuditEntry
from safe_ops.service.hearing import Speaker

if TYPE_CHECKING:
    from datetime import datetime

    from safe_ops.model.plans import Json
    from safe_ops.model.trail import AuditRow
    from safe_ops.model.transition import Transition
    from safe_ops.policy.policy import Policy
    from safe_ops.ports.book import ActionBook
    from safe_ops.service.hearing import Hearing
    from safe_ops.service.telling import Teller

_UNBEGUN = frozenset({State.APPROVED, State.SCHEDULED})
ACT = "act"
"""Name of the fact by which a word that comes again is known."""
SETS = "sets"
"""Name of the fact that says which switch a word set."""
_REPEATED = "repeated"


class Switch(StrEnum):
    """What a word is about."""

    STOP = "stop"
    READ_ONLY = "read-only"
    FREEZE = "freeze"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Word:
    """What somebody wants of a switch."""

    switch: Switch
    speaker: Speaker
    says: str
    reason: str
    given: Given
    lifts: bool

    def entry(self) -> AuditEntry:
        facts: dict[str, Json] = {} if self.lifts else {SETS: self.switch.value}
        if self.given.act_id:
            facts[ACT] = self.given.act_id
        says = f"{self.says}: {self.reason}" if self.reason else self.says
        return AuditEntry(event="switch.set", actor=self.speaker.actor, says=says, facts=facts)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Turn:
    """One switch, which way it is to go, and how people call that."""

    switch: Switch
    sets: bool
    """False when it is to be lifted."""
    does: str
    """Behind a name: `lifted a freeze`."""
    unset: str
    """What is said where there is nothing to lift."""
    is_set: Callable[[Switches], bool]
    change: Callable[[Switches], Switches]


class Brake:
    """Sets and lifts the switches."""

    def __init__(
        self, *, book: ActionBook, policy: Policy, hearing: Hearing, teller: Teller
    ) -> None:
        self._book = book
        self._policy = policy
        self._hearing = hearing
        self._teller = teller

    def stop(
        self, *, slack_id: str, team_id: str, reason: str = "", given: Given = NOW
    ) -> Switches:
        """Return the switches once nothing begins any more, in no process.

        Raises:
            RefusedError: This person may not; `repeated`: it was stopped by this very word, and
                released since.
        """
        with self._hearing.hear(slack_id, team_id) as speaker:
            self._policy.check_stopper(speaker.person)
            name, now = speaker.person.name, self._book.now()
            word = _Word(
                switch=Switch.STOP,
                speaker=speaker,
                says=f"{name} stopped all operations",
                reason=reason,
                given=given,
                lifts=False,
            )
            try:
                switches = self._change(
                    word, now, lambda found: replace(found, stopped_by=name, stopped_at=now)
                )
            except RefusedError as error:
                switches = self._book.switches()
                if error.code != _REPEATED or not switches.stopped_by:
                    raise
            # Whoever carried it out before may have died amid this.
            for action_id, state in self._book.due():
                if state in _UNBEGUN:
                    self._revoke(action_id, speaker)
            return switches

    def release(
        self, *, slack_id: str, team_id: str, reason: str = "", given: Given = NOW
    ) -> Switches:
        """Return the switches after operations may run again.

        Raises:
            RefusedError: This person may not; `not-set`: nothing was stopped; `newer`: it was
                stopped after this was said; `repeated`.
        """
        turn = _Turn(
            switch=Switch.STOP,
            sets=False,
            does="released operations",
            unset="Nothing was stopped",
            is_set=lambda found: bool(found.stopped_by),
            change=lambda found: replace(found, stopped_by="", stopped_at=None),
        )
        return self._turned(turn, slack_id, team_id, reason, given)

    def read_only(
        self,
        *,
        enabled: bool,
        slack_id: str,
        team_id: str,
        reason: str = "",
        given: Given = NOW,
    ) -> Switches:
        """Return the switches after read-only was set or lifted.

        Raises:
            RefusedError: As `stop` or `release`.
        """
        turn = _Turn(
            switch=Switch.READ_ONLY,
            sets=enabled,
            does=f"{'set' if enabled else 'lifted'} read-only",
            unset="Nightdesk was not read-only",
            is_set=lambda found: found.read_only,
            change=lambda found: replace(found, read_only=enabled),
        )
        return self._turned(turn, slack_id, team_id, reason, given)

    def freeze(self, *, slack_id: str, team_id: str, reason: str, given: Given = NOW) -> Switches:
        """Return the switches after a freeze was declared; an empty reason lifts it.

        Raises:
            RefusedError: As `stop` or `release`.
        """
        turn = _Turn(
            switch=Switch.FREEZE,
            sets=bool(reason),
            does=f"{'declared' if reason else 'lifted'} a freeze",
            unset="No freeze was declared",
            is_set=lambda found: bool(found.frozen),
            change=lambda found: replace(found, frozen=reason),
        )
        return self._turned(turn, slack_id, team_id, reason, given)

    def _turned(
        self, turn: _Turn, slack_id: str, team_id: str, reason: str, given: Given
    ) -> Switches:
        """Return the switches after one was set, or lifted if it was set at all."""
        now = self._book.now()
        with self._hearing.hear(slack_id, team_id) as speaker:
            check = self._policy.check_stopper if turn.sets else self._policy.check_releaser
            check(speaker.person)
            word = _Word(
                switch=turn.switch,
                speaker=speaker,
                says=f"{speaker.person.name} {turn.does}",
                reason=reason,
                given=given,
                lifts=not turn.sets,
            )

            def change(found: Switches) -> Switches:
                if not (turn.sets or turn.is_set(found)):
                    raise _not_set(turn.unset, found)
                return turn.change(found)

            return self._change(word, now, change)

    def _change(
        self, word: _Word, now: datetime, change: Callable[[Switches], Switches]
    ) -> Switches:
        """Set what the word wants, unless it came before or is older than what it would lift.

        `now` is when it was heard.
        """
        said_by = word.given.surely_by(now)

        def heed(rows: tuple[AuditRow, ...]) -> None:
            for row in rows:
                if word.given.act_id and row.entry.facts.get(ACT) == word.given.act_id:
                    raise _repeated(row)
                is_newer = row.at > said_by and row.entry.facts.get(SETS) == word.switch.value
                if word.lifts and is_newer:
                    raise _newer(row)

        since = min(said_by, now - REMEMBERED)
        return self._book.change_switches(change, word.entry(), since=since, heed=heed)

    def _revoke(self, action_id: str, speaker: Speaker) -> None:
        def judge(action: Action, now: datetime) -> Transition:
            event = on.TakenBack(
                actor=speaker.actor, name=speaker.person.name, reason="all operations were stopped"
            )
            return advance(action, event, now)

        # Refused is what began or ended meanwhile; the book stops it at its next step.
        with suppress(RefusedError):
            self._teller.tell(self._book.change(action_id, judge))


def _not_set(says: str, found: Switches) -> RefusedError:
    """Return the refusal to lift what is not set, with what holds operations back all the same."""
    others = [
        *([f"{found.stopped_by} stopped all operations"] if found.stopped_by else ()),
        *(["Nightdesk only reads at present"] if found.read_only else ()),
        *(["a freeze was declared"] if found.frozen else ()),
    ]
    left = f"; what holds operations back is that {' and '.join(others)}" if others else ""
    return RefusedError(f"{says}{left}. This changed nothing.", code="not-set")


def _repeated(row: AuditRow) -> RefusedError:
    return RefusedError(
        f"This was carried out at {row.at:%H:%M:%S} UTC already, and is not again; say it anew if "
        "it is still wanted.",
        code=_REPEATED,
    )


def _newer(row: AuditRow) -> RefusedError:
    return RefusedError(
        f"A {row.entry.facts[SETS]} that {row.entry.actor.subject} set at {row.at:%H:%M:%S} UTC is "
        "newer than this, or may be: it stands. Look, and say this again if it is what you want to "
        "lift.",
        code="newer",
    )
