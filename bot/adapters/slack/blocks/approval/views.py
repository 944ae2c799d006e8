"""Modals of guarded operations: why not, who are you, what became of it, and all there is.

Pure. What a modal is about stands in its private metadata, as on a button: an id and the place to
answer in, never a right.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from bot.adapters.slack import actions, limits
from bot.adapters.slack.blocks import parts
from bot.adapters.slack.blocks.approval import controls, facts, rich, sentences
from bot.adapters.slack.blocks.approval.calls import calls_text
from bot.adapters.slack.text import clip_escaped
from bot.adapters.slack.validation import block_text_length, validate_view
from bot.adapters.slack.visible import visible

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.adapters.slack.blocks.card import Block
    from bot.ports.action_board import ActionView
    from bot.ports.operations_desk import ProofWays
    from safe_ops.model.plans import Plan

REASON: Final = "reason"
CODE: Final = "code"
EFFECT: Final = "effect"
TOOK_EFFECT: Final = "took_effect"
HAD_NONE: Final = "had_none"
LONGEST_REASON: Final = 500
_CODE_DIGITS: Final = 6
_TEXT: Final = 2_900
_MOST_TEXT: Final = 50_000
"""Characters of one modal; Slack's own limit (about 250 kB of JSON) is not documented."""
_LINES: Final = 60
"""Lines of calls in one block of the modal: blocks of many thousand characters are slow to open."""


def denial_view(metadata: Mapping[str, str], *, needs_reason: bool) -> dict[str, Any]:
    """Return the modal that asks why an action is denied."""
    said = "What should be done instead, or what is missing? Everybody in the thread reads it."
    blocks = [
        parts.section(
            "Your no ends the action at once, whoever approved it already. If you asked for it"
            " yourself, it is taken back."
        ),
        _input(REASON, "Reason", _words(LONGEST_REASON), optional=not needs_reason, hint=said),
    ]
    return _modal(actions.DENIAL_VIEW, "Deny", "Deny", blocks, metadata)


def proof_view(metadata: Mapping[str, str], ways: ProofWays) -> dict[str, Any]:
    """Return the modal that asks for a second factor, whichever ways its reader has."""
    if not ways.code and not ways.link:
        section = parts.section(clip_escaped(visible(how_to_enrol(ways.subject)), _TEXT))
        return _modal(actions.PROOF_VIEW, "Second factor", None, [section], metadata)
    blocks = [
        parts.section(
            "Your yes counts once you have shown that it is you. Five wrong answers end the action."
        )
    ]
    blocks += [_code_entry()] if ways.code else []
    blocks += [controls.key_row(ways.link)] if ways.link else []
    submit = "Confirm" if ways.code else None
    return _modal(actions.PROOF_VIEW, "Second factor", submit, blocks, metadata)


def how_to_enrol(subject: str) -> str:
    """Return what somebody without a second factor is told."""
    return (
        "You have no second factor enrolled that can be used here. Whoever runs Nightdesk enrols"
        f" one with you: `nightdesk factor add {subject}` for an authenticator app, with --key for"
        " a security key. Without it this approval expires."
    )


def _code_entry() -> Block:
    entry: Block = {
        "type": "plain_text_input",
        "action_id": CODE,
        "min_length": _CODE_DIGITS,
        "max_length": _CODE_DIGITS,
        "placeholder": parts.plain("123456", limits.PLACEHOLDER),
    }
    return _input(CODE, "Code of your authenticator app", entry)


def settlement_view(metadata: Mapping[str, str]) -> dict[str, Any]:
    """Return the modal in which a person says what became of a call that had no answer."""
    choice: Block = {
        "type": "radio_buttons",
        "action_id": EFFECT,
        "options": [
            _option("It took effect", TOOK_EFFECT),
            _option("It had no effect", HAD_NONE),
        ],
    }
    blocks = [
        parts.section(
            "Look at the target first: what you say here ends the action, and nothing is called"
            " again."
        ),
        _input(EFFECT, "What became of the call?", choice),
        _input(REASON, "How do you know?", _words(LONGEST_REASON)),
    ]
    return _modal(actions.SETTLEMENT_VIEW, "Settle", "Settle", blocks, metadata)


