"""The operation that points an alias of a Lambda function back to an earlier version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field

from safe_ops.errors import RefusedError
from safe_ops.guardrails.cloud import TAGGED
from safe_ops.guardrails.cloud_functions import SAME_RIGHTS, VERSION_ACTIVE, VERSION_PROVEN
from safe_ops.model.actions import CallOutcome
from safe_ops.model.fields import dig, entries, mapping, text
from safe_ops.model.plans import Call, Change, Drawing, Step, Target, Tier, Verification
from safe_ops.model.rights import Grant, Rights
from safe_ops.model.surveys import CloudSurvey
from safe_ops.operations.account import SIMULATE, CloudOperation, check_same, is_undo
from safe_ops.operations.account_metrics import METRICS
from safe_ops.operations.environments import changed_variables
from safe_ops.operations.function_errors import error_share, is_worse
from safe_ops.operations.operation import Look, Parameters, Progress

if TYPE_CHECKING:
    from safe_ops.model.guarding import Guard
    from safe_ops.model.plans import Json, Place, Plan
    from safe_ops.model.surveys import Object
    from safe_ops.operations.account import Account

_UPDATE = "lambda:UpdateAlias"
_COMPARED = ("Runtime", "Handler", "MemorySize", "Timeout", "CodeSha256")
# An alias points elsewhere at once; the rest is for errors to show, which CloudWatch has a minute
# or two later.
_DEADLINE_S = 900
_SETTLE_S = 300


class RollBackAlias(Parameters):
    """Which alias, and where to."""

    function: Annotated[
        str,
        Field(pattern=r"^[A-Za-z0-9_-]{1,64}$", description="Name of the function, not its ARN."),
    ]
    alias: str = Field(
        pattern=r"^[0-9]*[A-Za-z_-][A-Za-z0-9_-]*$",
        max_length=128,
        description="Name of the alias.",
    )
    version: str = Field(
        pattern=r"^[1-9][0-9]{0,9}$", description="Published version to go back to."
    )


class AliasRollback(CloudOperation[RollBackAlias]):
    """Point an alias at an earlier version, all of its calls at once."""

    name = "lambda_alias_rollback"
    title = "Roll a Lambda alias back"
    parameters: type[Parameters] = RollBackAlias
    guards: tuple[Guard[CloudSurvey], ...] = (TAGGED, VERSION_ACTIVE, VERSION_PROVEN, SAME_RIGHTS)
    rights = Rights(
        cloud_reads=(
            METRICS,
            SIMULATE,
            "lambda:GetAlias",
            "lambda:GetFunctionConfiguration",
            "lambda:ListTags",
            "lambda:ListVersionsByFunction",
        ),
        cloud_writes=(_UPDATE,),
    )
    _PINNED: ClassVar[dict[str, str]] = {
        "version": "FunctionVersion",
        "alias_arn": "AliasArn",
    }

    def read(self, wanted: RollBackAlias, account: Account) -> CloudSurvey:
        """Read the alias, both versions and all versions' times."""
        alias = account.read_if_there(
            "lambda:get_alias", FunctionName=wanted.function, Name=wanted.alias
        )
        if alias is None:
            return CloudSurvey(
                read_at=account.now,
                target=None,
                arn=f"alias {wanted.alias} of lambda function {wanted.function}",
            )
        # arn:aws:lambda:eu-central-1:123456789012:function:orders:live
        arn = text(alias, "AliasArn").rpartition(":")[0]
        versions = account.read("lambda:list_versions_by_function", FunctionName=wanted.function)
        for one in entries(versions, "Versions"):
            one.pop("Environment", None)
        served = self._version(account, wanted.function, text(alias, "FunctionVersion"))
        older = self._version(account, wanted.function, wanted.version)
        variables = changed_variables(
            mapping(served, "Environment", "Variables"),
            mapping(older, "Environment", "Variables"),
        )
        for one in (served, older):
            one.pop("Environment", None)
        return CloudSurvey(
            read_at=account.now,
            target=alias,
            arn=arn,
            tags=dict(account.read("lambda:list_tags", Resource=arn).get("Tags", {})),
            permissions=account.may((Grant(action=_UPDATE, arn=arn),)),
            answers={
                "versions": entries(versions, "Versions"),
                "served": served,
                "wanted": older,
                "variables": variables,
                "error_share": error_share(
                    account, wanted.function, resource=f"{wanted.function}:{wanted.alias}"
                ),
            },
        )

    def drawn(
        self, wanted: RollBackAlias, survey: CloudSurvey, target: Object, place: Place
    ) -> Drawing:
        """Draw one update of the alias, weights cleared, and the same backwards."""
        served = text(target, "FunctionVersion")
        if not served.isdecimal() or int(wanted.version) >= int(served):
            raise RefusedError(
                f"{wanted.alias} serves version {served}: version {wanted.version} is not an"
                " earlier one, so going there is no rollback",
                code="parameters",
            )
        weights = mapping(target, "RoutingConfig", "AdditionalVersionWeights")
        return Drawing(
            tier=Tier.T2,
            target=Target(
                place=place,
                kind="lambda alias",
                name=f"{wanted.function}:{wanted.alias}",
                uid=survey.arn,
                service=wanted.function,
            ),
            pins={name: dig(target, member) for name, member in self._PINNED.items()}
            | {
                "weights": weights,
                "wanted_code_sha256": survey.answers["wanted"].get("CodeSha256"),
            },
            changes=(
                Change(
                    field="FunctionVersion", before=_routed(served, weights), after=wanted.version
                ),
                *_differences(survey.answers["served"], survey.answers["wanted"]),
                *survey.answers["variables"],
            ),
            steps=(_step(wanted, survey.arn, wanted.version, {}),),
            undo=(_step(wanted, survey.arn, served, weights),),
            verification=Verification(
                says=(
                    f"{wanted.alias} serves version {wanted.version} alone",
                    "the share of failed and throttled calls is not worse than before",
                ),
                deadline_s=_DEADLINE_S,
                settle_s=_SETTLE_S,
            ),
            blast_radius=(f"all calls of alias {wanted.alias} of {wanted.function}",),
            snapshot={
                "version": served,
                "weights": weights,
                "error_share": survey.answers["error_share"],
            },
        )

    def seen(self, plan: Plan, account: Account) -> Look:
        """See the alias, then compare errors with those before."""
        wanted = plan.drawing.steps[0].call.body
        alias = self._alias(plan, account)
        served, weights = text(alias, "FunctionVersion"), _weights(alias)
        said = f"{wanted['Name']} serves version {_routed(served, weights)}"
        if (served, weights) == _pointed(plan.drawing.undo[0].call):
            return Look(progress=Progress.WAITING, says=said)
        if served != wanted["FunctionVersion"] or weights:
            return Look(progress=Progress.MISSED, says=said)
        before = dig(plan.drawing.snapshot, "error_share")
        share = error_share(account, wanted["FunctionName"], resource=plan.target.name)
        if is_worse(before, share):
            return Look(
                progress=Progress.WAITING,
                says=f"{said}; {share:.0%} of calls fail, {before or 0:.0%} did before",
            )
        return Look(progress=Progress.REACHED, says=said)

    def settled(self, plan: Plan, call: Call, account: Account) -> CallOutcome:
        """Compare where the alias points; AWS refuses a second update from one revision."""
        alias = self._alias(plan, account)
        found = (text(alias, "FunctionVersion"), _weights(alias))
        other = plan.drawing.steps[0] if is_undo(plan, call) else plan.drawing.undo[0]
        if found == _pointed(call):
            return CallOutcome.APPLIED
        return CallOutcome.NOT_APPLIED if found == _pointed(other.call) else CallOutcome.UNKNOWN

    def bound(self, plan: Plan, call: Call, account: Account) -> dict[str, Json]:
        """Return the alias's present revision, if it still points where it did."""
        alias = self._alias(plan, account)
        other = plan.drawing.steps[0] if is_undo(plan, call) else plan.drawing.undo[0]
        version, weights = _pointed(other.call)
        check_same(
            {
                "AliasArn": plan.drawing.pins["alias_arn"],
                "FunctionVersion": version,
                "weights": weights,
            },
            {**alias, "weights": _weights(alias)},
            name=f"alias {plan.target.name}",
        )
        return {"$revision": text(alias, "RevisionId")}

    def _alias(self, plan: Plan, account: Account) -> Object:
        body = plan.drawing.steps[0].call.body
        return (
            account.read_if_there(
                "lambda:get_alias", FunctionName=body["FunctionName"], Name=body["Name"]
            )
            or {}
        )

    def _version(self, account: Account, function: str, version: str) -> Object:
        """Return a version's configuration; empty where there is none."""
        return (
            account.read_if_there(
                "lambda:get_function_configuration", FunctionName=function, Qualifier=version
            )
            or {}
        )


