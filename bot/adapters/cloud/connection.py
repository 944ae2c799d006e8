"""What it takes to reach one registered account; the composition root gives it the secrets."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.adapters.tls import Trust
from bot.domain.registry import Account

if TYPE_CHECKING:
    from collections.abc import Callable


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

    @property
    def trust(self) -> Trust:
        """Whom to believe there, and who to be."""
        account = self.account
        return Trust(
            ca_file=account.ca_file,
            client_cert=account.client_cert,
            client_key=account.client_key,
        )


def connection_to(account: Account, *, secret_of: Callable[[str], str | None]) -> AccountConnection:
    """Return how a registered account is reached; `secret_of` gives the secret of a name."""
    named = account.external_id_env
    return AccountConnection(
        account=account,
        role_arn=account.role_arn,
        external_id=secret_of(named) if named else None,
        endpoint_url=account.endpoint_url,
    )
