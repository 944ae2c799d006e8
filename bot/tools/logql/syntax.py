"""A log query as values that can be written again, or a refusal that says where it goes wrong.

Only the part of LogQL that reads lines is known: a stream selector, line filters, parsers and
label filters. What is sent is written anew from these values, so a server never reads a query
otherwise than it was judged. Rules LQ1, LQ4, LQ6, LQ7.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.tools.logql.lexical import EXAMPLE, string_value, tokens_of
from bot.tools.promql.selectors import in_quotes
from bot.tools.refusal import quoted, refuse
from bot.tools.tokens import where

if TYPE_CHECKING:
    from bot.domain.errors import ToolError
    from bot.tools.tokens import Token

MAX_EXPRESSION_CHARS = 200
MAX_STAGES = 12
MAX_DEPTH = 10
"""Of brackets in a label filter."""

_MATCHES = frozenset({"=", "!=", "=~", "!~"})
_LINE_FILTERS = frozenset({"|=", "!=", "|~", "!~", "|>", "!>"})
_COMPARISONS = frozenset({"=", "==", "!=", ">", ">=", "<", "<="})
_EXPRESSIONS = frozenset({"=~", "!~", "|~"})
_REWRITES = {
    "line_format": "it would show lines other than they were written",
    "label_format": "it would show labels other than they are",
    "unwrap": "it belongs to metric queries",
    "drop": "labels taken from lines are not shown anyway",
    "keep": "labels taken from lines are not shown anyway",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Matcher:
    """One condition on a stream's label."""

    label: str
    sign: str
    value: str

    def __str__(self) -> str:
        return f"{self.label}{self.sign}{in_quotes(self.value)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A text that a stage looks for in lines, or in a label taken from them."""

    text: str
    label: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LogQuery:
    """A query for lines."""

    matchers: tuple[Matcher, ...]
    stages: tuple[str, ...]
    """As LogQL, in their order."""
    wanted: tuple[Wanted, ...]
    """All that the stages look for."""
    needles: tuple[tuple[str, ...], ...] = ()
    """For each `|=`, the texts of which every line has one."""

    @property
    def selector(self) -> str:
        """The matchers alone."""
        return f"{{{', '.join(str(one) for one in self.matchers)}}}"

    def __str__(self) -> str:
        return " ".join((self.selector, *self.stages))


def parsed(query: str) -> LogQuery:
    """Return a query's parts.

    Raises:
        ToolError: The rule that refuses it, with the place and the nearest allowed form.
    """
    return _Parser(query).query()


