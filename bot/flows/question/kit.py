"""The read-only tools of one asker in one conversation: what a model may call and people type."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.verdict import Gap
from bot.tools.aws.scoping import CloudScope
from bot.tools.aws.tool import AwsTool
from bot.tools.changes.tool import ChangesTool
from bot.tools.kubectl.tool import KubectlTool, is_command, strip_command
from bot.tools.logql.tool import LogqlTool
from bot.tools.logql.typed import is_logql
from bot.tools.logql.typed import read_typed as read_log_query
from bot.tools.promql.tool import PromqlTool
from bot.tools.promql.typed import is_promql, read_typed
from bot.triage.topology.looking import ClusterTopology

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.domain.conversation import Scope
    from bot.domain.evidence import Observation
    from bot.domain.redaction.placeholder import Seal
    from bot.domain.registry import Access, Registry
    from bot.ports.clock import Clock
    from bot.ports.cloud import Cloud
    from bot.ports.cluster import Clusters
    from bot.ports.logs import LogSources
    from bot.ports.metrics import MetricsSources


def is_typed(text: str) -> bool:
    """Tell whether a message is a command or a query of its own, which needs no model."""
    return is_command(text) or is_promql(text) or is_logql(text)


class Kit:
    """Tools bound to what one person may read."""

    def __init__(
        self,
        *,
        clusters: Clusters,
        metrics: MetricsSources,
        logs: LogSources,
        cloud: Cloud,
        seal: Seal,
        registry: Registry,
        text: str,
        scope: Scope,
        access: Access,
        clock: Clock,
    ) -> None:
        self._kubectl = KubectlTool(
            clusters=clusters,
            scope=scope,
            access=access,
            clock=clock,
            extra_kinds=registry.custom_kinds,
            topology=ClusterTopology(clock=clock),
        )
        self._promql = PromqlTool(sources=metrics, scope=scope, access=access, clock=clock)
        self._metered = registry.metered(scope.clusters)
        self._logql = LogqlTool(sources=logs, scope=scope, access=access, clock=clock)
        self._has_logs = bool(registry.with_logs(scope.clusters))
        accounts = [
            one for one in registry.connected_accounts(text) if access.may_read_account(one.name)
        ]
        self._accounts = accounts
        self._aws = (
            AwsTool(cloud, CloudScope(accounts=tuple(accounts)), access, clock, seal=seal)
            if accounts
            else None
        )
        self._changes = ChangesTool(
            clusters=clusters,
            cloud=cloud,
            accounts=accounts,
            seal=seal,
            scope=scope,
            access=access,
            clock=clock,
        )
        self._scope = scope

    @property
    def functions(self) -> tuple[Callable[..., Observation], ...]:
        """What a model may call; only what this conversation has is offered."""
        metrics = (self._promql.promql, self._promql.find_metrics) if self._metered else ()
        aws = self._aws.functions() if self._aws is not None else ()
        logs = (self._logql.logql,) if self._has_logs else ()
        return (self._kubectl.kubectl, self._changes.what_changed, *metrics, *logs, *aws)

    @property
    def accounts(self) -> str:
        """The AWS accounts that may be read, each with its regions; empty when there are none."""
        return ", ".join(f"{one.name} ({', '.join(one.regions)})" for one in self._accounts)

    @property
    def unusable(self) -> tuple[Gap, ...]:
        """Sources an answer has to name as not looked at."""
        bare = [name for name in self._scope.clusters if name not in self._metered]
        gaps = [
            Gap(source="metrics", scope=name, reason="no Prometheus in the registry")
            for name in bare
        ]
        if self._aws is None:
            gaps.append(Gap(source="AWS", scope="all", reason="no account that may be read here"))
        return tuple(gaps)

    def typed(self, text: str) -> Observation:
        """Run what a person typed.

        Raises:
            ToolError: The grammar, the guard or the person's rights refuse it.
        """
        if is_command(text):
            return self._kubectl.kubectl(strip_command(text))
        if is_logql(text):
            wanted = read_log_query(text)
            return self._logql.logql(wanted.query, wanted.minutes)
        query = read_typed(text)
        return self._promql.promql(query.query, query.minutes, query.compare)
