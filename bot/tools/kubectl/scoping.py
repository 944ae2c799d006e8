"""Where a command looks when it does not say, and whether its asker may look there.

Rights are judged on the parsed command and before any call to a cluster; what a person may not
read is not even looked for.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rapidfuzz import process as closest

from bot.domain.errors import OutOfReachError, ToolError, UpstreamError
from bot.domain.registry import Access
from bot.ports.cluster import Selection
from bot.tools.kubectl.command import (
    CanI,
    Describe,
    Events,
    Get,
    KubectlCommand,
    Logs,
    NamespacedCommand,
    RolloutHistory,
    RolloutStatus,
    TopNodes,
    Topology,
    TopPods,
)
from bot.tools.kubectl.fields import kind, name_of, namespace_of

if TYPE_CHECKING:
    from bot.domain.conversation import Scope
    from bot.ports.cluster import ClusterReader
    from bot.tools.kubectl.spelling import Target

_ALIKE = 60  # percent; below it a suggestion only confuses
_SUGGESTIONS = 3
_PATTERN_CHARS = frozenset("*?[")


class UnclearError(ToolError):
    """The command fits more than one object; the asker has to say which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one person may read of one cluster."""

    access: Access
    cluster: str

    def check(self, namespace: str | None) -> None:
        """Return if the namespace may be read; None asks for all of them, or for none at all.

        Raises:
            ToolError: It may not; the text names what may.
        """
        if self.access.may_read(self.cluster, namespace):
            return
        what = f"namespace {namespace}" if namespace else "all namespaces, or cluster-wide objects,"
        raise OutOfReachError(f"the asker may not read {what} of {self.cluster}; {self._granted()}")

    def check_cluster(self) -> None:
        """Return if anything of the cluster may be read; ToolError if nothing may."""
        if not self.access.clusters((self.cluster,)):
            raise OutOfReachError(f"the asker may not read cluster {self.cluster}")

    def default_namespace(self) -> str | None:
        """Return the only namespace there is to choose; None if all may be read.

        Raises:
            ToolError: Some may be read, and the command has to name one.
        """
        if self.access.may_read(self.cluster, None):
            return None
        granted = self.access.namespaces(self.cluster)
        if len(granted) == 1 and _PATTERN_CHARS.isdisjoint(granted[0]):
            return granted[0]
        raise ToolError(f"name a namespace with -n; {self._granted()}")

    def _granted(self) -> str:
        granted = ", ".join(self.access.namespaces(self.cluster))
        return f"readable there: namespaces {granted}" if granted else "nothing is readable there"


def targets_of(command: KubectlCommand) -> tuple[Target, ...]:
    """Return the objects a command names by kind."""
    match command:
        case Get(targets=targets) | Describe(targets=targets):
            return targets
        case RolloutHistory(target=target) | RolloutStatus(target=target) | CanI(target=target):
            return (target,)
        case Topology(target=target):
            return (target,)
        case Logs(target=about) | Events(about=about):
            return (about,) if about else ()
        case _:
            return ()


def placed(command: KubectlCommand, scope: Scope, limits: Limits) -> KubectlCommand:
    """Return the command with its namespace filled in, once the asker's rights allow it.

    Its namespace stays None where it looks at cluster-wide objects, at all namespaces, or at
    an object that is still to be located.

    Raises:
        ToolError: The asker may not read there, or has to name a namespace.
    """
    limits.check_cluster()
    if not isinstance(command, NamespacedCommand):
        if isinstance(command, TopNodes):
            limits.check(None)
        return command
    kinds = [target.kind for target in targets_of(command)]
    looks_for = isinstance(command, Get | Describe | Topology | CanI)
    if looks_for and not all(found.namespaced for found in kinds):
        limits.check(None)
    if looks_for and not any(found.namespaced for found in kinds):
        return _elsewhere(command)
    if getattr(command, "all_namespaces", False):
        limits.check(None)
        return command
    namespace = command.namespace
    if namespace is None and not _is_cluster_event(command):
        namespace = scope.namespace or limits.default_namespace()
    if namespace is not None:
        limits.check(namespace)
        return replace(command, namespace=namespace)
    limits.check(None)
    return _everywhere(command)


def located(command: KubectlCommand, reader: ClusterReader) -> KubectlCommand:
    """Return the command with the namespace its named object was found in.

    Raises:
        UnclearError: Objects of that name are in several namespaces.
        ToolError: There is none; the text names the closest.
    """
    if not isinstance(command, NamespacedCommand) or not needs_locating(command):
        return command
    if isinstance(command, TopPods):
        target, name = kind("pods"), command.name or ""
    else:
        first = next(one for one in targets_of(command) if one.kind.namespaced)
        target, name = first.kind, first.names[0]
    found = reader.list(target, Selection(fields=f"metadata.name={name}")).items
    places = sorted({namespace_of(item) or "" for item in found})
    if len(places) > 1:
        raise UnclearError(
            f"{target.singular} {name} is in namespaces {', '.join(places)}: name one with -n"
        )
    if not places:
        names = {name_of(item) for item in reader.list(target, Selection()).items}
        raise ToolError(
            f"{reader.name} has no {target.singular} {name} in any namespace{alike(name, names)}"
        )
    return replace(command, namespace=places[0])


def needs_locating(command: KubectlCommand) -> bool:
    """Tell whether the command names an object without saying in which namespace."""
    match command:
        case TopPods():
            return command.namespace is None and command.name is not None and _is_placeable(command)
        case Events() | CanI():
            return False
        case Get() | Describe() | Logs() | RolloutHistory() | RolloutStatus() | Topology():
            named = [one for one in targets_of(command) if one.kind.namespaced and one.names]
            return bool(named) and command.namespace is None and _is_placeable(command)
        case _:
            return False


def missing_namespace(namespace: str, reader: ClusterReader, limits: Limits) -> str | None:
    """Return the sentence that a namespace does not exist; None if it does, or nobody can tell."""
    namespaces = kind("namespaces")
    try:
        reader.get(namespaces, name=namespace, namespace=None)
    except UpstreamError:
        return None
    except ToolError:
        said = f"{limits.cluster} has no namespace {namespace}"
    else:
        return None
    try:
        known = {name_of(item) for item in reader.list(namespaces, Selection()).items}
    except UpstreamError:
        return said
    return said + alike(
        namespace, {name for name in known if limits.access.may_read(limits.cluster, name)}
    )


def alike(name: str, known: set[str]) -> str:
    """Return the end of a sentence that names the closest of those known; empty if none is."""
    best = closest.extract(name, sorted(known), limit=_SUGGESTIONS, score_cutoff=_ALIKE)
    names = ", ".join(match[0] for match in best)
    return f"; closest: {names}" if names else ""


def _is_placeable(command: NamespacedCommand) -> bool:
    return not getattr(command, "all_namespaces", False)


def _is_cluster_event(command: NamespacedCommand) -> bool:
    """Tell whether events about a cluster-wide object are asked for; any namespace keeps them."""
    return (
        isinstance(command, Events)
        and command.about is not None
        and not command.about.kind.namespaced
    )


def _elsewhere(command: NamespacedCommand) -> KubectlCommand:
    """Return the command without a namespace, which cluster-wide objects do not have."""
    if isinstance(command, Get):
        return replace(command, namespace=None, all_namespaces=False)
    return replace(command, namespace=None)


def _everywhere(command: NamespacedCommand) -> KubectlCommand:
    """Return the command for all namespaces, where it can ask for them."""
    if needs_locating(command) or isinstance(command, CanI):
        return command
    if isinstance(command, Get | TopPods | Events):
        return replace(command, all_namespaces=True)
    raise ToolError("name a namespace with -n; this conversation has no default namespace")
