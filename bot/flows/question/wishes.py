"""What a person asks to be done, in words, where no model reads them: the order they could type.

Pure. Four languages, and only what needs a name alone; anything else is a question like any.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_ASKED: Final = (
    (
        "rollout_restart",
        r"restart|neu ?starten|starte? .{1,80} neu\b|reiniciar?|red[ée]marre[rz]?|relance[rz]?",
    ),
    (
        "rollout_undo",
        r"roll ?back|undo|zur(?:ü|ue)ckrollen|rolle? .{1,80} zur(?:ü|ue)ck|reviert[ea]|restaurer?",
    ),
    ("uncordon", r"uncordon"),
    ("cordon", r"cordon"),
    ("drain_node", r"drain|leeren?|vac[ií]ar?|vide[rz]?"),
)
_POLITE: Final = r"(?:(?:please|pls|bitte|por favor|s'il te pla[iî]t|can you|could you) ,?)?"
_OPERATIONS: Final = tuple(
    (operation, re.compile(rf"\s*{_POLITE}\s*(?:{verbs})\b", re.IGNORECASE))
    for operation, verbs in _ASKED
)
"""A wish begins with its verb: a restart that is only asked about stands elsewhere."""
_ROLLED: Final = frozenset({"deployment", "statefulset", "daemonset"})
_OF_NODES: Final = frozenset({"cordon", "uncordon", "drain_node"})


def order_meant(text: str, about: str | None) -> tuple[str, dict[str, str]] | None:
    """Return the operation and its parameters, as they would be typed; None where none is meant.

    `about` is what was found to be asked about, as `cluster/kind/namespace/name`.
    """
    operation = next((name for name, verb in _OPERATIONS if verb.match(text)), None)
    parts = (about or "").split("/")
    if operation is None or len(parts) != len(("cluster", "kind", "namespace", "name")):
        return None
    cluster, kind, namespace, name = parts
    if name not in set(_names(text)):
        return None
    if operation in _OF_NODES:
        return (operation, {"place": cluster, "name": name}) if kind == "node" else None
    if kind not in _ROLLED:
        return None
    return operation, {"place": cluster, "kind": kind, "name": name, "namespace": namespace}


def _names(text: str) -> Iterator[str]:
    for word in re.findall(r"[a-z0-9][a-z0-9./-]*", text.lower()):
        yield from word.rstrip(".").split("/")
