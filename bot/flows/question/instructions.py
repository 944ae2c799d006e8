"""Messages that want no investigation: empty ones, thanks, help, an account to use."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.domain.registry import Registry

_USE_ACCOUNT = re.compile(r"\s*use\s+account\s+(\S+)\s*", re.IGNORECASE)
_HELP = re.compile(r"\s*(help|\?+|hilfe|ayuda|aide)\s*[.!?]*\s*", re.IGNORECASE)
_THANKS = re.compile(r"\s*(thanks|thank you|thx|danke|gracias|merci)\b[\s.!]*", re.IGNORECASE)
_HAS_WORD = re.compile(r"\w")

HELP = (
    "Ask me about a cluster in plain words, for example: what is failing in shop? · why is"
    " checkout unhealthy? · what changed in payments today?\n"
    "Or type a read such as `kubectl get pods -n shop`; no model is needed for that.\n"
    "`use cluster NAME` sets the cluster of this thread. `stop` ends what I am doing."
)


def instruction_in(text: str, *, registry: Registry) -> str | None:
    """Return what to say to a message that is no question; None for a question."""
    if not _HAS_WORD.search(text):
        return f"What should I look at?\n{HELP}"
    if _HELP.fullmatch(text):
        return HELP
    if _THANKS.fullmatch(text):
        return "Any time."
    account = _USE_ACCOUNT.fullmatch(text)
    if account is None:
        return None
    known = registry.account(account[1])
    if known is None:
        names = ", ".join(entry.name for entry in registry.accounts) or "none"
        return f"There is no account {account[1]} in the registry. There is: {names}."
    if known.role_arn is None:
        return f"{known.name} is in the registry without a role, so I cannot read it."
    return f"Name it when you ask, such as: what fails in {known.name}? Then I look there first."
