"""Kubernetes quantities such as `250m` or `1Gi`: exact amounts, and shares of them.

Decimals, because a request that fits by a rounding error does not fit.
"""

from __future__ import annotations

import re
from decimal import Decimal
from math import ceil

_FORM = re.compile(r"\+?([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(n|u|m|k|[KMGTPE]i?|[eE][+-]?[0-9]{1,2})?")
_FACTORS = {
    "": Decimal(1),
    "n": Decimal("1e-9"),
    "u": Decimal("1e-6"),
    "m": Decimal("1e-3"),
    "k": Decimal("1e3"),
    "M": Decimal("1e6"),
    "G": Decimal("1e9"),
    "T": Decimal("1e12"),
    "P": Decimal("1e15"),
    "E": Decimal("1e18"),
    "Ki": Decimal(2**10),
    "Mi": Decimal(2**20),
    "Gi": Decimal(2**30),
    "Ti": Decimal(2**40),
    "Pi": Decimal(2**50),
    "Ei": Decimal(2**60),
}
_BINARY = ("Ei", "Pi", "Ti", "Gi", "Mi", "Ki")


def amount(quantity: object) -> Decimal | None:
    """Return a quantity in its base unit (cores, bytes); None if it is missing, below 0 or none."""
    if quantity is None or isinstance(quantity, bool):
        return None
    found = _FORM.fullmatch(str(quantity))
    if found is None:
        return None
    unit = found[2] or ""
    # `1E` is an exa; `1e3` and `1E3` are exponents.
    exponent = unit[1:] if unit[:1] in {"e", "E"} and unit not in _FACTORS else None
    if exponent is not None:
        return Decimal(found[1]).scaleb(int(exponent))
    factor = _FACTORS.get(unit)
    return None if factor is None else Decimal(found[1]) * factor


def cores(value: Decimal) -> str:
    """Return processor time as the API writes it, such as `250m` or `2`; rounded up to 1m."""
    thousandths = ceil(value * 1000)
    return f"{thousandths}m" if thousandths % 1000 else str(thousandths // 1000)


def size(value: Decimal) -> str:
    """Return bytes in the largest binary unit that leaves a whole number, such as `512Mi`."""
    whole = ceil(value)
    for unit in _BINARY:
        factor = int(_FACTORS[unit])
        if whole and whole % factor == 0:
            return f"{whole // factor}{unit}"
    return str(whole)
