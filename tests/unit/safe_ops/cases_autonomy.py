"""For each guard of giving and taking trust, what makes exactly that guard refuse."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from safe_ops.model.actions import State
from safe_ops.model.plans import Stage, Tier
from safe_ops.model.trust import Conduct, Ladder
from tests.unit.safe_ops.trust_worlds import grant_world, run, withdraw_world

if TYPE_CHECKING:
    from collections.abc import Callable

    from safe_ops.model.trust import PastRun
    from tests.unit.safe_ops.trust_worlds import TrustWorld

WORLDS: dict[str, Callable[[], TrustWorld]] = {
    "autonomy_grant": grant_world,
    "autonomy_withdraw": withdraw_world,
}


def _by_a_model(world: TrustWorld) -> None:
    world.around["by_person"] = False


def _unknown(world: TrustWorld) -> None:
    world.known = False


def _itself(world: TrustWorld) -> None:
    world.wanted["operation"] = "autonomy_withdraw"


def _nineteen(world: TrustWorld) -> None:
    world.record = Conduct(runs=world.record.runs[1:])


def _one_alone(world: TrustWorld) -> None:
    """One of the twenty ran by itself."""
    world.record = _with(world, run(30, approved=False), but=1)


def _before_loss(world: TrustWorld) -> None:
    """One of the twenty began before trust was lost."""
    world.record = replace(_with(world, run(30, since_loss=False), but=1), lost_by="A9")


def _undone(world: TrustWorld) -> None:
    world.record = _with(world, run(31, state=State.ROLLED_BACK))


def _failed(world: TrustWorld) -> None:
    world.record = _with(world, run(31, state=State.FAILED))


def _nobody_knows(world: TrustWorld) -> None:
    world.record = _with(world, run(31, state=State.INDETERMINATE))


def _settled(world: TrustWorld) -> None:
    """Nobody knew how it ended, until a person said that it took effect."""
    world.record = replace(_with(world, run(31)), lost_by="A31")


def _broke_glass(world: TrustWorld) -> None:
    world.record = _with(world, run(31, broke_glass=True))


def _high_in_prod(world: TrustWorld) -> None:
    world.record = _with(world, run(31, tier=Tier.T3))
    world.rungs = Ladder(before=(Stage.ONCALL, Stage.MANAGER), after=(Stage.ONCALL,))


def _high_alone(world: TrustWorld) -> None:
    world.record = _with(world, run(31, tier=Tier.T3))
    world.around["environment"] = "dev"


def _needs_nobody(world: TrustWorld) -> None:
    world.rungs = Ladder()


def _kept_by_policy(world: TrustWorld) -> None:
    world.rungs = Ladder(before=(Stage.ONCALL,), after=(Stage.ONCALL,))


def _with(world: TrustWorld, one: PastRun, *, but: int = 0) -> Conduct:
    return Conduct(runs=(one, *world.record.runs[but:]))


ALONE: dict[tuple[str, str], tuple[Callable[[TrustWorld], None], ...]] = {
    ("autonomy_grant", "by-a-person"): (_by_a_model,),
    ("autonomy_grant", "operation-known"): (_unknown,),
    ("autonomy_grant", "not-itself"): (_itself,),
    ("autonomy_grant", "enough-runs"): (_nineteen, _one_alone, _before_loss),
    ("autonomy_grant", "none-bad"): (_undone, _failed, _nobody_knows, _settled),
    ("autonomy_grant", "no-override"): (_broke_glass,),
    ("autonomy_grant", "tier-may"): (_high_in_prod, _high_alone),
    ("autonomy_grant", "one-step"): (_needs_nobody, _kept_by_policy),
    ("autonomy_withdraw", "by-a-person"): (_by_a_model,),
}
CASES = [
    (operation, guard, at) for (operation, guard), all_ in ALONE.items() for at in range(len(all_))
]
