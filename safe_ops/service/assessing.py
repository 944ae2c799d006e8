"""What an action would do now and whether anything speaks against it: the same at every look.

Both the planning and the last check before the first call come here, so that neither can be laxer
than the other. It changes nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from pydantic import ValidationError

from safe_ops.errors import RefusedError
from safe_ops.model.fields import text
from safe_ops.model.guarding import Case, Guard
from safe_ops.model.objects import labels_of, name_of, namespace_of
from safe_ops.model.plans import Drawing, Ruling
from safe_ops.model.surveys import Circumstances, CloudSurvey, ClusterSurvey, Survey
from safe_ops.model.trust import TrustKey
from safe_ops.operations.operation import Operation, Parameters
from safe_ops.policy.asked import Judgement
from safe_ops.service.origins import check_origin, follows
from safe_ops.service.sight import open_eyes, reading_warrant

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from safe_ops.model.actions import Action, PastAction, Request
    from safe_ops.policy.policy import Policy
    from safe_ops.ports.book import ActionBook
    from safe_ops.ports.reach import Workshop

_POD = re.compile(r"/namespaces/(?P<namespace>[^/]+)/pods/(?P<name>[^/]+)")

RECENT = timedelta(hours=24)
"""How far back guards look."""
PACE = timedelta(hours=1)
"""What policy counts runs within."""
ALERT = "alert:"
"""How the subject of a requester that is no person begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """All that was found."""

    operation: Operation[Survey]
    environment: str
    """As the registry calls it."""
    parameters: Parameters
    drawing: Drawing
    rulings: tuple[Ruling, ...]
    """Those that did not pass may be set aside, and glass is broken for them."""
    judgement: Judgement

    @property
    def breaks_glass(self) -> bool:
        """Tell whether any guard is set aside."""
        return not all(ruling.passed for ruling in self.rulings)


class Assessor:
    """Looks at actions."""

    def __init__(
        self,
        *,
        book: ActionBook,
        policy: Policy,
        catalogue: Mapping[str, Operation[Survey]],
        common: tuple[Guard[Survey], ...],
        workshop: Workshop,
    ) -> None:
        self._book = book
        self._policy = policy
        self._catalogue = catalogue
        self._common = common
        self._workshop = workshop

    def operation(self, request: Request) -> Operation[Survey]:
        """Return the operation that is asked for.

        Raises:
            RefusedError: `unknown-operation`, or `place`: it is not for such a place.
        """
        operation = self._catalogue.get(request.operation)
        if operation is None:
            raise RefusedError(
                f"There is no operation `{request.operation}`; there are "
                f"{', '.join(sorted(self._catalogue))}.",
                code="unknown-operation",
            )
        if operation.system is not request.place.system:
            raise RefusedError(
                f"{operation.title} is for {operation.system}, and {request.place.name} is "
                f"{request.place.system}.",
                code="place",
            )
        return operation

    def assess(self, action: Action, *, break_glass: str) -> Assessment:
        """Return what it would do, when nothing speaks against it but what is set aside.

        `break_glass` is the reason to set guards aside; only those that may be are.

        Raises:
            RefusedError: `unknown-operation`, `place`, `parameters`, `gone`, `policy`, or the name
                of the first guard that refuses; the text has what all of them say.
            UpstreamError: Something that has to be known cannot be read now.
        """
        request = action.request
        operation = self.operation(request)
        wanted = checked_parameters(operation, request)
        environment = self._workshop.knows(request.place)
        warrant = reading_warrant(action, operation.rights)
        now = self._book.now()
        with open_eyes(self._workshop, request.place, warrant, now=now) as eyes:
            survey = operation.survey(wanted, eyes)
            drawing = operation.draw(wanted, survey, request.place)
        recent = self._book.recent(
            environment=environment, since=now - RECENT, but=action.action_id
        )
        case = Case(
            parameters=wanted.model_dump(mode="json"),
            survey=survey,
            drawing=drawing,
            circumstances=self._circumstances(action, environment, drawing, survey, recent),
        )
        rulings = self._rulings(operation, case)
        _check_rulings(rulings, break_glass)
        judgement = self._judge(action, environment, case, rulings, recent)
        if judgement.never:
            raise RefusedError(judgement.never, code="policy")
        if follows(request):
            said = check_origin(self._book, request, drawing)
            judgement = replace(judgement, needs=(), notes=(*judgement.notes, said))
        return Assessment(
            operation=operation,
            environment=environment,
            parameters=wanted,
            drawing=drawing,
            rulings=rulings,
            judgement=judgement,
        )

    def _circumstances(
        self,
        action: Action,
        environment: str,
        drawing: Drawing,
        survey: Survey,
        recent: tuple[PastAction, ...],
    ) -> Circumstances:
        now = self._book.now()
        request, target, limits = action.request, drawing.target, self._policy.limits
        window = self._policy.window(environment, now)
        return Circumstances(
            now=now,
            environment=self._policy.class_of(environment),
            protected=why_protected(self._policy, drawing, survey),
            window_says=window.says,
            window_open=window.open,
            window_opens_at=window.opens_at,
            in_flight=self._book.in_flight(
                target_key=target.key, service_key=target.service_key, but=action.action_id
            ),
            recent=recent,
            switches=self._book.switches(),
            grounds=request.grounds,
            by_person=by_person(request),
            is_sequel=follows(request),
            tainted=tainted(request),
            per_target_hour=limits.per_target_hour,
            per_environment_hour=limits.per_environment_hour,
            per_service_hour=limits.per_service_hour,
            objects_service_hour=limits.objects_service_hour,
            cooldown_s=limits.cooldown_s,
            evidence_age_s=limits.evidence_age_s,
        )

    def _rulings(self, operation: Operation[Survey], case: Case[Survey]) -> tuple[Ruling, ...]:
        guards = (*self._common, *operation.guards)
        return tuple(
            replace(guard.decide(case), guard=guard.name, at=case.survey.read_at)
            for guard in guards
        )

    def _judge(
        self,
        action: Action,
        environment: str,
        case: Case[Survey],
        rulings: tuple[Ruling, ...],
        recent: tuple[PastAction, ...],
    ) -> Judgement:
        request, target, now = action.request, case.drawing.target, case.circumstances.now
        key = TrustKey(
            operation=request.operation, environment=environment, service_key=target.service_key
        )
        trust = self._book.trust(key)
        return self._policy.judge(
            operation=request.operation,
            tier=case.drawing.tier,
            environment=environment,
            place=target.decided_in,
            namespace=target.namespace,
            by_alert=not by_person(request),
            tainted=bool(tainted(request)),
            break_glass=not all(ruling.passed for ruling in rulings),
            trust=trust.says if trust is not None else "",
            record=self._book.record(
                operation=request.operation,
                environment=environment,
                service_key=target.service_key,
            ),
            runs_this_hour=sum(_since(past, now - PACE) for past in recent),
        )


