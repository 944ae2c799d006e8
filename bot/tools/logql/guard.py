"""The read policy of LogQL: which log queries may be sent, each refusal with a way out.

Pure. What is LogQL at all is syntax's; whose namespaces may be read is scoping's. Rules LQ2, LQ5,
LQ8.
"""

from __future__ import annotations

import re

from bot.domain.secret_text import mask, tells_a_secret
from bot.tools.logql.lexical import EXAMPLE
from bot.tools.logql.scoping import namespaces_of
from bot.tools.logql.syntax import LogQuery, Wanted, parsed
from bot.tools.refusal import refuse

MAX_MINUTES = 7 * 24 * 60

# A key with something set to it, in a line or in a regular expression for one.
_ASSIGNED = re.compile(
    r"""([A-Za-z][\w.-]{0,63})(?:\\?["'])?(?:\\s[*+?]?|\s)*[=:](?=.*[\w.])""", re.DOTALL
)
_PART = re.compile(r"[\w-]+")


def checked(query: str, *, minutes: int) -> LogQuery:
    """Return the query as values that may be sent, once its reader may see what it reads.

    Raises:
        ToolError: The rule that refuses it, what is wrong, and the nearest allowed form.
    """
    if not 1 <= minutes <= MAX_MINUTES:
        raise refuse("LQ5", f"a window of {minutes} minutes", f"minutes from 1 to {MAX_MINUTES}")
    found = parsed(query)
    is_narrow = any(one.sign == "=" and one.value for one in found.matchers)
    if not is_narrow and not namespaces_of(found):
        raise refuse(
            "LQ2",
            "a stream selector without any label that equals a value",
            f'{{namespace="…"}}, as in {EXAMPLE}',
        )
    for wanted in found.wanted:
        _check_wanted(wanted)
    return found


def _check_wanted(wanted: Wanted) -> None:
    """Refuse to look for a secret: that a line has it would tell what nobody is shown."""
    by_name = wanted.label is not None and any(
        tells_a_secret(part) for part in _PART.findall(wanted.label)
    )
    by_key = any(tells_a_secret(key) for key in _ASSIGNED.findall(wanted.text))
    if by_name or by_key or mask(wanted.text) != wanted.text:
        raise refuse(
            "LQ8",
            "a filter may not look for the value of a secret",
            'the words around it, one filter each: |= "token" |= "expired"',
        )
