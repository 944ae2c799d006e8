"""What people type, as plain words: Slack's entities decoded, and the few phrases that are orders.

Pure. It must not know payloads or who is speaking.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from bot.adapters.slack.text import printable

LONGEST_QUESTION: Final = 8_000
"""Characters of a question that are kept; Slack's own messages hold up to 40,000."""

_ENTITY: Final = re.compile(r"<([^<>\n]{1,2000})>")
_LITERALS: Final = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))
_EDGES: Final = " \t\n.,;:!?…。!?、¡¿\"'«»()[]*_~`"
_POLITE: Final = re.compile(
    r"^(?:please|pls|bitte|por favor|s'il (?:te|vous) pla[iî]t)[ ,]+"
    r"|[ ,]+(?:please|pls|bitte|por favor|s'il (?:te|vous) pla[iî]t|now|jetzt)$"
)
_STOP: Final = frozenset(
    (
        "stop",
        "cancel",
        "abort",
        "halt",
        "stopp",
        "abbrechen",
        "abbruch",
        "anhalten",
        "aufhören",
        "parar",
        "para",
        "detener",
        "detente",
        "cancelar",
        "cancela",
        "abortar",
        "aborta",
        "arrêter",
        "arrête",
        "arrete",
        "arreter",
        "annuler",
        "annule",
        "stoppe",
        "stopper",
        "pare",
        "cancele",
        "interromper",
        "interrompa",
        "停止",
        "中止",
        "キャンセル",
        "やめて",
        "止めて",
        "ストップ",
        "中断",
    )
) | {"stop it", "stop that", "hör auf", "brich ab", "やめてください", "止めてください"}
_AGAIN: Final = frozenset(
    (
        "retry",
        "again",
        "nochmal",
        "erneut",
        "wiederholen",
        "reintentar",
        "reintenta",
        "réessayer",
        "réessaie",
        "reessayer",
        "recommencer",
        "repetir",
        "repete",
        "もう一度",
        "再試行",
        "リトライ",
    )
) | {
    "try again",
    "noch einmal",
    "noch mal",
    "versuch es nochmal",
    "otra vez",
    "inténtalo de nuevo",
    "de nuevo",
    "de novo",
    "tentar novamente",
    "tente novamente",
}
_HELP: Final = frozenset({"", "help", "hilfe", "ayuda", "aide", "ajuda", "ヘルプ"})
_DECISION: Final = re.compile(
    r"/?(?:i )?(?:approved?|lgtm|ship it|deny|denied|reject(?:ed)?|genehmigt|freigegeben|abgelehnt"
    r"|aprobado|rechazado|approuvé|refusé|aprovado|rejeitado|承認|却下)"
    r"(?: (?:it|this|that|the action|action))?(?: #?a\d{1,9})?"
)
"""Messages that are nothing but a decision; only buttons decide."""
_USE: Final = re.compile(
    r"^use\s+(?:the\s+)?(?:cluster|context)\s+(?P<cluster>\S{1,200}?)"
    r"(?:\s*[,/]?\s*(?:(?:and\s+)?(?:namespace|ns)|-n)\s+(?P<namespace>\S{1,200}?))?[.!]?$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeWords:
    """`use cluster X namespace Y` as it was typed; whether X exists is for the registry."""

    cluster: str
    namespace: str | None


def decoded(text: str) -> str:
    """Return what the author saw: links, dates and references as words, entities as characters.

    People and groups become `@U0123`, since their names are not in the text. Control characters
    are dropped, and what is longer than a question may be is cut with a note.
    """
    plain = _ENTITY.sub(lambda found: _entity(found[1]), text)
    for written, meant in _LITERALS:
        plain = plain.replace(written, meant)
    plain = printable(plain).strip()
    left = len(plain) - LONGEST_QUESTION
    if left > 0:
        return f"{plain[:LONGEST_QUESTION]}\n[cut here: {left} more characters]"
    return plain


def is_stop(text: str) -> bool:
    """Tell whether the whole message says stop, in the languages we know it in."""
    return _bare(text) in _STOP


def is_retry(text: str) -> bool:
    """Tell whether the whole message asks to try again."""
    return _bare(text) in _AGAIN


def is_help(text: str) -> bool:
    """Tell whether the message says nothing, or asks for help with the bot itself."""
    return _bare(text) in _HELP


def is_status(text: str) -> bool:
    """Tell whether the whole message asks for the service's status."""
    return _bare(text) == "status"


def is_decision(text: str) -> bool:
    """Tell whether the whole message approves or denies, which only a button can."""
    return _DECISION.fullmatch(_bare(text.replace("✅", "").replace("❌", ""))) is not None


def scope_words(text: str) -> ScopeWords | None:
    """Return the scope a message sets, or None if it is no such order."""
    found = _USE.match(text.strip().replace("`", ""))
    if found is None:
        return None
    return ScopeWords(cluster=found["cluster"].rstrip(","), namespace=found["namespace"])


def _entity(inside: str) -> str:
    """Return `<…>` as words."""
    target, _, label = inside.partition("|")
    if target.startswith("!date^"):
        return label
    if target.startswith("!subteam^"):
        return label or f"@{target.removeprefix('!subteam^')}"
    if target.startswith(("@", "!")):
        return f"@{target[1:]}" if not label else f"@{label.lstrip('@')}"
    if target.startswith("#"):
        return f"#{label or target[1:]}"
    bare = target.removeprefix("mailto:").removeprefix("tel:")
    if not label or label in {bare, bare.split("://", 1)[-1]}:
        # Slack makes links of host names people type: `<http://a.example|a.example>`.
        return label or bare
    return f"{label} ({bare})"


def _bare(text: str) -> str:
    words = " ".join(text.casefold().split()).strip(_EDGES)
    return _POLITE.sub("", words).strip(_EDGES)
