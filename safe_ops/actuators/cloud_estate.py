"""Eyes in one account and region: the reads one operation is granted, all pages, nothing cached."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore import exceptions as boto

from safe_ops.actuators.cloud_faults import read_fault, unreadable
from safe_ops.actuators.cloud_session import iam_action
from safe_ops.errors import RefusedError, UpstreamError
from safe_ops.model.surveys import Permission

if TYPE_CHECKING:
    from collections.abc import Iterable

    from safe_ops.actuators.cloud_session import CloudSession, HubSessions
    from safe_ops.model.plans import Json
    from safe_ops.model.rights import Warrant

MAX_ITEMS = 2_000
"""A list that goes on beyond this is refused: what was not read cannot be guarded."""
# No API of AWS answers with these; proxies and sign-in pages do.
_PAGE = ("text/html", "text/plain")
# In a joined answer: that there is more than was read. No member of AWS's begins like that.
_UNREAD = "$unread"
# The write role's policy asks for this tag on what it touches. The simulation knows no tags of
# resources, so it is told; a guard of every operation reads the real ones.
_TAGGED = {
    "ContextKeyName": "aws:ResourceTag/nightdesk",
    "ContextKeyValues": ["allowed"],
    "ContextKeyType": "string",
}


class AwsEstate:
    """Implements safe_ops.ports.reach.CloudEstate with one action's own session."""

    def __init__(self, hub: HubSessions, session: CloudSession, warrant: Warrant) -> None:
        self._hub = hub
        self._session = session
        self._granted = frozenset(warrant.rights.cloud_reads)

    def read(self, operation: str, parameters: dict[str, Json]) -> dict[str, Json]:
        """Return a read's answer, as `safe_ops.ports.reach.CloudEstate.read` describes it.

        Raises:
            RefusedError: `rights`: the read is not among the operation's rights.
        """
        service, _colon, method = operation.partition(":")
        system = f"aws {self._session.place.name}"
        action = iam_action(service, self._hub.model(service, method))
        if action not in self._granted:
            raise RefusedError(f"{action} is no right of this operation", code="rights")
        client = self._session.client(service, writes=False)
        try:
            answer = _answer(client, method, parameters)
        except (boto.ClientError, boto.BotoCoreError) as error:
            raise read_fault(error, system=system, call=operation) from error
        if answer is None:
            raise UpstreamError(unreadable(system=system, call=operation), system=system)
        if answer.pop(_UNREAD, None):
            raise UpstreamError(
                f"{system} has more than {MAX_ITEMS} entries for {operation}; what was not read"
                " cannot be judged",
                system=system,
            )
        return answer

    def may(self, action: str, arn: str) -> Permission:
        """Ask IAM whether the write role may make the call, on a resource with our tag."""
        answer = self.read(
            "iam:simulate_principal_policy",
            {
                "PolicySourceArn": self._session.place.role_arn,
                "ActionNames": [action],
                "ResourceArns": [arn],
                "ContextEntries": [_TAGGED],
            },
        )
        decisions = [one["EvalDecision"] for one in answer.get("EvaluationResults", [])]
        return Permission(
            says=f"{action} on {arn}: {', '.join(decisions) or 'IAM says nothing'}",
            allowed=bool(decisions) and all(one == "allowed" for one in decisions),
        )


def _answer(client: Any, method: str, parameters: dict[str, Json]) -> dict[str, Json] | None:
    """Return the pages joined, what is beyond the limit marked; None if it is not AWS's answer."""
    if not client.can_paginate(method):
        return _joined([getattr(client, method)(**parameters)])
    pages = client.get_paginator(method).paginate(
        **parameters, PaginationConfig={"MaxItems": MAX_ITEMS}
    )
    answer = _joined(pages)
    if answer is not None and pages.resume_token is not None:
        answer[_UNREAD] = True
    return answer


def _joined(pages: Iterable[dict[str, Json]]) -> dict[str, Json] | None:
    joined: dict[str, Json] = {}
    for page in pages:
        told = page.pop("ResponseMetadata", {})
        if str(told.get("HTTPHeaders", {}).get("content-type", "")).startswith(_PAGE):
            # botocore takes a page for an answer without members: nothing would seem to be there.
            return None
        for key, value in page.items():
            if isinstance(value, list) and key in joined:
                joined[key] = joined[key] + value
            else:
                joined[key] = value
    return joined
