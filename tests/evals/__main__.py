"""`python -m tests.evals`: the suite and its table; status 1 when surely wrong too often."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time

from tests.evals.case import read_cases
from tests.evals.report import MOST_CONFIDENT_WRONG, as_tree, row_of, rows_of, table, wrongs
from tests.evals.running import PROCESSES, Mode, run


def main() -> int:
    options = argparse.ArgumentParser(prog="make evals", description=__doc__)
    options.add_argument("--mode", type=Mode, default=Mode.RULES, choices=list(Mode))
    options.add_argument("--family", action="append", help="only cases of this family")
    options.add_argument("--case", action="append", help="only this case")
    options.add_argument("--json", action="store_true", help="everything as JSON instead")
    options.add_argument("--processes", type=int, default=PROCESSES)
    chosen = options.parse_args()
    if chosen.mode is Mode.LIVE and not os.environ.get("ANTHROPIC_API_KEY"):
        sys.stderr.write("live asks a real model: set ANTHROPIC_API_KEY\n")
        return 2
    cases = [
        case
        for case in read_cases()
        if (not chosen.family or case.family in chosen.family)
        and (not chosen.case or case.id in chosen.case)
    ]
    if not cases:
        sys.stderr.write("no such case\n")
        return 2
    began = time.monotonic()
    results = list(run(cases, mode=chosen.mode, processes=chosen.processes))
    if chosen.json:
        tree = as_tree(results, mode=chosen.mode)
        sys.stdout.write(json.dumps(tree, indent=1, ensure_ascii=False) + "\n")
    else:
        sys.stdout.write(f"{table(rows_of(results))}\n\n{wrongs(results)}\n")
        sys.stdout.write(f"\n{len(results)} cases in {time.monotonic() - began:.0f} s\n")
    is_broken = any(result.ending.error for result in results)
    is_misleading = row_of("total", results).confident_wrong > MOST_CONFIDENT_WRONG
    return int(is_broken or is_misleading)


if __name__ == "__main__":
    sys.exit(main())
