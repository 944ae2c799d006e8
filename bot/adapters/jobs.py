"""The doorbell over RQ: a job says that something waits, never what.

A ring carries ids and nothing else, as JSON. It may be lost or come twice; what matters stands
in the store. It does not know what a job leads to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import structlog
from redis.exceptions import RedisError
from rq import Queue as RqQueue
from rq.serializers import JSONSerializer

from bot.ports.queue import Queue

if TYPE_CHECKING:
    from redis import Redis

JOBS_MODULE = "bot.entrypoints.jobs"
OPERATION_TIMEOUT_S = 4 * 3600
"""An operation has deadlines of its own at every step: a rollout may take half an hour, be watched
for another one, and be undone. This one ends only what hangs for a reason nobody thought of."""
RING_TTL_S = 300
"""A ring nobody heard is forgotten; the sweeper has rung again long since."""
FAILURE_TTL_S = 3600
"""How long RQ keeps a failed job for whoever looks; our own record is the log and the store."""
MAX_WAITING = 1000
"""Beyond this many rings in a queue another one tells the workers nothing new."""

_log = structlog.get_logger()


class RqDoorbell:
    """bot.ports.queue.Doorbell over RQ."""

    def __init__(
        self, connection: Redis, *, job_timeout_s: int, jobs_module: str = JOBS_MODULE
    ) -> None:
        """Ring over this connection; `job_timeout_s` is to be above the longest run's budget."""
        self._connection = connection
        self._job_timeout_s = job_timeout_s
        self._jobs_module = jobs_module

    def ring(self, queue: Queue, job: str, *args: str) -> bool:
        """Enqueue a job by name, with ids only; False if the queue cannot be reached or is full."""
        try:
            lane = RqQueue(queue.value, connection=self._connection, serializer=JSONSerializer)
            waiting = lane.count
            if waiting >= MAX_WAITING:
                _log.warning("ring_left_out", queue=queue.value, job=job, waiting=waiting)
                return False
            lane.enqueue_call(
                f"{self._jobs_module}.{job}",
                args=args,
                # Of its own, never derived from the ids: with an id that is used again, a job
                # left behind by a killed worker would stand in the way of the next ring. RQ
                # allows letters, digits, `_` and `-` in it (rq.job.validate_job_id).
                job_id=f"{job}-{uuid4().hex}",
                description=f"{job}({', '.join(args)})",
                timeout=OPERATION_TIMEOUT_S if queue is Queue.OPERATIONS else self._job_timeout_s,
                ttl=RING_TTL_S,
                # 0 deletes a job when it is done (rq.job.Job.cleanup).
                result_ttl=0,
                failure_ttl=FAILURE_TTL_S,
            )
        except RedisError as error:
            _log.warning("ring_failed", queue=queue.value, job=job, error=str(error))
            return False
        return True
