"""What a plan says, block by block, in the words of the plan and no others.

Pure. Every text of the plan goes through `rich`, whole; nothing here shortens. It must not know
what the action's state is.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from bot.adapters.slack.blocks.approval import rich
from bot.adapters.slack.blocks.approval.calls import calls_text
from bot.adapters.slack.text import count, utc
from bot.adapters.slack.visible import deceptive, odd_name, visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.adapters.slack.blocks.card import Block
    from safe_ops.model.plans import Change, Json, Plan, Ruling, Target, Tier

BADGES: Final = {1: "🟢 T1", 2: "🟡 T2", 3: "🟠 T3", 4: "🔴 T4"}
"""A colour never stands alone: the tier is written beside it."""
_SPOKEN: Final = {
    "person": "said by a person",
    "registry": "from the registry",
    "api": "read from the system",
    "text": "taken from free text",
}
_MINUTE_S: Final = 60


def title(plan: Plan) -> str:
    """Return tier, environment and operation in one line."""
    return f"{badge(plan.tier)} · {plan.environment} · {spoken(plan.operation)}"


def badge(tier: Tier) -> str:
    """Return the tier with its colour."""
    return BADGES[tier.value]


def spoken(operation: str) -> str:
    """Return an operation's name as words."""
    return operation.replace("_", " ")


def target_block(target: Target, *, exact: bool = True) -> Block:
    """Return the target by its full name; with `exact` also which object of that name it is."""
    lines = [target.key]
    if target.uid and exact:
        lines.append(f"uid {target.uid}")
    if target.service:
        lines.append(f"part of {target.service}")
    return rich.fixed(lines)


def change_lines(plan: Plan) -> list[str]:
    """Return each change in one line: field, before, after."""
    return [_change(one) for one in plan.drawing.changes]


def warnings(plan: Plan) -> list[str]:
    """Return why names or texts of the plan may read as what they are not; none is the rule."""
    found = [odd_name(name) for name in _names(plan)]
    found += [deceptive(text) for text in _texts(plan)]
    return list(dict.fromkeys(one for one in found if one))


def effect_blocks(plan: Plan) -> list[Block]:
    """Return what it touches, how it is checked, and how it is undone."""
    drawing = plan.drawing
    blocks = []
    if drawing.blast_radius:
        blocks.append(rich.labelled("Blast radius", drawing.blast_radius))
    check = drawing.verification
    span = f"within {_span(check.deadline_s)}"
    if check.settle_s:
        span += f", and it has to stay so for {_span(check.settle_s)}"
    blocks.append(rich.labelled(f"Checked afterwards, {span}", check.says or ("nothing",)))
    blocks.append(_undo(plan))
    if drawing.notes:
        blocks.append(rich.labelled("To know", drawing.notes))
    tainted = [name for name, source in sorted(plan.provenance.items()) if source == "text"]
    if tainted:
        told = ", ".join(visible(name) for name in tainted)
        blocks.append(rich.labelled("❗ Taken from free text, not from a person", (told,)))
    if plan.break_glass:
        blocks += [
            rich.line(rich.text("🚨 Break-glass, because:", bold=True)),
            rich.quote(plan.break_glass),
        ]
    return blocks


def dry_run_block(plan: Plan) -> Block:
    """Return what the dry run said."""
    return rich.labelled("Dry run", plan.dry_run or ("this system has none",))


def folded_calls(plan: Plan) -> Block:
    """Return the exact calls and those of the undo, complete, behind one line."""
    drawing = plan.drawing
    heading = f"Exact calls: {len(drawing.steps)}"
    blocks = [rich.written(calls_text(drawing.steps))]
    if drawing.undo:
        heading += f", and {len(drawing.undo)} to undo them"
        undo = rich.line(rich.text("Calls that undo it, if it does not help:", bold=True))
        blocks += [undo, rich.written(calls_text(drawing.undo))]
    return rich.folded(heading, blocks)


