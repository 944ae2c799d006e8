"""The switches that stop everything: pressed by people, in force from the next read on.

What was approved and has not begun is revoked by a stop, so that a release lets nothing begin by
itself. What has begun is stopped by the book: it takes no further step into its journal.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from safe_ops.errors import RefusedError
from safe_ops.lifecycle import advance
from safe_ops.model import events as on
from safe_ops.model.actions import Action, State, Switches
from safe_ops.model.trail import AuditEntry

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from safe_ops.model.transition import Transition
    from safe_ops.policy.policy import Policy
    from safe_ops.ports.book import ActionBook
    from safe_ops.service.hearing import Hearing, Speaker
    from safe_ops.service.telling import Teller

_UNBEGUN = frozenset({State.APPROVED, State.SCHEDULED})


class Brake:
    """Sets and lifts the switches."""

    def __init__(
        self, *, book: ActionBook, policy: Policy, hearing: Hearing, teller: Teller
    ) -> None:
        self._book = book
        self._policy = policy
        self._hearing = hearing
        self._teller = teller

    def stop(self, *, slack_id: str, team_id: str, reason: str = "") -> Switches:
        """Return the switches once nothing begins any more, in no process.

        Raises:
            RefusedError: This person may not.
        """
        with self._hearing.hear(slack_id, team_id) as speaker:
            self._policy.check_stopper(speaker.person)
            name, now = speaker.person.name, self._book.now()
            switches = self._change(
                lambda found: replace(found, stopped_by=name, stopped_at=now),
                speaker,
                f"{name} stopped all operations",
                reason,
            )
            for action_id, state in self._book.due():
                if state in _UNBEGUN:
                    self._revoke(action_id, speaker)
            return switches

    def release(self, *, slack_id: str, team_id: str, reason: str = "") -> Switches:
        """Return the switches after operations may run again.

        Raises:
            RefusedError: This person may not.
        """
        with self._hearing.hear(slack_id, team_id) as speaker:
            self._policy.check_releaser(speaker.person)
            says = f"{speaker.person.name} released operations"
            return self._change(
                lambda found: replace(found, stopped_by="", stopped_at=None), speaker, says, reason
            )

    def read_only(
        self, *, enabled: bool, slack_id: str, team_id: str, reason: str = ""
    ) -> Switches:
        """Return the switches after read-only was set or lifted.

        Raises:
            RefusedError: This person may not.
        """
        with self._hearing.hear(slack_id, team_id) as speaker:
            check = self._policy.check_stopper if enabled else self._policy.check_releaser
            check(speaker.person)
            says = f"{speaker.person.name} {'set' if enabled else 'lifted'} read-only"
            return self._change(
                lambda found: replace(found, read_only=enabled), speaker, says, reason
            )

    def freeze(self, *, slack_id: str, team_id: str, reason: str) -> Switches:
        """Return the switches after a freeze was declared; an empty reason lifts it.

        Raises:
            RefusedError: This person may not.
        """
        with self._hearing.hear(slack_id, team_id) as speaker:
            check = self._policy.check_stopper if reason else self._policy.check_releaser
            check(speaker.person)
            says = f"{speaker.person.name} {'declared' if reason else 'lifted'} a freeze"
            return self._change(lambda found: replace(found, frozen=reason), speaker, says, reason)

    def _change(
        self, change: Callable[[Switches], Switches], speaker: Speaker, says: str, reason: str
    ) -> Switches:
        entry = AuditEntry(
            event="switch.set", actor=speaker.actor, says=f"{says}: {reason}" if reason else says
        )
        return self._book.change_switches(change, entry)

    def _revoke(self, action_id: str, speaker: Speaker) -> None:
        def judge(action: Action, now: datetime) -> Transition:
            event = on.TakenBack(
                actor=speaker.actor, name=speaker.person.name, reason="all operations were stopped"
            )
            return advance(action, event, now)

        # Refused is what began or ended meanwhile; the book stops it at its next step.
        with suppress(RefusedError):
            self._teller.tell(self._book.change(action_id, judge))
