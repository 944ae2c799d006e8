"""The strict grammar of kubectl's reads: text in, one typed read out, or a refusal with its rule.

Pure: it opens no file, asks no cluster, and knows neither people nor what they may see. The
order of the rules is part of the contract: lexical ones first, then flags from left to right,
then kinds and names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.tools.kubectl import flags
from bot.tools.kubectl.builders import BUILDERS
from bot.tools.kubectl.lexer import words
from bot.tools.kubectl.targets import Vocabulary
from bot.tools.refusal import quoted, refuse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.kinds import Kind
    from bot.tools.kubectl.command import KubectlCommand
    from bot.tools.kubectl.flags import Flag

_SUB_VERBS = {
    "top": {
        "pods": "pods",
        "pod": "pods",
        "po": "pods",
        "nodes": "nodes",
        "node": "nodes",
        "no": "nodes",
    },
    "rollout": {"history": "history", "status": "status"},
    "auth": {"can-i": "can-i", "whoami": "whoami"},
}
_FLAGS: dict[str, tuple[Flag, ...]] = {
    "get": flags.GET,
    "describe": flags.DESCRIBE,
    "logs": flags.LOGS,
    "top pods": flags.TOP_PODS,
    "top nodes": flags.TOP_NODES,
    "events": flags.EVENTS,
    "rollout history": flags.ROLLOUT_HISTORY,
    "rollout status": flags.NAMESPACE_ONLY,
    "topology": flags.TOPOLOGY,
    "auth can-i": flags.NAMESPACE_ONLY,
    "auth whoami": flags.NAMESPACE_ONLY,
    "explain": flags.NAMESPACE_ONLY,
    "api-resources": flags.NAMESPACE_ONLY,
    "version": flags.NAMESPACE_ONLY,
}


def parse(command: str, *, extra_kinds: tuple[Kind, ...] = ()) -> KubectlCommand:
    """Return the read that a command asks for.

    Raises:
        ToolError: The grammar refuses it; `rule` is one of R01 to R23 and the text names the
            nearest form that is allowed.
    """
    _, *arguments = words(command)
    before, rest = _before_verb(arguments)
    if not rest:
        raise refuse("R08", "there is no verb", f"kubectl {' | '.join(_FLAGS)}")
    verb, *rest = rest
    if verb not in {known.split()[0] for known in _FLAGS}:
        raise refuse(
            "R08", f"{quoted(verb)} is not a read that is allowed", f"kubectl {' | '.join(_FLAGS)}"
        )
    if verb in _SUB_VERBS:
        between, rest = _before_verb(rest)
        before = [*before, *between]
        if not rest or rest[0] not in _SUB_VERBS[verb]:
            given = quoted(rest[0]) if rest else "nothing"
            allowed = sorted(set(_SUB_VERBS[verb].values()))
            raise refuse(
                "R09",
                f"`{verb}` is followed by {given}",
                " or ".join(f"kubectl {verb} {sub}" for sub in allowed),
            )
        verb = f"{verb} {_SUB_VERBS[verb][rest.pop(0)]}"
    scanned = flags.scan([*before, *rest], _FLAGS[verb], verb=verb)
    return BUILDERS[verb](scanned, Vocabulary(extra_kinds))


def _before_verb(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Split off the flags before the verb, of which only the namespace is allowed."""
    rest = list(arguments)
    taken: list[str] = []
    while rest and rest[0].startswith("-"):
        flag = rest.pop(0)
        taken.append(flag)
        if flag in {flags.NAMESPACE.name, flags.NAMESPACE.short} and rest:
            taken.append(rest.pop(0))
    flags.scan(taken, flags.NAMESPACE_ONLY, verb="kubectl")
    return taken, rest
