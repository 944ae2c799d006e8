"""Wishes by the hundred, and impatient people who decide them over whichever replica hears them.

Everybody clicks twice, and again where nothing seems to happen. What must hold is their test's.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from bot.adapters.clock import SystemClock
from bot.adapters.slack.actions import OPERATION_APPROVE, OPERATION_DENY
from bot.adapters.store.actions import SqlActionBook
from bot.adapters.store.operation_tables import actions
from bot.bootstrap.installation import new_id
from safe_ops.model.actions import TERMINAL, Action, State
from tests.flows.house import database_of
from tests.flows.operations.ground import JOB, PATIENCE_S, Ground
from tests.lab.waiting import eventually

if TYPE_CHECKING:
    from tests.flows.operations.guarded import Guarded
    from tests.lab.slack.reading import Seen

AGAIN_AFTER_S: Final = 2.0
"""So long somebody waits before pressing the same button again."""
ASK_AGAIN_AFTER_S: Final = 10.0
_TIERS: Final = {
    State.PENDING_ONCALL: ("on-call", "ana"),
    State.PENDING_MANAGER: ("manager", "marta"),
}


class Fate(StrEnum):
    """What people mean to do about a wish."""

    RUN = "run"
    DENY = "deny"
    """The manager denies what on-call agreed to."""
    TAKE_BACK = "take back"
    """Who asked takes it back while on-call agrees."""
    TWIN = "twin"
    """It is the same as the wish before it, from another channel; one of the two runs."""


_FATES: Final = {3: Fate.DENY, 6: Fate.TAKE_BACK, 9: Fate.TWIN}
"""By the last digit of a wish's number; the others are to run."""


@dataclass(slots=True, kw_only=True)
class Wish:
    """One thing that is asked for, and how it stands."""

    ground: Ground
    namespace: str
    fate: Fate
    action: Action | None = None
    asked_at: float = 0.0
    pressed_at: dict[State, float] = field(default_factory=dict)

    def ask(self) -> None:
        """Have it asked for."""
        self.asked_at = time.monotonic()
        self.ground.ask(self.ground.suspension(self.namespace))

    def is_unheard(self) -> bool:
        """Tell whether nothing came of it: who asks is told to try again where Slack is busy."""
        return self.action is None and time.monotonic() - self.asked_at > ASK_AGAIN_AFTER_S

    @property
    def is_over(self) -> bool:
        """Tell whether nothing can become of it any more."""
        return self.action is not None and self.action.state in TERMINAL

    def is_on(self, action: Action) -> bool:
        """Tell whether an action is about the same cron job."""
        return str(action.request.parameters["namespace"]) == self.namespace

    def effects(self) -> int:
        """Return how often the cron job was changed, as its API server counts."""
        found = self.ground.guarded.cluster.get("CronJob", JOB, self.namespace)
        return int(found["metadata"]["generation"]) - 1

    def is_due(self) -> bool:
        """Tell whether its people press a button now, and note that they do."""
        if self.action is None or self.action.state not in _TIERS:
            return False
        now, state = time.monotonic(), self.action.state
        if now - self.pressed_at.get(state, -AGAIN_AFTER_S) < AGAIN_AFTER_S:
            return False
        self.pressed_at[state] = now
        return True


