"""What the suite prints: a line for each family, totals, every wrong case with what was said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tests.evals.running import Result

MOST_CONFIDENT_WRONG = 0.02
_HEAD = ("family", "cases", "at 1", "at 3", "status", "wrong", "calls", "seconds", "tokens")
_WIDTHS = (24, 5, 6, 6, 6, 6, 6, 7, 7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """The figures of some cases."""

    name: str
    cases: int
    exact: float
    near: float
    status: float
    confident_wrong: float
    """These four are shares of the cases, 0 to 1."""
    calls: float
    """Tool calls, each case's mean."""
    seconds: float
    tokens: float


def row_of(name: str, results: Sequence[Result]) -> Row:
    """The figures of at least one case."""
    count = len(results)
    calls = sum(one.calls for result in results for one in result.ending.verdicts)
    return Row(
        name=name,
        cases=count,
        exact=sum(one.grade.exact for one in results) / count,
        near=sum(one.grade.near for one in results) / count,
        status=sum(one.grade.status for one in results) / count,
        confident_wrong=sum(one.grade.confident_wrong for one in results) / count,
        calls=calls / count,
        seconds=sum(one.ending.seconds for one in results) / count,
        tokens=sum(one.ending.tokens for one in results) / count,
    )


def rows_of(results: Sequence[Result]) -> list[Row]:
    """A row for each family, and the total last."""
    families: dict[str, list[Result]] = {}
    for result in sorted(results, key=lambda one: one.case.family):
        families.setdefault(result.case.family, []).append(result)
    return [*(row_of(name, found) for name, found in families.items()), row_of("total", results)]


def table(rows: Iterable[Row]) -> str:
    """The rows as text."""
    lines = [_line(_HEAD)]
    for row in rows:
        shares = (row.exact, row.near, row.status, row.confident_wrong)
        lines.append(
            _line(
                (
                    row.name,
                    str(row.cases),
                    *(f"{share:.0%}" for share in shares),
                    f"{row.calls:.1f}",
                    f"{row.seconds:.2f}",
                    f"{row.tokens:.0f}",
                )
            )
        )
    return "\n".join(lines)


def wrongs(results: Iterable[Result]) -> str:
    """Every case of which something is wrong: what was expected, and what was said."""
    lines = []
    for result in sorted(results, key=lambda one: one.case.id):
        if result.grade.is_right:
            continue
        mark = "CONFIDENT AND WRONG " if result.grade.confident_wrong else ""
        lines.append(f"{mark}{result.case.id} ({result.case.family})")
        for wanted in result.case.expect:
            status = "|".join(wanted.status)
            said = f"{'|'.join(wanted.cause) or '-'} {' or '.join(wanted.object) or '-'}"
            lines.append(f"  expected {status} {said}")
        if result.ending.incidents != len(result.case.expect):
            lines.append(
                f"  {result.ending.incidents} incidents instead of {len(result.case.expect)}"
            )
        if result.ending.error:
            lines.append(f"  could not be run: {result.ending.error}")
        for verdict in result.ending.verdicts:
            lines.append(f"  said     {verdict.status} {verdict.cause} {verdict.object}")
            lines += [f"    | {line}" for line in verdict.summary.splitlines()[:4]]
            lines += [f"    ! {line}" for line in verdict.caveats[:3]]
    return "\n".join(lines)


def as_tree(results: Sequence[Result], *, mode: str) -> dict[str, Any]:
    """Everything as JSON has it."""
    return {
        "mode": mode,
        "rows": [
            {name: getattr(row, name) for name in Row.__dataclass_fields__}
            for row in rows_of(results)
        ],
        "cases": [
            {
                "id": result.case.id,
                "family": result.case.family,
                "tags": result.case.tags,
                "exact": result.grade.exact,
                "near": result.grade.near,
                "status_right": result.grade.status,
                "confident_wrong": result.grade.confident_wrong,
                "incidents": result.ending.incidents,
                "seconds": round(result.ending.seconds, 3),
                "tokens": result.ending.tokens,
                "error": result.ending.error,
                "said": [
                    {
                        "status": verdict.status,
                        "cause": verdict.cause,
                        "object": verdict.object,
                        "summary": verdict.summary,
                        "caveats": verdict.caveats,
                        "calls": verdict.calls,
                    }
                    for verdict in result.ending.verdicts
                ],
            }
            for result in sorted(results, key=lambda one: one.case.id)
        ],
    }


def _line(cells: Sequence[str]) -> str:
    first, *others = zip(cells, _WIDTHS, strict=True)
    return "  ".join([f"{first[0]:<{first[1]}}", *(f"{text:>{width}}" for text, width in others)])
