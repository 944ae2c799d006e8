"""Eyes and hands in AWS accounts: the only place on the write side a call to AWS is made from.

Each opening takes on the account's write role anew, narrowed to what the warrant names, and the
credentials end with it. What a caller above forgot to check ends here: a call that the warrant
does not grant is not sent.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from botocore import exceptions as boto
from botocore.validate import ParamValidator

from safe_ops.actuators.cloud_estate import AwsEstate
from safe_ops.actuators.cloud_faults import code_of, unreadable, write_fault
from safe_ops.actuators.cloud_session import HubSessions, iam_action
from safe_ops.actuators.session_policy import policy_of
from safe_ops.errors import CallRefusedError, RefusedError, UnknownOutcomeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from botocore.model import OperationModel
    from botocore.session import Session

    from safe_ops.actuators.cloud_place import CloudPlace
    from safe_ops.actuators.cloud_session import CloudSession
    from safe_ops.model.plans import Call, Json, Place
    from safe_ops.model.rights import Warrant
    from safe_ops.ports.reach import CloudEstate, Hands

# How EC2 says that a dry run would have gone through (EC2 API reference, RebootInstances).
_WOULD_DO = "DryRunOperation"
_PAGE = ("text/html", "text/plain")


class CloudWorkshop:
    """The AWS half of `safe_ops.ports.reach.Workshop`; shared between threads.

    `own` is the session whose credentials take on the write roles: botocore's usual search order
    when None.
    """

    def __init__(self, places: Iterable[CloudPlace], *, own: Session | None = None) -> None:
        self._places = {place.name: place for place in places}
        self._hub = HubSessions(own=own)

    def knows(self, place: Place) -> None:
        """Return if actions may be taken there.

        Raises:
            RefusedError: `place`: the account or the region is not registered for writing.
        """
        known = self._places.get(place.name)
        if known is None:
            raise RefusedError(
                f"Nightdesk has no write role for account {place.name}: add one to its entry in"
                " the registry",
                code="place",
            )
        if place.region not in known.regions:
            raise RefusedError(
                f"{place.region or 'no region'} is no registered region of {place.name}: it has"
                f" {', '.join(known.regions)}",
                code="place",
            )

    @contextmanager
    def cloud(self, place: Place, warrant: Warrant) -> Iterator[CloudEstate]:
        """Open eyes in an account, for one operation's reads; for at most fifteen minutes.

        Raises what `HubSessions.open` and `knows` raise.
        """
        self.knows(place)
        session = self._hub.open(self._places[place.name], place.region, warrant)
        try:
            yield AwsEstate(self._hub, session, warrant)
        finally:
            session.close()

    @contextmanager
    def hands(self, place: Place, warrant: Warrant) -> Iterator[Hands]:
        """Give hands in an account, for the warrant's calls alone; for at most fifteen minutes.

        Before there is a plan the role is taken on by the first call that needs AWS: rehearsing
        most of them does not, so that before an approval there are no credentials to write with.
        For an approved plan it is taken on at once: between the row that says that a call is sent
        and the call nothing may take time.
        Raises what `knows`, `policy_of` and, for an approved plan, `HubSessions.open` raise.
        """
        self.knows(place)
        known = self._places[place.name]
        policy_of(warrant, account_id=known.account_id, region=place.region)
        hands = AwsHands(self._hub, known, place.region, warrant)
        try:
            if warrant.digest:
                hands.open()
            yield hands
        finally:
            hands.close()


class AwsHands:
    """Implements safe_ops.ports.reach.Hands with one action's own session."""

    def __init__(self, hub: HubSessions, place: CloudPlace, region: str, warrant: Warrant) -> None:
        self._hub = hub
        self._place = place
        self._region = region
        self._warrant = warrant
        self._granted = frozenset(warrant.grants)
        self._system = f"aws {place.name}"
        self._session: CloudSession | None = None

    def rehearse(self, call: Call) -> str:
        """Send the call as EC2's dry run; elsewhere compare it with AWS's model, which is local.

        Raises what `safe_ops.ports.reach.Hands.rehearse` and `HubSessions.open` say;
        UnknownOutcomeError where a dry run was answered like the real thing.
        """
        shape = self._granted_model(call).input_shape
        if "DryRun" not in shape.members:
            report = ParamValidator().validate(call.body, shape)
            if report.has_errors():
                raise CallRefusedError(
                    f"{call.action} does not fit AWS's model: {report.generate_report()}",
                    system=self._system,
                    status="ParamValidation",
                )
            return f"{call.action}: parameters fit; AWS has no dry run for it"
        method = self._method(call)
        try:
            method(**{**call.body, "DryRun": True})
        except boto.ClientError as error:
            if code_of(error) == _WOULD_DO:
                return f"{call.action}: dry run passed ({_WOULD_DO})"
            raise write_fault(error, system=self._system, call=call.action) from error
        except boto.BotoCoreError as error:
            raise write_fault(error, system=self._system, call=call.action) from error
        raise UnknownOutcomeError(
            f"{self._system} answered the dry run of {call.action} as if it were none",
            system=self._system,
        )

    def send(self, call: Call) -> Json:
        """Send the call once; return AWS's request id, by which CloudTrail knows it.

        The answer itself is not passed on: Lambda's repeats the function's environment.
        Raises what `safe_ops.ports.reach.Hands.send` and `HubSessions.open` say; RefusedError
        `unbound` for a placeholder nobody filled, `rights` for a call that the warrant does not
        grant.
        """
        unbound = [one for one in call.late_bound if one in _texts(call.body)]
        if unbound:
            raise RefusedError(
                f"{call.action} still has {', '.join(unbound)} in it: nothing was sent",
                code="unbound",
            )
        self._granted_model(call)
        method = self._method(call)
        try:
            answer = method(**call.body)
        except (boto.ClientError, boto.BotoCoreError) as error:
            raise write_fault(error, system=self._system, call=call.action) from error
        told = answer.get("ResponseMetadata", {})
        headers = told.get("HTTPHeaders", {})
        if str(headers.get("content-type", "")).startswith(_PAGE):
            raise UnknownOutcomeError(
                unreadable(system=self._system, call=call.action), system=self._system
            )
        return {"request_id": str(told.get("RequestId", ""))}

    def open(self) -> CloudSession:
        """Take the role on, unless that was done."""
        if self._session is None:
            self._session = self._hub.open(self._place, self._region, self._warrant)
        return self._session

    def close(self) -> None:
        """Give back what was opened."""
        if self._session is not None:
            self._session.close()

    def _granted_model(self, call: Call) -> OperationModel:
        """Return AWS's description of a call that the warrant grants."""
        if not call.grants or not self._granted.issuperset(call.grants):
            raise RefusedError(
                f"{call.action} on {call.path} is not what this session was opened for",
                code="rights",
            )
        service, _colon, method = call.action.partition(":")
        model = self._hub.model(service, method)
        action = iam_action(service, model)
        if all(grant.action != action for grant in call.grants):
            raise RefusedError(f"{call.action} has no grant of {action}", code="rights")
        return model

    def _method(self, call: Call) -> Callable[..., Any]:
        """Return what sends the call."""
        service, _colon, method = call.action.partition(":")
        found: Callable[..., Any] = getattr(self.open().client(service, writes=True), method)
        return found


def _texts(body: Json) -> set[str]:
    """Return all texts in a body, however deep."""
    if isinstance(body, dict):
        return set().union(*(_texts(value) for value in body.values()))
    if isinstance(body, list):
        return set().union(*(_texts(value) for value in body))
    return {body} if isinstance(body, str) else set()
