"""Gives runs the means to propose operations, where there is anything to propose."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from bot.flows.approval.occasion import Occasion, last_of_person
from bot.flows.approval.places import sites_of
from bot.flows.approval.run_proposals import RunProposals
from safe_ops.errors import UpstreamError as SourceError
from safe_ops.model.plans import System

if TYPE_CHECKING:
    from bot.agent.session import Session
    from bot.domain.conversation import Question, Scope, Thread
    from bot.domain.investigation import Investigation
    from bot.domain.registry import Access
    from bot.flows.approval.places import Site
    from bot.flows.approval.run_proposals import Parts
    from safe_ops.model.actions import Person
    from safe_ops.ports.people import People


log = structlog.get_logger()


class Proposals:
    """Opens the book of actions to one run at a time."""

    def __init__(self, parts: Parts, *, people: People) -> None:
        self._parts = parts
        self._people = people

    def of(
        self,
        *,
        thread: Thread,
        run: Investigation,
        session: Session,
        scope: Scope,
        access: Access,
    ) -> RunProposals | None:
        """Return what the run proposes with; None where it may propose nothing.

        That is so in shadow mode, where the operator may change no place of the conversation, and
        while it cannot be known who asks.
        """
        sites = self._sites(scope, access)
        if not any(sites.values()):
            return None
        incident = self._parts.incidents.incident_of_thread(thread.channel, thread.thread_ts)
        if incident is not None and incident.is_shadow:
            return None
        question = last_of_person(run)
        try:
            asker = None if question is None else self._person(question)
        except SourceError as error:
            log.warning("asker_unknown", system=error.system, reason=str(error))
            return None
        occasion = Occasion(
            thread=thread,
            run=run,
            session=session,
            scope=scope,
            access=access,
            incident=incident,
            asker=asker,
        )
        return RunProposals(self._parts, occasion, sites=sites)

    def _sites(self, scope: Scope, access: Access) -> dict[System, tuple[Site, ...]]:
        """Return the conversation's places that may be changed, its first cluster first."""
        clusters = {
            site.place.name: site
            for site in sites_of(self._parts.registry, access, System.KUBERNETES)
        }
        return {
            System.KUBERNETES: tuple(clusters[name] for name in scope.clusters if name in clusters),
            System.AWS: sites_of(self._parts.registry, access, System.AWS),
        }

    def _person(self, question: Question) -> Person:
        return self._people.person(question.person, team_id=question.team_id)
