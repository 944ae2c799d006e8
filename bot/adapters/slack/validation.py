"""The one Block Kit validator: what Slack would refuse and what we refuse, with JSON pointers.

Pure and free of the SDK, because its models drop unknown blocks. The gateway uses it to degrade
to text rather than lose a message, the tests to check every card, the lab to answer like Slack.
It must not know how a message is sent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Literal

from bot.adapters.slack import limits
from bot.adapters.slack.block_rules import Flag, Free, Items, Shape, Str, Tagged, Violation, kind_of
from bot.adapters.slack.block_shapes import BLOCKS, SURFACES
from bot.adapters.slack.element_shapes import plain

__all__ = ["Violation", "block_text_length", "validate_blocks", "validate_message", "validate_view"]

Surface = Literal["message", "modal", "home"]

_TABLES: Final = frozenset({"table", "data_table"})
_VISIBLE_TEXT: Final = frozenset(
    {"text", "title", "caption", "alt_text", "label", "name", "x_label", "y_label", "provider_name"}
)
_NESTED: Final = ("child_blocks", "tasks")
_VIEW_OPTIONAL: Final = {
    "callback_id": Str(longest=limits.CALLBACK_ID),
    "private_metadata": Str(longest=limits.PRIVATE_METADATA),
    "external_id": Str(longest=limits.CALLBACK_ID),
}
_VIEWS: Final = {
    "modal": Shape(
        required={"title": plain(limits.MODAL_TITLE), "blocks": Free()},
        optional={
            **_VIEW_OPTIONAL,
            "submit": plain(limits.MODAL_BUTTON),
            "close": plain(limits.MODAL_BUTTON),
            "clear_on_close": Flag(),
            "notify_on_close": Flag(),
            "submit_disabled": Flag(),
        },
    ),
    "home": Shape(required={"blocks": Free()}, optional=_VIEW_OPTIONAL),
}


def validate_message(message: Mapping[str, object], *, for_update: bool = False) -> list[Violation]:
    """Return every rule the message breaks, in reading order; an empty list means it may be sent.

    Args:
        message: the arguments of a posting call; `text`, `blocks`, `attachments` and
            `markdown_text` are read, everything else is ignored.
        for_update: apply the shorter text limit of chat.update.
    """
    found = list(_text_rules(message, for_update=for_update))
    blocks = message.get("blocks")
    if blocks is not None:
        found += validate_blocks(blocks, surface="message")
    attachments = message.get("attachments")
    if attachments is not None:
        found += Items(each=Free(), most=limits.ATTACHMENTS_PER_MESSAGE).check(
            attachments, "/attachments"
        )
        for index, attachment in enumerate(_list_of(attachments)):
            inner = attachment.get("blocks") if isinstance(attachment, Mapping) else None
            if inner is not None:
                found += validate_blocks(
                    inner, surface="message", pointer=f"/attachments/{index}/blocks"
                )
    return found


def validate_view(view: Mapping[str, object]) -> list[Violation]:
    """Return every rule the modal or home view breaks, in reading order."""
    found = list(Tagged(table=_VIEWS).check(view, ""))
    surface = kind_of(view)
    if surface not in {"modal", "home"}:
        return found
    blocks = view.get("blocks")
    found += validate_blocks(blocks, surface="modal" if surface == "modal" else "home")
    kinds = {kind_of(block) for block in _list_of(blocks)}
    if surface == "modal" and "input" in kinds and view.get("submit") is None:
        found.append(
            Violation("/submit", "missing_field", "submit is required when there is an input block")
        )
    return found


def validate_blocks(
    blocks: object, *, surface: Surface, pointer: str = "/blocks"
) -> list[Violation]:
    """Return every rule an array of blocks breaks on the given surface, in reading order."""
    most = limits.BLOCKS_PER_MESSAGE if surface == "message" else limits.BLOCKS_PER_VIEW
    least = 0 if surface == "message" else 1
    found = list(Items(each=Tagged(table=BLOCKS), most=most, least=least).check(blocks, pointer))
    placed = list(_walk(blocks, pointer))
    for where, block in placed:
        allowed = SURFACES.get(kind_of(block))
        if allowed is not None and surface not in allowed:
            found.append(
                Violation(
                    f"{where}/type",
                    "wrong_surface",
                    f"{kind_of(block)} is not allowed in a {surface}; only in {sorted(allowed)}",
                )
            )
        found += _block_rules(block, where)
    found += _unique_ids(placed)
    if surface == "message":
        found += _message_counts(blocks, placed, pointer)
    return found


def block_text_length(blocks: object) -> int:
    """Return the number of characters a reader would see in the blocks, links and ids left out."""
    if isinstance(blocks, Mapping):
        return sum(
            len(value)
            if key in _VISIBLE_TEXT and isinstance(value, str)
            else block_text_length(value)
            for key, value in blocks.items()
        )
    return sum(block_text_length(item) for item in _list_of(blocks))


def _text_rules(message: Mapping[str, object], *, for_update: bool) -> Iterator[Violation]:
    text, markdown = message.get("text"), message.get("markdown_text")
    if markdown is not None:
        yield from Str(longest=limits.MARKDOWN_SUM, shortest=1).check(markdown, "/markdown_text")
        if text or message.get("blocks"):
            yield Violation(
                "/markdown_text", "conflict", "markdown_text goes without text and without blocks"
            )
    elif not isinstance(text, str) or not text.strip():
        yield Violation(
            "/text", "missing_text", "text must say what the blocks say, for notifications"
        )
    if text is not None:
        longest = limits.UPDATE_TEXT if for_update else limits.POST_TEXT
        yield from Str(longest=longest).check(text, "/text")


def _message_counts(
    blocks: object, placed: Sequence[tuple[str, Mapping[str, object]]], pointer: str
) -> Iterator[Violation]:
    kinds = Counter(kind_of(block) for _, block in placed)
    if sum(kinds[kind] for kind in _TABLES) > limits.TABLES_PER_MESSAGE:
        yield Violation(pointer, "too_many", "a message holds one table")
    if kinds["data_visualization"] > limits.CHARTS_PER_MESSAGE:
        yield Violation(pointer, "too_many", f"a message holds {limits.CHARTS_PER_MESSAGE} charts")
    top = {kind_of(block) for block in _list_of(blocks)}
    if {"plan", "task_card"} <= top:
        yield Violation(pointer, "conflict", "put the task cards into the plan, or drop the plan")
    markdown = sum(block_text_length(block) for _, block in placed if kind_of(block) == "markdown")
    if markdown > limits.MARKDOWN_SUM:
        yield Violation(
            pointer,
            "text_sum_too_long",
            f"markdown blocks hold {markdown} characters; {limits.MARKDOWN_SUM} are allowed",
        )
    total = block_text_length(blocks)
    if total > limits.MESSAGE_BLOCK_TEXT_SUM:
        yield Violation(
            pointer,
            "text_sum_too_long",
            f"blocks hold {total} characters; {limits.MESSAGE_BLOCK_TEXT_SUM} are allowed",
        )


def _unique_ids(placed: Sequence[tuple[str, Mapping[str, object]]]) -> Iterator[Violation]:
    seen: set[str] = set()
    for where, block in placed:
        block_id = block.get("block_id")
        if isinstance(block_id, str):
            if block_id in seen:
                yield Violation(
                    f"{where}/block_id", "duplicate_id", f"block_id {block_id} is used twice"
                )
            seen.add(block_id)
        # Slack asks for unique action ids within one block; a list of cards may repeat them.
        actions: set[str] = set()
        for name, element in _elements(block):
            action_id = element.get("action_id")
            if isinstance(action_id, str):
                if action_id in actions:
                    yield Violation(
                        f"{where}/{name}/action_id",
                        "duplicate_id",
                        f"action_id {action_id} is used twice in this block",
                    )
                actions.add(action_id)


def _block_rules(block: Mapping[str, object], where: str) -> Iterator[Violation]:
    match kind_of(block):
        case "table":
            if (length := block_text_length(block.get("rows"))) > limits.TABLE_TEXT:
                yield Violation(
                    f"{where}/rows",
                    "text_sum_too_long",
                    f"cells hold {length} characters; {limits.TABLE_TEXT} are allowed",
                )
        case "data_table":
            yield from _data_table_rules(block, where)
        case "data_visualization":
            yield from _chart_rules(block.get("chart"), f"{where}/chart")
        case "container" if block.get("is_collapsible") and block.get("has_header_divider"):
            yield Violation(
                f"{where}/has_header_divider", "conflict", "a collapsible container has no divider"
            )
        case "container" if block.get("default_collapsed") and not block.get("is_collapsible"):
            yield Violation(
                f"{where}/default_collapsed", "conflict", "set is_collapsible to true as well"
            )
        case _:
            pass


def _data_table_rules(block: Mapping[str, object], where: str) -> Iterator[Violation]:
    rows = [_list_of(row) for row in _list_of(block.get("rows"))]
    if len({len(row) for row in rows}) > 1:
        yield Violation(f"{where}/rows", "conflict", "every row needs as many cells as the header")
    for index, cell in enumerate(rows[0] if rows else ()):
        if kind_of(cell) == "rich_text":
            yield Violation(f"{where}/rows/0/{index}", "not_allowed", "a header is not rich text")


def _chart_rules(chart: object, where: str) -> Iterator[Violation]:
    if not isinstance(chart, Mapping) or kind_of(chart) == "pie":
        return
    axes = chart.get("axis_config")
    categories = _list_of(axes.get("categories")) if isinstance(axes, Mapping) else ()
    series = [one for one in _list_of(chart.get("series")) if isinstance(one, Mapping)]
    names = [str(one.get("name")) for one in series]
    if len(set(names)) < len(names):
        yield Violation(f"{where}/series", "duplicate_id", "every series needs its own name")
    for index, one in enumerate(series):
        labels = [
            point.get("label") for point in _list_of(one.get("data")) if isinstance(point, Mapping)
        ]
        if labels != list(categories):
            yield Violation(
                f"{where}/series/{index}/data",
                "conflict",
                "labels must be the categories of axis_config, in their order",
            )


def _walk(blocks: object, pointer: str) -> Iterator[tuple[str, Mapping[str, object]]]:
    for index, block in enumerate(_list_of(blocks)):
        if isinstance(block, Mapping):
            yield f"{pointer}/{index}", block
            for name in (*_NESTED, *(("elements",) if kind_of(block) == "carousel" else ())):
                yield from _walk(block.get(name), f"{pointer}/{index}/{name}")


def _elements(block: Mapping[str, object]) -> Iterator[tuple[str, Mapping[str, object]]]:
    for name in ("accessory", "element"):
        if isinstance(element := block.get(name), Mapping):
            yield name, element
    for name in ("elements", "actions"):
        for index, element in enumerate(_list_of(block.get(name))):
            if isinstance(element, Mapping):
                yield f"{name}/{index}", element


def _list_of(value: object) -> Sequence[object]:
    return value if isinstance(value, Sequence) and not isinstance(value, str | bytes) else ()