def _step(wanted: RollBackAlias, arn: str, version: str, weights: dict[str, Any]) -> Step:
    return Step(
        says=f"point {wanted.function}:{wanted.alias} at version {_routed(version, weights)}",
        call=Call(
            action="lambda:update_alias",
            path=arn,
            body={
                "FunctionName": wanted.function,
                "Name": wanted.alias,
                "FunctionVersion": version,
                "RoutingConfig": {"AdditionalVersionWeights": weights},
                "RevisionId": "$revision",
            },
            late_bound=("$revision",),
            grants=(Grant(action=_UPDATE, arn=arn),),
        ),
    )


def _pointed(call: Call) -> tuple[str, dict[str, Any]]:
    return (
        text(call.body, "FunctionVersion"),
        mapping(call.body, "RoutingConfig", "AdditionalVersionWeights"),
    )


def _weights(alias: Object) -> dict[str, Any]:
    return mapping(alias, "RoutingConfig", "AdditionalVersionWeights")


def _routed(version: str, weights: dict[str, Any]) -> str:
    if not weights:
        return version
    shared = ", ".join(f"{share:.0%} to {other}" for other, share in sorted(weights.items()))
    return f"{version} ({shared})"


def _differences(before: Object, after: Object) -> tuple[Change, ...]:
    return tuple(
        Change(field=member, before=text(before, member), after=text(after, member))
        for member in _COMPARED
        if text(before, member) != text(after, member)
    )
