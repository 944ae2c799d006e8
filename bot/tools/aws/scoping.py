"""Which account and region a read is about: only registered ones, only the asker's (B7).

An account is found by its name, alias or number in the registry; nothing is ever taken from a
parameter or from free text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from bot.domain.registry import Account
from bot.ports.cloud import CloudPlace
from bot.tools.refusal import quoted, refuse

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudScope:
    """The accounts a conversation is about; the first is the default."""

    accounts: tuple[Account, ...]
    region: str | None = None
    """The region when a call names none; the account's first one if unset."""


class AccountAccess(Protocol):
    """What one person may read in one channel, as far as accounts go."""

    def may_read_account(self, account: str) -> bool:
        """Tell whether the account of that name may be read."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Located:
    """The account and region of one read."""

    account: Account
    place: CloudPlace


def located(
    scope: CloudScope, access: AccountAccess, *, account: str | None, region: str | None
) -> Located:
    """Return where a call is to be made.

    Raises:
        ToolError: The account or region is not registered, or not the asker's (B7).
    """
    readable = [known for known in scope.accounts if access.may_read_account(known.name)]
    if not readable:
        raise refuse("B7", "no AWS account may be read here; the registry grants none")
    found = readable[0] if account is None else _named(account, readable)
    if found is None:
        raise refuse(
            "B7",
            f"{quoted(account)} is no account that may be read here",
            f"account {_listed([known.name for known in readable])}",
        )
    if not found.regions:
        raise refuse("B7", f"account {found.name} has no regions in the registry; add `regions`")
    default = scope.region if scope.region in found.regions else found.regions[0]
    wanted = default if region is None else region.strip().casefold()
    if wanted not in found.regions:
        raise refuse(
            "B7",
            f"{quoted(region)} is no registered region of account {found.name}",
            f"region {_listed(found.regions)}",
        )
    return Located(account=found, place=CloudPlace(account=found.name, region=wanted))


def _named(wanted: str, accounts: Sequence[Account]) -> Account | None:
    folded = wanted.strip().casefold()
    for account in accounts:
        names = (account.name, account.account_id, *account.aliases)
        if folded in {name.casefold() for name in names}:
            return account
    return None


def _listed(names: Sequence[str]) -> str:
    return " or ".join(names)
