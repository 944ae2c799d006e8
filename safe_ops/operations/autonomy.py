"""Trust given and taken back: one operation on one service runs with one approval less, or not.

Operations like any other, planned, approved, journalled and verified; what they write is one row of
Nightdesk's own database. What that row is worth, the policy says.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from pydantic import Field

from safe_ops.errors import RefusedError, StaleError, UpstreamError
from safe_ops.guardrails.autonomy import GIVING, TAKING
from safe_ops.model.actions import CallOutcome
from safe_ops.model.plans import (
    Call,
    Change,
    Drawing,
    Step,
    System,
    Target,
    Tier,
    Verification,
)
from safe_ops.model.rights import Rights
from safe_ops.model.surveys import Permission
from safe_ops.model.trust import (
    GIVE,
    GRANT,
    RECORD,
    ROWS,
    TAKE,
    WITHDRAW,
    TrustKey,
    TrustSurvey,
    command,
)
from safe_ops.operations.drift import pin_drift
from safe_ops.operations.operation import Look, Parameters, Progress

if TYPE_CHECKING:
    from safe_ops.model.guarding import Guard
    from safe_ops.model.plans import Json, Place, Plan
    from safe_ops.model.trust import Conduct, Trust
    from safe_ops.operations.operation import Eyes
    from safe_ops.ports.trust import TrustEyes

_ACTION: Final = "$action"
"""Bound by the operator: the label of the action, which the row keeps."""
_HOW_LOST: Final = (
    "lost at once by the first run that is undone, fails after its first call, or whose end nobody"
    " knows; then it has to be earned anew"
)
_PLACE_AND_NAME: Final = 2
"""Parts of the key of a service in no namespace."""
_SEEN_WITHIN_S: Final = 60
"""A row of our own database is there at once or not at all."""


class Trusted(Parameters):
    """What is trusted; in which environment is the place's."""

    operation: str = Field(max_length=60, pattern=r"^[a-z][a-z0-9_]*$")
    service: str = Field(
        max_length=300,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._:/@-]*$",
        description="as cards name it, such as eu/shop/cart, or shop/cart where one place has it",
    )


class ChangeOfTrust(ABC):
    """What giving and taking have in common; implements safe_ops.operations.operation.Operation."""

    name: str
    version = 1
    system = System.NIGHTDESK
    title: str
    parameters: type[Parameters] = Trusted
    guards: tuple[Guard[TrustSurvey], ...]
    rights = Rights()

    @abstractmethod
    def is_done(self, plan: Plan, trust: Trust | None) -> bool:
        """Tell whether trust is as the plan leaves it."""

    @abstractmethod
    def draw(self, wanted: Parameters, survey: TrustSurvey, place: Place) -> Drawing:
        """Return what would be written; pure."""

    def survey(self, wanted: Parameters, eyes: Eyes) -> TrustSurvey:
        """Read the record, the trust there is, and the policy's word."""
        asked, trust = Trusted.model_validate(wanted), _trust_of(eyes)
        given = TrustKey(
            operation=asked.operation, environment=eyes.place.name, service_key=asked.service
        )
        services = _meant(
            asked.service, trust.services(operation=asked.operation, environment=eyes.place.name)
        )
        key = replace(given, service_key=services[0]) if len(services) == 1 else given
        conduct = trust.conduct(key)
        hardest = conduct.hardest
        survey = TrustSurvey(
            read_at=eyes.now,
            target={"operation": key.operation, "service": key.service_key},
            permissions=(Permission(says=f"write {key.path}", allowed=True),),
            key=key,
            known=trust.knows(asked.operation),
            services=services,
            trust=trust.trust(key),
            conduct=conduct,
        )
        if hardest is None:
            return survey
        return replace(survey, ladder=trust.ladder(key, hardest))

    def look(self, plan: Plan, eyes: Eyes) -> Look:
        """Tell whether the row is as the plan leaves it; nothing is waited for."""
        key = key_of(plan)
        if self.is_done(plan, _trust_of(eyes).trust(key)):
            return Look(progress=Progress.REACHED, says=plan.drawing.verification.says[0])
        return Look(progress=Progress.MISSED, says=f"the trust in {key.says} changed since")

    def applied(self, plan: Plan, call: Call, eyes: Eyes) -> CallOutcome:
        """Tell by reading whether the row was written: it is there, or it is not."""
        there = _trust_of(eyes).trust(key_of(plan)) is not None
        wanted = call.action == GIVE
        return CallOutcome.APPLIED if there is wanted else CallOutcome.NOT_APPLIED

    def bind(self, plan: Plan, call: Call, eyes: Eyes) -> dict[str, Json]:
        """Return nothing but that trust was not lost since it was planned.

        Raises:
            StaleError: It was.
        """
        conduct = _trust_of(eyes).conduct(key_of(plan))
        if call.action == GIVE and conduct.lost_by != plan.drawing.pins["lost_by"]:
            raise StaleError(
                f"{conduct.lost_by} went wrong since this was planned: it has to be earned anew"
            )
        return {}

    def drifted(self, plan: Plan, drawing: Drawing) -> str:
        """Return which pins differ; a record that only grew is as good as it was."""
        return pin_drift(plan, drawing)


