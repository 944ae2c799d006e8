"""A runbook: what a team knows of an alert, with the read-only checks it begins with."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_SLOT = re.compile(r"\{([a-z_]+)\}")
# What may stand in a slot: names of Kubernetes and AWS objects. Anything else could add words to
# a command, so a check whose slot has another value is not run.
_VALUE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._/:-]{0,250}[A-Za-z0-9])?")

SLOTS = frozenset(
    {
        "cluster",
        "container",
        "cronjob",
        "daemonset",
        "deployment",
        "function",
        "instance",
        "job",
        "namespace",
        "node",
        "pod",
        "pvc",
        "service",
        "statefulset",
        "workload",
    }
)
"""Names a check may use; filled from the alert's labels and objects."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One read that a runbook begins with."""

    command: str
    """A kubectl command, or a PromQL query, with slots such as `{namespace}`."""
    why: str
    """What it would show, in a line."""

    @property
    def slots(self) -> frozenset[str]:
        """Names of the slots in it; braces of PromQL selectors are none."""
        return frozenset(name for name in _SLOT.findall(self.command) if name in SLOTS)

    def filled(self, values: Mapping[str, str]) -> str | None:
        """Return the command with its slots filled; None if a value is missing or no plain name."""
        for name in self.slots:
            if not _VALUE.fullmatch(values.get(name, "")):
                return None
        return _SLOT.sub(
            lambda found: values[found[1]] if found[1] in SLOTS else found[0], self.command
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Runbook:
    """One page of knowledge."""

    name: str
    """File name without its ending."""
    title: str
    alerts: tuple[str, ...]
    """Names of alerts it is about, as their rules have them."""
    services: tuple[str, ...]
    """Services it is about; empty for any."""
    checks: tuple[Check, ...]
    text: str
    """Markdown without its head."""
    origin: str
    """`nightdesk` for those that come with it, else the team's directory's name."""
