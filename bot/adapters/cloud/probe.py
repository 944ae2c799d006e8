"""Does an account's STS answer, how and how fast, and who are we there with which policies?

Loads botocore. `sts:GetCallerIdentity` needs no right, and neither read made here costs anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore import exceptions as boto

from bot.adapters.checkups import latency_checkup, tls_checkups
from bot.adapters.cloud.faults import refused, unusable
from bot.adapters.tls import Endpoint, environment_proxy
from bot.domain.errors import DeniedError, ToolError, UpstreamError
from bot.ports.cloud import CloudCall, CloudPlace
from bot.ports.probe import Checkup, Health

if TYPE_CHECKING:
    from bot.adapters.cloud.clients import Clients
    from bot.adapters.cloud.connection import AccountConnection
    from bot.ports.clock import Clock
    from bot.ports.probe import Probe

# AWS's own policies for people; ReadOnlyAccess also reads what is in buckets and tables.
_WIDE = frozenset(
    {"AdministratorAccess", "PowerUserAccess", "ReadOnlyAccess", "SystemAdministrator"}
)
_WHO = CloudCall(service="sts", operation="get_caller_identity")


def account_probe(connection: AccountConnection, clients: Clients, *, clock: Clock) -> Probe:
    """Return the probe of one account, in the region that is meant when none is named."""
    part = f"account {connection.name}"
    place = CloudPlace(account=connection.name, region=connection.account.regions[0])

    def look() -> list[Checkup]:
        return [
            *_account(part, connection, clients, place, clock=clock),
            *_tls(part, connection, clients, place, clock=clock),
        ]

    return look


def _account(
    part: str, connection: AccountConnection, clients: Clients, place: CloudPlace, *, clock: Clock
) -> list[Checkup]:
    def who() -> dict[str, Any]:
        return _caller(connection, clients, place)

    try:
        identity = _identity(part, connection, who())
        latency = latency_checkup(part, who, clock=clock)
        return [identity, *_policies(part, connection, clients, place), latency]
    except DeniedError as error:
        step = "check role_arn and external_id_env of the account, and whom its role trusts"
        return [Checkup(part=part, health=Health.FAILED, found=str(error), next_step=step)]
    except (UpstreamError, ToolError) as error:
        step = "check endpoint_url, ca_file and proxy of the account in nightdesk.yaml"
        return [Checkup(part=part, health=Health.FAILED, found=str(error), next_step=step)]


def _caller(connection: AccountConnection, clients: Clients, place: CloudPlace) -> dict[str, Any]:
    try:
        client = clients.client(connection, region=place.region, service=_WHO.service)
        answer: dict[str, Any] = client.get_caller_identity()
    except boto.ClientError as error:
        raise refused(error, place=place, call=_WHO) from error
    except boto.BotoCoreError as error:
        raise unusable(error, place=place, call=_WHO) from error
    return answer


def _identity(part: str, connection: AccountConnection, caller: dict[str, Any]) -> Checkup:
    number, expected = str(caller.get("Account")), connection.account.account_id
    if number != expected:
        found = f"its credentials are of account {number}, not of {expected}"
        step = "correct account_id or role_arn in nightdesk.yaml"
        return Checkup(part=part, health=Health.FAILED, found=found, next_step=step)
    role, wanted = _role(str(caller.get("Arn"))), _last(connection.role_arn)
    if wanted and role != wanted:
        found = f"we are {caller.get('Arn')}, not the read role {wanted}"
        step = "correct role_arn in nightdesk.yaml: it names the role with Nightdesk's read policy"
        return Checkup(part=part, health=Health.FAILED, found=found, next_step=step)
    found = f"answers, we are {role or caller.get('Arn')} in {number}"
    return Checkup(part=part, health=Health.OK, found=found)


def _policies(
    part: str, connection: AccountConnection, clients: Clients, place: CloudPlace
) -> list[Checkup]:
    """Return a warning when the role may more than read; nothing when that cannot be seen."""
    role = _last(connection.role_arn)
    try:
        client = clients.client(connection, region=place.region, service="iam")
        listed = client.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
    except (boto.ClientError, boto.BotoCoreError):
        return []
    names = sorted(str(one["PolicyName"]) for one in listed)
    wide = [name for name in names if name in _WIDE or name.endswith("FullAccess")]
    if not wide:
        return []
    found = f"the role {role} also has {', '.join(wide)}, which goes beyond reading as we do"
    step = "take it off the role: Nightdesk's own read policies are all it needs"
    part = f"{part} policies"
    return [Checkup(part=part, health=Health.WARNING, found=found, next_step=step)]


def _last(role_arn: str | None) -> str:
    """Return a role's name without its path."""
    return (role_arn or "").rpartition("/")[2]


def _role(arn: str) -> str | None:
    """Return the role of a session such as `arn:aws:sts::123456789012:assumed-role/name/session`.

    The ARN of a session leaves the role's path out.
    """
    kind, _, rest = arn.rpartition(":")[2].partition("/")
    return rest.partition("/")[0] if kind == "assumed-role" else None


def _tls(
    part: str, connection: AccountConnection, clients: Clients, place: CloudPlace, *, clock: Clock
) -> list[Checkup]:
    try:
        address = clients.sts_address(connection, place.region)
    except UpstreamError:
        # Said already, of the account itself.
        return []
    proxy = connection.account.proxy or environment_proxy(address)
    endpoint = Endpoint(url=address, trust=connection.trust, proxy=proxy)
    return tls_checkups(part, endpoint, clock=clock)