def by_person(request: Request) -> bool:
    """Tell whether a person asked in words of their own: no alert, and no model for them."""
    return not request.requester.startswith(ALERT) and not request.investigation_id


def tainted(request: Request) -> tuple[str, ...]:
    """Return the parameters that came from free text, sorted."""
    return tuple(sorted(name for name, source in request.provenance.items() if source == "text"))


def why_protected(policy: Policy, drawing: Drawing, survey: Survey) -> str:
    """Return why what a drawing touches may not be touched; empty if it may.

    What stands above a pod or a job is protected with it: its mark is seldom on its pods as well.
    Whatever calls touch besides the target counts as the target does, such as a node's pods.
    """
    target = drawing.target
    why = policy.protects(target, _labels(survey))
    if why or not isinstance(survey, ClusterSurvey):
        return why
    for owner in survey.owners if target.namespace else ():
        kind, name = text(owner, "kind"), name_of(owner)
        said = policy.protects(replace(target, kind=kind, name=name), labels_of(owner))
        if said:
            return f"for {kind} {name} above it is protected: {said}"
    labels = {(namespace_of(pod), name_of(pod)): labels_of(pod) for pod in survey.pods}
    for step in drawing.steps:
        pod = _POD.search(step.call.path)
        if pod is None or pod["name"] == target.name:
            continue
        at = pod["namespace"], pod["name"]
        part = replace(target, kind="Pod", namespace=at[0], name=at[1])
        said = policy.protects(part, labels.get(at, {}))
        if said:
            return f"for pod {at[0]}/{at[1]} would go with it: {said}"
    return ""


def _since(past: PastAction, since: datetime) -> bool:
    return past.changed_at >= since


def checked_parameters(operation: Operation[Survey], request: Request) -> Parameters:
    """Return a request's parameters as its operation's own model takes them.

    Raises:
        RefusedError: `parameters`: it does not take them.
    """
    try:
        return operation.parameters.model_validate(request.parameters)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in problem['loc']) or 'parameters'}: {problem['msg']}"
            for problem in error.errors(include_url=False, include_context=False)
        )
        raise RefusedError(
            f"{operation.title} cannot be planned with these parameters: {problems}.",
            code="parameters",
        ) from error


def _labels(survey: Survey) -> dict[str, str]:
    if isinstance(survey, CloudSurvey):
        return survey.tags
    return labels_of(survey.target or {})


def _check_rulings(rulings: tuple[Ruling, ...], break_glass: str) -> None:
    refusing = [ruling for ruling in rulings if not ruling.passed]
    standing = [ruling for ruling in refusing if not (break_glass and ruling.overridable)]
    if standing:
        raise RefusedError("; ".join(ruling.says for ruling in standing), code=standing[0].guard)
