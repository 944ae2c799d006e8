"""LogQL taken apart into tokens; what is too long or no token at all is refused here.

What models and people mean is taken over what the letter says in one place: in double quotes
LogQL wants every backslash of a regular expression doubled, and nobody writes that. Rules LQ1,
LQ6.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bot.tools.refusal import quoted, refuse
from bot.tools.tokens import Token, split, where

if TYPE_CHECKING:
    from bot.domain.errors import ToolError

MAX_QUERY_CHARS = 2_000
EXAMPLE = '{namespace="shop", app="web"} |= "error"'

_TOKEN = re.compile(
    r"""(?P<space>\s+|\#[^\n]*)
      |(?P<string>"(?:[^"\\\n]|\\.)*"|`[^`]*`)
      |(?P<flag>--(?:strict|keep-empty)(?![\w-]))
      |(?P<number>-?(?:\d+\.?\d*|\.\d+)(?:[a-zA-Z\u00b5]{1,3}\d*){0,6}(?![\w.]))
      |(?P<word>[a-zA-Z_][a-zA-Z0-9_]*)
      |(?P<sign>\|=|\|~|\|>|!=|!~|!>|=~|==|>=|<=|[|=<>{}(),\[\]])
    """,
    re.VERBOSE | re.ASCII,
)
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "\\": "\\", '"': '"', "'": "'"}
# Tab and line break are the only controls that a query can carry.
_UNSENDABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


def tokens_of(query: str) -> tuple[Token, ...]:
    """Return the tokens of a query, with one of kind `end` behind them.

    Raises:
        ToolError: Rule LQ1 or LQ6, with the place of what is wrong.
    """
    if len(query) > MAX_QUERY_CHARS:
        raise refuse(
            "LQ6",
            f"the query has {len(query):,} characters, {MAX_QUERY_CHARS:,} are allowed",
            "fewer alternatives, shorter filters",
        )
    tokens = split(query, _TOKEN, unknown=_unknown)
    return (*tokens, Token(kind="end", text="", start=len(query)))


def string_value(token: Token, query: str, *, is_expression: bool) -> str:
    """Return what a string token stands for; a regular expression keeps its backslashes.

    Raises:
        ToolError: Rule LQ1; it holds characters that cannot be sent.
    """
    inside = token.text[1:-1]
    if token.text.startswith("`"):
        value = inside
    else:
        value = _ESCAPE.sub(lambda found: _meant(found[1], is_expression=is_expression), inside)
    if _UNSENDABLE.search(value):
        raise refuse(
            "LQ1",
            f"the text at {where(query, token.start)} holds control characters",
            'the visible part alone, such as |= "error"',
        )
    return value


def _meant(escape: str, *, is_expression: bool) -> str:
    if len(escape) > 1:
        code = int(escape[1:], 16)
        # RE2 reads \xNN itself; and a code beyond Unicode is no character.
        is_character = code < 0x80 if escape[0] == "x" else code < 0x110000  # noqa: PLR2004
        return chr(code) if is_character and not is_expression else f"\\{escape}"
    if is_expression and escape not in _ESCAPED:
        return f"\\{escape}"
    return _ESCAPED.get(escape, f"\\{escape}")


def _unknown(query: str, index: int) -> ToolError:
    place, sign = where(query, index), query[index]
    if sign == "'":
        return refuse("LQ1", f"single quotes at {place} are no LogQL", 'double ones: |= "error"')
    if sign in '"`':
        return refuse("LQ1", f"the text that starts at {place} is not closed", f"{sign}…{sign}")
    return refuse("LQ1", f"{quoted(sign)} at {place} is no part of LogQL", EXAMPLE)
