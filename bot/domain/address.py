"""Which addresses may be spoken to in plain HTTP: those whose traffic never leaves our own walls.

Pure: nothing is looked up.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import SplitResult, urlsplit


def split_address(url: str) -> SplitResult | None:
    """Return an address with a host in its parts; None when it is none of HTTP."""
    try:
        found = urlsplit(url)
        _ = found.port
    except ValueError:
        return None
    return found if found.scheme in {"http", "https"} and found.hostname else None


def is_plain_allowed(host: str) -> bool:
    """Tell whether plain HTTP to that host stays on this machine or inside the cluster.

    In-cluster are names of Services (`prometheus.monitoring.svc`, `….svc.cluster.local`) and names
    without a dot, which only a search list resolves.
    """
    name = host.rstrip(".").casefold()
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        pass
    return (
        "." not in name
        or name.endswith((".svc", ".svc.cluster.local", ".localhost"))
        or ".svc.cluster." in name
    )


def plain_http_problem(url: SplitResult) -> str | None:
    """Return what is wrong with an address that would carry plain HTTP outside; else None."""
    host = url.hostname or ""
    if url.scheme != "http" or is_plain_allowed(host):
        return None
    return f"sends plain HTTP to {host}, outside this machine and the cluster"
