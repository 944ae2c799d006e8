"""Who may approve, ask, stop, release and break glass. Pure; teams are looked up by the caller.

Every refusal names the rule, the teams that could, and what to do.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from safe_ops.errors import RefusedError
from safe_ops.model.plans import Stage
from safe_ops.policy.rules import EVERYONE

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from safe_ops.model.actions import Approval, Person
    from safe_ops.model.plans import Need, Plan
    from safe_ops.policy.rules import Role, Rules, Spot

BREAK_GLASS_EVERY = timedelta(hours=1)
"""At most one such action in an environment within this time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """Whom to call to an approval that nobody gives."""

    teams: tuple[str, ...]
    may_approve: bool
    """False: they are told of it, and others have to give it."""


def approving_teams(rules: Rules, stage: Stage, spot: Spot) -> tuple[str, ...]:
    """Return the teams that give a stage's approval there, in the order of the file."""
    roles = rules.roles
    named = (*roles.oncall, *roles.secondary) if stage is Stage.ONCALL else roles.manager
    return _teams(role for role in named if role.covers(spot))


def reminded_teams(rules: Rules, need: Need, plan: Plan) -> tuple[str, ...]:
    """Return the teams to remind of an approval: those whose turn it is before any other's."""
    spot = _spot(rules, plan)
    first = _teams(role for role in rules.roles.oncall if role.covers(spot))
    return tuple(team for team in need.teams if team in first) or need.teams


def called_teams(rules: Rules, plan: Plan) -> tuple[str, ...]:
    """Return the teams to call to what a plan came to: who approve it, else who are on call.

    What ran by itself, such as a sequel or what is trusted, has nobody who approved it.
    """
    approving = tuple(dict.fromkeys(team for need in plan.needs for team in need.teams))
    return approving or approving_teams(rules, Stage.ONCALL, _spot(rules, plan))


def escalation(rules: Rules, need: Need, plan: Plan) -> Escalation:
    """Return whom to call when an on-call approval is not given.

    That is the secondary on-call, as far as the plan lets it approve, else those who approve next.
    """
    spot = _spot(rules, plan)
    secondary = _teams(role for role in rules.roles.secondary if role.covers(spot))
    deciding = tuple(team for team in need.teams if team in secondary)
    if deciding:
        return Escalation(teams=deciding, may_approve=True)
    return Escalation(teams=approving_teams(rules, Stage.MANAGER, spot), may_approve=False)


def check_approver(
    rules: Rules, person: Person, need: Need, *, plan: Plan, approvals: tuple[Approval, ...]
) -> None:
    """Refuse whoever may not give this approval now.

    Teams must be named by the plan and by today's policy alike: a change of the file while a plan
    waits can take a right away, never give one.

    Raises:
        RefusedError: `barred`, `not-eligible`, `own-request` or `same-person`.
    """
    _refuse_barred(person, "approve")
    today = approving_teams(rules, need.stage, _spot(rules, plan))
    eligible = [team for team in need.teams if team in today]
    if person.teams.isdisjoint(eligible):
        raise RefusedError(
            f"{person.name} is in none of the teams that may give the {need.stage.label} approval:"
            f" ask somebody of {_listed(eligible)}",
            code="not-eligible",
        )
    if need.not_requester and person.subject == plan.requester:
        raise RefusedError(
            f"{person.name} asked for this, so somebody else of {_listed(eligible)} has to"
            " approve it",
            code="own-request",
        )
    for other in approvals:
        if other.stage is not need.stage and person.subject == other.subject:
            raise RefusedError(
                f"{person.name} gave the {other.stage.label} approval already: the"
                f" {need.stage.label} approval has to be another person's of {_listed(eligible)}",
                code="same-person",
            )


def check_settler(rules: Rules, person: Person, plan: Plan) -> None:
    """Refuse whoever may not say how a plan ended when nobody could read it: managers may.

    Raises:
        RefusedError: `barred` or `not-eligible`.
    """
    spot = rules.spot(plan.environment, plan.target.decided_in, plan.target.namespace)
    _refuse_barred(person, "settle what became of an operation")
    teams = approving_teams(rules, Stage.MANAGER, spot)
    _refuse_outsider(person, teams, "settle what became of an operation")


def check_requester(rules: Rules, person: Person, spot: Spot) -> None:
    """Refuse whoever may not ask for operations there.

    Raises:
        RefusedError: `barred` or `not-eligible`.
    """
    teams = _teams(role for role in rules.roles.ask if role.covers(spot))
    _refuse_barred(person, "ask for operations")
    _refuse_outsider(person, teams, f"ask for operations in {spot.environment}")


def check_stopper(rules: Rules, person: Person) -> None:
    """Refuse whoever may not press the kill switch.

    Raises:
        RefusedError: `barred` or `not-eligible`.
    """
    approvers = _teams((*rules.roles.oncall, *rules.roles.secondary, *rules.roles.manager))
    _refuse_barred(person, "stop operations")
    _refuse_outsider(person, rules.roles.stop or approvers, "stop operations")


def check_releaser(rules: Rules, person: Person) -> None:
    """Refuse whoever may not let operations run again.

    Raises:
        RefusedError: `barred` or `not-eligible`.
    """
    _refuse_barred(person, "let operations run again")
    teams = rules.roles.release or _teams(rules.roles.manager)
    _refuse_outsider(person, teams, "let operations run again")


def check_break_glass(
    rules: Rules,
    person: Person,
    *,
    environment: str,
    incident_id: str,
    reason: str,
    last_at: datetime | None,
    now: datetime,
) -> None:
    """Refuse whoever may not ask to set guards aside, and asking so without a case for it.

    Args:
        rules: The policy.
        person: Who asks.
        environment: Where.
        incident_id: The incident it is for.
        reason: In the person's own words.
        last_at: When glass was last broken in the environment; None if never.
        now: The time.

    Raises:
        RefusedError: `barred`, `not-eligible`, `no-incident`, `no-reason` or `too-soon`.
    """
    _refuse_barred(person, "break glass")
    teams = rules.roles.break_glass or _teams(rules.roles.manager)
    _refuse_outsider(person, teams, "break glass")
    if not incident_id:
        raise RefusedError(
            "Glass is broken for an incident only: ask in the thread of one", code="no-incident"
        )
    if not reason.strip():
        raise RefusedError(
            "Breaking glass needs a reason: say why it cannot wait", code="no-reason"
        )
    if last_at is not None and now - last_at < BREAK_GLASS_EVERY:
        raise RefusedError(
            f"Glass was broken in {environment} at {last_at:%H:%M} UTC, and may be once an hour:"
            f" again from {last_at + BREAK_GLASS_EVERY:%H:%M} UTC on",
            code="too-soon",
        )


def _spot(rules: Rules, plan: Plan) -> Spot:
    target = plan.target
    return rules.spot(plan.environment, target.decided_in, target.namespace)


def _teams(roles: Iterable[Role]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(team for role in roles for team in role.teams))


def _refuse_barred(person: Person, what: str) -> None:
    if person.barred:
        raise RefusedError(f"{person.name} may not {what}: {person.barred}", code="barred")


def _refuse_outsider(person: Person, teams: tuple[str, ...], what: str) -> None:
    if EVERYONE not in teams and person.teams.isdisjoint(teams):
        raise RefusedError(
            f"{person.name} may not {what}: ask somebody of {_listed(teams)}", code="not-eligible"
        )


def _listed(teams: Iterable[str]) -> str:
    return " or ".join(teams) or "a team the policy file names (it names none)"
