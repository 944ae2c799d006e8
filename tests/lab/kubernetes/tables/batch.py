"""Rows of Jobs and CronJobs."""

from __future__ import annotations

from typing import Any

from tests.lab.estate import when
from tests.lab.kubernetes.tables.columns import (
    NONE,
    Cells,
    age,
    columns,
    container_cells,
    created,
    human_duration,
    selector_text,
)

Object = dict[str, Any]

JOB_COLUMNS = columns(
    "Name",
    "Status",
    "Completions",
    "Duration",
    "Age",
    wide=("Containers", "Images", "Selector"),
)
CRON_JOB_COLUMNS = columns(
    "Name",
    "Schedule",
    "Timezone",
    "Suspend",
    "Active",
    "Last Schedule",
    "Age",
    wide=("Containers", "Images", "Selector"),
    numbers=("Active",),
)


def job_cells(item: Object, now: float) -> Cells:
    spec, status = item["spec"], item.get("status", {})
    started, ended = status.get("startTime"), status.get("completionTime")
    duration = ""
    if started:
        until = when.read_stamp(ended) if ended else now
        duration = human_duration(until - when.read_stamp(started))
    return [
        item["metadata"]["name"],
        _job_status(item),
        f"{status.get('succeeded', 0)}/{spec.get('completions', 1)}",
        duration,
        created(item, now),
        *container_cells(spec["template"]),
        selector_text(spec.get("selector")),
    ]


def _job_status(item: Object) -> str:
    holding = {
        condition["type"]
        for condition in item.get("status", {}).get("conditions", ())
        if condition["status"] == "True"
    }
    for type_ in ("Complete", "Failed", "Suspended", "FailureTarget", "SuccessCriteriaMet"):
        if type_ in holding:
            return type_
    return "Terminating" if item["metadata"].get("deletionTimestamp") else "Running"


def cron_job_cells(item: Object, now: float) -> Cells:
    spec, status = item["spec"], item.get("status", {})
    last = status.get("lastScheduleTime")
    return [
        item["metadata"]["name"],
        spec["schedule"],
        spec.get("timeZone") or NONE,
        str(bool(spec.get("suspend"))),
        len(status.get("active", ())),
        age(last, now) if last else NONE,
        created(item, now),
        *container_cells(spec["jobTemplate"]["spec"]["template"]),
        selector_text(spec["jobTemplate"]["spec"].get("selector")),
    ]
