"""Eyes and hands: what reads a place, and the only thing that changes one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from safe_ops.model.plans import Call, Json, Place
    from safe_ops.model.rights import Warrant
    from safe_ops.model.surveys import Object, Permission
    from safe_ops.ports.trust import TrustEyes


class ClusterEstate(Protocol):
    """Reads one cluster with the operator's own, narrow rights; nothing is cached."""

    def get(self, path: str) -> Object | None:
        """Return the object at an API path; None if there is none (404).

        Raises:
            UpstreamError: It cannot be known now, or may not be read.
        """
        ...

    def items(
        self, path: str, *, labels: str = "", fields: str = "", required: bool = False
    ) -> tuple[Object, ...]:
        """Return all objects of a list, however many pages.

        A kind nobody serves has none, unless it is `required`: then none could mean too much.

        Raises:
            GoneError: It is required, and the cluster does not serve such objects.
            UpstreamError: As `get`.
        """
        ...

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
        """Ask the cluster whether we may (SelfSubjectAccessReview)."""
        ...


class CloudEstate(Protocol):
    """Reads one account and region with rights for this one operation."""

    def read(self, operation: str, parameters: dict[str, Json]) -> dict[str, Json]:
        """Return a read's answer, all pages joined; `ecs:describe_services`, as boto3 names it.

        Raises:
            GoneError: There is no such thing.
            UpstreamError: It cannot be known now, or may not be read.
        """
        ...

    def may(self, action: str, arn: str) -> Permission:
        """Ask IAM whether our role may make the call (SimulatePrincipalPolicy)."""
        ...


class Metrics(Protocol):
    """Reads single numbers from the metrics of a place."""

    def value(self, place: Place, promql: str) -> float | None:
        """Return the value of an instant query with at most one series; None for none or NaN.

        Raises:
            UpstreamError: Metrics are not connected or do not answer.
        """
        ...


class Hands(Protocol):
    """Makes changing calls in one place; the only thing that does."""

    def rehearse(self, call: Call) -> str:
        """Send the call as a dry run where the system has one; say what it answered.

        Raises:
            CallRefusedError: It would be refused; the text is the system's reason.
            UpstreamError: It cannot be rehearsed now.
        """
        ...

    def send(self, call: Call) -> Json:
        """Send the call once, without any repeating below; return the answer.

        Raises:
            BudgetError: A disruption budget allows no eviction now.
            GoneError: What it is about is gone.
            CallRefusedError: It was refused, `conflict` when a precondition did not hold.
            UnknownOutcomeError: It was sent, and no answer came or none that tells.
            UpstreamError: It was certainly not sent.
        """
        ...


class Places(Protocol):
    """Opens eyes and hands in clusters and accounts; only the operator process has any."""

    def knows(self, place: Place) -> str:
        """Return the environment the registry gives the place.

        Raises:
            RefusedError: `place`: it is not in the registry, or the operator has no rights there.
        """
        ...

    def cluster(self, place: Place) -> ClusterEstate:
        """Return eyes in a cluster."""
        ...

    def cloud(self, place: Place, warrant: Warrant) -> AbstractContextManager[CloudEstate]:
        """Open eyes in an account, for one operation's reads."""
        ...

    def hands(self, place: Place, warrant: Warrant) -> AbstractContextManager[Hands]:
        """Open hands in a place, for one action."""
        ...

    @property
    def metrics(self) -> Metrics:
        """Return the numbers of all places."""
        ...


class Workshop(Places, Protocol):
    """Opens them in Nightdesk's own database, too, where a place is an environment."""

    @property
    def trust(self) -> TrustEyes:
        """Return eyes on trust and what it rests on."""
        ...
