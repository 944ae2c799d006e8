"""Hands in one cluster: the calls of an approved plan, through the official client, each once.

Knows what an API server's answers mean for a changing call. Must not know operations, and makes
no call beyond the rights of the operation it was opened for.
"""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING

from safe_ops.actuators.cluster_wire import JSON, Answer, ClusterWire, LostError, NotSentError, Sent
from safe_ops.errors import (
    BudgetError,
    CallRefusedError,
    GoneError,
    UnknownOutcomeError,
    UpstreamError,
)

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

    from safe_ops.errors import SafeOpsError
    from safe_ops.model.plans import Call, Json
    from safe_ops.model.rights import ClusterRule, Warrant

_VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
_JSON_PATCH = "application/json-patch+json"
# The API refuses longer ones (metav1.FieldManagerMaxLength in apimachinery).
_SIGNATURE_MAX_CHARS = 128
_RESOURCE = re.compile(
    r"(?:/api|/apis/(?P<group>[a-z0-9.-]+))/v[a-z0-9]+(?:/namespaces/[^/]+)?"
    r"/(?P<plural>[a-z0-9]+)/(?P<name>[^/]+)(?:/(?P<subresource>[a-z]+))?"
)
# kube-apiserver's words when two budgets select one pod (registry/core/pod/storage/eviction.go).
_TWO_BUDGETS = "more than one PodDisruptionBudget"
# A proxy's "request timeout": whether the server behind it got the request is not said.
_TELLS_NOTHING = frozenset({HTTPStatus.REQUEST_TIMEOUT})


class KubernetesHands:
    """Changing calls in one cluster, for one action; implements safe_ops.ports.reach.Hands.

    A cluster has no session policy as AWS has: that no call goes beyond the warrant's rights is
    therefore checked here, against the path of each call.
    """

    def __init__(
        self, api: ApiClient, *, cluster: str, warrant: Warrant, wire: ClusterWire | None = None
    ) -> None:
        self._wire = wire or ClusterWire(api, cluster=cluster)
        self._rights = warrant.rights.cluster_writes
        self._signature = signature(warrant.action_id)

    def rehearse(self, call: Call) -> str:
        """Send the call with `dryRun=All`; return what the server says to it.

        Raises:
            BudgetError: A disruption budget allows no eviction now.
            CallRefusedError: Admission, validation or a precondition would refuse it.
            UpstreamError: It cannot be rehearsed now.
        """
        body = call.body
        if call.action == "DELETE":
            # Of a delete the server reads either the body or the query, and the body wins.
            body = {**_delete_options(body), "dryRun": ["All"]}
        answer = self._ask(call, body=body, query={"dryRun": "All"}, rehearsal=True)
        warned = "".join(f"; it warns: {warning}" for warning in answer.warnings)
        return f"the API server would accept it{warned}"

    def send(self, call: Call) -> Json:
        """Send the call once; return the object the server answers with.

        Raises:
            BudgetError: A disruption budget allows no eviction now.
            GoneError: What it is about is gone.
            CallRefusedError: It was refused, `conflict` when a precondition did not hold.
            UnknownOutcomeError: It was sent, and no answer came or none that tells.
            UpstreamError: It was certainly not sent, or the server was too busy to take it.
        """
        body = _delete_options(call.body) if call.action == "DELETE" else call.body
        return self._ask(call, body=body, query={}, rehearsal=False).body

    def _ask(self, call: Call, *, body: Json, query: dict[str, str], rehearsal: bool) -> Answer:
        self._refuse_beyond_rights(call)
        if call.action != "DELETE":
            # Strict: a field the server does not know is refused instead of silently dropped.
            query = query | {"fieldManager": self._signature, "fieldValidation": "Strict"}
        media_type = call.media_type or JSON
        what = f"{call.action} {call.path}"
        try:
            answer = self._wire.exchange(
                Sent(
                    method=call.action,
                    path=call.path,
                    query=query,
                    body=body,
                    media_type=media_type,
                )
            )
        except NotSentError as error:
            raise UpstreamError(
                f"{self._wire.cluster}: {what} was not sent: {error}. Nothing changed",
                system=self._wire.system,
            ) from error
        except LostError as error:
            raise self._lost(f"{what}: {error}", rehearsal=rehearsal) from error
        if answer.good and answer.body is not None:
            return answer
        raise self._refusal(call, answer, rehearsal=rehearsal)

    def _refuse_beyond_rights(self, call: Call) -> None:
        wanted = _right_of(call)
        if wanted is None or not any(_covers(rule, *wanted) for rule in self._rights):
            raise CallRefusedError(
                f"{call.action} {call.path} is beyond the rights of this operation: not sent",
                system=self._wire.system,
                status="rights",
            )

    def _refusal(self, call: Call, answer: Answer, *, rehearsal: bool) -> SafeOpsError:
        what = f"{self._wire.cluster} refused {call.action} {call.path} ({answer.code})"
        said = f"{what}: {answer.says}"
        system = self._wire.system
        eviction = call.path.endswith("/eviction")
        code = answer.code
        if code == HTTPStatus.TOO_MANY_REQUESTS:
            error = BudgetError if eviction else UpstreamError
            return error(said, system=system, retry_after_s=answer.retry_after_s)
        if answer.object_missing:
            return GoneError(said, system=system)
        two_budgets = eviction and _TWO_BUDGETS in answer.says
        refused = HTTPStatus.BAD_REQUEST <= code < HTTPStatus.INTERNAL_SERVER_ERROR
        if two_budgets or (refused and code not in _TELLS_NOTHING):
            return CallRefusedError(
                said, system=system, status=str(code), conflict=_is_conflict(call, answer)
            )
        return self._lost(
            f"{call.action} {call.path} was answered {code}: {answer.says}", rehearsal=rehearsal
        )

    def _lost(self, says: str, *, rehearsal: bool) -> SafeOpsError:
        system, cluster = self._wire.system, self._wire.cluster
        if rehearsal:
            return UpstreamError(f"{cluster}: dry run of {says}. Nothing changed", system=system)
        return UnknownOutcomeError(
            f"{cluster}: {says}. It may have taken effect: look before doing it again",
            system=system,
        )


def signature(action_id: str) -> str:
    """Return the field manager of an action's writes, as managedFields will show it."""
    printable = "".join(c for c in action_id if c.isprintable())
    return f"nightdesk-{printable}"[:_SIGNATURE_MAX_CHARS]


def _delete_options(body: Json) -> dict[str, Json]:
    return {"apiVersion": "v1", "kind": "DeleteOptions"} | (body or {})


def _right_of(call: Call) -> tuple[str, str, str] | None:
    """Return group, resource and verb of a call, as RBAC names them; None if it names no object."""
    verb, path = _VERBS.get(call.action), _RESOURCE.fullmatch(call.path)
    if verb is None or path is None:
        return None
    resource = "/".join(filter(None, (path["plural"], path["subresource"])))
    return path["group"] or "", resource, verb


def _covers(rule: ClusterRule, group: str, resource: str, verb: str) -> bool:
    return rule.group == group and rule.resource == resource and verb in rule.verbs


def _is_conflict(call: Call, answer: Answer) -> bool:
    """Tell whether a precondition did not hold.

    A failed `test` of a JSON patch is a 422 without causes; an invalid field has some.
    """
    if answer.code == HTTPStatus.UNPROCESSABLE_ENTITY:
        return call.media_type == _JSON_PATCH and not answer.details.get("causes")
    return answer.code in {HTTPStatus.CONFLICT, HTTPStatus.PRECONDITION_FAILED}
