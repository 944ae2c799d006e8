"""From a scanned command line to its typed read: one small function for each verb (R20 to R23).

Flags were checked before; here their values get their types, and words become kinds and names.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bot.domain.kinds import kind_named
from bot.tools.kubectl import flags
from bot.tools.kubectl.command import (
    ApiResources,
    CanI,
    Describe,
    Events,
    Explain,
    Get,
    KubectlCommand,
    Logs,
    Output,
    RolloutHistory,
    RolloutStatus,
    TopNodes,
    Topology,
    TopPods,
    Version,
    WhoAmI,
)
from bot.tools.refusal import quoted, refuse

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.tools.kubectl.flags import Scanned
    from bot.tools.kubectl.spelling import Target
    from bot.tools.kubectl.targets import Vocabulary

DEFAULT_TAIL = 500
LOG_KINDS = (
    "pods",
    "deployments",
    "statefulsets",
    "daemonsets",
    "replicasets",
    "jobs",
    "cronjobs",
    "services",
    "rollouts",
)
HISTORY_KINDS = ("deployments", "rollouts")
"""Their revisions are ReplicaSets; those of other workloads are of a kind that is not readable."""
STATUS_KINDS = ("deployments", "statefulsets", "daemonsets", "rollouts")
TOPOLOGY_KINDS = (
    "deployments",
    "statefulsets",
    "daemonsets",
    "cronjobs",
    "pods",
    "services",
    "ingresses",
    "configmaps",
    "persistentvolumeclaims",
    "nodes",
)

_ACTIONS = (
    "get",
    "list",
    "watch",
    "create",
    "update",
    "patch",
    "delete",
    "deletecollection",
)
_FIELD = re.compile(r"[A-Za-z][A-Za-z0-9]{0,62}")


def _get(scanned: Scanned, kinds: Vocabulary) -> Get:
    targets = kinds.targets(scanned.words, verb="get")
    fields = scanned.values.get("--field-selector")
    columns = scanned.values.get("--label-columns")
    _refuse_names_with_selector(targets, scanned, verb="get")
    return Get(
        targets=targets,
        namespace=_namespace(scanned),
        all_namespaces=flags.ALL_NAMESPACES.name in scanned.switches,
        labels=scanned.values.get(flags.LABELS.name),
        fields=fields,
        output=Output(scanned.values.get("--output", Output.TABLE.value)),
        show_labels="--show-labels" in scanned.switches,
        label_columns=tuple(dict.fromkeys(columns.split(","))) if columns else (),
        sort_by=scanned.values.get("--sort-by"),
        no_headers="--no-headers" in scanned.switches,
        ignore_not_found="--ignore-not-found" in scanned.switches,
    )


def _describe(scanned: Scanned, kinds: Vocabulary) -> Describe:
    targets = kinds.targets(scanned.words, verb="describe")
    _refuse_names_with_selector(targets, scanned, verb="describe")
    return Describe(
        targets=targets,
        namespace=_namespace(scanned),
        labels=scanned.values.get(flags.LABELS.name),
        show_events=scanned.values.get("--show-events") != "false",
    )


def _logs(scanned: Scanned, kinds: Vocabulary) -> Logs:
    labels = scanned.values.get(flags.LABELS.name)
    if labels is not None and scanned.words:
        raise refuse("R23", "`logs` takes an object or -l, not both", "kubectl logs -l app=NAME")
    container = scanned.values.get("--container")
    if container is not None and "--all-containers" in scanned.switches:
        raise refuse("R23", "`-c` and `--all-containers` contradict each other", "-c CONTAINER")
    grep = scanned.values.get("--grep")
    since = scanned.values.get("--since")
    tail = scanned.values.get("--tail")
    # A search may go further back than what can be shown.
    default_tail = DEFAULT_TAIL if grep is None else None
    return Logs(
        target=None if labels is not None else _log_target(scanned.words, kinds),
        namespace=_namespace(scanned),
        labels=labels,
        container=container,
        previous="--previous" in scanned.switches,
        since_s=None if since is None else flags.seconds(since),
        tail=default_tail if tail is None else int(tail),
        timestamps="--timestamps" in scanned.switches,
        all_containers="--all-containers" in scanned.switches,
        prefix="--prefix" in scanned.switches,
        grep=tuple(dict.fromkeys(text.strip() for text in grep.split(","))) if grep else (),
    )


def _log_target(names: tuple[str, ...], kinds: Vocabulary) -> Target:
    if len(names) > 1:
        raise refuse(
            "R23",
            f"`logs` takes one object, {quoted(names[1])} is a second word",
            "kubectl logs POD -c CONTAINER -n NAMESPACE, or kubectl logs deployment/NAME",
        )
    if not names:
        raise refuse("R21", "`logs` needs a pod", "kubectl logs POD -n NAMESPACE")
    word = names[0] if "/" in names[0] else f"pod/{names[0]}"
    return kinds.one((word,), among=LOG_KINDS, verb="logs")


def _top_pods(scanned: Scanned, kinds: Vocabulary) -> TopPods:
    return TopPods(
        name=_top_name("pod", scanned, kinds),
        namespace=_namespace(scanned),
        all_namespaces=flags.ALL_NAMESPACES.name in scanned.switches,
        labels=scanned.values.get(flags.LABELS.name),
        containers="--containers" in scanned.switches,
        sort_by=scanned.values.get("--sort-by"),
    )


def _top_nodes(scanned: Scanned, kinds: Vocabulary) -> TopNodes:
    return TopNodes(
        name=_top_name("node", scanned, kinds),
        labels=scanned.values.get(flags.LABELS.name),
        sort_by=scanned.values.get("--sort-by"),
    )


def _top_name(kind: str, scanned: Scanned, kinds: Vocabulary) -> str | None:
    if not scanned.words:
        return None
    if flags.LABELS.name in scanned.values or len(scanned.words) > 1:
        raise refuse("R23", "`top` takes one name or -l", f"kubectl top {kind}s [NAME | -l KEY=V]")
    return kinds.targets((kind, scanned.words[0]), verb="top")[0].names[0]


def _events(scanned: Scanned, kinds: Vocabulary) -> Events:
    _refuse_words("events", scanned, nearest="kubectl events -n NAMESPACE --for=pod/NAME")
    about = scanned.values.get("--for")
    types = scanned.values.get("--types")
    return Events(
        about=kinds.targets((about,), verb="events")[0] if about else None,
        namespace=_namespace(scanned),
        all_namespaces=flags.ALL_NAMESPACES.name in scanned.switches,
        types=tuple(sorted(set(types.split(",")))) if types else (),
    )


def _rollout_history(scanned: Scanned, kinds: Vocabulary) -> RolloutHistory:
    revision = scanned.values.get("--revision")
    return RolloutHistory(
        target=kinds.one(scanned.words, among=HISTORY_KINDS, verb="rollout history"),
        namespace=_namespace(scanned),
        revision=None if revision is None else int(revision),
    )


def _rollout_status(scanned: Scanned, kinds: Vocabulary) -> RolloutStatus:
    target = kinds.one(scanned.words, among=STATUS_KINDS, verb="rollout status")
    return RolloutStatus(target=target, namespace=_namespace(scanned))


def _topology(scanned: Scanned, kinds: Vocabulary) -> Topology:
    return Topology(
        target=kinds.one(scanned.words, among=TOPOLOGY_KINDS, verb="topology"),
        namespace=_namespace(scanned),
        direction=scanned.values.get("--direction", "both"),
        depth=int(scanned.values.get("--depth", "2")),
    )


def _can_i(scanned: Scanned, kinds: Vocabulary) -> CanI:
    example = "kubectl auth can-i list pods -n NAMESPACE"
    if not scanned.words or scanned.words[0] not in _ACTIONS:
        given = quoted(scanned.words[0]) if scanned.words else "nothing"
        raise refuse("R21", f"`auth can-i` asks about an action, not {given}", example)
    (target, *others) = kinds.targets(scanned.words[1:], verb=f"auth can-i {scanned.words[0]}")
    if others or len(target.names) > 1:
        raise refuse("R23", "`auth can-i` asks about one kind", example)
    return CanI(action=scanned.words[0], target=target, namespace=_namespace(scanned))


def _explain(scanned: Scanned, kinds: Vocabulary) -> Explain:
    example = "kubectl explain pods.spec.containers"
    if len(scanned.words) != 1:
        rule = "R23" if scanned.words else "R21"
        raise refuse(rule, "`explain` takes one kind with its fields", example)
    parts = scanned.words[0].split(".")
    for length in range(len(parts), 1, -1):
        if _is_grouped(parts[:length], kinds):
            break
    else:
        length = 1
    path = tuple(parts[length:])
    kind = kinds.kind(".".join(parts[:length]))
    if not all(_FIELD.fullmatch(field) for field in path):
        raise refuse("R22", f"{quoted(scanned.words[0])} is not a path of fields", example)
    return Explain(kind=kind, path=path)


def _is_grouped(parts: list[str], kinds: Vocabulary) -> bool:
    """Tell whether the parts are a kind with its API group, such as rollouts.argoproj.io."""
    return kind_named(".".join(parts), extra=kinds.extra) is not None


def _who_am_i(scanned: Scanned, _: Vocabulary) -> WhoAmI:
    _refuse_words("auth whoami", scanned, nearest="kubectl auth whoami")
    return WhoAmI()


def _api_resources(scanned: Scanned, _: Vocabulary) -> ApiResources:
    _refuse_words("api-resources", scanned, nearest="kubectl api-resources")
    return ApiResources()


def _version(scanned: Scanned, _: Vocabulary) -> Version:
    _refuse_words("version", scanned, nearest="kubectl version")
    return Version()


def _refuse_words(verb: str, scanned: Scanned, *, nearest: str) -> None:
    if scanned.words:
        raise refuse("R23", f"`{verb}` takes no {quoted(scanned.words[0])}", nearest)


def _refuse_names_with_selector(
    targets: tuple[Target, ...], scanned: Scanned, *, verb: str
) -> None:
    if any(target.names for target in targets) and (
        flags.LABELS.name in scanned.values or "--field-selector" in scanned.values
    ):
        raise refuse(
            "R23", "names and a selector cannot be combined", f"kubectl {verb} KIND -l KEY=VALUE"
        )


def _namespace(scanned: Scanned) -> str | None:
    return scanned.values.get(flags.NAMESPACE.name)


BUILDERS: dict[str, Callable[[Scanned, Vocabulary], KubectlCommand]] = {
    "get": _get,
    "describe": _describe,
    "logs": _logs,
    "top pods": _top_pods,
    "top nodes": _top_nodes,
    "events": _events,
    "rollout history": _rollout_history,
    "rollout status": _rollout_status,
    "topology": _topology,
    "auth can-i": _can_i,
    "auth whoami": _who_am_i,
    "explain": _explain,
    "api-resources": _api_resources,
    "version": _version,
}
"""For each verb the function that types its words; it raises ToolError R20 to R23."""
