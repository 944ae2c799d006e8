"""Runs the first checks of a matching runbook, by the same guarded tools as anybody's reads.

A page is written by the team and its slots are filled with names from an alert, which is foreign:
only plain names are filled in, and the read policy judges the result like any command.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from bot.domain.errors import NotAllowedError, ToolError, UpstreamError
from bot.domain.progress import Task, TaskState
from bot.triage.survey import entered

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.domain.alert import Alert
    from bot.domain.runbook import Runbook
    from bot.flows.question.kit import Kit
    from bot.flows.question.session import StoredSession

log = structlog.get_logger()

MAX_CHECKS = 4


def run_checks(
    pages: Sequence[Runbook], alerts: Sequence[Alert], *, kit: Kit, session: StoredSession
) -> int:
    """Enter what the best page's checks show in the ledger; return how many were run.

    What cannot be filled, is refused, or was read already is left out.

    Raises:
        CancelledByPersonError, LeaseLostError: As the session's `check` says.
    """
    page = next((one for one in pages if one.checks), None)
    if page is None:
        return 0
    values = slots_of(alerts)
    read = {entry.observation.query for entry in session.ledger()}
    task = Task(
        task_id=f"runbook-{page.name}", title=f"Runbook: {page.title}", state=TaskState.IN_PROGRESS
    )
    run = 0
    for number, check in enumerate(page.checks[:MAX_CHECKS], start=1):
        session.check()
        command = check.filled(values)
        if command is None or command in read:
            continue
        session.show(task)
        try:
            observation = kit.typed(command)
        except (ToolError, NotAllowedError, UpstreamError) as error:
            log.info("runbook_check_refused", page=page.name, number=number, reason=str(error))
            continue
        entered(session, f"runbook-{page.name}-{number}", observation)
        run += 1
    if run:
        session.show(
            Task(
                task_id=task.task_id,
                title=task.title,
                state=TaskState.COMPLETE,
                outcome=f"{run} checks",
            )
        )
    return run


def slots_of(alerts: Sequence[Alert]) -> Mapping[str, str]:
    """Return what the first alert that says it calls each slot."""
    values: dict[str, str] = {}
    for alert in alerts:
        named = {one.kind: one.name for one in reversed(alert.scope.objects)}
        told = {
            **alert.labels,
            **named,
            "namespace": alert.scope.namespace or "",
            "cluster": alert.scope.cluster or "",
            "pvc": named.get("persistentvolumeclaim", ""),
            "service": named.get("service") or alert.labels.get("service", ""),
        }
        for name, value in told.items():
            if value:
                values.setdefault(name, value)
    return values
