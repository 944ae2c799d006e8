"""The command line; all but the parser is imported when a command runs, so --help is instant."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

EXIT_OK, EXIT_FAILED, EXIT_SETTINGS = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit status: 0 done, 1 failed, 2 wrong settings or usage."""
    options = parser().parse_args(arguments)
    from bot.domain.errors import SettingsError, UpstreamError  # noqa: PLC0415 -- see above
    from bot.entrypoints import commands  # noqa: PLC0415 -- see above

    try:
        return commands.run(options)
    except SettingsError as error:
        _tell("Nightdesk cannot start. Set these:", error.problems)
        return EXIT_SETTINGS
    except UpstreamError as error:
        _tell(f"{error.system} failed:", [str(error)])
        return EXIT_FAILED
    except KeyboardInterrupt:
        return EXIT_FAILED


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
        ("operator", "run approved operations (none are in this version's catalogue)"),
        ("cron", "sweep up lost work"),
    ):
        commands.add_parser(name, help=text)
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
    database = commands.add_parser("db", help="look after the database")
    database.add_argument("action", choices=("upgrade", "current"))
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


def _tell(title: str, lines: Sequence[str]) -> None:
    sys.stderr.write("\n".join([title, *(f"  - {line}" for line in lines)]) + "\n")


if __name__ == "__main__":
    sys.exit(main())
