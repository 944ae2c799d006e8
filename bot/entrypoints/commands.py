"""What each command of the command line runs."""

from __future__ import annotations

import sys
from contextlib import closing
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
        "audit": (Role.TERMINAL, _audit),
        "factor": (Role.TERMINAL, _factor),
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
    from bot.bootstrap.operations import build_office  # noqa: PLC0415 -- as above
    from bot.bootstrap.workplace import build_workplace  # noqa: PLC0415 -- as above
    from bot.entrypoints.listen import run_listener  # noqa: PLC0415 -- as above

    with closing(build_workplace(found, patience_s=0.0)) as place:
        run_listener(found, place, build_office(found, place))
    return 0


def _investigator(found: Settings, options: Namespace) -> int:
    from bot.bootstrap.investigator import build_investigator  # noqa: PLC0415 -- as above
    from bot.bootstrap.workplace import build_workplace  # noqa: PLC0415 -- as above
    from bot.entrypoints import jobs  # noqa: PLC0415 -- as above
    from bot.ports.queue import Queue  # noqa: PLC0415 -- as above

    with closing(build_workplace(found)) as place:
        crew = build_investigator(found, place)
        jobs.install(crew)
        lane = Queue(options.lane)
        _work(found, lane, name=f"investigator-{lane.value}", on_stop=crew.answering.stop)
    return 0


def _operator(found: Settings, options: Namespace) -> int:
    from bot.bootstrap.operator import build_bench  # noqa: PLC0415 -- as above
    from bot.bootstrap.workplace import build_workplace  # noqa: PLC0415 -- as above
    from bot.entrypoints import jobs  # noqa: PLC0415 -- as above
    from bot.ports.queue import Queue  # noqa: PLC0415 -- as above

    # Who plans only is always there for the next wish, however long others verify.
    lanes = [Queue.PLANS] if options.lane == "plans" else [Queue.PLANS, Queue.OPERATIONS]
    with closing(build_workplace(found)) as place:
        jobs.install_bench(build_bench(found, place))
        _work(found, *lanes, name=f"operator-{options.lane}", on_stop=lambda: None)
    return 0


def _work(found: Settings, *queues: Queue, name: str, on_stop: Callable[[], None]) -> None:
    import os  # noqa: PLC0415 -- as above

    from bot.adapters.clock import SystemClock  # noqa: PLC0415 -- as above
    from bot.adapters.redis_client import open_redis  # noqa: PLC0415 -- as above
    from bot.bootstrap.installation import redis_url  # noqa: PLC0415 -- as above
    from bot.entrypoints.worker import run_worker  # noqa: PLC0415 -- as above

    with open_redis(redis_url(found)) as connection:
        run_worker(
            queues,
            connection,
            name=f"{name}-{os.getpid()}",
            clock=SystemClock(),
            on_stop=on_stop,
        )


def _cron(found: Settings, _options: Namespace) -> int:
    from bot.bootstrap.operations import build_office  # noqa: PLC0415 -- as above
    from bot.bootstrap.workplace import build_workplace  # noqa: PLC0415 -- as above
    from bot.entrypoints.cron import run_cron  # noqa: PLC0415 -- as above
    from bot.entrypoints.stopping import StopRequest  # noqa: PLC0415 -- as above
    from bot.entrypoints.sweeping import (  # noqa: PLC0415 -- as above
        operations_sweep_of,
        sweep_of,
    )

    with closing(build_workplace(found)) as place:
        office = build_office(found, place)
        stop = StopRequest(place.clock)
        stop.listen()
        run_cron(
            {"work": sweep_of(place, office), "operations": operations_sweep_of(office)},
            every_s=found.service.sweep_s,
            stop=stop,
        )
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


def _audit(found: Settings, options: Namespace) -> int:
    from bot.entrypoints import audit  # noqa: PLC0415 -- as above
    from bot.entrypoints.action_story import show_action  # noqa: PLC0415 -- as above

    match options.wanted:
        case "verify" if options.file:
            return audit.verify_files(
                found, options.file, key_files=options.key or (), is_part=options.part
            )
        case "verify":
            return audit.verify_database(found, key_files=options.key or ())
        case "show":
            return show_action(found, options.action, as_json=options.json)
        case "export":
            return audit.export(found, since=options.since, until=options.until, out=options.out)
        case _:
            return audit.print_public_key(found)


def _factor(found: Settings, options: Namespace) -> int:
    from bot.entrypoints import factor  # noqa: PLC0415 -- as above

    match options.wanted:
        case "add" if options.key:
            return factor.add_key(found, name=options.subject, label=options.label)
        case "add":
            return factor.add_app(found, name=options.subject, label=options.label)
        case "list":
            return factor.show_factors(found, name=options.subject)
        case _:
            return factor.remove(found, name=options.subject, factor=options.factor)


def _database(found: Settings, options: Namespace) -> int:
    if options.action == "grants":
        from bot.entrypoints.database import print_grants  # noqa: PLC0415 -- as above

        return print_grants(vars(options))
    from bot.bootstrap.installation import (  # noqa: PLC0415 -- as above
        current_database,
        upgrade_database,
    )

    if options.action == "upgrade":
        upgrade_database(found)
    current_database(found).dispose()
    sys.stdout.write("The database is at this version's schema.\n")
    return 0
