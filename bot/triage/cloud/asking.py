"""What a question wants to know of a cloud account, by its words.

The words of the four languages are data (`language/clouds/*.toml`); names are matched later,
against what there is. A question without a word that points at a cloud is none of ours.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources
from itertools import pairwise
from typing import TYPE_CHECKING

from bot.domain.topology import Direction
from bot.triage.cloud.resource import ResourceKind
from bot.triage.intent import could_be_name, understand
from bot.triage.language.book import LANGUAGES, open_book, says, words_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from bot.domain.registry import Account


class CloudWish(StrEnum):
    """The questions about clouds that rules can answer."""

    ERRORS = "errors"
    """The last errors of something."""
    REAL = "real"
    """Whether an alarm is borne out."""
    TOPOLOGY = "topology"
    """What depends on what."""
    DEPLOYED = "deployed"
    """What was deployed or changed, and when."""
    STATE = "state"
    """Why something fails, or whether it does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudQuestion:
    """One question, as far as its words go."""

    wish: CloudWish
    language: str
    text: str
    kinds: frozenset[ResourceKind]
    """Kinds it speaks of; empty when it speaks of none."""
    insists: bool
    """True when it can be about nothing but a cloud account."""
    near: tuple[str, ...]
    """Words beside a kind's word, which may be names; case folded."""
    accounts: tuple[str, ...]
    """Registered accounts it names."""
    account_said: str
    """What stands where an account is named, if it is none that is registered."""
    regions: tuple[str, ...]
    hours: int | None
    direction: Direction = Direction.BOTH
    """Of a question about dependencies: which way it looks."""


_ACCOUNT_DIGITS = 12
_REGION = re.compile(r"\b(?:us|eu|ap|sa|ca|me|af|il|mx|cn)(?:-gov)?-[a-z]+-\d\b")
# Words that AWS alone uses, in every language.
_STRONG = frozenset(
    {"lambda", "lambdas", "aws", "ecs", "rds", "cloudwatch", "fargate", "alb", "elb", "nlb",
     "cloudformation", "aurora"}
)  # fmt: skip
_KINDS: Mapping[str, ResourceKind] = {
    "function": ResourceKind.FUNCTION,
    "service": ResourceKind.SERVICE,
    "database": ResourceKind.DATABASE,
    "balancer": ResourceKind.BALANCER,
    "alarm": ResourceKind.ALARM,
}
# Kinds that Kubernetes has as well, or people say of it; they need another sign of a cloud.
_SHARED = frozenset({ResourceKind.SERVICE, ResourceKind.DATABASE, ResourceKind.BALANCER})


def asked(text: str, accounts: Sequence[Account]) -> CloudQuestion | None:
    """Return the question if it may be about a cloud account; None if no word points there."""
    words = words_of(text)
    intent = understand(text)
    spoken = _kinds(words)
    wish, language = _wish(words, intent.language)
    named = tuple(one.name for one in accounts if _names(text, one))
    said = "" if named else _account_said(words)
    kinds = frozenset(spoken)
    strong = bool(_STRONG & set(words)) or bool(named) or bool(said)
    strong = strong or bool(kinds - _SHARED - {ResourceKind.ALARM}) or _has(words, "places")
    is_alarm = wish is CloudWish.REAL and ResourceKind.ALARM in kinds
    special = bool(kinds) and wish in {CloudWish.ERRORS, CloudWish.DEPLOYED}
    if not (strong or is_alarm or special):
        return None
    return CloudQuestion(
        wish=wish,
        language=language,
        text=text,
        kinds=kinds,
        insists=strong,
        near=tuple(dict.fromkeys((*_near(words, spoken.values()), *intent.objects))),
        accounts=named,
        account_said=said,
        regions=tuple(dict.fromkeys(_REGION.findall(text.casefold()))),
        hours=intent.hours,
        direction=intent.direction,
    )


def mentions(text: str, name: str) -> bool:
    """Tell whether a text has a name as a word of its own, case aside."""
    pattern = rf"(?<![\w.-]){re.escape(name)}(?![\w-]|\.\w)"
    return re.search(pattern, text, re.IGNORECASE) is not None


def _wish(words: tuple[str, ...], language: str) -> tuple[CloudWish, str]:
    """Return the wish and the language it was said in, which tells more than small words do."""
    order = (language, *(code for code in LANGUAGES if code != language))
    for code in order:
        for wish in (CloudWish.REAL, CloudWish.ERRORS):
            if says(words, _spoken(code)[wish]):
                return wish, code
        asks = open_book(code).asks
        if says(words, asks["why"]):
            return CloudWish.STATE, code
        if says(words, asks["topology"]):
            return CloudWish.TOPOLOGY, code
        deployed = (*_spoken(code)[CloudWish.DEPLOYED], *asks["changed"])
        if says(words, deployed):
            return CloudWish.DEPLOYED, code
    return CloudWish.STATE, language


def _kinds(words: Sequence[str]) -> dict[ResourceKind, tuple[str, ...]]:
    found: dict[ResourceKind, tuple[str, ...]] = {}
    for code in LANGUAGES:
        for key, kind in _KINDS.items():
            for phrase in _spoken(code)[key]:
                if set(phrase) <= set(words):
                    found[kind] = (*found.get(kind, ()), *phrase)
    return found


def _has(words: tuple[str, ...], key: str) -> bool:
    return any(says(words, _spoken(code)[key]) for code in LANGUAGES)


def _near(words: Sequence[str], spoken: Iterable[tuple[str, ...]]) -> list[str]:
    kind_words = {word for phrase in spoken for word in phrase}
    found = []
    for before, after in pairwise(words):
        if before in kind_words and could_be_name(after):
            found.append(after)
        if after in kind_words and could_be_name(before):
            found.append(before)
    return [word for word in found if word not in kind_words]


def _account_said(words: Sequence[str]) -> str:
    """Return the word after one for an account, if it can be a name."""
    marks = {word for code in LANGUAGES for phrase in _spoken(code)["account"] for word in phrase}
    for before, after in pairwise(words):
        is_number = after.isdecimal() and len(after) == _ACCOUNT_DIGITS
        if before in marks and (could_be_name(after) or is_number):
            return after
    return ""


def _names(text: str, account: Account) -> bool:
    names = (account.name, account.account_id, *account.aliases)
    return any(mentions(text, name) for name in names)


@cache
def _spoken(code: str) -> Mapping[str, tuple[tuple[str, ...], ...]]:
    folder = resources.files("bot.triage.language")
    content = tomllib.loads(folder.joinpath("clouds", f"{code}.toml").read_text("utf-8"))
    return {
        key: tuple(words_of(phrase) for phrase in phrases)
        for key, phrases in content["words"].items()
    }
