"""What each command of the command line runs."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from bot import log, settings
from bot.adapters.masked_stderr import MaskedStderr
from bot.bootstrap.installation import build_redactor
from bot.settings import Role

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable

    from bot.ports.queue import Queue
    from bot.settings import Settings


def run(options: Namespace) -> int:
    """Run the command; return its exit status.

    Raises:
        SettingsError: Something has to be set first.
        UpstreamError: A system the command cannot do without failed.
    """
    commands: dict[str, tuple[Role, Callable[[Settings, Namespace], int]]] = {
        "up": (Role.LISTENER, _up),
        "listener": (Role.LISTENER, _listener),
        "investigator": (Role.INVESTIGATOR, _investigator),
        "operator": (Role.OPERATOR, _operator),
        "cron": (Role.CRON, _cron),
        "ask": (Role.TERMINAL, _ask),
        "investigate": (Role.TERMINAL, _investigate),
        "doctor": (Role.TERMINAL, _doctor),
        "db": (Role.TERMINAL, _database),
    }
    role, command = commands[options.command]
    found = settings.load(role, env_file=options.env_file)
    service = found.service
    if role is Role.TERMINAL:
        log.configure(level="warning", as_json=service.log_json, role=options.command)
        return command(found, options)
    redactor = build_redactor(found)
    log.configure(
        level=service.log_level,
        as_json=service.log_json,
        role=options.command,
        mask=redactor.mask,
    )
    sys.stderr = MaskedStderr(sys.stderr, redactor)
    return command(found, options)


def _up(found: Settings, options: Namespace) -> int:
    from bot.entrypoints.up import run_up  # noqa: PLC0415 -- each command pays for itself only

    return run_up(found, env_file=options.env_file)


def _listener(found: Settings, _options: Namespace) -> int:
    from bot.bootstrap.workplace import build_workplace  # noqa: PLC0415 -- as above
    from bot.entrypoints.listen import run_listener  # noqa: PLC0415 -- as above

    run_listener(found, build_workplace(found, patience_s=0.0))
    return 0


def _investigator(found: Settings, options: Namespace) -> int:
    from bot.bootstrap.investigator import build_investigator  # noqa: PLC0415 -- as above
    from bot.entrypoints import jobs  # noqa: PLC0415 -- as above
    from bot.ports.queue import Queue  # noqa: PLC0415 -- as above

    crew = build_investigator(found)
    jobs.install(crew)
    lane = Queue(options.lane)
    _work(found, lane, name=f"investigator-{lane.value}", on_stop=crew.answering.stop)
    return 0


def _operator(found: Settings, _options: Namespace) -> int:
    from bot.ports.queue import Queue  # noqa: PLC0415 -- as above

    _work(found, Queue.OPERATIONS, name="operator", on_stop=lambda: None)
    return 0


def _work(found: Settings, queue: Queue, *, name: str, on_stop: Callable[[], None]) -> None:
    import os  # noqa: PLC0415 -- as above

    from bot.adapters.clock import SystemClock  # noqa: PLC0415 -- as above
    from bot.adapters.redis_client import open_redis  # noqa: PLC0415 -- as above
    from bot.bootstrap.installation import redis_url  # noqa: PLC0415 -- as above
    from bot.entrypoints.worker import run_worker  # noqa: PLC0415 -- as above

    run_worker(
        [queue],
        open_redis(redis_url(found)),
        name=f"{name}-{os.getpid()}",
        clock=SystemClock(),
        on_stop=on_stop,
    )


def _cron(found: Settings, _options: Namespace) -> int:
    from bot.bootstrap.workplace import build_workplace  # noqa: PLC0415 -- as above
    from bot.entrypoints.cron import run_cron  # noqa: PLC0415 -- as above
    from bot.entrypoints.stopping import StopRequest  # noqa: PLC0415 -- as above
    from bot.entrypoints.sweeping import sweep_of  # noqa: PLC0415 -- as above

    place = build_workplace(found)
    stop = StopRequest(place.clock)
    stop.listen()
    run_cron(sweep_of(place), every_s=found.service.sweep_s, stop=stop)
    return 0


def _ask(found: Settings, options: Namespace) -> int:
    from bot.entrypoints.ask import ask  # noqa: PLC0415 -- as above

    return ask(
        found,
        text=" ".join(options.text),
        cluster=options.cluster,
        namespace=options.namespace,
        as_json=options.json,
    )


def _investigate(found: Settings, options: Namespace) -> int:
    from bot.entrypoints.investigate import Place, investigate  # noqa: PLC0415 -- as above

    return investigate(
        found,
        source=" ".join(options.source),
        place=Place(cluster=options.cluster, account=options.account, namespace=options.namespace),
        as_json=options.json,
    )


def _doctor(found: Settings, options: Namespace) -> int:
    from bot.entrypoints.doctor import examine  # noqa: PLC0415 -- as above

    return examine(found, as_json=options.json)


def _database(found: Settings, options: Namespace) -> int:
    import sys  # noqa: PLC0415 -- as above

    from bot.adapters.clock import SystemClock  # noqa: PLC0415 -- as above
    from bot.bootstrap.installation import open_store, upgrade_database  # noqa: PLC0415 -- as above

    if options.action == "upgrade":
        upgrade_database(found)
    open_store(found, clock=SystemClock())
    sys.stdout.write("The database is at this version's schema.\n")
    return 0
