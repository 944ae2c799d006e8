"""All cases over their labs: one lab for each world, two processes at most.

moto holds one set of accounts in a process, and so does a lab of the suite.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import tempfile
import traceback
from contextlib import ExitStack
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from tests.evals.brain import BelievingBrain
from tests.evals.case import Case
from tests.evals.desk import Ending, settled, take
from tests.evals.grading import MISSING, Grade, grade_case
from tests.evals.worlds import EvalLab
from tests.lab.model.server import ModelLab

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bot.settings import Settings

PROCESSES = 2


class Mode(StrEnum):
    """Who answers."""

    RULES = "rules"
    SCRIPTED = "scripted"
    """The lab's model server, which believes the rules."""
    LIVE = "live"
    """The model whose key is in the environment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One case, run and graded."""

    case: Case
    ending: Ending
    grade: Grade


def run(cases: Sequence[Case], *, mode: Mode, processes: int = PROCESSES) -> Iterator[Result]:
    """Yield each case's result as soon as it is there."""
    places: dict[str, list[Case]] = {}
    for case in cases:
        places.setdefault(case.place, []).append(case)
    # Worlds with accounts take longest to fill; begun first they do not come out last.
    groups = sorted(places.values(), key=lambda group: group[0].cloud is None)
    keys = _model_keys() if mode is Mode.LIVE else {}
    tasks = [(group, mode, keys) for group in groups]
    if processes == 1 or len(groups) == 1:
        for task in tasks:
            yield from _run_group(task)
        return
    with multiprocessing.get_context("spawn").Pool(min(processes, len(groups))) as pool:
        for results in pool.imap_unordered(_run_group, tasks):
            yield from results


def _model_keys() -> dict[str, str]:
    names = ("ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", "NIGHTDESK_MODEL_NAME")
    return {name: os.environ[name] for name in names if name in os.environ}


def _run_group(task: tuple[list[Case], Mode, dict[str, str]]) -> list[Result]:
    group, mode, keys = task
    try:
        return _results_of(group, mode, keys)
    except Exception:  # noqa: BLE001 -- a world that breaks is told, the others go on
        broken = Ending(
            incidents=0, verdicts=(), tokens=0, seconds=0.0, error=traceback.format_exc()
        )
        return [Result(case=case, ending=broken, grade=MISSING) for case in group]


def _results_of(group: list[Case], mode: Mode, keys: dict[str, str]) -> list[Result]:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="nightdesk-evals-")))
        lab = stack.enter_context(EvalLab(group[0], home=home))
        more = dict(keys)
        if mode is Mode.SCRIPTED:
            model = stack.enter_context(ModelLab(BelievingBrain()))
            more = {"ANTHROPIC_API_KEY": "lab-key", "ANTHROPIC_BASE_URL": model.url}
        settings = settled(lab, **more)
        return [_run_one(case, lab, settings) for case in group]


def _run_one(case: Case, lab: EvalLab, settings: Settings) -> Result:
    ending = take(case, lab, settings)
    grade = grade_case(ending.verdicts, case.expect, ending.incidents)
    return Result(case=case, ending=ending, grade=grade)
