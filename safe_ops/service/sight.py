"""Opens what an operation may read with, in a place, for one action."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from safe_ops.model.plans import System
from safe_ops.model.rights import Warrant
from safe_ops.operations.operation import Eyes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from safe_ops.model.actions import Action
    from safe_ops.model.plans import Place, Step
    from safe_ops.model.rights import Rights
    from safe_ops.ports.reach import Workshop


@contextmanager
def open_eyes(
    workshop: Workshop, place: Place, warrant: Warrant, *, now: datetime
) -> Iterator[Eyes]:
    """Give eyes in a place; `now` is the book's time.

    Raises:
        UpstreamError: They cannot be opened now.
        RefusedError: `place`: nobody knows it, or we have no rights there.
    """
    if place.system is System.NIGHTDESK:
        yield Eyes(place=place, trust=workshop.trust, now=now)
        return
    if place.system is System.KUBERNETES:
        yield Eyes(place=place, cluster=workshop.cluster(place), metrics=workshop.metrics, now=now)
        return
    with workshop.cloud(place, warrant) as cloud:
        yield Eyes(place=place, cloud=cloud, metrics=workshop.metrics, now=now)


def reading_warrant(action: Action, rights: Rights) -> Warrant:
    """Return in whose name an action is read for."""
    return Warrant(
        action_id=action.action_id,
        requester=action.request.requester,
        approvers=tuple(given.subject for given in action.approvals),
        digest=action.digest,
        rights=rights,
    )


def changing_warrant(action: Action, rights: Rights, steps: tuple[Step, ...]) -> Warrant:
    """Return in whose name, and on what alone, an action's calls are made."""
    return Warrant(
        action_id=action.action_id,
        requester=action.request.requester,
        approvers=tuple(given.subject for given in action.approvals),
        digest=action.digest,
        rights=rights,
        grants=tuple(dict.fromkeys(grant for step in steps for grant in step.call.grants)),
    )
