"""Takes a person's order for an operation: refused, asked back, or stored as a request.

Nothing is planned here and no text of the order goes further than its parameters: the operator
reads, checks and rehearses everything itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import structlog

from bot.domain.errors import NotAllowedError
from bot.flows.approval.offering import check_reach, check_service, operation_named
from bot.flows.approval.places import sites_of
from bot.flows.approval.wish import BREAK_GLASS, INCIDENT, Wish, nowhere, read_wish
from safe_ops.errors import RefusedError
from safe_ops.model.actions import Author, Request
from safe_ops.model.plans import System

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bot.domain.incident import Incident
    from bot.domain.registry import Access, Registry
    from bot.flows.approval.places import Site
    from bot.ports.incidents import Incidents
    from bot.ports.operations_desk import Order, RunForm
    from safe_ops.model.actions import Person
    from safe_ops.operations.operation import Operation
    from safe_ops.policy.policy import Policy
    from safe_ops.service.requesting import Requests

log = structlog.get_logger()


class Orders:
    """Takes orders."""

    def __init__(
        self,
        *,
        requests: Requests,
        catalogue: Mapping[str, Operation[Any]],
        policy: Policy,
        registry: Registry,
        incidents: Incidents,
        mask: Callable[[str], str],
    ) -> None:
        self._requests = requests
        self._catalogue = catalogue
        self._policy = policy
        self._registry = registry
        self._incidents = incidents
        self._mask = mask

    def run(self, order: Order, *, person: Person) -> str | RunForm:
        """Return what came of the order, or the form with what is missing or wrong.

        Raises:
            NotAllowedError: There is no such operation, or it is not theirs to ask for.
        """
        operation = operation_named(self._catalogue, order.operation)
        access = self._registry.access_of(person.teams, order.channel)
        sites = sites_of(self._registry, access, operation.system)
        if not sites:
            raise NotAllowedError(
                f"You cannot ask for that: {nowhere(operation.system)}, as far as you may read."
            )
        wish = read_wish(order, operation, sites=sites, registry=self._registry)
        if not wish.is_complete or wish.site is None:
            return wish.form
        self._check(person, access, wish, wish.site)
        incident = self._incident(wish)
        action = self._requests.request(
            Request(
                key=order.order_id,
                operation=operation.name,
                parameters=wish.values,
                provenance=wish.provenance,
                place=wish.site.place,
                requester=person.subject,
                requester_name=person.name,
                requester_slack_id=person.slack_id,
                rationale_by=Author.PERSON,
                channel=incident.channel if incident is not None else order.channel,
                thread_ts=(incident.thread_ts if incident is not None else order.thread_ts) or "",
                incident_id=incident.incident_id if incident is not None else "",
                break_glass=self._mask(wish.extras.get(BREAK_GLASS, "")),
            )
        )
        log.info("operation_ordered", action_id=action.action_id, operation=operation.name)
        return (
            f"{action.label} is being planned: everything is read, checked and rehearsed first."
            f" Its card comes {'into the thread of the incident' if incident else 'here'}."
        )

    def _check(self, person: Person, access: Access, wish: Wish, site: Site) -> None:
        """Refuse at once what planning would refuse; the operator asks all of it again."""
        if site.place.system is System.NIGHTDESK:
            # Whose service it is turns out of the record; planning asks who may.
            check_service(access, str(wish.values.get("service") or ""))
            return
        namespace = str(wish.values.get("namespace") or "")
        check_reach(access, site, namespace)
        try:
            self._policy.check_requester(
                person, site.environment, place=site.place.name, namespace=namespace
            )
        except RefusedError as error:
            raise NotAllowedError(str(error)) from error

    def _incident(self, wish: Wish) -> Incident | None:
        wanted = wish.extras.get(INCIDENT, "")
        if not wanted:
            return None
        incident = self._incidents.incident(wanted)
        if incident is None or incident.thread_ts is None:
            raise NotAllowedError(f"There is no incident {wanted} with a thread.")
        return incident
