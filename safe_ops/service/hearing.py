"""Tells who speaks, as they stand now, and notes in the audit what they are refused.

It knows nothing of what they ask for.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from safe_ops.errors import RefusedError, UpstreamError
from safe_ops.model.actions import Person
from safe_ops.model.trail import Actor, AuditEntry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from safe_ops.model.plans import Json, Plan
    from safe_ops.policy.policy import Policy
    from safe_ops.ports.book import ActionBook
    from safe_ops.ports.people import People


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaker:
    """Somebody, and how the audit names them."""

    person: Person
    actor: Actor


class Hearing:
    """Hears people one at a time."""

    def __init__(self, *, book: ActionBook, people: People) -> None:
        self._book = book
        self._people = people

    @contextmanager
    def hear(
        self,
        slack_id: str,
        team_id: str,
        *,
        action_id: str = "",
        address: str = "",
        facts: dict[str, Json] | None = None,
    ) -> Iterator[Speaker]:
        """Give who speaks; a refusal raised meanwhile is noted as `click.refused` and goes on.

        Raises:
            RefusedError: `unknown`: it cannot be known now who it is.
        """
        actor = Actor(subject=slack_id, slack_id=slack_id, address=address)
        try:
            person = self._identified(slack_id, team_id)
            actor = replace(actor, subject=person.subject)
            yield Speaker(person=person, actor=actor)
        except RefusedError as error:
            self._book.note(
                AuditEntry(
                    event="click.refused",
                    actor=actor,
                    action_id=action_id,
                    says=str(error),
                    facts={"code": error.code, **(facts or {})},
                )
            )
            raise

    def _identified(self, slack_id: str, team_id: str) -> Person:
        try:
            return self._people.person(slack_id, team_id=team_id)
        except UpstreamError as error:
            raise RefusedError(
                f"It cannot be told now who you are ({error}), so this changed nothing. Try again "
                "in a minute.",
                code="unknown",
            ) from error


def check_objector(policy: Policy, person: Person, plan: Plan) -> None:
    """Refuse whoever may neither deny nor revoke a plan.

    Whoever could give one of its approvals may, be it their own request, and be it that they agreed
    before. Where a plan needs none, whoever may stop operations may.

    Raises:
        RefusedError: As the policy's own checks.
    """
    if not plan.needs:
        policy.check_stopper(person)
        return
    refusals: list[RefusedError] = []
    for need in plan.needs:
        own_too = replace(need, not_requester=False)
        try:
            policy.check_approver(person, own_too, plan=plan, approvals=())
        except RefusedError as error:
            refusals.append(error)
    if len(refusals) == len(plan.needs):
        raise refusals[0]
