"""Eyes and hands in Nightdesk's own database: the rows that say which operation is trusted.

The only writer of them but the loss of trust, which is the database's own. Must not know SQL.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from safe_ops.errors import (
    CallRefusedError,
    GoneError,
    RefusedError,
    StaleError,
    UnknownOutcomeError,
    UpstreamError,
)
from safe_ops.model.plans import System
from safe_ops.model.trust import GIVE, TrustKey

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from contextlib import AbstractContextManager

    from safe_ops.model.plans import Call, Json, Place
    from safe_ops.model.rights import Warrant
    from safe_ops.model.trust import Conduct, Ladder, PastRun, Trust
    from safe_ops.policy.policy import Policy
    from safe_ops.ports.reach import (
        CloudEstate,
        ClusterEstate,
        Hands,
        Metrics,
        Places,
        Workshop,
    )
    from safe_ops.ports.trust import TrustBook, TrustEyes

SYSTEM = "nightdesk"
"""What errors call it."""


class StandingEyes:
    """safe_ops.ports.trust.TrustEyes over the book, the policy and the catalogue's names."""

    def __init__(self, *, book: TrustBook, policy: Policy, operations: Collection[str]) -> None:
        self._book = book
        self._policy = policy
        self._operations = operations

    def knows(self, operation: str) -> bool:
        """Tell whether the catalogue has the operation."""
        return operation in self._operations

    def trust(self, key: TrustKey) -> Trust | None:
        """Return the trust there is; None without any."""
        return self._book.trust(key)

    def conduct(self, key: TrustKey) -> Conduct:
        """Return how the operation went on the service."""
        return self._book.conduct(key)

    def services(self, *, operation: str, environment: str) -> tuple[str, ...]:
        """Return the keys of services the operation ran on in 30 days, or is trusted with."""
        return self._book.services(operation=operation, environment=environment)

    def ladder(self, key: TrustKey, run: PastRun) -> Ladder:
        """Return what the policy asks for such a run without trust, and with it."""
        return self._policy.ladder(key, run)


class StandingHands:
    """safe_ops.ports.reach.Hands on rows of trust."""

    def __init__(self, book: TrustBook) -> None:
        self._book = book

    def rehearse(self, call: Call) -> str:
        """Look whether the row could be written now; nothing is.

        Raises:
            CallRefusedError: Trust was lost since; GoneError: there is none to take.
            UpstreamError: The database cannot be read now.
        """
        key = _key(call)
        if call.action != GIVE:
            if self._book.trust(key) is None:
                raise GoneError(f"{key.says} is not trusted", system=SYSTEM)
            return f"{key.path} would be removed"
        lost_by = self._book.conduct(key).lost_by
        if lost_by != call.body["lost_by"]:
            raise _conflict(f"{lost_by} went wrong since this was planned")
        return f"{key.path} would be written"

    def send(self, call: Call) -> Json:
        """Write or remove the row, in one transaction with its audit row.

        Raises:
            CallRefusedError: Trust was lost since; GoneError: there is none to take.
            UnknownOutcomeError: The database did not say whether it was written.
        """
        key, label = _key(call), str(call.body["by"])
        try:
            if call.action == GIVE:
                runs, lost_by = int(call.body["verified_runs"]), str(call.body["lost_by"])
                self._book.give_trust(key, label=label, runs=runs, lost_by=lost_by)
            elif not self._book.take_trust(key, label=label):
                raise GoneError(f"{key.says} is not trusted", system=SYSTEM)
        except StaleError as error:
            raise _conflict(str(error)) from error
        except CallRefusedError:
            raise
        except UpstreamError as error:
            # A commit whose answer was lost may have been one.
            raise UnknownOutcomeError(str(error), system=SYSTEM) from error
        return {"row": key.path}


class StandingWorkshop:
    """safe_ops.ports.reach.Workshop over the workshop of clusters and accounts."""

    def __init__(
        self,
        places: Places,
        *,
        book: TrustBook,
        policy: Policy,
        operations: Collection[str],
        environments: Collection[str],
    ) -> None:
        self._places = places
        self._book = book
        self._environments = environments
        self._eyes = StandingEyes(book=book, policy=policy, operations=operations)

    @property
    def metrics(self) -> Metrics:
        """Return the numbers of all places."""
        return self._places.metrics

    @property
    def trust(self) -> TrustEyes:
        """Return eyes on trust and what it rests on."""
        return self._eyes

    def knows(self, place: Place) -> str:
        """Return the environment the registry gives the place.

        Raises:
            RefusedError: `place`: it is not in the registry, or the operator has no rights there.
        """
        if place.system is not System.NIGHTDESK:
            return self._places.knows(place)
        if place.name not in self._environments:
            raise RefusedError(
                f"{place.name} is no environment of the registry; there are"
                f" {', '.join(sorted(self._environments)) or 'none'}",
                code="place",
            )
        return place.name

    def cluster(self, place: Place) -> ClusterEstate:
        """Return eyes in a cluster; raises as the places do."""
        return self._places.cluster(place)

    def cloud(self, place: Place, warrant: Warrant) -> AbstractContextManager[CloudEstate]:
        """Open eyes in an account; raises as the places do."""
        return self._places.cloud(place, warrant)

    @contextmanager
    def hands(self, place: Place, warrant: Warrant) -> Iterator[Hands]:
        """Open hands in a place, for one action; raises as the places do."""
        if place.system is System.NIGHTDESK:
            yield StandingHands(self._book)
            return
        with self._places.hands(place, warrant) as hands:
            yield hands


def _key(call: Call) -> TrustKey:
    return TrustKey(
        operation=str(call.body["operation"]),
        environment=str(call.body["environment"]),
        service_key=str(call.body["service"]),
    )


def _conflict(says: str) -> CallRefusedError:
    return CallRefusedError(
        f"{says}: it has to be earned anew", system=SYSTEM, status="409", conflict=True
    )


if TYPE_CHECKING:
    _keeps_its_promise: type[Workshop] = StandingWorkshop
