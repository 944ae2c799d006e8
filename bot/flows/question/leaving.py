"""Leaving a run unfinished so that it goes on: at once elsewhere, or later wherever.

What was found and said so far is in the store; nothing here decides whether a run may go on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from bot.domain.errors import LeaseLostError, UpstreamError

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.domain.conversation import ThreadId
    from bot.domain.investigation import Investigation
    from bot.flows.question.pace import Pace
    from bot.ports.store import Investigations

log = structlog.get_logger()


def hand_over(
    investigations: Investigations,
    run: Investigation,
    *,
    call_another: Callable[[ThreadId], object],
) -> None:
    """Let another worker go on now; where that fails the lease runs out by itself."""
    try:
        investigations.release(run.investigation_id, fence=run.fence)
    except (LeaseLostError, UpstreamError) as error:
        log.warning("run_not_released", reason=str(error))
        return
    call_another(run.thread_id)


def postpone(
    investigations: Investigations, run: Investigation, error: UpstreamError, *, pace: Pace
) -> None:
    """Leave the run to the sweeper, which rings when the lease has run out.

    Each attempt waits twice as long as the one before: what is away may stay so for a while, and
    attempts are counted.
    """
    pause = min(pace.lease * 2 ** (run.attempt - 1), pace.longest_pause)
    log.warning(
        "run_postponed",
        system=error.system,
        reason=str(error),
        attempt=run.attempt,
        again_in_s=pause.total_seconds(),
    )
    try:
        investigations.renew(run.investigation_id, fence=run.fence, lease=pause)
    except (LeaseLostError, UpstreamError) as cause:
        log.info("run_not_held", reason=str(cause))
