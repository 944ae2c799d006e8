"""One session on one account's write role, for one action: taken on when needed, never kept.

Nothing a person or a model says reaches a client's construction: address, region, time limits and
credentials come from the registry.
"""

from __future__ import annotations

import threading
from contextlib import closing
from typing import TYPE_CHECKING, Any

from botocore import exceptions as boto
from botocore import xform_name
from botocore.config import Config
from botocore.session import Session

from safe_ops.actuators.cloud_faults import read_fault
from safe_ops.actuators.session_policy import (
    policy_of,
    session_name,
    session_tags,
    source_identity,
)
from safe_ops.errors import RefusedError

if TYPE_CHECKING:
    from botocore.model import OperationModel

    from safe_ops.actuators.cloud_place import CloudPlace
    from safe_ops.model.rights import Warrant

CONNECT_TIMEOUT_S = 5.0
SESSION_S = 900
"""The shortest AWS gives; a look that comes later opens a session of its own."""
READ_ATTEMPTS = 3
"""Reads may be repeated below; writes never are."""
# IAM's name of a service where boto3 has another.
_IAM_NAMES = {"elbv2": "elasticloadbalancing"}


class HubSessions:
    """Takes on write roles with the process's own credentials; shared between threads.

    `own` is the session that has these: botocore's usual search order when None.
    """

    def __init__(self, *, own: Session | None = None) -> None:
        # botocore's sessions make clients for one thread at a time.
        self._lock = threading.Lock()
        self._own = own or Session()
        self._loader = self._own.get_component("data_loader")

    def model(self, service: str, operation: str) -> OperationModel:
        """Return AWS's own description of an operation, without asking AWS.

        Raises:
            RefusedError: `rights`: there is no such operation.
        """
        try:
            with self._lock:
                described = self._own.get_service_model(service)
        except boto.UnknownServiceError as error:
            raise _no_operation(service, operation) from error
        names = {xform_name(name): name for name in described.operation_names}
        if operation not in names:
            raise _no_operation(service, operation)
        found: OperationModel = described.operation_model(names[operation])
        return found

    def open(self, place: CloudPlace, region: str, warrant: Warrant) -> CloudSession:
        """Return a new session of the place's role, narrowed to the warrant.

        Raises:
            RefusedError: `policy`: the warrant is wider than the operation; `place`: the role
                belongs to another account than the registry says.
            UpstreamError: STS refused, or cannot be reached.
        """
        system = f"aws {place.name}"
        asked: dict[str, Any] = {
            "RoleArn": place.role_arn,
            "RoleSessionName": session_name(warrant),
            "DurationSeconds": SESSION_S,
            "SourceIdentity": source_identity(warrant),
            "Tags": session_tags(warrant),
            "Policy": policy_of(warrant, account_id=place.account_id, region=region),
        }
        if place.external_id is not None:
            asked["ExternalId"] = place.external_id
        try:
            with self._lock:
                sts = _client(self._own, "sts", place, region, _config(place, writes=False))
            with closing(sts):
                answer = sts.assume_role(**asked)
        except (boto.ClientError, boto.BotoCoreError) as error:
            raise read_fault(error, system=system, call="sts:AssumeRole") from error
        _check_owner(place, str(answer["AssumedRoleUser"]["Arn"]))
        given = answer["Credentials"]
        session = Session()
        session.register_component("data_loader", self._loader)
        session.set_credentials(
            given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"]
        )
        return CloudSession(session, place=place, region=region)


class CloudSession:
    """Clients with one action's credentials; closed when the action is through with them."""

    def __init__(self, session: Session, *, place: CloudPlace, region: str) -> None:
        self._session = session
        self._clients: dict[tuple[str, bool], Any] = {}
        self.place = place
        self.region = region

    def client(self, service: str, *, writes: bool) -> Any:
        """Return the client of a service; one for writes sends each call at most once."""
        if (service, writes) not in self._clients:
            self._clients[service, writes] = _client(
                self._session,
                service,
                self.place,
                self.region,
                _config(self.place, writes=writes),
            )
        return self._clients[service, writes]

    def close(self) -> None:
        """Give back the connections; the credentials go with the session."""
        for client in self._clients.values():
            client.close()
        self._clients.clear()


def iam_action(service: str, model: OperationModel) -> str:
    """Return what IAM calls an operation, such as `ecs:UpdateService`."""
    return f"{_IAM_NAMES.get(service, service)}:{model.name}"


def _no_operation(service: str, operation: str) -> RefusedError:
    return RefusedError(f"AWS has no operation {service}:{operation}", code="rights")


def _client(session: Any, service: str, place: CloudPlace, region: str, config: Config) -> Any:
    return session.create_client(
        service,
        region_name=region,
        endpoint_url=place.endpoint_url,
        # None leaves the choice of certificates to botocore: AWS_CA_BUNDLE, else its own.
        verify=place.ca_file,
        config=config,
    )


def _config(place: CloudPlace, *, writes: bool) -> Config:
    cert = (place.client_cert, place.client_key) if place.client_key else place.client_cert
    return Config(
        proxies=None if place.proxy is None else {"http": place.proxy, "https": place.proxy},
        client_cert=cert,
        connect_timeout=CONNECT_TIMEOUT_S,
        read_timeout=place.write_timeout_s if writes else place.read_timeout_s,
        retries={"mode": "standard", "total_max_attempts": 1 if writes else READ_ATTEMPTS},
        user_agent_extra="nightdesk",
        ignore_configured_endpoint_urls=True,
    )


def _check_owner(place: CloudPlace, arn: str) -> None:
    # arn:aws:sts::123456789012:assumed-role/name/session
    owner = arn.split(":")[4]
    if owner != place.account_id:
        raise RefusedError(
            f"the write role of {place.name} belongs to account {owner}, not to"
            f" {place.account_id}; nothing was done with it. Correct role_arn or account_id in the"
            " registry",
            code="place",
        )
