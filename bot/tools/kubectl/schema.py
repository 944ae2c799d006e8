"""`kubectl explain`, `api-resources` and `version`: what the server says of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rapidfuzz import process as closest

from bot.domain.errors import ToolError
from bot.domain.evidence import Grid
from bot.domain.fields import mapping, text
from bot.domain.kinds import kind_named
from bot.tools.answer import Answer, lines_of, table_answer, text_answer

if TYPE_CHECKING:
    from bot.domain.kinds import Kind
    from bot.ports.cluster import ClusterReader
    from bot.tools.kubectl.command import Explain

_SOURCE = "schema"
# A field's description is cut here; the field itself can be explained for the whole of it.
_SUMMARY_CHARS = 160
_SUGGESTIONS = 3


def explain(command: Explain, reader: ClusterReader) -> Answer:
    """Return the documentation of a kind or one of its fields.

    Raises:
        ToolError: The path names a field that does not exist; the text has the closest.
    """
    node = reader.schema(command.kind)
    walked: list[str] = []
    for field in command.path:
        known = mapping(_inner(node), "properties")
        if field not in known:
            raise _no_field(command, walked, field, list(known))
        node = known[field]
        walked.append(field)
    inner = _inner(node)
    required = set(inner.get("required") or ())
    fields = [
        f"  {name} <{_type(child)}>{' required' if name in required else ''}"
        f"  {_summary(text(child, 'description') or text(_inner(child), 'description'))}".rstrip()
        for name, child in mapping(inner, "properties").items()
    ]
    version = command.kind.path.removeprefix("/apis/").removeprefix("/api/")
    place = f"\nFIELD: {'.'.join(walked)} <{_type(node)}>" if walked else ""
    body = lines_of(
        (
            f"KIND: {command.kind.kind}  VERSION: {version}{place}",
            f"DESCRIPTION: {text(node, 'description') or text(inner, 'description') or '-'}",
            f"ALLOWED: {', '.join(map(str, inner['enum']))}" if inner.get("enum") else None,
            "FIELDS:" if fields else None,
            *fields,
        )
    )
    return text_answer(_SOURCE, body, rows=len(fields))


def api_resources(reader: ClusterReader, extra_kinds: tuple[Kind, ...]) -> Answer:
    """Return what the server offers, and which of it can be read here."""
    rows = tuple(
        (
            resource.plural,
            ",".join(resource.short_names),
            resource.group_version,
            str(resource.namespaced).lower(),
            resource.kind,
            "yes" if _is_readable(resource.plural, resource.group_version, extra_kinds) else "no",
        )
        for resource in reader.api_resources()
    )
    columns = ("NAME", "SHORTNAMES", "APIVERSION", "NAMESPACED", "KIND", "READABLE")
    return table_answer(_SOURCE, Grid(columns=columns, rows=rows), more=False)


def version(reader: ClusterReader) -> Answer:
    """Return the server's version."""
    return text_answer(_SOURCE, f"server version: {reader.version()}", rows=1)


def _is_readable(plural: str, group_version: str, extra_kinds: tuple[Kind, ...]) -> bool:
    kind = kind_named(plural, extra=extra_kinds)
    return kind is not None and group_version.rpartition("/")[0] == kind.group


def _inner(node: dict[str, Any]) -> dict[str, Any]:
    """Return the schema that holds the fields: of a list's entries, or of the one reference."""
    for _ in range(4):  # a list of maps of references is as deep as the API goes
        following = node.get("items") or node.get("additionalProperties")
        if node.get("allOf") and not node.get("properties"):
            following = node["allOf"][0]
        if not isinstance(following, dict):
            break
        node = following
    return node


def _type(node: dict[str, Any]) -> str:
    if isinstance(node.get("items"), dict):
        return f"[]{_type(node['items'])}"
    if isinstance(node.get("additionalProperties"), dict):
        return f"map[string]{_type(node['additionalProperties'])}"
    return text(node, "type", default="Object").replace("object", "Object")


def _summary(description: str) -> str:
    flat = " ".join(description.split())
    first = flat.split(". ")[0]
    return first if len(first) <= _SUMMARY_CHARS else f"{first[:_SUMMARY_CHARS]}..."


def _no_field(command: Explain, walked: list[str], field: str, known: list[str]) -> ToolError:
    place = ".".join((command.kind.plural, *walked))
    near = [match[0] for match in closest.extract(field, known, limit=_SUGGESTIONS)]
    hint = f"the closest are {', '.join(near)}" if near else "it has no fields"
    return ToolError(f"{place} has no field {field}; {hint}. Try kubectl explain {place}")
