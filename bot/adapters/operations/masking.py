"""Secrets out of what systems say, before it stands in a plan, the audit, a record or on a card.

An error of an API server or of AWS may repeat what was sent or stored: a header, a variable, an
admission webhook's own words. What is read to be compared is left as it is; it must not know what
is asked for.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from safe_ops.errors import SafeOpsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from safe_ops.model.plans import Call, Json, Place
    from safe_ops.model.rights import Warrant
    from safe_ops.model.surveys import Object, Permission
    from safe_ops.ports.reach import CloudEstate, ClusterEstate, Hands, Metrics, Places


class MaskedWorkshop:
    """safe_ops.ports.reach.Places over others; no error leaves it as a system wrote it."""

    def __init__(self, workshop: Places, *, mask: Callable[[str], str]) -> None:
        self._workshop = workshop
        self._mask = mask

    @property
    def metrics(self) -> Metrics:
        """Return the numbers of all places."""
        return self._workshop.metrics

    def knows(self, place: Place) -> str:
        """Return the environment the registry gives the place; raises as the other one."""
        return self._workshop.knows(place)

    def cluster(self, place: Place) -> ClusterEstate:
        """Return eyes in a cluster; raises as the other one."""
        with _masked(self._mask):
            return _MaskedCluster(self._workshop.cluster(place), self._mask)

    @contextmanager
    def cloud(self, place: Place, warrant: Warrant) -> Iterator[CloudEstate]:
        """Open eyes in an account; raises as the other one."""
        with _masked(self._mask), self._workshop.cloud(place, warrant) as cloud:
            yield _MaskedCloud(cloud, self._mask)

    @contextmanager
    def hands(self, place: Place, warrant: Warrant) -> Iterator[Hands]:
        """Open hands in a place; raises as the other one."""
        with _masked(self._mask), self._workshop.hands(place, warrant) as hands:
            yield _MaskedHands(hands, self._mask)


class _MaskedCluster:
    def __init__(self, cluster: ClusterEstate, mask: Callable[[str], str]) -> None:
        self._cluster = cluster
        self._mask = mask

    def get(self, path: str) -> Object | None:
        with _masked(self._mask):
            return self._cluster.get(path)

    def items(
        self, path: str, *, labels: str = "", fields: str = "", required: bool = False
    ) -> tuple[Object, ...]:
        with _masked(self._mask):
            return self._cluster.items(path, labels=labels, fields=fields, required=required)

    def may(
        self,
        verb: str,
        *,
        group: str,
        resource: str,
        subresource: str = "",
        namespace: str = "",
        name: str = "",
    ) -> Permission:
        with _masked(self._mask):
            return self._cluster.may(
                verb,
                group=group,
                resource=resource,
                subresource=subresource,
                namespace=namespace,
                name=name,
            )


class _MaskedCloud:
    def __init__(self, cloud: CloudEstate, mask: Callable[[str], str]) -> None:
        self._cloud = cloud
        self._mask = mask

    def read(self, operation: str, parameters: dict[str, Json]) -> dict[str, Json]:
        with _masked(self._mask):
            return self._cloud.read(operation, parameters)

    def may(self, action: str, arn: str) -> Permission:
        with _masked(self._mask):
            return self._cloud.may(action, arn)


class _MaskedHands:
    def __init__(self, hands: Hands, mask: Callable[[str], str]) -> None:
        self._hands = hands
        self._mask = mask

    def rehearse(self, call: Call) -> str:
        with _masked(self._mask):
            return self._mask(self._hands.rehearse(call))

    def send(self, call: Call) -> Json:
        with _masked(self._mask):
            return self._hands.send(call)


@contextmanager
def _masked(mask: Callable[[str], str]) -> Iterator[None]:
    """Let errors through with their text masked, everything else of them as it is."""
    try:
        yield
    except SafeOpsError as error:
        error.args = (mask(str(error)), *error.args[1:])
        raise


if TYPE_CHECKING:
    _keeps_its_promise: type[Places] = MaskedWorkshop