class Crowd:
    """Everybody who wishes and decides."""

    def __init__(self, guarded: Guarded, *, wishes: int) -> None:
        self._guarded = guarded
        # Two wishes for each channel: more than five cards are not shown in one.
        self._grounds = [guarded.ground() for _ in range(wishes // 2)]
        self.wishes = [self._wish(number) for number in range(wishes)]

    def ask(self) -> None:
        """Have everything asked for."""
        for wish in self.wishes:
            wish.ask()

    def decide(self) -> int:
        """Have everybody do what is due; return how many wishes are over."""
        self._guarded.refill()
        self._look()
        for wish in self.wishes:
            if wish.is_unheard():
                wish.ask()
            elif wish.is_due():
                self._press(wish)
        return sum(wish.is_over for wish in self.wishes)

    def until_over(self, count: int, *, within_s: float) -> None:
        """Have them decide until so many wishes are over; fail, naming the others, where not."""
        try:
            eventually(lambda: self.decide() >= count, f"{count} are over", within_s=within_s)
        except AssertionError as error:
            left = [
                f"{wish.action.label} ({wish.fate}): {wish.action.state}, {wish.action.reason}"
                for wish in self.wishes
                if wish.action is not None and not wish.is_over
            ]
            left += [
                f"{wish.namespace} ({wish.fate}): unheard, {wish.ground.notes_to('tom')}"
                for wish in self.wishes
                if wish.action is None
            ]
            orders = self._guarded.slack.deliveries("/nightdesk")
            left += [f"not acknowledged: {one.payload['text']}" for one in orders if not one.acked]
            raise AssertionError(f"{error}; {'; '.join(left)}") from None

    def of(self, fate: Fate) -> list[Action]:
        """Return the actions of the wishes with that fate."""
        return [wish.action for wish in self.wishes if wish.fate is fate and wish.action]

    def _wish(self, number: int) -> Wish:
        fate = _FATES.get(number % 10, Fate.RUN)
        place = number // 2
        if fate is Fate.TWIN:
            ground = self._grounds[(place + 1) % len(self._grounds)]
            return Wish(ground=ground, namespace=self._grounds[place].light, fate=fate)
        ground = self._grounds[place]
        return Wish(
            ground=ground, namespace=ground.heavy if number % 2 else ground.light, fate=fate
        )

    def _look(self) -> None:
        """Read what has changed since it was read last."""
        with database_of(self._guarded.house.installation) as engine:
            book = SqlActionBook(engine, SystemClock(), new_id)
            with engine.connect() as connection:
                rows = connection.execute(
                    select(actions.c.action_id, actions.c.version, actions.c.request).order_by(
                        actions.c.number
                    )
                ).all()
            for row in rows:
                wish = self._wish_of(row.request.channel, row.request.parameters.get("namespace"))
                known = wish.action if wish is not None else None
                is_news = known is None or (
                    known.action_id == row.action_id and known.version != row.version
                )
                if wish is not None and is_news:
                    wish.action = book.find(row.action_id)

    def _wish_of(self, channel: str, namespace: object) -> Wish | None:
        for wish in self.wishes:
            if (wish.ground.room.id, wish.namespace) == (channel, namespace):
                return wish
        return None

    def _press(self, wish: Wish) -> None:
        assert wish.action is not None
        action, ground = wish.action, wish.ground
        tier, who = _TIERS[action.state]
        shown = [
            one
            for one in self._guarded.slack.messages(f"#{ground.channel}")
            if OPERATION_APPROVE in one.action_ids
            and action.action_id in str(one.blocks)
            and f"a yes of the {tier} tier" in one.words
        ]
        if not shown:
            del wish.pressed_at[action.state]
            return
        if wish.fate is Fate.TAKE_BACK:
            ground.say(f"cancel {action.label} not needed", who="tom")
        if wish.fate is Fate.DENY and tier == "manager":
            self._deny(ground, shown[0], who=who)
            return
        # A card is one message: each press is another delivery, and replicas take turns.
        for presser in (who, who, "marta"):
            ground.press_stale(shown[0], OPERATION_APPROVE, who=presser)

    def _deny(self, ground: Ground, card: Seen, *, who: str) -> None:
        slack = self._guarded.slack
        before = {view.id for view in slack.views(who)}
        ground.press_stale(card, OPERATION_DENY, who=who)
        form = slack.wait_for(
            lambda: next((view for view in slack.views(who) if view.id not in before), None),
            timeout_s=PATIENCE_S,
            what=f"a form for {who}",
        )
        slack.as_user(who).submit_view(form.id, {"reason": "not tonight"})
