"""Personal particulars, hidden only where an installation asks for it: mail, telephone, accounts.

Forms that operations are full of stay: ids, addresses of nodes, times, digests.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bot.domain.redaction.span import Span, Subject

if TYPE_CHECKING:
    from collections.abc import Iterator

_MAIL = re.compile(
    r"@(?=[A-Za-z0-9-]{1,63}\.)(?:[A-Za-z0-9-]{1,63}\.){1,6}[A-Za-z]{2,24}(?![\w@-])"
)
_MAIL_NAME = re.compile(r"[A-Za-z0-9._%+'-]")
_MAIL_NAME_CHARS = 64
_PHONE = re.compile(
    r"\+(?<![\w.+]\+)[1-9]\d{0,2}(?:[ .-]?\(\d{1,4}\))?(?:[ .-]?\d{2,4}){2,5}(?![\w:.-]*\d)"
)
_PHONE_DIGITS = range(8, 16)
_IBAN = re.compile(
    r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?![A-Za-z0-9])"
)
_IBAN_CHARS = range(15, 35)
_CARD = re.compile(r"(?<![\w.\-])[3-6]\d{3}(?:([ -]?)\d{4,6})(?:\1\d{4,5}){1,2}(?![\w\-]|\.\d)")
_CARD_DIGITS = range(15, 17)
_NINE = 9


def personal_spans(subject: Subject, start: int) -> Iterator[Span]:
    """Yield mail addresses, telephone numbers in full form, IBANs and card numbers."""
    yield from _mails(subject.text, start)
    for kind, pattern, accepts in (
        ("phone", _PHONE, _is_phone),
        ("iban", _IBAN, _is_iban),
        ("card", _CARD, _is_card),
    ):
        for found in pattern.finditer(subject.text, start):
            if accepts(found.group()):
                low, high = found.span()
                is_open = high == len(subject.text)
                yield Span(start=low, end=high, kind=kind, since=low, open=is_open)


def _mails(text: str, start: int) -> Iterator[Span]:
    for found in _MAIL.finditer(text, start):
        begin = found.start()
        low = max(begin - _MAIL_NAME_CHARS, start)
        while begin > low and _MAIL_NAME.match(text[begin - 1]):
            begin -= 1
        # `git@host:path` and `user@host` in an address name an account of a machine.
        if begin < found.start() and text[begin : found.start()] != "git":
            yield Span(
                start=begin,
                end=found.end(),
                kind="email",
                since=begin,
                open=found.end() == len(text),
            )


def _is_phone(text: str) -> bool:
    return sum(character.isdigit() for character in text) in _PHONE_DIGITS


def _is_iban(text: str) -> bool:
    """Tell whether the check digits are right (ISO 13616, modulo 97)."""
    compact = text.replace(" ", "")
    if len(compact) not in _IBAN_CHARS:
        return False
    digits = "".join(str(int(character, 36)) for character in compact[4:] + compact[:4])
    return int(digits) % 97 == 1


def _is_card(text: str) -> bool:
    """Tell whether the last digit is right (ISO/IEC 7812, Luhn)."""
    digits = [int(character) for character in text if character.isdigit()]
    if len(digits) not in _CARD_DIGITS:
        return False
    doubled = [digit * 2 for digit in digits[-2::-2]]
    folded = sum(digit - _NINE if digit > _NINE else digit for digit in doubled)
    return (folded + sum(digits[-1::-2])) % 10 == 0
