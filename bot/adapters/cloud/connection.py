"""What it takes to reach one registered account; the composition root fills it in."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.domain.registry import Account


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountConnection:
    """One account, the role to take on there, and where its APIs are."""

    account: Account
    role_arn: str | None = None
    """The read role; None uses the process's own credentials, if they belong to this account."""
    external_id: str | None = field(default=None, repr=False)
    """What the role's trust policy asks for."""
    endpoint_url: str | None = None
    """One address for every service, such as a simulator's; AWS's own when None."""

    @property
    def name(self) -> str:
        """The account's name in the registry."""
        return self.account.name
