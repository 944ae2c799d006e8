"""The eighteen races of the specification, and where each has to be shown.

A test that shows one begins its docstring with the number: `R12: …`, `R5 and R6: …`. What stands
here is read from the files; nothing is imported or run. `python -m tests.races R12` prints a race's
tests as pytest takes them.
"""

from __future__ import annotations

import ast
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).parent.parent
STORE: Final = "tests/contract/store/"
"""Threads and processes over SQLite and PostgreSQL."""
PROCESSES: Final = "tests/flows/operations/"
"""The product's own processes, killed, paused and repeated, before the lab's Slack and clusters."""
BOTH: Final = (STORE, PROCESSES)

SHOWN_IN: Final = {
    "R1": BOTH,
    "R2": BOTH,
    "R3": BOTH,
    "R4": BOTH,
    "R5": BOTH,
    "R6": BOTH,
    "R7": (PROCESSES,),
    "R8": BOTH,
    "R9": (PROCESSES,),
    "R10": (PROCESSES,),
    "R11": BOTH,
    "R12": (PROCESSES,),
    "R13": (PROCESSES,),
    "R14": (PROCESSES,),
    "R15": BOTH,
    # Clocks that disagree need a server between them.
    "R16": (STORE,),
    "R17": BOTH,
    "R18": BOTH,
}
"""Where a race is shown at least: what two transactions decide, at the store; what processes do
around them, over processes."""

_CLAIM: Final = '"""R'
_NUMBERS: Final = re.compile(r"R\d+(?:(?:, and |, | and )R\d+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One test that shows races."""

    numbers: tuple[str, ...]
    path: str
    name: str

    @property
    def node_id(self) -> str:
        """Return what pytest is told to run it."""
        return f"{self.path}::{self.name}"


def shown(root: Path = ROOT) -> list[Shown]:
    """Return all tests that show a race, in the order of their files."""
    paths = sorted((root / "tests").rglob("test_*.py"))
    return [found for path in paths for found in _in(path, root)]


def _in(path: Path, root: Path) -> Iterator[Shown]:
    source = path.read_text(encoding="utf-8")
    if _CLAIM not in source:
        return
    for node in ast.parse(source).body:
        if not isinstance(node, ast.FunctionDef) or not node.name.startswith("test_"):
            continue
        begins = _NUMBERS.match(ast.get_docstring(node) or "")
        if begins is not None:
            yield Shown(
                numbers=tuple(re.findall(r"R\d+", begins[0])),
                path=path.relative_to(root).as_posix(),
                name=node.name,
            )


if __name__ == "__main__":
    for one in shown():
        if set(sys.argv[1:]) <= {*one.numbers}:
            sys.stdout.write(f"{one.node_id}\n")
