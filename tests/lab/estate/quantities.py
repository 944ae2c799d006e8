"""Kubernetes quantities as numbers, for the figures the simulated metrics server reports."""

from __future__ import annotations

_BINARY = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}


def cpu_cores(quantity: str) -> float:
    """Cores in a cpu quantity: "250m" gives 0.25, "2" gives 2.0."""
    return float(quantity[:-1]) / 1000 if quantity.endswith("m") else float(quantity)


def memory_bytes(quantity: str) -> float:
    """Bytes in a memory quantity with a binary suffix or none."""
    for suffix, size in _BINARY.items():
        if quantity.endswith(suffix):
            return float(quantity.removesuffix(suffix)) * size
    return float(quantity)


def nano_cores(cores: float) -> str:
    """Cores as the metrics server writes them, "41234567n"."""
    return f"{round(cores * 1e9)}n"


def kibibytes(size: float) -> str:
    """Bytes as the metrics server writes them, "94208Ki"."""
    return f"{round(size / 1024)}Ki"
