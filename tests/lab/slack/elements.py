"""Interactive elements from a person's side: finding one, and what choosing in it sends.

Pure functions over block dictionaries; they must not know messages or personas.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.lab.slack.errors import NotOnScreenError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tests.lab.slack.records import Json

_ONE = {
    "users_select": ("selected_user", "initial_user"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "channels_select": ("selected_channel", "initial_channel"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
    "multi_users_select": ("selected_users", "initial_users"),
    "multi_conversations_select": ("selected_conversations", "initial_conversations"),
    "multi_channels_select": ("selected_channels", "initial_channels"),
}
_OPTION = frozenset({"static_select", "external_select", "radio_buttons", "overflow"})
_OPTIONS = frozenset({"checkboxes", "multi_static_select", "multi_external_select"})


def walk(blocks: Sequence[Json]) -> Iterator[tuple[Json, Json]]:
    """Yield every interactive element with the block that holds it, in reading order."""
    for block in blocks:
        for name in ("accessory", "element"):
            element = block.get(name)
            if isinstance(element, dict) and "action_id" in element:
                yield block, element
        for name in ("elements", "actions"):
            for element in block.get(name) or []:
                if isinstance(element, dict) and "action_id" in element:
                    yield block, element
        if block.get("type") == "carousel":
            yield from walk(block.get("elements") or [])
        yield from walk(block.get("child_blocks") or [])


def find(
    blocks: Sequence[Json], action_id: str, *, block_id: str | None = None, user_id: str
) -> tuple[Json, Json]:
    """Return block and element the person can press, or say what there is to press."""
    seen = []
    for block, element in walk(blocks):
        visible = element.get("visible_to_user_ids")
        if visible and user_id not in visible:
            continue
        seen.append(f"{block.get('block_id')}/{element['action_id']}")
        if element["action_id"] == action_id and block_id in {None, block.get("block_id")}:
            return block, element
    raise NotOnScreenError(f"there is no {action_id!r} to press here; there is {seen}")


def action_of(block: Json, element: Json, chosen: Any, *, at: str) -> Json:
    """Return the entry of `actions` that pressing or choosing sends."""
    action = {
        "action_id": element["action_id"],
        "block_id": block.get("block_id"),
        "type": element["type"],
        "action_ts": at,
    }
    match element["type"]:
        case "button" | "icon_button" | "workflow_button":
            if chosen is not None and chosen != element.get("value"):
                raise NotOnScreenError(
                    f"{element['action_id']} carries {element.get('value')!r}, not {chosen!r}"
                )
            kept = ("text", "value", "style", "url", "icon")
            return action | {key: element[key] for key in kept if key in element}
        case "feedback_buttons":
            for name in ("positive_button", "negative_button"):
                if chosen in {None, element[name]["value"]}:
                    return action | {
                        "text": element[name]["text"],
                        "value": element[name]["value"],
                    }
            raise NotOnScreenError(f"no feedback button carries {chosen!r}")
        case _:
            return action | value_of(element, chosen)


def value_of(element: Json, chosen: Any) -> Json:
    """Return what the element holds in `state.values` once `chosen` is entered; None: initial."""
    kind = element["type"]
    if kind in _OPTION:
        initial = element.get("initial_option")
        option = initial if chosen is None else _pick(element, chosen)
        return {"type": kind, "selected_option": option}
    if kind in _OPTIONS:
        if chosen is None:
            return {"type": kind, "selected_options": element.get("initial_options") or []}
        several = chosen if isinstance(chosen, list | tuple) else [chosen]
        return {"type": kind, "selected_options": [_pick(element, one) for one in several]}
    if kind in _ONE:
        name, initial_name = _ONE[kind]
        return {"type": kind, name: element.get(initial_name) if chosen is None else chosen}
    return {"type": kind, "value": element.get("initial_value") if chosen is None else chosen}


def form_values(blocks: Sequence[Json], entered: Mapping[str, Any]) -> Json:
    """Return `state.values` of a modal; `entered` is keyed by block id or action id.

    Raises:
        NotOnScreenError: a key that is no field, or a required field left empty; the real client
            does not let a person submit then.
    """
    values: Json = {}
    known: set[str] = set()
    for block, element in walk(blocks):
        if element["type"] in {"button", "icon_button", "feedback_buttons"}:
            continue
        block_id, action_id = str(block["block_id"]), str(element["action_id"])
        known |= {block_id, action_id}
        chosen = entered.get(block_id, entered.get(action_id))
        if isinstance(chosen, dict):
            chosen = chosen.get(action_id)
        value = value_of(element, chosen)
        if block["type"] == "input" and not block.get("optional") and _is_empty(value):
            raise NotOnScreenError(f"{block_id}/{action_id} is required and empty")
        values.setdefault(block_id, {})[action_id] = value
    if unknown := sorted(set(entered) - known):
        raise NotOnScreenError(f"no field is called {unknown}; there are {sorted(known)}")
    return values


def _is_empty(value: Json) -> bool:
    return not any(held for name, held in value.items() if name != "type")


def _pick(element: Json, chosen: Any) -> Json:
    options = list(element.get("options") or [])
    for group in element.get("option_groups") or []:
        options += group["options"]
    for option in options:
        if chosen in {option["value"], option["text"]["text"]}:
            return dict(option)
    if element["type"].endswith("external_select"):
        return {"text": {"type": "plain_text", "text": str(chosen)}, "value": str(chosen)}
    raise NotOnScreenError(
        f"{element['action_id']} has no option {chosen!r}; "
        f"there is {[option['value'] for option in options]}"
    )