class GrantAutonomy(ChangeOfTrust):
    """Gives trust."""

    name = GRANT
    title = "Trust an operation"
    guards = GIVING

    def is_done(self, plan: Plan, trust: Trust | None) -> bool:
        """Tell whether the trust is there."""
        return trust is not None

    def draw(self, wanted: Parameters, survey: TrustSurvey, place: Place) -> Drawing:
        """Return the row that gives it.

        Raises:
            RefusedError: `gone`, `parameters`, or `nothing-to-do`: it is given already.
        """
        key, ladder, conduct = survey.key, survey.ladder, survey.conduct
        _check_one(survey)
        if survey.trust is not None:
            raise RefusedError(
                f"{key.says} is trusted already, by {survey.trust.says}.", code="nothing-to-do"
            )
        give = Call(
            action=GIVE,
            path=key.path,
            body={
                "operation": key.operation,
                "environment": key.environment,
                "service": key.service_key,
                "verified_runs": conduct.verified,
                "lost_by": conduct.lost_by,
                "by": _ACTION,
            },
            late_bound=(_ACTION,),
        )
        return Drawing(
            tier=Tier.T3,
            target=_target(survey, place),
            pins={
                "lost_by": conduct.lost_by,
                "before": [stage.value for stage in ladder.before],
                "after": [stage.value for stage in ladder.after],
            },
            changes=(Change(field=key.says, before=ladder.before_says, after=ladder.after_says),),
            steps=(Step(says=f"trust {key.says}", call=give),),
            undo=(_taking(key, says="take the trust back"),),
            verification=Verification(
                says=(f"the trust in {key.says} stands",), deadline_s=_SEEN_WITHIN_S
            ),
            blast_radius=(f"every later {key.says}, and nothing else",),
            notes=(
                _record_says(conduct),
                _HOW_LOST,
                f"taken back by `{command(WITHDRAW, key)}`",
            ),
        )


class WithdrawAutonomy(ChangeOfTrust):
    """Takes trust back."""

    name = WITHDRAW
    title = "Take trust in an operation back"
    guards = TAKING

    def is_done(self, plan: Plan, trust: Trust | None) -> bool:
        """Tell whether there is none any more."""
        return trust is None

    def draw(self, wanted: Parameters, survey: TrustSurvey, place: Place) -> Drawing:
        """Return the row's removal.

        Raises:
            RefusedError: `parameters`, or `nothing-to-do`: nobody trusts it.
        """
        key, ladder = survey.key, survey.ladder
        if len(survey.services) > 1:
            _check_one(survey)
        if survey.trust is None:
            raise RefusedError(
                f"{key.says} is not trusted: people approve it as the policy says.",
                code="nothing-to-do",
            )
        # Without a run in 30 days there is nothing to ask the policy about.
        words = (
            (ladder.after_says, ladder.before_says)
            if survey.conduct.runs
            else ("one approval less than the policy asks for", "as the policy says")
        )
        return Drawing(
            tier=Tier.T1,
            target=_target(survey, place),
            pins={"trusted_by": survey.trust.label},
            changes=(Change(field=key.says, before=words[0], after=words[1]),),
            steps=(_taking(key, says=f"take the trust in {key.says} back"),),
            cannot_be_undone=f"trust is asked for anew, by `/nightdesk run {GRANT}`",
            verification=Verification(
                says=(f"{key.says} needs approval as the policy says",),
                deadline_s=_SEEN_WITHIN_S,
            ),
            blast_radius=(f"every later {key.says}, and nothing else",),
        )


def key_of(plan: Plan) -> TrustKey:
    """Return whose trust a plan changes."""
    target, operation = plan.target, str(plan.parameters["operation"])
    return TrustKey(
        operation=operation,
        environment=target.place.name,
        service_key=target.name.removesuffix(f"/{operation}"),
    )


def _trust_of(eyes: Eyes) -> TrustEyes:
    if eyes.trust is None:
        raise UpstreamError(
            f"{eyes.place.name} is no environment of the registry", system=eyes.place.name
        )
    return eyes.trust


def _meant(asked: str, keys: tuple[str, ...]) -> tuple[str, ...]:
    """Return the services a name may mean: the one of that key, or those that end so."""
    if asked in keys:
        return (asked,)
    return tuple(key for key in keys if key.endswith(f"/{asked}"))


def _check_one(survey: TrustSurvey) -> None:
    key, found = survey.key, survey.services
    if not found:
        raise RefusedError(
            f"No {key.operation} ran on {key.service_key} in {key.environment} within"
            f" {RECORD.days} days: check the names as its cards spell them.",
            code="gone",
        )
    if len(found) > 1:
        raise RefusedError(
            f"{key.service_key} may be {' or '.join(found)}: name one of them in full.",
            code="parameters",
        )


def _target(survey: TrustSurvey, place: Place) -> Target:
    """Return the row as a target: people of the service's own place decide on it."""
    key, runs = survey.key, survey.conduct.runs
    return Target(
        place=place,
        kind=ROWS,
        name=f"{key.service_key}/{key.operation}",
        namespace=runs[0].namespace if runs else _namespace_named(key),
        uid=key.path,
    )


def _namespace_named(key: TrustKey) -> str:
    """Return the namespace of a service by its key, such as `eu/shop/cart`; empty of others.

    Trust that was not used for so long that no run tells it is still its people's to take back.
    """
    parts = key.service_key.split("/")
    return parts[-2] if len(parts) > _PLACE_AND_NAME else ""


def _taking(key: TrustKey, *, says: str) -> Step:
    body = {
        "operation": key.operation,
        "environment": key.environment,
        "service": key.service_key,
        "by": _ACTION,
    }
    call = Call(action=TAKE, path=key.path, body=body, late_bound=(_ACTION,))
    # Lost meanwhile is taken back as well.
    return Step(says=says, call=call, gone_is_fine=True)


def _record_says(conduct: Conduct) -> str:
    return (
        f"{conduct.verified} runs approved and verified within {RECORD.days} days,"
        f" {len(conduct.bad)} that were not, {len(conduct.overrides)} with guards set aside"
    )


OPERATIONS: Final = (GrantAutonomy(), WithdrawAutonomy())