def whole_view(view: ActionView) -> dict[str, Any]:
    """Return everything there is of an action; says so where Slack holds no more of it."""
    action = view.action
    blocks = [sentences.as_block(sentences.sentence(view))]
    blocks += [rich.quote(one) for one in sentences.why(action)]
    done = sentences.done(action)
    blocks += [rich.listed(done)] if done else []
    steps = sentences.progress(view)
    blocks += [rich.listed(steps)] if steps else []
    if action.plan is not None:
        blocks += _plan_blocks(action.plan)
    if action.digest:
        blocks.append(rich.labelled("Digest of the plan", (action.digest,)))
    blocks.append(rich.labelled("Id", (action.action_id,)))
    if action.request.incident_id:
        blocks.append(rich.labelled("Incident", (action.request.incident_id,)))
    shown = _modal(actions.OPERATION_VIEW, action.label[: limits.MODAL_TITLE], None, blocks, {})
    if block_text_length(blocks) <= _MOST_TEXT and not validate_view(shown):
        return shown
    note = f"It is too long to be shown here: see `nightdesk audit show {action.label}`."
    short = [blocks[0], parts.section(clip_escaped(visible(note), _TEXT))]
    shown = _modal(actions.OPERATION_VIEW, "Details", None, short, {})
    return shown if not validate_view(shown) else _modal_of_note(note)


def _modal_of_note(note: str) -> dict[str, Any]:
    section = parts.section(clip_escaped(visible(note), _TEXT))
    return _modal(actions.OPERATION_VIEW, "Details", None, [section], {})


def _plan_blocks(plan: Plan) -> list[Block]:
    drawing = plan.drawing
    blocks = [
        rich.line(rich.text(facts.title(plan), bold=True)),
        facts.target_block(plan.target),
        rich.fixed(facts.change_lines(plan) or ["no field of the target changes"]),
        *facts.effect_blocks(plan),
        facts.dry_run_block(plan),
        rich.line(rich.text("Exact calls", bold=True)),
        *_calls(calls_text(drawing.steps)),
    ]
    if drawing.undo:
        blocks.append(rich.line(rich.text("Calls that undo it", bold=True)))
        blocks += _calls(calls_text(drawing.undo))
    blocks.append(rich.line(rich.text("Guards", bold=True)))
    blocks += facts.ruling_blocks(plan)
    parameters = facts.parameter_lines(plan)
    blocks += [rich.labelled("Parameters", parameters)] if parameters else []
    return blocks


def _calls(text: str) -> list[Block]:
    lines = text.split("\n")
    return [rich.written("\n".join(lines[at : at + _LINES])) for at in range(0, len(lines), _LINES)]


def _modal(
    callback_id: str,
    title: str,
    submit: str | None,
    blocks: list[Block],
    metadata: Mapping[str, str],
) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "type": "modal",
        "callback_id": callback_id,
        "title": parts.plain(title, limits.MODAL_TITLE),
        "close": parts.plain("Close", limits.MODAL_BUTTON),
        "private_metadata": json.dumps(dict(metadata), separators=(",", ":")),
        "blocks": blocks,
    }
    if submit is not None:
        shown["submit"] = parts.plain(submit, limits.MODAL_BUTTON)
    return shown


def _input(
    block_id: str, label: str, element: Block, *, optional: bool = False, hint: str = ""
) -> Block:
    block: Block = {
        "type": "input",
        "block_id": block_id,
        "label": parts.plain(label, limits.INPUT_LABEL),
        "element": element,
        "optional": optional,
    }
    return {**block, "hint": parts.plain(hint, limits.INPUT_HINT)} if hint else block


def _words(longest: int) -> Block:
    return {
        "type": "plain_text_input",
        "action_id": REASON,
        "multiline": True,
        "max_length": longest,
    }


def _option(label: str, value: str) -> Block:
    return {"text": parts.plain(label, limits.OPTION_TEXT), "value": value}
