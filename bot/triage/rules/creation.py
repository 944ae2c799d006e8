"""Pods that cannot even be created: quotas, limit ranges, accounts and admission refuse them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bot.domain.verdict import Category, Cause
from bot.triage.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.triage.estate import Estate, Happening
    from bot.triage.objects import ObjectRef

_QUOTA = ("quota", Cause.QUOTA_EXCEEDED, Category.CAPACITY, 0.9)
_ACCOUNT = re.compile(
    r'serviceaccount "(?:[^"/]*/)?(?P<name>[^"]*)" not found'
    r"|error looking up service account (?:[^/\s]+/)?(?P<looked>[^:\s]+)",
    re.IGNORECASE,
)
_REFUSED = ("creation_refused", Cause.WRONG_CONFIG, Category.CONFIGURATION, 0.7)
_VERDICTS = (
    (re.compile(r"exceeded quota|failed quota", re.IGNORECASE), _QUOTA),
    (re.compile(r"(?:maximum|minimum) (?:cpu|memory|\S+) usage per", re.IGNORECASE), _QUOTA),
    (
        re.compile(r"serviceaccount .*not found|error looking up service account", re.IGNORECASE),
        ("account_missing", Cause.SERVICE_ACCOUNT_MISSING, Category.CONFIGURATION, 0.95),
    ),
)


def find(estate: Estate) -> Iterator[Finding]:
    """Yield a finding for each controller whose last attempt to create a pod was refused."""
    for ref, lacking in _short_of_pods(estate):
        event = next(iter(estate.about(ref, "FailedCreate", "SuccessfulCreate")), None)
        if event is not None and event.reason == "FailedCreate":
            yield _judge(estate, ref, event, lacking)


def _short_of_pods(estate: Estate) -> Iterator[tuple[ObjectRef, int]]:
    for revision in estate.revisions:
        if revision.ready < revision.desired:
            yield revision.ref, revision.desired - revision.ready
    for workload in estate.workloads:
        if workload.ready < workload.desired and workload.ref.kind != "deployment":
            yield workload.ref, workload.desired - workload.ready
    for batch in estate.batches:
        if not (batch.failed or batch.complete):
            yield batch.ref, 1


def _judge(estate: Estate, ref: ObjectRef, event: Happening, lacking: int) -> Finding:
    verdict = next((found for words, found in _VERDICTS if words.search(event.message)), _REFUSED)
    phrase, cause, category, weight = verdict
    account = _ACCOUNT.search(event.message)
    return Finding(
        object=estate.controller_of(ref),
        cause=cause,
        category=category,
        phrase=phrase,
        values={
            "message": _told(event.message),
            "account": (account["name"] or account["looked"] or "") if account else "",
        },
        evidence=estate.cite(*_families(cause), namespace=ref.namespace),
        weight=weight,
        affected=lacking,
        since=event.first_seen,
        check=f"kubectl describe {ref.kind} {ref.name} -n {ref.namespace}",
    )


def _families(cause: Cause) -> tuple[str, ...]:
    bounds = ("resourcequotas", "limitranges") if cause is Cause.QUOTA_EXCEEDED else ()
    return ("events", *bounds)


def _told(message: str) -> str:
    """Return the reason without the pod's name, which nobody can look up: it never existed."""
    return re.sub(r'^Error creating: (?:pods "[^"]*" is forbidden: )?', "", message)
