"""Reads a workload and what stands around it, each part where an operation's guards need it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from safe_ops.errors import GoneError, RefusedError
from safe_ops.model.fields import dig, entries, text
from safe_ops.model.objects import name_of, namespace_of, owned_by, selector_text, uid_of
from safe_ops.model.revisions import template_of
from safe_ops.model.rights import ClusterRule
from safe_ops.model.rollouts import DEPLOYMENT
from safe_ops.operations.cluster_change import cluster_of
from safe_ops.operations.cluster_paths import KINDS, list_path, path_to

if TYPE_CHECKING:
    from collections.abc import Iterator

    from safe_ops.model.surveys import Object
    from safe_ops.operations.operation import Eyes


def reads(kind: str, *verbs: str, subresource: str = "") -> ClusterRule:
    """Return the right to read a kind, or a subresource of it."""
    return _rule(kind, verbs, subresource)


def writes(kind: str, *verbs: str, subresource: str = "") -> ClusterRule:
    """Return the right to write a kind, or a subresource of it."""
    return _rule(kind, verbs, subresource)


def workload(eyes: Eyes, kind: str, name: str, namespace: str) -> Object | None:
    """Return the workload; None if there is none."""
    return cluster_of(eyes).get(path_to(kind, name, namespace))


def beside(eyes: Eyes, kind: str, workload: Object | None) -> tuple[Object, ...]:
    """Return all objects of a kind in the workload's namespace; none without a workload."""
    if workload is None:
        return ()
    return cluster_of(eyes).items(list_path(kind, namespace_of(workload)))


def budgets_in(eyes: Eyes, namespace: str = "") -> tuple[Object, ...]:
    """Return the disruption budgets of a namespace, or of the whole cluster.

    Raises:
        RefusedError: `unsupported`: the cluster does not serve them as they are read here, so that
            budgets may be there and not be seen.
    """
    try:
        return cluster_of(eyes).items(list_path("PodDisruptionBudget", namespace), required=True)
    except GoneError as error:
        raise RefusedError(
            f"{eyes.place.name} does not serve disruption budgets of policy/v1, as Kubernetes does "
            "from 1.21 on: Nightdesk cannot see what protects its pods and changes nothing there. "
            "Upgrade the cluster, or act by hand.",
            code="unsupported",
        ) from error


def budgets_beside(eyes: Eyes, workload: Object | None) -> tuple[Object, ...]:
    """Return the disruption budgets of a workload's namespace; none without a workload.

    Raises:
        RefusedError: As `budgets_in`.
    """
    return () if workload is None else budgets_in(eyes, namespace_of(workload))


def everywhere(eyes: Eyes, kind: str) -> tuple[Object, ...]:
    """Return all objects of a kind in the cluster."""
    return cluster_of(eyes).items(list_path(kind))


def pods_of(eyes: Eyes, workload: Object) -> tuple[Object, ...]:
    """Return the pods a workload's selector takes."""
    return cluster_of(eyes).items(
        list_path("Pod", namespace_of(workload)),
        labels=selector_text(dig(workload, "spec", "selector")),
    )


def holders_of(eyes: Eyes, workload: Object | None) -> tuple[Object, ...]:
    """Return what keeps a workload's old templates: replica sets, or ControllerRevisions."""
    if workload is None:
        return ()
    return owned_by(uid_of(workload), beside(eyes, holder_kind(text(workload, "kind")), workload))


def holder_kind(kind: str) -> str:
    """Return in what kind of object a kind of workload keeps its old templates."""
    return "ReplicaSet" if kind == DEPLOYMENT else "ControllerRevision"


def config_maps_of(template: Object) -> tuple[str, ...]:
    """Return the names of config maps a template cannot start without, sorted."""
    return tuple(sorted(set(_needed(template, "configMap", "name"))))


def secrets_of(template: Object) -> tuple[str, ...]:
    """Return the names of secrets a template cannot start without, sorted."""
    return tuple(sorted(set(_needed(template, "secret", "secretName"))))


def existing(eyes: Eyes, template: Object, *, namespace: str) -> dict[str, bool]:
    """Return for each config map a template needs whether it exists. Secrets are never read."""
    return {
        f"ConfigMap/{name}": cluster_of(eyes).get(path_to("ConfigMap", name, namespace)) is not None
        for name in config_maps_of(template)
    }


def pod_pattern(workload: Object) -> str:
    """Return a regular expression for the names of a workload's pods, as PromQL matches them.

    Of a deployment or a stateful set: nothing else has a count that could be too high.
    """
    name = name_of(workload).replace(".", "[.]")
    if text(workload, "kind") == DEPLOYMENT:
        return f"{name}-[a-z0-9]+-[a-z0-9]+"
    return f"{name}-[0-9]+"


def pod_spec(workload: Object) -> Object:
    """Return the specification of a workload's pods."""
    spec = dig(template_of(workload), "spec")
    return spec if isinstance(spec, dict) else {}


def _needed(template: Object, source: str, volume_key: str) -> Iterator[str]:
    spec = dig(template, "spec")
    for container in [*entries(spec, "containers"), *entries(spec, "initContainers")]:
        yield from _named(entries(container, "envFrom"), f"{source}Ref", "name")
        values = [{"from": dig(one, "valueFrom")} for one in entries(container, "env")]
        for one in values:
            yield from _named([one["from"]], f"{source}KeyRef", "name")
    yield from _named(entries(spec, "volumes"), source, volume_key)
    for volume in entries(spec, "volumes"):
        yield from _named(entries(volume, "projected", "sources"), source, "name")


def _named(places: list[Object], source: str, key: str) -> Iterator[str]:
    for place in places:
        found = dig(place, source)
        if dig(found, "optional") is not True and text(found, key):
            yield text(found, key)


def _rule(kind: str, verbs: tuple[str, ...], subresource: str) -> ClusterRule:
    served = KINDS[kind]
    resource = f"{served.resource}/{subresource}" if subresource else served.resource
    return ClusterRule(group=served.group, resource=resource, verbs=tuple(sorted(verbs)))
