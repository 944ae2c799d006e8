"""Who may see a piece of evidence: whoever may read where it is from."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.domain.evidence import Observation
    from bot.domain.registry import Access


def may_see(access: Access, seen: Observation) -> bool:
    """Tell whether somebody who may read so much may see what was observed.

    What was observed of an account is named by account and region, such as `shop-prod/eu-west-1`;
    what is of several namespaces may be seen by who may read all of them.
    """
    account, is_account, _region = seen.cluster.partition("/")
    if is_account:
        return access.may_read_account(account)
    return access.may_read(seen.cluster, seen.namespace)
