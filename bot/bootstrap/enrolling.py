"""What enrols second factors at a terminal: no Slack, no Redis, no operator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.adapters.clock import SystemClock
from bot.adapters.store.actions import SqlActionBook
from bot.adapters.store.factors import SqlEnrolments
from bot.bootstrap.factors import SecondFactors, build_factors
from bot.bootstrap.installation import current_database, load_registry, new_id
from bot.bootstrap.policy import installed_policy
from safe_ops.policy.policy import Policy

if TYPE_CHECKING:
    from bot.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolling:
    """The parts the command needs."""

    policy: Policy
    book: SqlActionBook
    factors: SecondFactors


def open_enrolling(settings: Settings) -> Enrolling:
    """Return the parts over the installation's database.

    Raises:
        SettingsError: The registry, the policy file or the public address cannot be used, or the
            database is not at this version's schema.
        UpstreamError: The database cannot be reached.
    """
    policy = installed_policy(settings, load_registry(settings))
    engine, clock = current_database(settings), SystemClock()
    book = SqlActionBook(engine, clock, new_id)
    enrolments = SqlEnrolments(engine, clock, new_id)
    return Enrolling(
        policy=policy,
        book=book,
        factors=build_factors(settings, enrolments=enrolments, book=book),
    )
