"""A YAML text as plain values, and the line each of them stands on. Knows no policy.

Scalars stay text as they are written: nothing of YAML 1.1's guesses (`no` as false, `17:00` as
1020) comes between the file and the model that reads it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

from safe_ops.errors import PolicyError

if TYPE_CHECKING:
    from collections.abc import Iterable

Location = tuple[int | str, ...]
"""Keys and indexes from the top of the file down to a value."""


class Document:
    """The values of a text, and where each part of it stands."""

    def __init__(self, text: str, *, name: str) -> None:
        """Read it.

        Raises:
            PolicyError: It is empty, or no YAML, with the line; or a key stands there twice.
        """
        self.name = name
        self._lines: dict[Location, int] = {}
        self._located: set[int] = set()
        self._twice: list[str] = []
        try:
            self.value = self._load(text)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line = f":{mark.line + 1}" if mark else ""
            raise PolicyError([f"{name}{line}: is not YAML: {error.problem}"]) from None
        except yaml.YAMLError as error:
            reason = " ".join(str(error).split())
            raise PolicyError([f"{name}: is not YAML: {reason}"]) from None
        if self._twice:
            raise PolicyError(self._twice)

    def at(self, location: Iterable[int | str], problem: str) -> str:
        """Return a problem with the line and the path it belongs to."""
        wanted = tuple(location)
        shown = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in wanted)
        known = next(
            (wanted[:end] for end in range(len(wanted), -1, -1) if wanted[:end] in self._lines), ()
        )
        line = f"{self.name}:{self._lines[known]}:"
        return " ".join(filter(None, (line, shown.lstrip("."), problem)))

    def _load(self, text: str) -> object:
        loader = yaml.BaseLoader(text)
        try:
            node = loader.get_single_node()
            if node is None:
                raise PolicyError([f"{self.name}: is empty: write at least `environments:`"])
            self._locate(node, ())
            value: object = loader.construct_document(node)
            return value
        finally:
            loader.dispose()

    def _locate(self, node: yaml.Node, location: Location) -> None:
        self._lines.setdefault(location, node.start_mark.line + 1)
        if id(node) in self._located:
            # An anchor used again, perhaps inside itself.
            return
        self._located.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            for index, part in enumerate(node.value):
                self._locate(part, (*location, index))
        if isinstance(node, yaml.MappingNode):
            self._locate_keys(node, location)

    def _locate_keys(self, node: yaml.MappingNode, location: Location) -> None:
        seen: set[str] = set()
        for key, value in node.value:
            name = str(key.value)
            here = (*location, name)
            self._lines[here] = key.start_mark.line + 1
            if name in seen:
                self._twice.append(self.at(here, "stands there twice; keep one"))
            seen.add(name)
            self._locate(value, here)
