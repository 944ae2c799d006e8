"""Secrets on command lines and in statements, where a blank separates key and value."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bot.domain.redaction.keys import tells
from bot.domain.redaction.quoting import bare_at, quoted_at
from bot.domain.redaction.rule import Rule
from bot.domain.redaction.span import Span, Subject
from bot.domain.redaction.values import harmless, is_code, is_object_name, is_prose, looks_random

if TYPE_CHECKING:
    from collections.abc import Iterator

# A flag and its value as words of a line, as items of a list, or as lines of a YAML list.
_FLAG = re.compile(
    r"-(?<![^ \t\n\"'\[=(,`]-)-?(?P<name>[A-Za-z][\w.\-]{1,60}+)"
    r"(?:[ \t]{1,4}|\\{0,7}[\"'],?[ \t\r\n]{1,60}|\r?\n[ \t]{0,60}- )(?=[^\s\-])"
)
_SHORTEST_SAID = 8


def flags(subject: Subject, start: int) -> Iterator[Span]:
    """Yield the values of telling flags: `--db-password hunter2`."""
    for found in _FLAG.finditer(subject.text, start):
        span = _flag(subject.text, found)
        if span is not None:
            yield span


def _flag(text: str, found: re.Match[str]) -> Span | None:
    name = found.group("name")
    telling = tells(name)
    if telling is None or (found.group().startswith("-" + name) and not name.islower()):
        # One hyphen and capitals or digits: `-pS3cretPass` is itself flag and value.
        return None
    value = quoted_at(text, found.end()) or bare_at(text, found.end())
    content = value.text
    if not content or harmless(content) or is_code(content):
        return None
    if telling.may_name and is_object_name(content):
        return None
    if not value.quoted and is_prose(content, text[value.end : value.end + 40]):
        return None
    if not telling.strict and not looks_random(content):
        return None
    return Span(
        start=value.start,
        end=value.end,
        kind=telling.kind,
        since=found.start(),
        open=value.open,
    )


def _said(value: str) -> bool:
    """Tell whether a word after a phrase can only be the secret itself."""
    return (
        len(value) >= _SHORTEST_SAID
        and looks_random(value)
        and not harmless(value)
        and not is_code(value)
        and not is_object_name(value)
    )


def _given(value: str) -> bool:
    return not harmless(value) and not is_code(value) and not is_prose(value, "")


_BARE = r"(?P<s>[^\s\"'`<>\u2039\u203a]{3,512})"
_WORD = r"[\"'`]?" + _BARE
_QUOTED = r"[\"'](?P<s>[^\"'\n]{1,512})[\"']"
_WORDS = r"(?:[ \t][^\s|;]{1,200}){0,16}?[ \t]"
"""The words between a command and its flag, within one command of a line."""

COMMANDS = (
    # Columns, and Dockerfiles of the old spelling: `ENV ADMIN_PASSWORD hunter2`.
    Rule(
        kind="password",
        anchors=("_password ", "_passwd ", "_secret ", "_token "),
        form=r"_(?:password|passwd|secret|token)[ ]{1,20}" + _WORD,
        any_case=True,
        judge=_said,
    ),
    # PostgreSQL and MySQL.
    Rule(
        kind="password",
        anchors=("password '", 'password "'),
        form=r"password " + _QUOTED,
        any_case=True,
        judge=_given,
    ),
    Rule(
        kind="password",
        anchors=("identified ",),
        form=r"identified (?:by|with \S{1,40} (?:by|as)) (?:password )?" + _QUOTED,
        any_case=True,
        judge=_given,
    ),
    # .netrc
    Rule(
        kind="password",
        anchors=("login ",),
        form=r"login \S{1,100}\s{1,4}password " + _BARE,
        judge=_given,
    ),
    Rule(
        kind="password",
        anchors=("requirepass ", "masterauth "),
        form=r"(?:requirepass|masterauth) " + _WORD,
        judge=_given,
    ),
    Rule(kind="password", anchors=("sshpass ",), form=r"sshpass -p ?" + _WORD, judge=_given),
    Rule(
        kind="password",
        anchors=("mysql", "mariadb"),
        form=r"(?:mysql|mariadb)[\w-]{0,10}" + _WORDS + r"-p" + _WORD,
        judge=_given,
    ),
    Rule(
        kind="password",
        anchors=("redis-cli ",),
        form=r"redis-cli" + _WORDS + r"(?:-a|--pass) " + _WORD,
        judge=_given,
    ),
    Rule(
        kind="password",
        anchors=(" login ",),
        form=r" login" + _WORDS + r"-p[ =]?" + _WORD,
        judge=_given,
    ),
    Rule(
        kind="password",
        anchors=("curl ",),
        form=r"curl" + _WORDS + r"(?:-u|--user|-U|--proxy-user)[ =]?[\"']?[\w.@+-]{1,80}:" + _BARE,
        judge=_given,
    ),
    Rule(
        kind="cookie",
        anchors=("curl ",),
        form=r"curl" + _WORDS + r"(?:-b|--cookie)[ =]?[\"']?[\w.-]{1,80}="
        r"(?P<s>[^\s\"';\u2039]{4,4096})",
    ),
    Rule(
        kind="password",
        anchors=("ldap",),
        form=r"ldap[a-z]{3,8}" + _WORDS + r"-w " + _WORD,
        judge=_given,
    ),
    Rule(
        kind="password",
        anchors=("openssl ",),
        form=r"openssl" + _WORDS + r"-pass(?:in|out)? pass:" + _WORD,
    ),
)
