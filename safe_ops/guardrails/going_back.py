"""Refuses going back to a template nobody knows to have worked.

Which revision it is stands in the drawing's pins `to_revision` and `to_name`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from safe_ops.model.guarding import Guard, passes, refuses
from safe_ops.model.revisions import current, history, stood_s

if TYPE_CHECKING:
    from safe_ops.model.guarding import Case
    from safe_ops.model.plans import Ruling
    from safe_ops.model.revisions import Revision
    from safe_ops.model.workloads import WorkloadSurvey

PROVEN_S = 1800
"""How long a revision has to have been in use before going back to it counts as safe."""
_DAY_MIN = 24 * 60


def _wanted(case: Case[WorkloadSurvey]) -> tuple[tuple[Revision, ...], Revision]:
    revisions = history(case.survey.workload, case.survey.replica_sets)
    name = case.drawing.pins["to_name"]
    return revisions, next(one for one in revisions if one.name == name)


def _proven(case: Case[WorkloadSurvey]) -> Ruling:
    revisions, wanted = _wanted(case)
    stood = stood_s(wanted, revisions, now=case.circumstances.now)
    what = f"Revision {wanted.number}"
    if stood is None:
        return refuses("healthy-history", f"{what} does not say when it was made.")
    minutes, least = int(stood // 60), PROVEN_S // 60
    if stood < PROVEN_S:
        return refuses(
            "healthy-history",
            f"{what} was in use for {minutes} min before the next one came, less than {least}: "
            "choose one that stood longer (to_revision).",
        )
    ready_s = case.survey.revision_ready_s
    if ready_s is not None and ready_s < PROVEN_S:
        return refuses(
            "healthy-history",
            f"{what} had ready pods for {int(ready_s // 60)} min of the last week, less than "
            f"{least}: choose one that was healthy (to_revision).",
        )
    measured = (
        "whether its pods were ready is not measured"
        if ready_s is None
        else f"with ready pods for {int(ready_s // 60)} min of the last week"
    )
    return passes("healthy-history", f"{what} was in use for {_lasted(minutes)}, {measured}.")


def _lasted(minutes: int) -> str:
    days = minutes // _DAY_MIN
    return f"{days} days" if days > 1 else f"{minutes} min"


def _differs(case: Case[WorkloadSurvey]) -> Ruling:
    revisions, wanted = _wanted(case)
    present = current(case.survey.workload, revisions)
    if present is not None and present.fingerprint == wanted.fingerprint:
        return refuses(
            "template-differs",
            f"Revision {wanted.number} is what runs now: going back to it would change nothing.",
        )
    return passes("template-differs", f"Revision {wanted.number} differs from what runs now.")


def _references(case: Case[WorkloadSurvey]) -> Ruling:
    absent = sorted(name for name, is_there in case.survey.references.items() if not is_there)
    if absent:
        return refuses(
            "references",
            f"The revision needs {', '.join(absent)}, which does not exist any more: its pods "
            "would not start. Make it anew first, or choose another revision (to_revision).",
        )
    count = len(case.survey.references)
    return passes("references", f"Config maps the revision needs: {count}, all there.")


PROVEN: Guard[WorkloadSurvey] = Guard(name="healthy-history", decide=_proven)
DIFFERS: Guard[WorkloadSurvey] = Guard(name="template-differs", decide=_differs)
REFERENCES: Guard[WorkloadSurvey] = Guard(name="references", decide=_references)
