"""Structured logs on standard error: constant events in the past tense, values as fields.

Never a payload, never a secret: fields whose name says credential are masked as a last resort.
"""

from __future__ import annotations

import logging
import re
import sys
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from collections.abc import Callable

    from structlog.typing import EventDict, WrappedLogger

_CREDENTIAL = re.compile(
    r"token|secret|password|passwd|api_?key|authorization|cookie", re.IGNORECASE
)
_TOKEN_COUNT = re.compile(r"_tokens$|^tokens$")


def configure(
    *,
    level: str = "info",
    as_json: bool | None = None,
    role: str = "cli",
    mask: Callable[[str], str] = str,
) -> None:
    """Send every log line, ours and the libraries', to standard error in one form.

    JSON unless standard error is a terminal; `as_json` decides otherwise. `mask` takes secrets out
    of every text that is logged, traces included.
    """
    render_json = not sys.stderr.isatty() if as_json is None else as_json
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        mask_credentials,
    ]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if render_json
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    stream = logging.StreamHandler(sys.stderr)
    stream.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                _masking(mask),
                renderer,
            ],
        )
    )
    root = logging.root
    root.handlers[:] = [stream]
    root.setLevel(level.upper())
    # Chatty at info, and their payloads are not ours to log.
    for name in (
        "botocore",
        "httpx",
        "httpx2",
        "urllib3",
        "slack_sdk",
        "slack_bolt",
        "rq",
        "alembic",
        "waitress",
    ):
        logging.getLogger(name).setLevel(logging.WARNING)  # noqa: TID251 -- the libraries' own loggers
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(role=role)


def _masking(mask: Callable[[str], str]) -> structlog.typing.Processor:
    def masked(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        for key, value in event.items():
            if isinstance(value, str):
                event[key] = mask(value)
        return event

    return masked


def mask_credentials(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Mask values of fields named like a credential; token counts are not credentials."""
    for key in event:
        if _CREDENTIAL.search(key) and not _TOKEN_COUNT.search(key):
            event[key] = "***"
    return event
