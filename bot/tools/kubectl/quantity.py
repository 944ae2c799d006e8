"""Kubernetes quantities such as `250m`, `1Gi` or `1234567n`, read and written."""

from __future__ import annotations

import re

_FORM = re.compile(r"([0-9]+(?:\.[0-9]+)?)(n|u|m|k|Ki|M|Mi|G|Gi|T|Ti|P|Pi|E|Ei|e[0-9]{1,2})?")
_FACTORS = {
    "n": 1e-9,
    "u": 1e-6,
    "m": 1e-3,
    "k": 1e3,
    "M": 1e6,
    "G": 1e9,
    "T": 1e12,
    "P": 1e15,
    "E": 1e18,
    "Ki": 2**10,
    "Mi": 2**20,
    "Gi": 2**30,
    "Ti": 2**40,
    "Pi": 2**50,
    "Ei": 2**60,
}


def amount(quantity: object) -> float | None:
    """Return a quantity in its base unit (cores, bytes); None if it is missing or no quantity."""
    found = _FORM.fullmatch(str(quantity)) if quantity is not None else None
    if found is None:
        return None
    unit = found[2] or ""
    factor = 10 ** int(unit[1:]) if unit.startswith("e") else _FACTORS.get(unit, 1)
    return float(found[1]) * factor


def cores(value: float) -> str:
    """Return processor time as kubectl prints it, such as `250m`."""
    return f"{round(value * 1000)}m"


def mebibytes(value: float) -> str:
    """Return memory as kubectl prints it, such as `128Mi`."""
    return f"{int(value // 2**20)}Mi"


def percent(value: float, whole: float | None) -> str:
    """Return a share such as `42%`; `-` when there is no whole."""
    return f"{round(100 * value / whole)}%" if whole else "-"
