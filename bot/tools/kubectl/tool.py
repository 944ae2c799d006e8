"""The `kubectl` tool: one typed command in, one observation out, for model and people alike.

A refusal by the grammar or by the asker's rights is a ToolError; everything a cluster says or
does not say is an observation. It never changes anything, and no text of a command reaches a
shell: commands are parsed to typed reads.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from bot.domain.errors import DeniedError, ToolError, UpstreamError
from bot.domain.evidence import EvidenceState, Observation
from bot.tools.answer import Answer
from bot.tools.cluster_choice import chosen_cluster
from bot.tools.kubectl.command import KubectlCommand, NamespacedCommand
from bot.tools.kubectl.grammar import parse
from bot.tools.kubectl.lexer import MAX_COMMAND_CHARS
from bot.tools.kubectl.scoping import Limits, UnclearError, located, missing_namespace, placed
from bot.tools.kubectl.verbs import answered, source_of
from bot.tools.shown import observed

if TYPE_CHECKING:
    from bot.domain.conversation import Scope
    from bot.domain.kinds import Kind
    from bot.domain.registry import Access
    from bot.ports.clock import Clock
    from bot.ports.cluster import Clusters
    from bot.tools.kubectl.verbs import TopologyReader

TOOL_NAME = "kubectl"

_FENCED = re.compile(r"\s*(```|`)(?:[a-z]{2,10}\n)?\s*(.*?)\s*\1\s*", re.DOTALL)
_PROMPT = re.compile(r"[$>]\s+(?=kubectl\b)")
# Words that make `kubectl …` the beginning of a sentence instead of a command.
_PROSE = re.compile(
    r"(?i)(is|was|do|does|did|has|had|says?|said|shows|showed|keeps|gives|gave|returns?|returned"
    r"|fails?|failed|hangs|hung|works|can|cannot|can't|doesn't|isn't|and|or|not|access|commands?"
    r"|output|itself|timed|times)[.,!:]*"
)


class KubectlTool:
    """Reads clusters for one asker in one conversation."""

    def __init__(
        self,
        clusters: Clusters,
        scope: Scope,
        access: Access,
        clock: Clock,
        extra_kinds: tuple[Kind, ...] = (),
        *,
        topology: TopologyReader | None = None,
    ) -> None:
        self._clusters = clusters
        self._scope = scope
        self._access = access
        self._clock = clock
        self._extra_kinds = extra_kinds
        self._topology = topology

    def kubectl(
        self,
        command: Annotated[
            str,
            Field(
                description="One whole command, starting with `kubectl`. No pipes, no shell.",
                min_length=1,
                max_length=MAX_COMMAND_CHARS,
            ),
        ],
        cluster: Annotated[
            str | None,
            Field(
                description="Cluster to read; the conversation's first if left out.",
                max_length=253,
            ),
        ] = None,
    ) -> Observation:
        """Read a Kubernetes cluster with one kubectl command. Nothing can be changed.

        Start wide (get, events), then describe, then logs. Call it several times at once.

        Grammar, strict; anything else is refused with the nearest allowed form:
        get KIND[,KIND] [NAME...] [-A] [-l SEL] [--field-selector F] [-o wide|name|json|yaml]
            [--show-labels] [-L KEY] [--sort-by=.metadata.creationTimestamp]
        describe KIND/NAME: conditions, container states with last exit code, events newest last
        logs POD|deploy/NAME|-l SEL [-c NAME] [--previous] [--since=30m] [--tail=1..2000]
            [--all-containers] [--grep='text,other text']; long logs come as patterns with counts
        top pods|nodes [--containers] [--sort-by=cpu|memory]
        events [-A] [--for KIND/NAME] [--types=Warning]
        rollout history|status deploy/NAME [--revision=N]; history diffs each template
        topology KIND/NAME: what needs it, what it needs
        auth can-i VERB KIND; explain KIND.field; api-resources; version
        Add -n NAMESPACE; without it the conversation's namespace is used. Secrets are never
        readable; values of env, config maps and secrets are hidden, their names are shown.

        Example: kubectl logs deploy/web -n shop --previous --grep=error
        """
        read = parse(command.strip(" \t\r\n"), extra_kinds=self._extra_kinds)
        name = chosen_cluster(self._scope, cluster)
        limits = Limits(access=self._access, cluster=name)
        read = placed(read, self._scope, limits)
        started_s = self._clock.monotonic()
        seen = self._seen(read, limits)
        return observed(
            seen.answer,
            tool=TOOL_NAME,
            query=seen.read.canonical(),
            cluster=name,
            namespace=seen.read.namespace if isinstance(seen.read, NamespacedCommand) else None,
            collected_at=self._clock.now(),
            took_s=self._clock.monotonic() - started_s,
        )

    def _seen(self, read: KubectlCommand, limits: Limits) -> _Seen:
        """Ask the cluster; whatever it answers, or does not, becomes an answer with a state."""
        try:
            reader = self._clusters.reader(limits.cluster)
        except KeyError as error:
            raise ToolError(f"cluster {limits.cluster} is not registered any more") from error
        try:
            read = located(read, reader)
            answer = answered(
                read,
                reader,
                now=self._clock.now(),
                extra_kinds=self._extra_kinds,
                topology=self._topology,
            )
        except UnclearError:
            raise
        except DeniedError as error:
            # The server's own words name user, verb, kind and namespace.
            return _failed(read, EvidenceState.DENIED, f"denied: {read.canonical()}: {error}")
        except UpstreamError as error:
            return _failed(read, EvidenceState.UNREACHABLE, str(error))
        except ToolError as error:
            answer = _failed(read, EvidenceState.EMPTY, str(error)).answer
        namespace = read.namespace if isinstance(read, NamespacedCommand) else None
        if answer.state is EvidenceState.EMPTY and namespace is not None:
            missing = missing_namespace(namespace, self._clusters.reader(limits.cluster), limits)
            answer = replace(answer, body=missing or answer.body)
        return _Seen(read=read, answer=answer)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """The command as it was really asked, and what came of it."""

    read: KubectlCommand
    answer: Answer


def is_command(text: str) -> bool:
    """Tell whether a message is meant as a typed command, not as a sentence about kubectl."""
    found = strip_command(text).split()
    if not found or found[0] != "kubectl":
        return False
    fenced = _FENCED.fullmatch(text) is not None
    return fenced or len(found) == 1 or _PROSE.fullmatch(found[1]) is None


def strip_command(text: str) -> str:
    """Return the command of a message without its code marks and shell prompt."""
    fenced = _FENCED.fullmatch(text)
    bare = (fenced[2] if fenced else text).strip()
    return _PROMPT.sub("", bare, count=1) if _PROMPT.match(bare) else bare


def _failed(read: KubectlCommand, state: EvidenceState, reason: str) -> _Seen:
    answer = Answer(source=source_of(read), body=reason, state=state)
    return _Seen(read=read, answer=answer)
