"""Kubernetes quantities such as `250m` or `1Gi` as floats, and as kubectl prints them."""

from __future__ import annotations

from safe_ops.model import quantities


def amount(quantity: object) -> float | None:
    """Return a quantity in its base unit (cores, bytes); None if it is missing or no quantity."""
    exact = quantities.amount(quantity)
    return None if exact is None else float(exact)


def cores(value: float) -> str:
    """Return processor time as kubectl prints it, such as `250m`."""
    return f"{round(value * 1000)}m"


def mebibytes(value: float) -> str:
    """Return memory as kubectl prints it, such as `128Mi`."""
    return f"{int(value // 2**20)}Mi"


def percent(value: float, whole: float | None) -> str:
    """Return a share such as `42%`; `-` when there is no whole."""
    return f"{round(100 * value / whole)}%" if whole else "-"
