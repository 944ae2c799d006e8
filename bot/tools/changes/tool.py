"""The `what_changed` tool: one time line of a cluster's or account's changes around an onset.

A refusal by the asker's rights is a ToolError; everything a source says or does not say is in the
observation. Its docstring is prompt text, paid for in every request.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from bot.domain.errors import ToolError
from bot.domain.evidence import EvidenceState, Window
from bot.tools.aws.observing import Observer
from bot.tools.aws.scoping import CloudScope
from bot.tools.changes.account import account_changes, is_early
from bot.tools.changes.looking import TOOL_NAME, Look, look_at_cluster
from bot.tools.changes.spelling import onset_of, spelled, window_of
from bot.tools.changes.timeline import SOURCE, timeline
from bot.tools.kubectl.scoping import Limits, missing_namespace
from bot.tools.refusal import quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.conversation import Scope
    from bot.domain.evidence import Observation
    from bot.domain.redaction.placeholder import Seal
    from bot.domain.registry import Access, Account
    from bot.ports.clock import Clock
    from bot.ports.cloud import Cloud
    from bot.ports.cluster import Clusters
    from bot.tools.answer import Answer
    from bot.tools.aws.reading import Reading

MAX_HOURS_BEFORE = 72
MAX_HOURS_AFTER = 24
MAX_NAMES = 3
_NAME = re.compile(r"[A-Za-z0-9][\w.:/-]{0,255}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Around:
    """The time asked about."""

    onset: datetime
    window: Window
    names: tuple[str, ...]


class ChangesTool:
    """Tells what changed, for one asker in one conversation."""

    def __init__(
        self,
        *,
        clusters: Clusters,
        cloud: Cloud,
        accounts: Sequence[Account],
        seal: Seal,
        scope: Scope,
        access: Access,
        clock: Clock,
    ) -> None:
        self._clusters = clusters
        self._accounts = tuple(accounts)
        self._observer = Observer(
            cloud, CloudScope(accounts=self._accounts), access, clock, seal=seal
        )
        self._scope = scope
        self._access = access
        self._clock = clock

    def what_changed(
        self,
        *,
        around: Annotated[str | None, Field(description="Onset, ISO; else now.")] = None,
        where: Annotated[
            str | None, Field(description="Cluster or account[/region]; else first cluster.")
        ] = None,
        namespace: str | None = None,
        names: Annotated[list[str] | None, Field(max_length=MAX_NAMES)] = None,
        hours_before: Annotated[int, Field(ge=1, le=MAX_HOURS_BEFORE)] = 6,
        hours_after: Annotated[int, Field(ge=0, le=MAX_HOURS_AFTER)] = 1,
    ) -> Observation:
        """Tell what changed around an onset, on one time line.

        Rollouts' diffs, config, scaling, nodes, Argo CD; in AWS calls, stacks and, for names
        (function or CLUSTER/SERVICE), versions and images.
        """
        now = self._clock.now().replace(microsecond=0)
        onset = onset_of(around, now=now)
        window = window_of(onset, hours_before=hours_before, hours_after=hours_after, now=now)
        asked = _Around(onset=onset, window=window, names=_checked(names or ()))
        cluster = self._cluster(where)
        if cluster is not None:
            return self._of_cluster(cluster, namespace, asked)
        account, _, region = (where or "").partition("/")
        if not self._is_account(account):
            known = [*self._scope.clusters, *(one.name for one in self._accounts)]
            raise ToolError(f"{quoted(where)} is no place of this conversation: {', '.join(known)}")
        return self._of_account(account, region or None, asked)

    def _of_cluster(self, cluster: str, namespace: str | None, asked: _Around) -> Observation:
        limits = Limits(access=self._access, cluster=cluster)
        limits.check_cluster()
        place = namespace or self._scope.namespace or limits.default_namespace()
        limits.check(place)
        try:
            reader = self._clusters.reader(cluster)
        except KeyError as error:
            raise ToolError(f"cluster {cluster} is not registered any more") from error
        look = Look(
            namespace=place,
            onset=asked.onset,
            window=asked.window,
            wide=self._access.may_read(cluster, None),
            # A kind in front, as in deployment/web, says nothing more here.
            names=tuple(name.rpartition("/")[2] for name in asked.names),
        )
        seen = look_at_cluster(reader, look, self._clock).observation
        if not seen.rows and place is not None and seen.state is EvidenceState.EMPTY:
            return replace(seen, body=missing_namespace(place, reader, limits) or seen.body)
        return seen

    def _of_account(self, account: str, region: str | None, asked: _Around) -> Observation:
        def work(reading: Reading) -> Answer:
            found = account_changes(reading, place=account, window=asked.window, names=asked.names)
            gaps = list(reading.gaps)
            if reading.cut:
                gaps.append("the rest of a list that is longer than the ceilings let through")
            late = "CloudTrail runs up to 15 minutes late: the newest calls may be missing"
            notes = [late] if is_early(reading, asked.window) else []
            # Silence about the last minutes is none.
            return timeline(
                found,
                onset=asked.onset,
                window=asked.window,
                gaps=gaps if found else [*gaps, *notes],
                notes=notes if found else (),
            )

        return self._observer.observe(
            work,
            tool=TOOL_NAME,
            source=SOURCE,
            query=spelled(asked.onset, asked.window, asked.names),
            account=account,
            region=region,
        )

    def _cluster(self, where: str | None) -> str | None:
        known = self._scope.clusters
        if where is None:
            return known[0] if known else None
        return next((name for name in known if name.casefold() == where.casefold()), None)

    def _is_account(self, name: str) -> bool:
        folded = name.casefold()
        return any(
            folded in {word.casefold() for word in (one.name, one.account_id, *one.aliases)}
            for one in self._accounts
        )


def _checked(names: Sequence[str]) -> tuple[str, ...]:
    """Return the names; ToolError if one is none."""
    for name in names:
        if not _NAME.fullmatch(name):
            raise ToolError(f"{quoted(name)} is no name; give names alone, such as web or shop/web")
    return tuple(names)