def parameter_lines(plan: Plan) -> list[str]:
    """Return each parameter with where it came from."""
    return [
        f"{name} = {_json(value)} ({_SPOKEN.get(source, source)})"
        for name, value in sorted(plan.parameters.items())
        for source in (plan.provenance.get(name, "not recorded"),)
    ]


def refused_rulings(plan: Plan) -> list[Block]:
    """Return the guards that said no, which only break-glass sets aside; shown in the open."""
    lines = [ruling_line(one) for one in plan.rulings if not one.passed]
    return [rich.labelled("Guards that say no", lines)] if lines else []


def folded_rulings(plan: Plan) -> Block:
    """Return every guard's word with the time of its facts, and the parameters, behind one line."""
    passed = sum(1 for one in plan.rulings if one.passed)
    heading = f"Guards: {passed} of {len(plan.rulings)} passed"
    blocks = ruling_blocks(plan)
    parameters = parameter_lines(plan)
    if parameters:
        blocks += [rich.line(rich.text("Parameters:", bold=True)), rich.listed(parameters)]
    return rich.folded(heading, blocks)


def ruling_blocks(plan: Plan) -> list[Block]:
    """Return every guard's word, the time of their facts once where it is the same for all."""
    moments = {ruling.at and utc(ruling.at) for ruling in plan.rulings}
    shared = moments.pop() if len(moments) == 1 else None
    if shared is None:
        return [rich.listed([ruling_line(one) for one in plan.rulings] or ["none were asked"])]
    return [
        rich.line(rich.text(f"As of {shared}:", bold=True)),
        rich.listed([_ruled(one) for one in plan.rulings]),
    ]


def ruling_line(ruling: Ruling) -> str:
    """Return a guard's word with its mark and the time of its facts."""
    at = f" · {utc(ruling.at)}" if ruling.at is not None else ""
    return f"{_ruled(ruling)}{at}"


def _ruled(ruling: Ruling) -> str:
    return f"{'✓' if ruling.passed else '✗'} {ruling.guard}: {ruling.says}"


def _change(change: Change) -> str:
    told = [change.field, change.before or rich.EMPTY, change.after or rich.EMPTY]
    if any("→" in one or ": " in one for one in told):
        # In quotes nothing can pass for the other side of the arrow.
        told = [_json(one) for one in told]
    return f"{told[0]}: {told[1]} → {told[2]}"


def _json(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _undo(plan: Plan) -> Block:
    drawing = plan.drawing
    if drawing.cannot_be_undone or not drawing.undo:
        why = drawing.cannot_be_undone or "there is no way back"
        return rich.labelled("❗ Cannot be undone", (why,))
    says = tuple(step.says for step in drawing.undo)
    return rich.labelled(f"Undo, if it does not help ({count(len(says), 'call')})", _alike(says))


def _alike(says: tuple[str, ...]) -> tuple[str, ...]:
    """Return the steps' words; many are named by the first and the last, the calls have all."""
    few = 4
    return says if len(says) <= few else (says[0], f"… {len(says) - 2} more …", says[-1])


def _span(seconds: int) -> str:
    if seconds % _MINUTE_S or not seconds:
        return f"{seconds} s"
    return f"{seconds // _MINUTE_S} min"


def _names(plan: Plan) -> Iterator[str]:
    target = plan.target
    yield from (target.place.name, target.place.region, target.kind, target.namespace)
    yield from (target.name, target.uid, target.service, plan.environment, plan.operation)
    for step in (*plan.drawing.steps, *plan.drawing.undo):
        yield step.call.action
        yield step.call.path


def _texts(plan: Plan) -> Iterator[str]:
    drawing = plan.drawing
    for change in drawing.changes:
        yield from (change.field, change.before, change.after)
    yield from parameter_lines(plan)
    yield from drawing.blast_radius
    yield from drawing.verification.says
    yield from drawing.notes
    yield drawing.cannot_be_undone
    yield from (step.says for step in (*drawing.steps, *drawing.undo))
    yield from plan.dry_run
    for ruling in plan.rulings:
        yield from (ruling.guard, ruling.says)
