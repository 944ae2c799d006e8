"""`make bench`: every measurement as one table, and one JSON line for each of its rows."""

from __future__ import annotations

import argparse
import json
import sys
import time
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

from tests.bench.rows import Row, rows_from, table

if TYPE_CHECKING:
    from collections.abc import Sequence

PACKAGE = "tests.bench"
NAMES = (
    "starting",
    "acknowledgement",
    "journey",
    "alert_journey",
    "loop_turns",
    "triage",
    "kubectl_reads",
    "store_rate",
    "decisions",
    "approvals",
    "correlation",
    "redaction",
    "promql",
    "aws",
)
OPTIONAL = frozenset({"redaction", "promql", "aws"})
"""Measured where the part they belong to is there."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and return 0: a goal that was missed is a finding, not an error."""
    options = argparse.ArgumentParser(prog="make bench", description=__doc__)
    options.add_argument(
        "--only", choices=NAMES, action="append", metavar="NAME", help=", ".join(NAMES)
    )
    chosen = options.parse_args(arguments).only or NAMES
    rows: list[Row] = []
    for name in chosen:
        if name in OPTIONAL and find_spec(f"{PACKAGE}.{name}") is None:
            continue
        began = time.perf_counter()
        rows += measured(name)
        sys.stderr.write(f"{name}: {time.perf_counter() - began:.0f} s\n")
    sys.stdout.write(table(rows) + "\n\n")
    for row in rows:
        sys.stdout.write(json.dumps(row.as_json(), ensure_ascii=False) + "\n")
    return 0


def measured(name: str) -> list[Row]:
    """Return the rows of one module."""
    found = import_module(f"{PACKAGE}.{name}").measure()
    return found if isinstance(found, list) else rows_from(name, found)


if __name__ == "__main__":
    sys.exit(main())
