"""The clock's process: sweeps up work that nobody was told of.

It runs the sweep itself rather than enqueueing it: the sweep is what mends a queue that lost its
jobs, so it must not wait in one. Several replicas do no harm, a sweep may run twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from bot.domain.errors import UpstreamError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bot.entrypoints.stopping import StopRequest

log = structlog.get_logger()


def run_cron(
    sweeps: Mapping[str, Callable[[], object]], *, every_s: float, stop: StopRequest
) -> None:
    """Sweep until asked to stop; what is away is tried again at the next turn.

    A sweep that fails keeps none of the others from running.
    """
    log.info("cron_started", every_s=every_s)
    while not stop.made:
        for name, sweep in sweeps.items():
            try:
                sweep()
            except UpstreamError as error:
                log.warning("sweep_failed", sweep=name, system=error.system, reason=str(error))
        stop.wait(every_s)
    log.info("cron_stopped")
