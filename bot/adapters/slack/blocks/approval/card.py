"""The card of an action, in every state: all of its plan or no button.

Pure. While somebody can decide, the card has the whole plan, every name in full; where that does
not fit into a Slack message, or a name may pass for another, it has no button and says where to
look. Afterwards it says in one sentence what became of it and keeps who approved.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.adapters.slack.blocks import parts
from bot.adapters.slack.blocks.approval import controls, facts, rich, sentences
from bot.adapters.slack.blocks.approval.rationale import rationale_blocks
from bot.adapters.slack.blocks.card import Block, Card
from bot.adapters.slack.text import clip, clip_escaped, escape, inline_code, person, when
from bot.adapters.slack.validation import validate_message
from bot.adapters.slack.visible import visible
from safe_ops.model.actions import TERMINAL, State
from safe_ops.model.standing import current_need
from safe_ops.service.assessing import ALERT

if TYPE_CHECKING:
    from bot.ports.action_board import ActionView
    from safe_ops.model.actions import Action
    from safe_ops.model.plans import Plan

DIGEST: Final = 12
"""Hexadecimal digits of the digest that people compare."""
_WAITS: Final = frozenset(
    {State.PENDING_ONCALL, State.PENDING_MANAGER, State.PENDING_FACTOR, State.SCHEDULED}
)
_NAME: Final = 300
_TOO_LONG: Final = (
    "*This plan does not fit into a Slack message, so it cannot be decided here.* Look at it whole"
    " with `nightdesk audit show {}`; if nobody can decide it, it expires and nothing happens."
)
_ODD: Final = (
    "*A name here may pass for another, so this cannot be decided here.* Look at it with"
    " `nightdesk audit show {}`."
)


def action_card(view: ActionView) -> Card:
    """Return the card of the action as it stands; Slack takes every card that comes out."""
    action = view.action
    if action.plan is None:
        return _first_that_fits(_unplanned(view), view=view)
    if action.state in controls.STAGES or action.state is State.PENDING_FACTOR:
        return _first_that_fits(_pending(view, action.plan), view=view)
    return _first_that_fits(_decided(view, action.plan), view=view)


def _unplanned(view: ActionView) -> tuple[Block, ...]:
    """Return what there is before a plan, or without one ever coming."""
    action = view.action
    given = [f"{name} = {value}" for name, value in sorted(action.request.parameters.items())]
    return (
        _header(facts.spoken(action.request.operation)),
        sentences.as_block(sentences.sentence(view)),
        rich.fixed([f"in {action.request.place.name}", *given]),
        *_reasons(action),
        *rationale_blocks(view.rationale, author=action.request.rationale_by),
        parts.context(*_small_print(action)),
        controls.details_row(action),
    )


def _pending(view: ActionView, plan: Plan) -> tuple[Block, ...]:
    """Return the whole plan with what decides it."""
    action = view.action
    warned = facts.warnings(plan)
    changes = facts.change_lines(plan)
    row = _row(action, plan, "\n".join(visible(one) for one in changes))
    return (
        _header(facts.title(plan)),
        sentences.as_block(sentences.sentence(view)),
        facts.target_block(plan.target),
        rich.fixed(changes or ["no field of the target changes"]),
        *_warning_blocks(warned, action),
        *facts.effect_blocks(plan),
        facts.dry_run_block(plan),
        *facts.refused_rulings(plan),
        facts.folded_calls(plan),
        facts.folded_rulings(plan),
        *_who(action, plan),
        parts.context(*_small_print(action)),
        *rationale_blocks(view.rationale, author=action.request.rationale_by),
        *((row,) if row is not None and not warned else (controls.details_row(action),)),
    )


def _decided(view: ActionView, plan: Plan) -> tuple[Block, ...]:
    """Return what became of it; nothing is left to decide but an outcome nobody knows."""
    action = view.action
    settle = action.state is State.INDETERMINATE
    steps = sentences.progress(view)
    return (
        _header(facts.title(plan)),
        sentences.as_block(sentences.sentence(view)),
        facts.target_block(plan.target, exact=False),
        rich.fixed(facts.change_lines(plan) or ["no field of the target changes"]),
        *_reasons(action),
        *((rich.listed(steps),) if steps else ()),
        parts.context(*_small_print(action)),
        *rationale_blocks(view.rationale, author=action.request.rationale_by),
        controls.settle_row(action) if settle else controls.details_row(action),
    )


def _first_that_fits(blocks: tuple[Block, ...], *, view: ActionView) -> Card:
    text = _summary(view)
    card = Card(text=text, blocks=blocks)
    if not validate_message({"text": text, "blocks": list(blocks)}, for_update=True):
        return card
    return Card(text=text, blocks=_shortened(view))


def _shortened(view: ActionView) -> tuple[Block, ...]:
    """Return what fits of a card that does not: what it is about, and where the whole can be seen.

    Only here names are cut, visibly, and there is no button.
    """
    action = view.action
    plan = action.plan
    named = action.request.operation if plan is None else facts.title(plan)
    about = action.request.place.name if plan is None else plan.target.key
    state = clip(sentences.as_text(sentences.sentence(view)), _NAME * 2)
    note = () if action.state in TERMINAL else (_TOO_LONG.format(escape(action.label)),)
    said = [clip_escaped(visible(one), _NAME) for one in sentences.why(action)[:1]]
    return (
        parts.section(f"*{clip_escaped(visible(named), _NAME)}*\n{state}"),
        parts.section(inline_code(visible(about), limit=_NAME)),
        *(parts.section(one) for one in (*said, *note)),
        parts.context(*(clip(one, _NAME * 3) for one in _small_print(action))),
    )


def _row(action: Action, plan: Plan, change: str) -> Block | None:
    if action.state is State.PENDING_FACTOR:
        return controls.proof_row(action)
    return controls.decision_row(action, plan, change)


def _header(title: str) -> Block:
    return {
        "type": "header",
        "text": {"type": "plain_text", "text": visible(title), "emoji": False},
    }


def _warning_blocks(warned: list[str], action: Action) -> list[Block]:
    if not warned:
        return []
    return [parts.section(f"❗ {_ODD.format(escape(action.label))}"), rich.listed(warned)]


def _reasons(action: Action) -> list[Block]:
    """Return why it stands so, and what was done, where it is over."""
    quoted = [rich.quote(one) for one in sentences.why(action)]
    done = sentences.done(action)
    return [*quoted, rich.listed(done)] if done else quoted


def _small_print(action: Action) -> tuple[str, ...]:
    """Return who asked, until when it waits, and by what it is known."""
    lines = [f"Asked for by {_requester(action)}"]
    if action.digest:
        lines.append(f"{escape(action.label)}, plan `{action.digest[:DIGEST]}`")
    if action.state in _WAITS and action.stage_until is not None:
        lines.append(f"Expires {when(action.stage_until)}, and is not run then")
    return tuple(lines)


def _who(action: Action, plan: Plan) -> list[Block]:
    """Return who may decide now, and what else is needed after; nothing where nobody may."""
    need = current_need(action)
    if need is None or action.state not in controls.STAGES:
        return []
    teams = " or ".join(f"*{escape(visible(team))}*" for team in need.teams) or "nobody"
    words = f"*May decide now:* members of {teams}"
    if need.not_requester:
        words += ", but not whoever asked"
    if action.approvals:
        words += ", and nobody who approved already"
    if need.factor:
        words += "; with a second factor"
    left = [one.stage.label for one in plan.needs[plan.needs.index(need) + 1 :]]
    after = f". After that: the {' and the '.join(left)} tier" if left else ""
    return [parts.section(f"{words}{after}.")]


def _requester(action: Action) -> str:
    request = action.request
    if request.requester_slack_id:
        return person(request.requester_slack_id)
    if request.requester.startswith(ALERT):
        # Whoever may send alerts chooses their names, so none may stand there like a person's.
        return f"the alert “{escape(visible(request.requester_name or request.requester))}”"
    return escape(visible(request.requester_name or request.requester))


def _summary(view: ActionView) -> str:
    """Return the one line of notifications and screen readers."""
    action = view.action
    said = sentences.as_text(sentences.sentence(view))
    plan = action.plan
    if plan is None:
        what = facts.spoken(action.request.operation)
        return clip(f"{said} {escape(visible(what))}", 2_000)
    about = f"{facts.title(plan)}: {plan.target.key}"
    return clip(f"{said} {clip_escaped(visible(about), 1_000)}", 2_000)