class _Parser:
    """One walk over the tokens."""

    def __init__(self, query: str) -> None:
        self._text = query
        self._tokens = tokens_of(query)
        self._at = 0
        self._wanted: list[Wanted] = []
        self._needles: list[tuple[str, ...]] = []

    def query(self) -> LogQuery:
        if self._now.text != "{":
            raise self._no_selector()
        self._take()
        matchers = [self._matcher()]
        while self._taken(","):
            matchers.append(self._matcher())
        self._expect("}", "a closing }")
        stages = []
        while self._now.kind != "end":
            stages.append(self._stage())
            if len(stages) > MAX_STAGES:
                raise refuse("LQ6", f"more than {MAX_STAGES} stages", EXAMPLE)
        return LogQuery(
            matchers=tuple(matchers),
            stages=tuple(stages),
            wanted=tuple(self._wanted),
            needles=tuple(self._needles),
        )

    @property
    def _now(self) -> Token:
        return self._tokens[self._at]

    @property
    def _next(self) -> Token:
        return self._tokens[min(self._at + 1, len(self._tokens) - 1)]

    def _take(self) -> Token:
        token = self._now
        self._at += token.kind != "end"
        return token

    def _taken(self, text: str) -> bool:
        """Take the token if it is this sign or word."""
        found = self._now.kind in {"sign", "word"} and self._now.text == text
        self._at += found
        return found

    def _expect(self, text: str, what: str) -> None:
        if not self._taken(text):
            raise self._wrong(what)

    def _word(self, what: str) -> str:
        if self._now.kind != "word":
            raise self._wrong(what)
        return self._take().text

    def _string(self, what: str, *, is_expression: bool = False) -> str:
        if self._now.kind != "string":
            raise self._wrong(what)
        token = self._take()
        value = string_value(token, self._text, is_expression=is_expression)
        if is_expression and len(value) > MAX_EXPRESSION_CHARS:
            raise refuse(
                "LQ6",
                f"the regular expression at {where(self._text, token.start)} has {len(value)}"
                f" characters, {MAX_EXPRESSION_CHARS} are allowed",
                '|= "one text" or "another"',
            )
        return value

    def _matcher(self) -> Matcher:
        label = self._word("the name of a label")
        if self._now.text not in _MATCHES:
            raise self._wrong('=, !=, =~ or !~ and a value, such as app="web"')
        sign = self._take().text
        value = self._string(f'{label}{sign}"…"', is_expression=sign in _EXPRESSIONS)
        return Matcher(label=label, sign=sign, value=value)

    def _stage(self) -> str:
        if self._now.kind == "sign" and self._now.text in _LINE_FILTERS:
            return self._line_filter()
        if self._now.text == "[":
            raise _metric_query("a range in square brackets")
        self._expect("|", "a stage, such as |= or | json")
        if self._now.text in {"=", "~"}:
            raise self._wrong("|= or |~ without a blank inside")
        return f"| {self._after_pipe()}"

    def _line_filter(self) -> str:
        sign = self._take().text
        texts, written = [], []
        while True:
            text, shown = self._looked_for(sign)
            texts.append(text)
            written.append(shown)
            if not self._taken("or"):
                break
        if sign == "|=" and not any(one.startswith("ip(") for one in written):
            self._needles.append(tuple(texts))
        return f"{sign} {' or '.join(written)}"

    def _looked_for(self, sign: str) -> tuple[str, str]:
        is_address = self._taken("ip")
        if is_address:
            self._expect("(", 'ip("10.0.0.0/8")')
        text = self._string(f'{sign} "text"', is_expression=sign in _EXPRESSIONS)
        if is_address:
            self._expect(")", 'ip("10.0.0.0/8")')
        self._wanted.append(Wanted(text=text))
        return text, f"ip({in_quotes(text)})" if is_address else in_quotes(text)

    def _after_pipe(self) -> str:
        token = self._now
        if token.kind == "word" and token.text in _REWRITES:
            raise refuse(
                "LQ7",
                f"{quoted(token.text)} at {where(self._text, token.start)} is not allowed:"
                f" {_REWRITES[token.text]}",
                'leave it out; | json | status="500" filters by what lines hold',
            )
        # These words are LogQL's own, so no label filter can start with them.
        for parser in ("json", "logfmt"):
            if self._taken(parser):
                return " ".join(filter(None, (parser, *self._flags(parser), self._paths())))
        for parser in ("unpack", "decolorize"):
            if self._taken(parser):
                return parser
        for parser in ("pattern", "regexp"):
            if self._taken(parser):
                text = self._string(f'{parser} "…"', is_expression=True)
                self._wanted.append(Wanted(text=text))
                return f"{parser} {in_quotes(text)}"
        return self._any_of(depth=0)

    def _flags(self, parser: str) -> list[str]:
        flags = []
        while parser == "logfmt" and self._now.kind == "flag":
            flags.append(self._take().text)
        return flags

    def _paths(self) -> str:
        """Return what a parser is told to take out, such as `code="response.status"`."""
        paths: list[str] = []
        while self._now.kind == "word":
            name = self._take().text
            path = self._string(f'{name}="path"') if self._taken("=") else None
            # A path may rename a secret, which the name alone would not tell.
            self._wanted.append(Wanted(text="", label=path or name))
            paths.append(name if path is None else f"{name}={in_quotes(path)}")
            if not self._taken(","):
                break
        return ", ".join(paths)

    def _any_of(self, *, depth: int) -> str:
        """Return a label filter; `and` binds closer than `or`, as it is written."""
        parts = [self._one_of(depth)]
        while True:
            if self._taken("or"):
                parts.append("or")
            elif self._taken("and") or self._taken(","):
                parts.append("and")
            else:
                return " ".join(parts)
            parts.append(self._one_of(depth))

    def _one_of(self, depth: int) -> str:
        if self._taken("("):
            if depth >= MAX_DEPTH:
                raise refuse("LQ6", f"brackets nest deeper than {MAX_DEPTH}", EXAMPLE)
            inside = self._any_of(depth=depth + 1)
            self._expect(")", "a closing )")
            return f"({inside})"
        label = self._word("a parser, or a label and what it has to be")
        if self._now.text not in _COMPARISONS | _MATCHES:
            raise self._wrong(f'a comparison, such as {label}="500" or {label} >= 500')
        sign = self._take().text
        if self._now.kind == "number":
            self._wanted.append(Wanted(text="", label=label))
            return f"{label} {sign} {self._take().text}"
        is_address = self._taken("ip")
        if is_address:
            self._expect("(", 'ip("10.0.0.0/8")')
        value = self._string(f'{label}{sign}"…"', is_expression=sign in _EXPRESSIONS)
        if is_address:
            self._expect(")", 'ip("10.0.0.0/8")')
        self._wanted.append(Wanted(text=value, label=label))
        return f"{label}{sign}" + (f"ip({in_quotes(value)})" if is_address else in_quotes(value))

    def _wrong(self, wanted: str) -> ToolError:
        token = self._now
        if token.kind == "end":
            problem = f"the query ends where {wanted} should follow"
        else:
            place = where(self._text, token.start)
            problem = f"{quoted(token.text)} at {place} stands where {wanted} should"
        return refuse("LQ1", problem, EXAMPLE)

    def _no_selector(self) -> ToolError:
        first = self._now
        if first.kind == "end":
            return refuse("LQ1", "the query is empty", EXAMPLE)
        if first.kind == "word" and self._next.text in {"(", "by", "without"}:
            return _metric_query(quoted(first.text))
        return refuse(
            "LQ2",
            f"a query starts with the streams it reads, not with {quoted(first.text)}",
            EXAMPLE,
        )


def _metric_query(what: str) -> ToolError:
    return refuse(
        "LQ4",
        f"{what} makes this a metric query; only lines are read here, each counted in its pattern",
        f"{EXAMPLE}, with minutes",
    )
