"""The one simulated world that every simulator of the lab shows in its own protocol.

It holds the estate's clusters and the clock they share. Scenario files describe it; tests change
it while it runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from tests.lab.clock import LabClock
from tests.lab.estate.scenario import build_clusters, read_scenario

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.lab.estate.store import SimulatedCluster


class World:
    """The simulated estate: clusters by name, and the clock."""

    def __init__(self, clusters: Mapping[str, SimulatedCluster], *, clock: LabClock) -> None:
        self.clusters = dict(clusters)
        self.clock = clock

    @classmethod
    def load(cls, scenario: str, *, clock: LabClock | None = None) -> Self:
        """The world of `tests/lab/scenarios/<scenario>.yaml`, its times relative to the clock."""
        clock = clock or LabClock()
        return cls(build_clusters(read_scenario(scenario), clock), clock=clock)

    def cluster(self, name: str) -> SimulatedCluster:
        """One cluster; KeyError names the clusters there are."""
        try:
            return self.clusters[name]
        except KeyError:
            known = ", ".join(self.clusters)
            raise KeyError(f"the world has no cluster {name}; there are {known}") from None
