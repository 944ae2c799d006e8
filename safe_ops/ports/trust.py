"""Trust in operations: where it is kept, and what is looked at before it is given or taken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from safe_ops.model.trust import Conduct, Ladder, PastRun, Trust, TrustKey


class TrustBook(Protocol):
    """Trust as the database has it; lost there with the change of the action that lost it."""

    def trust(self, key: TrustKey) -> Trust | None:
        """Return the trust there is; None without any."""
        ...

    def trusts(self) -> tuple[Trust, ...]:
        """Return all there is, oldest first."""
        ...

    def conduct(self, key: TrustKey) -> Conduct:
        """Return how the operation went on the service."""
        ...

    def services(self, *, operation: str, environment: str) -> tuple[str, ...]:
        """Return the keys of services the operation ran on in 30 days, or is trusted with."""
        ...

    def give_trust(self, key: TrustKey, *, label: str, runs: int, lost_by: str) -> None:
        """Give trust, with an audit row in the same transaction; giving it twice changes nothing.

        `label` is the action that gives it, `lost_by` the last one that lost it as far as is known.

        Raises:
            StaleError: It was lost by another action since.
        """
        ...

    def take_trust(self, key: TrustKey, *, label: str) -> bool:
        """Take trust back, with an audit row; False if there was none."""
        ...


class TrustEyes(Protocol):
    """Reads what giving and taking trust rest on: the record, and the policy's word on it."""

    def knows(self, operation: str) -> bool:
        """Tell whether the catalogue has the operation."""
        ...

    def trust(self, key: TrustKey) -> Trust | None:
        """Return the trust there is; None without any."""
        ...

    def conduct(self, key: TrustKey) -> Conduct:
        """Return how the operation went on the service."""
        ...

    def services(self, *, operation: str, environment: str) -> tuple[str, ...]:
        """Return the keys of services the operation ran on in 30 days, or is trusted with."""
        ...

    def ladder(self, key: TrustKey, run: PastRun) -> Ladder:
        """Return what the policy asks for such a run without trust, and with it."""
        ...
