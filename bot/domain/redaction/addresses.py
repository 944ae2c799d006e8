"""Passwords inside addresses: `postgres://app:…@db/orders`, and the spellings of drivers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bot.domain.redaction.rule import Rule
from bot.domain.redaction.span import Span, Subject
from bot.domain.redaction.values import harmless, looks_random

if TYPE_CHECKING:
    from collections.abc import Iterator

# What cannot be in an address at all.
_OUT = r"\s\"'<>`\u2039\u203a"
_PORT_AND_PATH = re.compile(r"\d{1,5}(?:[/?,]|$)")


def _secret(value: str) -> bool:
    return not harmless(value) and _PORT_AND_PATH.match(value) is None


def _user_token(value: str) -> bool:
    return looks_random(value) and not harmless(value)


ADDRESSES = (
    # Between the first colon and the last at-sign of an authority; drivers accept raw slashes.
    Rule(
        kind="password",
        anchors=("://", ":\\/\\/"),
        form=rf":\\?/\\?/[^/@:{_OUT}]{{0,256}}:(?P<s>(?:[^:@{_OUT}]|:(?!//)|@(?=[^/{_OUT}]{{0,256}}@)){{1,512}}+)@",
        judge=_secret,
    ),
    # A token alone before the at-sign.
    Rule(
        kind="token",
        anchors=("://",),
        form=rf"://(?P<s>[^/@:{_OUT}]{{16,512}}):?@",
        judge=_user_token,
    ),
    Rule(
        kind="password",
        anchors=("%3a%2f%2f",),
        form=rf"%3a%2f%2f(?:(?!%3a|%2f|%40)[^&{_OUT}]){{0,256}}%3a(?P<s>(?:(?!%40)[^&@:/{_OUT}]){{1,512}}+)(?:%40|@)",
        any_case=True,
    ),
    Rule(
        kind="password",
        anchors=("jdbc:oracle:",),
        form=rf"jdbc:oracle:\w{{1,10}}:[\w$#]{{1,64}}/(?P<s>[^{_OUT}@]{{1,256}})@",
        any_case=True,
    ),
)

_DRIVER_ANCHORS = ("@tcp(", "@unix(", "@udp(")
_DRIVER_CHARS = 320
_DRIVER_BREAKS = re.compile(rf"[{_OUT}=(]")


def driver_passwords(subject: Subject, start: int) -> Iterator[Span]:
    """Yield passwords in the form of Go's MySQL driver: `app:…@tcp(db:3306)/orders`."""
    for anchor in _DRIVER_ANCHORS:
        at = subject.text.find(anchor, start)
        while at >= 0:
            low = max(at - _DRIVER_CHARS, start)
            left = _DRIVER_BREAKS.split(subject.text[low:at])[-1]
            user, colon, secret = left.partition(":")
            if colon and secret:
                since = at - len(left)
                begin = since + len(user) + 1
                yield Span(start=begin, end=at, kind="password", since=since)
            at = subject.text.find(anchor, at + 1)
