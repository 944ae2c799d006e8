"""Which hosts an address from outside may lead people to: those this installation knows.

Pure: nothing is looked up. Whoever can raise an alert writes its addresses, so none of them leads
anywhere by itself.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from bot.domain.address import split_address

if TYPE_CHECKING:
    from collections.abc import Iterable

_ANY_BELOW: Final = "*."
_LABEL: Final = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME: Final = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_NUMBERS: Final = re.compile(r"[0-9a-f:]*:[0-9a-f:.]*")
"""An IPv6 address as `urlsplit` gives it, without its brackets."""
_LEAST_BELOW: Final = 2
"""Labels after `*.`: under one alone, such as `*.com`, anybody has a host."""


def host_of(address: str | None) -> str:
    """Return the address's host in lower case; empty if browsers might go anywhere else.

    Browsers take a backslash for a slash, decode `%2e`, and map letters that look like others: a
    host of any but plain letters is none here.
    """
    parts = None if address is None else split_address(address)
    if parts is None or "@" in parts.netloc:
        return ""
    host = (parts.hostname or "").casefold().removesuffix(".")
    return host if _NAME.fullmatch(host) or _NUMBERS.fullmatch(host) else ""


def is_known(address: str, hosts: Iterable[str]) -> bool:
    """Tell whether the address leads to one of the hosts; `*.example.net` is every host below."""
    host = host_of(address)
    return bool(host) and any(_matches(host, known.casefold()) for known in hosts)


def problem_of(pattern: str) -> str:
    """Return what is wrong with an entry of `links: hosts`; empty if it can match a host."""
    if "/" in pattern or "@" in pattern:
        return f"{pattern!r} is more than a host: write runbooks.example.com alone"
    is_wide = pattern.startswith(_ANY_BELOW)
    name = pattern.casefold().removeprefix(_ANY_BELOW)
    if is_wide and len(name.split(".")) < _LEAST_BELOW:
        return f"{pattern!r} is under a name anybody may have a host below: name the company's, too"
    if not _NAME.fullmatch(name) and (is_wide or not _NUMBERS.fullmatch(name)):
        return f"{pattern!r} is no host such as runbooks.example.com or *.grafana.net, without port"
    return ""


def _matches(host: str, known: str) -> bool:
    if known.startswith(_ANY_BELOW):
        return host.endswith(known.removeprefix("*"))
    return host == known
