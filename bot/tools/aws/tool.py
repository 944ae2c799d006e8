"""The `aws` tool: one read of an account in, one observation out, for model and people alike.

A refusal by the read policy or by the asker's rights is a ToolError; everything AWS says or does
not say is an observation. It is one tool and not ten, because every tool's schema is paid for in
every request; the docstring is prompt text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from bot.tools.aws.looks import LOOKS, spelled, unknown
from bot.tools.aws.observing import Observer
from bot.tools.aws.raw import raw_read

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.domain.evidence import Observation
    from bot.domain.redaction.placeholder import Seal
    from bot.ports.clock import Clock
    from bot.ports.cloud import Cloud
    from bot.tools.aws.scoping import AccountAccess, CloudScope

TOOL_NAME = "aws"
MAX_READ_CHARS = 120
_SOURCE_CHARS = 60


class AwsTool:
    """Reads AWS accounts for one asker in one conversation."""

    def __init__(
        self,
        cloud: Cloud,
        scope: CloudScope,
        access: AccountAccess,
        clock: Clock,
        *,
        seal: Seal | None = None,
    ) -> None:
        self._observer = Observer(cloud, scope, access, clock, seal=seal)

    def aws(
        self,
        read: Annotated[
            str,
            Field(
                description="A look, or service.operation.",
                min_length=2,
                max_length=MAX_READ_CHARS,
            ),
        ],
        params: dict[str, Any] | None = None,
        account: Annotated[
            str | None, Field(description="Registered; else the first.", max_length=128)
        ] = None,
        region: Annotated[
            str | None, Field(description="The account's first if left out.", max_length=32)
        ] = None,
    ) -> Observation:
        """Read an AWS account. Nothing can be changed, no secret's value read.

        `read` is best a look, which joins the calls a question needs; with its params:
        alarm {name}: CloudWatch alarm's terms, history, metric around the change; is it real
        database {name}: RDS waits, top SQL, connections, storage, events, failovers
        function {name}: Lambda's settings, versions' differences, metrics, last errors
        load_balancer {name, minutes=180}: targets' health, requests, 5xx, latency
        logs {group, minutes=60, words=[any of] or query=Logs Insights}: lines, as patterns if many
        secrets {of: function/N, task/FAMILY[:REV], secret/N or parameter/N}: whether they exist
        service {cluster, service}: ECS deployments, newest revision's differences, stopped tasks
        source {name}: a function's handler and traced files, where allowed
        find {words}: names of the 250 listed operations

        Else one listed operation by boto3's names, params in AWS's spelling: ecs.describe_services
        {"cluster": "shop", "services": ["web"]}. Wrong names come back with the nearest right ones.
        """
        given = params or {}
        look = LOOKS.get(read.strip())
        if look is not None:
            accepted = look.accepted(given)
            return self._observer.observe(
                lambda reading: look.work(reading, accepted),
                tool=TOOL_NAME,
                source=look.source,
                query=look.spelled(accepted),
                account=account,
                region=region,
            )
        service, dot, operation = read.strip().partition(".")
        if not dot:
            raise unknown(read.strip())
        return self._observer.observe(
            lambda reading: raw_read(reading, service, operation, given),
            tool=TOOL_NAME,
            source=f"aws {service}"[:_SOURCE_CHARS],
            query=spelled(read.strip(), given),
            account=account,
            region=region,
        )

    def functions(self) -> tuple[Callable[..., Observation], ...]:
        """Return every tool of this class, for a toolbox."""
        return (self.aws,)
