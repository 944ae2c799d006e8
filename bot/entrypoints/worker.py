"""A worker: takes rings from its queues and runs their jobs, one at a time, in this process.

No fork per job, as RQ's default worker does: connections and imports stay warm, and a SIGKILL of
the worker is the death of its job, so that there is one kind of death to recover from. Recovery
is the store's (leases, sweeper); a job RQ finds abandoned is noted and never run again.
"""

from __future__ import annotations

import re
import signal
from typing import TYPE_CHECKING

import structlog
from redis.exceptions import RedisError
from rq import SimpleWorker
from rq.exceptions import AbandonedJobError, DeserializationError, StopRequested
from rq.serializers import JSONSerializer
from rq.timeouts import JobTimeoutException
from rq.worker import WorkerStatus

from bot.adapters.jobs import JOBS_MODULE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import FrameType

    from redis import Redis
    from rq.job import Job
    from rq.queue import Queue as RqQueue

    from bot.ports.clock import Clock
    from bot.ports.queue import Queue

WORKER_TTL_S = 30
"""RQ blocks for 15 s less than this and gives a dead connection up 10 s after that
(rq.worker.base.dequeue_timeout, connection_timeout): a silent Redis is noticed in 25 s."""
RECONNECT_S = 1.0
GRACE_S = 8
"""What a running job gets to end after SIGTERM; `nightdesk up` kills after 10, Kubernetes 30."""
SECOND_GRACE_S = 1
"""And after the second signal."""

_log = structlog.get_logger()


def run_worker(
    queues: Sequence[Queue],
    connection: Redis,
    *,
    name: str,
    clock: Clock,
    on_stop: Callable[[], None] = lambda: None,
    grace_s: int = GRACE_S,
    jobs_module: str = JOBS_MODULE,
) -> None:
    """Serve these queues until SIGTERM or SIGINT; survive any absence of Redis.

    Call it in the main thread, with a connection nobody else uses (RQ sets its time-outs).
    The first signal calls `on_stop`, in the signal handler, so that it may only set a flag: the
    running job should end at its next step and release what it holds. After `grace_s` it gets
    RQ's JobTimeoutException.
    """
    stop = _Stop(on_stop)
    _log.info("worker_started", worker=name, queues=[queue.value for queue in queues])
    try:
        while not stop.requested:
            signal.signal(signal.SIGTERM, stop.now)
            signal.signal(signal.SIGINT, stop.now)
            try:
                WarmWorker(
                    [queue.value for queue in queues],
                    # RQ insists on a name that no living worker has; ours may have left one
                    # behind when the connection broke.
                    name=f"{name}-{clock.now():%Y%m%dT%H%M%S%f}",
                    connection=connection,
                    stop=stop,
                    grace_s=grace_s,
                    jobs_module=jobs_module,
                ).work(logging_level="WARNING")
            except RedisError as error:
                _log.warning("worker_lost_redis", worker=name, error=str(error))
            if not stop.requested:
                clock.sleep(RECONNECT_S)
    except StopRequested:
        pass
    _log.info("worker_stopped", worker=name)


class _Stop:
    """Whether somebody asked this process to end."""

    def __init__(self, on_stop: Callable[[], None]) -> None:
        self.requested = False
        self._on_stop = on_stop

    def note(self) -> bool:
        """Remember the request; True the first time."""
        first, self.requested = not self.requested, True
        if first:
            self._on_stop()
        return first

    def now(self, _signal: int, _frame: FrameType | None) -> None:
        """Leave wherever the loop stands; only while no job runs."""
        self.note()
        raise StopRequested


class WarmWorker(SimpleWorker):
    """RQ's worker without fork, without remote commands, for our own jobs only."""

    log_result_lifespan = False
    max_connection_wait_time = 2.0
    """RQ's own pause between attempts grows to a minute; people wait for less."""

    def __init__(
        self,
        queues: list[str],
        *,
        name: str,
        connection: Redis,
        stop: _Stop,
        grace_s: int,
        jobs_module: str,
    ) -> None:
        super().__init__(
            queues,
            name=name,
            connection=connection,
            worker_ttl=WORKER_TTL_S,
            serializer=JSONSerializer,
            exception_handlers=[log_failure],
            log_job_description=False,
        )
        self._stop = stop
        self._grace_s = grace_s
        self._ours = re.compile(rf"{re.escape(jobs_module)}\.[a-z][a-z_]*")

    def subscribe(self) -> None:
        """Listen for no commands: a queue is for rings, not for killing workers."""

    def unsubscribe(self) -> None:
        """Undo nothing."""

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        """Stop at once when idle, else after the job, whose own alarm is set forward.

        Not RQ's way, which writes to Redis from within a signal handler.
        """
        if self.get_state() != WorkerStatus.BUSY:
            self._stop.now(signum, frame)
        first = self._stop.note()
        self._stop_requested = True
        # The job's time-out is this very alarm (rq.timeouts.UnixSignalDeathPenalty).
        signal.alarm(self._grace_s if first else SECOND_GRACE_S)

    def execute_job(self, job: Job, queue: RqQueue) -> None:
        """Run the job if it is a ring; a job names any function there is, and we run only ours."""
        if not self._is_ring(job):
            _log.error("job_refused", job_id=job.id, queue=queue.name)
            job.delete()
            return
        super().execute_job(job, queue)

    def handle_exception(self, job: Job, *raised: object) -> None:
        """Log one closing event instead of RQ's text with a trace in it."""
        kind, error, trace = raised
        log_failure(job, kind, error, trace)

    def _is_ring(self, job: Job) -> bool:
        try:
            named = self._ours.fullmatch(job.func_name or "") is not None
            return named and not job.kwargs and all(isinstance(word, str) for word in job.args)
        except DeserializationError:
            return False


def log_failure(job: Job, kind: object, error: object, trace: object) -> None:
    """Log how a job ended that did not end well; it is not run again."""
    facts = {"job_id": job.id, "queue": job.origin, "job": job.description}
    if kind is AbandonedJobError:
        _log.warning("job_abandoned", **facts)
    elif kind is JobTimeoutException:
        _log.error("job_timed_out", **facts, error=str(error))
    else:
        _log.error("job_failed", **facts, exc_info=(kind, error, trace))
