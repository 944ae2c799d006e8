"""The words a reader would see in a message's blocks and attachments, in reading order.

Pure, and made for JSON of any shape: alerts come from apps that use every corner of Block Kit, and
a card of ours is flattened when Slack would refuse its blocks. It must not know what a text means.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

# Deep enough for every documented nesting; a bound because foreign JSON is read here.
_DEEPEST: Final = 12
_TEXT_FIELDS: Final = ("title", "text", "alt_text", "caption", "subtitle", "description", "body")
_NESTED_FIELDS: Final = (
    "elements",
    "fields",
    "rows",
    "tasks",
    "child_blocks",
    "details",
    "output",
    "rich_text_title",
)
_INLINE: Final = frozenset(
    {"rich_text_section", "rich_text_preformatted", "rich_text_quote", "context"}
)
_SILENT: Final = frozenset({"actions", "context_actions", "button", "feedback_buttons"})


def readable_text(message: Mapping[str, object]) -> str:
    """Return the text of a whole message: its own text, its blocks, then its attachments.

    The text is left out where the blocks say it too, as they do in most messages.
    """
    said = "\n".join(_lines(message.get("blocks"), 0)).strip()
    own = message.get("text")
    parts = [said] if said else []
    if isinstance(own, str) and own.strip() and not _same(own, said):
        parts.insert(0, own.strip())
    parts += [_attachment(entry) for entry in _items(message.get("attachments"))]
    return "\n".join(part for part in parts if part)


def blocks_text(blocks: object) -> str:
    """Return the words of a list of blocks, a line for each; buttons are left out."""
    return "\n".join(_lines(blocks, 0)).strip()


def _attachment(entry: object) -> str:
    if not isinstance(entry, Mapping):
        return ""
    inner = "\n".join(
        [*_lines(entry.get("blocks"), 0), *_lines(entry.get("message_blocks"), 0)]
    ).strip()
    lines = [
        _string(entry.get(name)) for name in ("pretext", "author_name", "title", "text", "footer")
    ]
    lines += [_field(field) for field in _items(entry.get("fields"))]
    words = "\n".join(line for line in lines if line)
    # Slack fills `fallback` for clients that show nothing else; it repeats what the rest says.
    return "\n".join(part for part in (words, inner) if part) or _string(entry.get("fallback"))


def _field(field: object) -> str:
    if not isinstance(field, Mapping):
        return ""
    title, value = _string(field.get("title")), _string(field.get("value"))
    return f"{title}: {value}" if title and value else title or value


def _lines(node: object, depth: int) -> Iterator[str]:
    if depth > _DEEPEST:
        return
    for item in _items(node):
        if isinstance(item, Mapping):
            yield from _block(item, depth)
        elif isinstance(item, Sequence) and not isinstance(item, str | bytes):
            row = " | ".join(_lines(item, depth + 1))
            if row:
                yield row


def _block(block: Mapping[str, object], depth: int) -> Iterator[str]:
    kind = _string(block.get("type"))
    if kind in _SILENT:
        return
    if kind in _INLINE:
        joiner = " " if kind == "context" else ""
        line = joiner.join(_leaf(part) for part in _items(block.get("elements"))).strip()
        if line:
            yield line
        return
    for name in _TEXT_FIELDS:
        text = _text_of(block.get(name))
        if text:
            yield text
    for name in _NESTED_FIELDS:
        value = block.get(name)
        yield from _lines([value] if isinstance(value, Mapping) else value, depth + 1)


def _leaf(part: object) -> str:
    """Return one inline element of rich text or of a context block as Slack would write it."""
    if not isinstance(part, Mapping):
        return ""
    match part.get("type"):
        case "link":
            url, text = _string(part.get("url")), _string(part.get("text"))
            return f"{text} ({url})" if text and text != url else url
        case "user":
            return f"<@{_string(part.get('user_id'))}>"
        case "usergroup":
            return f"<!subteam^{_string(part.get('usergroup_id'))}>"
        case "channel":
            return f"<#{_string(part.get('channel_id'))}>"
        case "broadcast":
            return f"@{_string(part.get('range'))}"
        case "emoji":
            return f":{_string(part.get('name'))}:"
        case "date":
            return _string(part.get("fallback"))
        case _:
            return _text_of(part.get("text")) or _string(part.get("alt_text"))


def _text_of(value: object) -> str:
    """Return a string, or the string inside a text object."""
    inner = value.get("text") if isinstance(value, Mapping) else value
    return _string(inner)


def _string(value: object) -> str:
    return value.strip("\r\n") if isinstance(value, str) else ""


def _items(value: object) -> Sequence[object]:
    return value if isinstance(value, Sequence) and not isinstance(value, str | bytes) else ()


def _same(text: str, said: str) -> bool:
    return "".join(text.split()) in "".join(said.split())
