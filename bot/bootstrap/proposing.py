"""What an investigator proposes operations with: the book and the bell, and no hands at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.adapters.operations.bell import QueueBell
from bot.adapters.slack.people import RosterPeople
from bot.adapters.store.action_index import SqlActionIndex
from bot.adapters.store.actions import SqlActionBook
from bot.bootstrap.installation import new_id
from bot.bootstrap.policy import installed_policy
from bot.flows.approval.proposing import Proposals
from bot.flows.approval.run_proposals import Parts
from safe_ops.operations.catalogue import CATALOGUE
from safe_ops.service.requesting import Requests

if TYPE_CHECKING:
    from bot.bootstrap.workplace import Workplace
    from bot.settings import Settings


def build_proposals(settings: Settings, place: Workplace) -> Proposals:
    """Return what runs propose with.

    Raises:
        SettingsError: The policy file cannot be used.
    """
    engine, clock = place.engine, place.clock
    policy = installed_policy(settings, place.registry)
    return Proposals(
        Parts(
            requests=Requests(
                book=SqlActionBook(engine, clock, new_id), bell=QueueBell(place.doorbell)
            ),
            index=SqlActionIndex(engine, clock, new_id),
            catalogue=CATALOGUE,
            policy=policy,
            registry=place.registry,
            incidents=place.store,
            store=place.store,
            mask=place.redactor.mask,
        ),
        # Who asks is looked up again when it is planned; here the run's own knowledge will do.
        people=RosterPeople(
            roster=place.roster,
            subject_of=policy.subject_of,
            home_team=lambda: place.gateway.identity().team_id,
        ),
    )
