"""Begins what approved plans said would follow them, once its time has come.

All it knows it derives from the actions' rows, so it may stop at any time and run in several
processes at once: one attempt has one key. It judges nothing: a sequel is planned, guarded,
journalled and verified like any other action.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from safe_ops.model.actions import Request, State
from safe_ops.model.standing import clause, standing
from safe_ops.service.origins import due_at, requester_of

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from safe_ops.model.actions import Action
    from safe_ops.model.plans import Sequel
    from safe_ops.ports.book import ActionBook, Wishes
    from safe_ops.service.requesting import Requests
    from safe_ops.service.telling import Teller

AGAIN_AFTER: Final = timedelta(minutes=30)
"""Between two attempts: as long as a target rests after an action that failed."""
GIVE_UP_AFTER: Final = timedelta(hours=4)
"""From the time it was due on it is tried for so long; then somebody is called. As long as an
approved action waits for its window."""
LOOK_BACK: Final = timedelta(days=3)
"""How long ago an action may have succeeded whose sequel is still looked at: the longest there is,
the tries, and a day in which nothing of Nightdesk ran."""
_AGAIN: Final = frozenset(
    {State.BLOCKED, State.EXPIRED, State.STALE, State.FAILED, State.ROLLED_BACK}
)
_LEFT: Final = frozenset({State.REVOKED, State.REJECTED})
"""Somebody, or the kill switch, stopped it: it is not tried again behind their back."""


class Sequels:
    """Opens the sequels that are due."""

    def __init__(
        self,
        *,
        book: ActionBook,
        wishes: Wishes,
        requests: Requests,
        teller: Teller,
        operations: Collection[str],
    ) -> None:
        self._book = book
        self._wishes = wishes
        self._requests = requests
        self._teller = teller
        self._operations = tuple(sorted(operations))

    def run(self) -> None:
        """Return when each sequel that is due was asked for, or somebody was called to it."""
        now = self._book.now()
        since = now - LOOK_BACK
        for origin in self._book.succeeded(operations=self._operations, since=since):
            plan = origin.plan
            sequel = plan.drawing.sequel if plan is not None else None
            if plan is None or sequel is None:
                continue
            due = due_at(origin, plan)
            if due is not None and due <= now:
                self._follow(origin, sequel, late=now - due, now=now)

    def _follow(self, origin: Action, sequel: Sequel, *, late: timedelta, now: datetime) -> None:
        last, key = self._last_attempt(origin)
        if last is None:
            self._requests.request(_request(origin, sequel, key))
        elif last.state in _LEFT or (last.state in _AGAIN and late >= GIVE_UP_AFTER):
            # Of the action itself there may be no plan, and so nobody it names.
            self._teller.call(
                origin,
                f"its sequel {standing(last)}: {clause(last.reason) or 'see it'}. "
                f"Run {sequel.operation} by hand once nothing speaks against it.",
            )
        elif last.state in _AGAIN and now - last.changed_at >= AGAIN_AFTER:
            self._requests.request(_request(origin, sequel, key))

    def _last_attempt(self, origin: Action) -> tuple[Action | None, str]:
        """Return the newest attempt, if there was one, and the key the next one would have."""
        last: Action | None = None
        number, key = 1, f"resume:{origin.action_id}"
        while (found := self._wishes.asked_with(key)) is not None:
            last, number = found, number + 1
            key = f"resume:{origin.action_id}:{number}"
        return last, key


def _request(origin: Action, sequel: Sequel, key: str) -> Request:
    return Request(
        key=key,
        operation=sequel.operation,
        parameters=dict(sequel.parameters),
        # They stand in a plan, whose operation checked them and whose approvers saw them.
        provenance=dict.fromkeys(sequel.parameters, "registry"),
        place=origin.request.place,
        requester=requester_of(origin),
        requester_name=f"the timer of {origin.label}",
        channel=origin.request.channel,
        thread_ts=origin.request.thread_ts,
        origin=origin.action_id,
    )
