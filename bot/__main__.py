"""The command line; all but the parser is imported when a command runs, so --help is instant."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

EXIT_OK, EXIT_FAILED, EXIT_SETTINGS = 0, 1, 2
SERVES = frozenset({"up", "listener", "cron", "operator", "investigator"})
"""The commands that go on until they are ended."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit status: 0 done, 1 failed, 2 wrong settings or usage."""
    options = parser().parse_args(arguments)
    from bot.domain.errors import SettingsError, UpstreamError  # noqa: PLC0415 -- see above
    from bot.entrypoints import commands  # noqa: PLC0415 -- see above

    try:
        status = commands.run(options)
        sys.stdout.flush()
    except SettingsError as error:
        serves = options.command in SERVES
        what = "Nightdesk cannot start. Set these:" if serves else "That cannot be done:"
        _tell(what, error.problems)
        return EXIT_SETTINGS
    except UpstreamError as error:
        _tell(f"{error.system} failed:", [str(error)])
        return EXIT_FAILED
    except BrokenPipeError:
        # Whoever read us, such as `head`, has enough; what is left must not fail again at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_FAILED
    except KeyboardInterrupt:
        return EXIT_FAILED
    return status


def parser() -> argparse.ArgumentParser:
    """Return the parser of every command."""
    root = argparse.ArgumentParser(
        prog="nightdesk", description="Slack-native ChatOps bot for on-call teams."
    )
    root.add_argument(
        "--env-file", type=Path, help="file with settings, KEY=value a line, such as .env"
    )
    commands = root.add_subparsers(dest="command", required=True, metavar="COMMAND")
    up = commands.add_parser("up", help="run every process on this machine")
    up.add_argument("--env-file", type=Path, default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    for name, text in (
        ("listener", "receive from Slack: Socket Mode, or signed HTTP without an app token"),
        ("cron", "sweep up lost work"),
    ):
        commands.add_parser(name, help=text)
    operator = commands.add_parser(
        "operator", help="plan operations, and run those that were approved"
    )
    operator.add_argument(
        "--lane",
        choices=("all", "plans"),
        default="all",
        help="plan and run, or plan only and be free for the next wish",
    )
    investigator = commands.add_parser("investigator", help="answer questions, or look into alerts")
    investigator.add_argument(
        "--lane", choices=("questions", "alerts"), default="questions", help="what to work on"
    )
    _add_ask(commands.add_parser("ask", help="ask one question here, with a kubeconfig alone"))
    _add_investigate(
        commands.add_parser("investigate", help="look into one alert here, and print the verdict")
    )
    doctor = commands.add_parser("doctor", help="check every connection and say what to do")
    doctor.add_argument("--json", action="store_true", help="one JSON object a line")
    _add_database(commands.add_parser("db", help="look after the database"))
    _add_factor(commands.add_parser("factor", help="enrol people's second factors"))
    _add_audit(commands.add_parser("audit", help="check and read what was done, and by whom"))
    return root


def _add_ask(ask: argparse.ArgumentParser) -> None:
    ask.add_argument("text", nargs="+", help="a question, or a command such as 'kubectl get pods'")
    ask.add_argument("--json", action="store_true", help="print the verdict object as JSON")
    ask.add_argument("--cluster", help="cluster of the registry, or context of the kubeconfig")
    ask.add_argument("--namespace", "-n", help="namespace the question is about")


def _add_investigate(investigate: argparse.ArgumentParser) -> None:
    investigate.add_argument(
        "source", nargs="+", help="a .json file with the alert, - for standard input, or the words"
    )
    investigate.add_argument("--json", action="store_true", help="print the verdict object as JSON")
    investigate.add_argument("--cluster", help="cluster of the registry, or context")
    investigate.add_argument("--account", help="cloud account of the registry")
    investigate.add_argument("--namespace", "-n", help="namespace the alert is about")


def _add_database(database: argparse.ArgumentParser) -> None:
    action = database.add_subparsers(dest="action", required=True, metavar="WHAT")
    action.add_parser("upgrade", help="bring it to this version's tables, as their owner")
    action.add_parser("current", help="tell whether it is at this version's tables")
    grants = action.add_parser(
        "grants", help="print the SQL that gives each process its rights in PostgreSQL"
    )
    for name, text in (
        ("listener", "with the web entry point"),
        ("investigator", "of questions and of alerts"),
        ("planner", "`operator --lane plans`"),
        ("operator", "which may plan as well"),
        ("cron", "which may what the listener may"),
        ("audit", "for `nightdesk audit`, which reads only"),
        ("factor", "for `nightdesk factor`"),
    ):
        grants.add_argument(f"--{name}", metavar="ROLE", help=text)


def _add_factor(factor: argparse.ArgumentParser) -> None:
    wanted = factor.add_subparsers(dest="wanted", required=True, metavar="WHAT")
    subject = "a person: a name under `people` in the policy file, or a Slack id"
    add = wanted.add_parser("add", help="enrol one")
    add.add_argument("subject", help=subject)
    kind = add.add_mutually_exclusive_group()
    kind.add_argument("--totp", action="store_true", help="an authenticator app; the default")
    kind.add_argument("--key", action="store_true", help="a security key, by a link")
    add.add_argument("--label", default="", help="what its owner calls it")
    listed = wanted.add_parser("list", help="tell who has which")
    listed.add_argument("subject", nargs="?", help=subject)
    remove = wanted.add_parser("remove", help="forget one")
    remove.add_argument("subject", help=subject)
    remove.add_argument("factor", help="its id as `list` shows it")


def _add_audit(audit: argparse.ArgumentParser) -> None:
    wanted = audit.add_subparsers(dest="wanted", required=True, metavar="WHAT")
    verify = wanted.add_parser("verify", help="tell whether anything was changed, and where")
    verify.add_argument(
        "--file", type=Path, nargs="+", help="an export, or what a sink holds, not the database"
    )
    verify.add_argument("--part", action="store_true", help="the files begin in the middle")
    verify.add_argument(
        "--key", type=Path, action="append", help="public key as PEM; this installation's if none"
    )
    show = wanted.add_parser("show", help="tell all there is to know of one action")
    show.add_argument("action", help="its short name, such as A12, or its id")
    show.add_argument("--json", action="store_true", help="as one line of canonical JSON")
    export = wanted.add_parser("export", help="write rows and checkpoints as JSON lines")
    export.add_argument("--since", help="first time to include, such as 2026-11-20T14:00Z")
    export.add_argument("--until", help="first time to leave out")
    export.add_argument("--out", type=Path, help="file to write; standard output if none")
    wanted.add_parser("public-key", help="print the key that checks this installation's audit")


def _tell(title: str, lines: Sequence[str]) -> None:
    sys.stderr.write("\n".join([title, *(f"  - {line}" for line in lines)]) + "\n")


if __name__ == "__main__":
    sys.exit(main())
