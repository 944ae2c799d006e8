"""Syncs of Argo CD applications: which revision of the source was deployed when, and by whom."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from bot.domain.change import Change, ChangeSource
from bot.domain.fields import dig, entries, mapping, text
from bot.domain.spans import moment
from bot.tools.kubectl.fields import name_of, namespace_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from bot.ports.cluster import KubeObject

_SHORT = 12
"""Characters of a commit that are shown."""
_MESSAGE_CHARS = 200
# The history's entry is written when the sync ends, give or take.
_SAME = timedelta(minutes=2)
_HERE = frozenset({"", "in-cluster", "https://kubernetes.default.svc"})


def syncs(
    cluster: str, applications: Iterable[KubeObject], *, namespace: str | None
) -> Iterator[Change]:
    """Yield the syncs of those applications that deploy into the namespace, or of all."""
    for application in applications:
        if namespace is not None and not _reaches(application, namespace):
            continue
        told = list(_history(application))
        last = _operation(application, [at for at, _, _ in told])
        for at, what, actor in (*told, *last):
            yield Change(
                at=at,
                what=what,
                object=f"application/{name_of(application)}",
                source=ChangeSource.ARGO_CD,
                place=cluster,
                namespace=namespace_of(application) or "",
                actor=actor,
            )


def _reaches(application: KubeObject, namespace: str) -> bool:
    """Tell whether the application deploys into that namespace of its own cluster."""
    target = mapping(application, "spec", "destination")
    if not {text(target, "server"), text(target, "name")} <= _HERE:
        return False
    made = {text(one, "namespace") for one in entries(application, "status", "resources")}
    return namespace in {text(target, "namespace"), *made}


def _history(application: KubeObject) -> Iterator[tuple[datetime, str, str]]:
    before = ""
    for entry in entries(application, "status", "history"):
        revision, at = _revision(entry), moment(dig(entry, "deployedAt"))
        if at is not None:
            path = text(entry, "source", "path") or text(entry, "source", "chart")
            was = f"{before} -> " if before and before != revision else ""
            of = f" ({path})" if path else ""
            yield at, f"synced {was}{revision}{of}", _by(mapping(entry, "initiatedBy"))
        before = revision


def _operation(
    application: KubeObject, deployed: list[datetime]
) -> Iterator[tuple[datetime, str, str]]:
    """Yield the last sync unless the history tells of it: it failed, or is under way."""
    state = mapping(application, "status", "operationState")
    phase = text(state, "phase")
    at = moment(dig(state, "finishedAt")) or moment(dig(state, "startedAt"))
    if at is None or (phase == "Succeeded" and any(abs(at - one) <= _SAME for one in deployed)):
        return
    message = " ".join(text(state, "message").split())[:_MESSAGE_CHARS]
    revision = _revision(mapping(state, "syncResult"))
    what = " ".join(part for part in ("sync", revision, phase.lower()) if part)
    by = _by(mapping(state, "operation", "initiatedBy"))
    yield at, f"{what}: {message}" if message else what, by


def _revision(entry: dict[str, Any]) -> str:
    several = dig(entry, "revisions")
    found = several if isinstance(several, list) and several else [dig(entry, "revision")]
    return "+".join(str(one)[:_SHORT] for one in found if one)


def _by(initiated: dict[str, Any]) -> str:
    return text(initiated, "username") or ("auto-sync" if initiated.get("automated") else "")
