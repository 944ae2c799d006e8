"""The modal that asks for what an operation still needs.

Pure. Fields are the operation's own parameters; nothing is filled in that nobody said.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from bot.adapters.slack import actions, limits
from bot.adapters.slack.blocks import parts
from bot.adapters.slack.text import clip, clip_escaped, inline_code
from bot.adapters.slack.visible import visible
from bot.ports.operations_desk import NEEDED, FieldKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.adapters.slack.blocks.card import Block
    from bot.ports.operations_desk import FormField, RunForm

VALUE: Final = "value"
LONGEST_VALUE: Final = 500
_YES_NO: Final = ("yes", "no")
_MOST_NOTES: Final = 10


def run_form(form: RunForm, metadata: Mapping[str, str]) -> dict[str, Any]:
    """Return the modal; `metadata` says which order it completes and where to answer."""
    kept = {**metadata, "operation": form.operation}
    return {
        "type": "modal",
        "callback_id": actions.RUN_VIEW,
        "title": parts.plain("Run an operation", limits.MODAL_TITLE),
        "submit": parts.plain("Ask for it", limits.MODAL_BUTTON),
        "close": parts.plain("Cancel", limits.MODAL_BUTTON),
        "private_metadata": json.dumps(kept, separators=(",", ":")),
        "blocks": [
            parts.section(
                f"*{clip_escaped(visible(form.title), 200)}* ({inline_code(form.operation)})\n"
                "It is planned and shown first; nothing runs before the approvals it needs."
            ),
            *(
                parts.section(f"❗ {clip_escaped(visible(note), limits.INPUT_HINT)}")
                for note in form.notes[:_MOST_NOTES]
            ),
            *(_input(field) for field in form.fields),
        ],
    }


def form_errors(form: RunForm) -> dict[str, str]:
    """Return what Slack shows under each field that cannot be taken."""
    found = {field.name: _problem(field) for field in form.fields if field.problem}
    if form.notes and form.fields and not found:
        found[form.fields[0].name] = clip("; ".join(form.notes), limits.INPUT_HINT)
    return found


def form_text(form: RunForm) -> str:
    """Return what is missing or wrong as one sentence, where no modal can be opened."""
    wrong = [_problem(field) for field in form.fields if field.problem]
    return f"{form.title} needs more: {'; '.join([*wrong, *form.notes])}."


def _problem(field: FormField) -> str:
    return clip(visible(f"{field.label} {field.problem}"), limits.INPUT_HINT)


def _input(field: FormField) -> Block:
    said = f"❗ {_problem(field)}" if field.problem not in {"", NEEDED} else ""
    hint = "; ".join(word for word in (said, field.hint) if word)
    block: Block = {
        "type": "input",
        "block_id": field.name,
        "label": parts.plain(field.label, limits.INPUT_LABEL),
        "element": _element(field),
        "optional": not field.required,
    }
    return {**block, "hint": parts.plain(hint, limits.INPUT_HINT)} if hint else block


def _element(field: FormField) -> Block:
    if field.kind is FieldKind.CHOICE:
        return _menu(field, field.choices)
    if field.kind is FieldKind.YES_NO:
        return _menu(field, _YES_NO)
    entry: Block = {
        "type": "plain_text_input",
        "action_id": VALUE,
        "max_length": LONGEST_VALUE,
    }
    if field.value:
        entry["initial_value"] = clip(field.value, LONGEST_VALUE)
    return entry


def _menu(field: FormField, choices: tuple[str, ...]) -> Block:
    named = [one for one in choices if len(one) <= limits.OPTION_VALUE][: limits.SELECT_OPTIONS]
    options = [_option(one) for one in named]
    menu: Block = {
        "type": "static_select",
        "action_id": VALUE,
        "placeholder": parts.plain("Choose", limits.PLACEHOLDER),
        "options": options,
    }
    chosen = next((one for one in named if one.lower() == field.value.lower()), None)
    return menu if chosen is None else {**menu, "initial_option": _option(chosen)}


def _option(name: str) -> Block:
    return {"text": parts.plain(name, limits.OPTION_TEXT), "value": name}
