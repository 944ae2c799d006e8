"""When rollouts happened, as far as ReplicaSets can tell.

Pure, and the only place that knows it: the `what_changed` tool and the rules date by it alike.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime


def rollout_times(
    created: Sequence[datetime], *, progressed_at: datetime | None
) -> tuple[datetime | None, ...]:
    """Return when each revision was rolled out; None where nothing tells.

    An undone rollout gives an old ReplicaSet the newest number and leaves its date: it is dated by
    the workload's last progress then, if that is known and comes after all the others.

    Args:
        created: When the ReplicaSets were made, in the order of their revisions.
        progressed_at: When the workload's rollout last made progress.
    """
    times: list[datetime | None] = []
    for place, at in enumerate(created):
        later = max(created[:place], default=None)
        if later is None or later <= at:
            times.append(at)
            continue
        is_newest = place == len(created) - 1
        told = progressed_at if is_newest and progressed_at and progressed_at > later else None
        times.append(told)
    return tuple(times)
