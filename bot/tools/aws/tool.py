"""The `aws` tools: typed, read-only, one observation each, for model and people alike.

A refusal by the read policy or by the asker's rights is a ToolError; everything AWS says or does
not say is an observation. Docstrings are prompt text.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from bot.tools.aws import alarm, changes, ecs_service, function, load_balancer, logs, secrets
from bot.tools.aws.observing import Observer
from bot.tools.aws.raw import raw_read

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.domain.evidence import Observation
    from bot.domain.redaction.placeholder import Seal
    from bot.ports.clock import Clock
    from bot.ports.cloud import Cloud
    from bot.tools.aws.scoping import AccountAccess, CloudScope

MAX_MINUTES = 1_440
"""A day: the longest span a log query may have."""

AccountName = Annotated[
    str | None,
    Field(
        description="Registered account to read; the conversation's first if left out.",
        max_length=128,
    ),
]
RegionName = Annotated[
    str | None,
    Field(description="Registered region; the account's first if left out.", max_length=32),
]
ResourceName = Annotated[str, Field(min_length=1, max_length=512)]


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

    def aws_read(
        self,
        service: Annotated[
            str, Field(description="boto3's name, such as `ecs` or `elbv2`.", max_length=50)
        ],
        operation: Annotated[
            str,
            Field(description="boto3's snake_case name, as `describe_services`.", max_length=100),
        ],
        params: Annotated[
            dict[str, Any] | None,
            Field(description="The operation's parameters in AWS's own spelling."),
        ] = None,
        *,
        account: AccountName = None,
        region: RegionName = None,
    ) -> Observation:
        """Call one listed AWS read operation. Nothing can be changed, no secret can be read.

        Use the aws_ tools made for a question first (aws_alarm, aws_logs, aws_function,
        aws_service, aws_changes, aws_load_balancer, aws_secrets); this one is for all the rest:
        acm, apigateway, autoscaling, batch, cloudformation, cloudtrail, cloudwatch, dynamodb, ec2,
        ecr, ecs, eks, elasticache, elbv2, events, health, iam, lambda, logs, organizations, pi,
        rds, route53, s3, secretsmanager, service-quotas, sns, sqs, ssm, stepfunctions, vpc-lattice,
        xray and some more. An operation that is not listed is refused with the nearest that is.

        Parameters go to AWS as they are: {"cluster": "shop", "services": ["web"]}. Lists are read
        up to 5 pages and 500 entries; log reads need a span (6 h at most), metrics at most 1,440
        points. Values of variables, parameters and outputs are hidden, their names are shown.

        States: empty means AWS said there is nothing; truncated, unreachable and denied are no
        proof of absence.
        """
        given = params or {}
        return self._observer.observe(
            lambda reading: raw_read(reading, service, operation, given),
            tool="aws_read",
            source=f"aws {service}"[:60],
            query=_spelled("aws_read", f"{service}.{operation}", **given),
            account=account,
            region=region,
        )

    def aws_alarm(
        self,
        name: Annotated[ResourceName, Field(description="The CloudWatch alarm's exact name.")],
        *,
        account: AccountName = None,
        region: RegionName = None,
    ) -> Observation:
        """Look at a CloudWatch alarm: its terms, its state changes, its metric around the change.

        Use it first for every CloudWatch alarm, and to tell whether an alarm is real: it counts
        how many points crossed the threshold before the change and since. For composite alarms it
        lists the alarms they are made of. An unknown name comes back empty with the closest names.
        """
        return self._observer.observe(
            lambda reading: alarm.look_at_alarm(reading, name),
            tool="aws_alarm",
            source=alarm.SOURCE,
            query=_spelled("aws_alarm", name),
            account=account,
            region=region,
        )

    def aws_logs(
        self,
        group: Annotated[ResourceName, Field(description="The log group's exact name.")],
        minutes: Annotated[
            int, Field(description="How far back to look.", ge=1, le=MAX_MINUTES)
        ] = 60,
        words: Annotated[
            list[Annotated[str, Field(min_length=1, max_length=200)]] | None,
            Field(
                description="Lines with any of these texts, case aside.", max_length=logs.MAX_WORDS
            ),
        ] = None,
        query: Annotated[
            str | None,
            Field(description="A whole Logs Insights query instead of words.", max_length=4_000),
        ] = None,
        *,
        account: AccountName = None,
        region: RegionName = None,
    ) -> Observation:
        """Search a CloudWatch log group; many lines come as patterns with counts.

        Give `words` for plain searches, such as ["error", "timed out"]. Give `query` for counting,
        one command a line, each but the first behind a pipe: fields @timestamp, @message
        | filter @message like /timeout/ | stats count(*) by bin(5m). A Lambda function logs to
        /aws/lambda/NAME. An unknown group comes back empty with the closest names.
        """
        search = logs.LogSearch(group=group, minutes=minutes, words=tuple(words or ()), query=query)
        return self._observer.observe(
            lambda reading: logs.search_logs(reading, search),
            tool="aws_logs",
            source=logs.SOURCE,
            query=_spelled("aws_logs", group, minutes=minutes, words=words, query=query),
            account=account,
            region=region,
        )

    def aws_function(
        self,
        name: Annotated[ResourceName, Field(description="The Lambda function's name.")],
        *,
        account: AccountName = None,
        region: RegionName = None,
    ) -> Observation:
        """Look at a Lambda function: configuration, last change, metrics, last error lines.

        One call gives what it runs with (names of variables, their values hidden), what differs
        between its two newest versions and $LATEST, aliases, event sources, errors, duration and
        throttles of three hours with the time they changed, and the last hour's error lines.
        """
        return self._observer.observe(
            lambda reading: function.look_at_function(reading, name),
            tool="aws_function",
            source=function.SOURCE,
            query=_spelled("aws_function", name),
            account=account,
            region=region,
        )

    def aws_service(
        self,
        cluster: Annotated[ResourceName, Field(description="Name of the ECS cluster.")],
        service: Annotated[ResourceName, Field(description="Name of the ECS service.")],
        *,
        account: AccountName = None,
        region: RegionName = None,
    ) -> Observation:
        """Look at an ECS service: deployments, what the newest revision changed, stopped tasks.

        One call gives each deployment's state, the difference between the newest task definition
        and the one before it (values of variables hidden, that they changed is shown), when the
        images were pushed, the service's events, target health, and why tasks stopped with their
        containers' exit codes.
        """
        return self._observer.observe(
            lambda reading: ecs_service.look_at_service(reading, cluster, service),
            tool="aws_service",
            source=ecs_service.SOURCE,
            query=_spelled("aws_service", f"{cluster}/{service}"),
            account=account,
            region=region,
        )

    def aws_changes(
        self,
        minutes: Annotated[
            int,
            Field(description="How far back; or to both sides of `around`.", ge=1, le=MAX_MINUTES),
        ] = 60,
        around: Annotated[
            str | None,
            Field(description="A time such as 2026-11-20T10:41:00Z.", max_length=40),
        ] = None,
        *,
        account: AccountName = None,
        region: RegionName = None,
    ) -> Observation:
        """List who changed what in the account: CloudTrail's writes and stacks' events, by time.

        Ask it with `around` set to when trouble began. CloudTrail runs up to 15 minutes late, so
        an empty answer about the last minutes proves nothing; it says so then.
        """
        return self._observer.observe(
            lambda reading: changes.look_at_changes(reading, minutes, around),
            tool="aws_changes",
            source=changes.SOURCE,
            query=_spelled("aws_changes", "", minutes=minutes, around=around),
            account=account,
            region=region,
        )

    def aws_load_balancer(
        self,
        name: Annotated[ResourceName, Field(description="Name of an ALB or NLB.")],
        minutes: Annotated[
            int, Field(description="How far back to look at traffic.", ge=5, le=MAX_MINUTES)
        ] = 180,
        *,
        account: AccountName = None,
        region: RegionName = None,
    ) -> Observation:
        """Look at a load balancer: health of every target with the reason, requests, 5xx, latency.

        HTTPCode_ELB_5XX is the load balancer's own (no healthy target, time-outs);
        HTTPCode_Target_5XX came from the application.
        """
        return self._observer.observe(
            lambda reading: load_balancer.look_at_load_balancer(reading, name, minutes),
            tool="aws_load_balancer",
            source=load_balancer.SOURCE,
            query=_spelled("aws_load_balancer", name, minutes=minutes),
            account=account,
            region=region,
        )

    def aws_secrets(
        self,
        of: Annotated[
            str,
            Field(
                description="function/NAME, task/FAMILY[:REVISION], secret/NAME or parameter/NAME.",
                min_length=3,
                max_length=520,
            ),
        ],
        *,
        account: AccountName = None,
        region: RegionName = None,
    ) -> Observation:
        """List the secrets and parameters a task or function refers to, and whether they exist.

        Metadata only: present, missing, deleted, when changed or rotated; never a value.
        """
        return self._observer.observe(
            lambda reading: secrets.look_at_secrets(reading, of),
            tool="aws_secrets",
            source=secrets.SOURCE,
            query=_spelled("aws_secrets", of),
            account=account,
            region=region,
        )

    def functions(self) -> tuple[Callable[..., Observation], ...]:
        """Return every tool of this class, for a toolbox."""
        composites = (self.aws_alarm, self.aws_changes, self.aws_function, self.aws_load_balancer)
        return (*composites, self.aws_logs, self.aws_read, self.aws_secrets, self.aws_service)


def _spelled(tool: str, subject: str, **arguments: Any) -> str:
    """Return a call in its one form: tool, subject, then the arguments that were given."""
    given = {name: value for name, value in arguments.items() if value is not None}
    shown = json.dumps(given, ensure_ascii=False, sort_keys=True, default=str) if given else ""
    return " ".join(part for part in (tool, subject, shown) if part)
