"""Which objects a command names (R20 to R23): kinds of the closed list, and object names.

Everything is refused that the list does not hold; a kind about secrets is refused even where
somebody put one on the list.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rapidfuzz import process as closest

from bot.domain.kinds import KINDS, Kind, kind_named
from bot.tools.kubectl.spelling import Target
from bot.tools.refusal import quoted, refuse

if TYPE_CHECKING:
    from collections.abc import Sequence

# More are better asked for with a label selector.
MAX_NAMES = 20

_NAME = re.compile(r"[a-z0-9]([-a-z0-9.:]{0,251}[a-z0-9])?")
_NEVER = re.compile(r"secret|token|certificatesigningrequest|credential|password", re.IGNORECASE)
_SECRET_WORDS = re.compile(r"secret", re.IGNORECASE)
# Below this likeness in percent a suggestion is a guess.
_ALIKE = 70


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The kinds that may be named: the closed list and the custom kinds of the team."""

    extra: tuple[Kind, ...] = ()

    def kind(self, word: str) -> Kind:
        """Return the kind that a word names.

        Raises:
            ToolError: R20, with the closest kind that may be read.
        """
        kind = kind_named(word, extra=self.extra)
        if kind is None or _NEVER.search(f"{kind.plural} {kind.kind}"):
            raise refuse("R20", f"{quoted(word)} is not a kind that can be read here", _near(word))
        return kind

    def one(self, words: Sequence[str], *, among: Sequence[str], verb: str) -> Target:
        """Return the one named object that a verb for single objects is given."""
        found = self.targets(words, verb=verb)
        if len(found) != 1 or len(found[0].names) > 1:
            raise refuse("R23", f"`{verb}` takes one object", f"kubectl {verb} {among[0]}/NAME")
        (target,) = found
        if target.kind.plural not in among:
            raise refuse(
                "R20",
                f"`{verb}` does not work on {target.kind.plural}",
                f"kubectl {verb} KIND/NAME with one of {', '.join(among)}",
            )
        if not target.names:
            raise refuse("R21", f"`{verb}` needs a name", f"kubectl {verb} {among[0]}/NAME")
        return target

    def targets(self, words: Sequence[str], *, verb: str) -> tuple[Target, ...]:
        """Return what `KIND[,KIND] [NAME …]` or `KIND/NAME …` stands for, kinds in first order."""
        if not words:
            raise refuse("R21", f"`{verb}` needs a kind", f"kubectl {verb} pods -n NAMESPACE")
        wanted: dict[Kind, list[str]] = {}
        if "/" in words[0]:
            for word in words:
                kind, name = self.named(word, verb=verb)
                wanted.setdefault(kind, []).append(name)
        else:
            names = [_checked(name) for name in words[1:]] if len(words) > 1 else []
            kinds = [self.kind(part) for part in words[0].split(",")]
            wanted = {kind: list(names) for kind in kinds}
        if sum(len(names) for names in wanted.values()) > MAX_NAMES:
            raise refuse("R23", f"more than {MAX_NAMES} names", f"kubectl {verb} KIND -l app=NAME")
        return tuple(
            Target(kind=kind, names=tuple(dict.fromkeys(names))) for kind, names in wanted.items()
        )

    def named(self, word: str, *, verb: str) -> tuple[Kind, str]:
        """Return kind and name of a `KIND/NAME` word."""
        kind_word, slash, name = word.partition("/")
        if not slash:
            raise refuse(
                "R23",
                f"{quoted(word)} has no kind, the words before it have",
                f"kubectl {verb} KIND/NAME KIND/NAME",
            )
        return self.kind(kind_word), _checked(name)


def _checked(name: str) -> str:
    if _NAME.fullmatch(name) is None:
        raise refuse(
            "R22",
            f"{quoted(name)} is not a name of an object",
            "lower-case letters, digits, `-` and `.`, as in checkout-7d9c6b8f5-x2k4q",
        )
    return name


def _near(word: str) -> str:
    if _SECRET_WORDS.search(word):
        return (
            "none for secrets; which secret a pod refers to, and whether it is missing,"
            " is in kubectl describe pod/NAME -n NAMESPACE"
        )
    if word.casefold() == "all":
        return "kubectl get pods,services,deployments,replicasets,statefulsets,daemonsets,jobs"
    known = [kind.plural for kind in KINDS]
    best = closest.extractOne(word.casefold(), known, score_cutoff=_ALIKE)
    return f"kubectl get {best[0]}" if best else f"one of {', '.join(known)}"
