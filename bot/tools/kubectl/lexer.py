"""The lexical rules R01 to R07: what a command may be made of, before it means anything."""

from __future__ import annotations

import re
import shlex

from bot.tools.refusal import quoted, refuse

# Longer than any command people or models have reason to write.
MAX_COMMAND_CHARS = 2_000

RESTART_COUNT_PATH = ".status.containerStatuses[0].restartCount"
"""The one sort path with brackets; R03 lets exactly this text pass, its flag checks the place."""

_PRINTABLE_ASCII = re.compile(r"[\x20-\x7e]*")
_SHELL_CHARS = re.compile(r"[;&|<>`$\\#*?~{}\[\]^%]")
# What editors and Slack's clients turn plain typing into.
_TYPOGRAPHY = str.maketrans(
    {
        "\u2013": "-",
        "\u2014": "--",
        "\u2018": "'",
        "\u2019": "'",
        "\u201c": '"',
        "\u201d": '"',
        "\u00a0": " ",
    }
)
_EXAMPLE = "kubectl get pods -n NAMESPACE"


def words(command: str) -> tuple[str, ...]:
    """Return the command's words after quoting, the first of them `kubectl`.

    Raises:
        ToolError: One of R01 to R07 refuses it.
    """
    if len(command) > MAX_COMMAND_CHARS:
        raise refuse("R01", f"the command has {len(command)} characters, 2000 at most", _EXAMPLE)
    _refuse_characters(command)
    try:
        found = shlex.split(command)
    except ValueError as error:
        raise refuse(
            "R04", "a quotation mark is never closed", "close the quotation, or write none"
        ) from error
    if not found or found[0] != "kubectl":
        start = quoted(found[0]) if found else "nothing"
        raise refuse("R05", f"a command starts with `kubectl`, this one with {start}", _EXAMPLE)
    if "" in found:
        raise refuse("R06", "an argument is empty", "leave the empty quotation marks out")
    if "--" in found:
        raise refuse("R07", "`--` is not allowed; nothing is run in a container", _EXAMPLE)
    return tuple(found)


def _refuse_characters(command: str) -> None:
    if _PRINTABLE_ASCII.fullmatch(command) is None:
        plain = command.translate(_TYPOGRAPHY)
        if _PRINTABLE_ASCII.fullmatch(plain):
            nearest = f"the same in plain characters, {quoted(plain, limit=MAX_COMMAND_CHARS)}"
        else:
            nearest = "one line of plain ASCII text, one command"
        raise refuse("R02", "the command has a character that is not printable ASCII", nearest)
    shell = _SHELL_CHARS.search(command.replace(RESTART_COUNT_PATH, ""))
    if shell is not None:
        raise refuse(
            "R03",
            f"the character {shell.group()!r} is not allowed, there is no shell here",
            "one command of plain words; for log lines with a word use"
            " kubectl logs POD -n NAMESPACE --grep=WORD",
        )
