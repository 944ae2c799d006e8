"""Where an alert is, from its labels or its CloudWatch dimensions.

Label names differ by exporter (`pod`, `pod_name`, `exported_pod`, `FunctionName`,
`dimension_FunctionName`, `function_name`), so names are compared without case and punctuation.
It must not know the registry: names stay as the sender writes them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from bot.adapters.alerts.values import NAME_CHARS, told
from bot.domain.alert import AlertObject, AlertScope

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MOST_OBJECTS: Final = 12
_CLUSTER: Final = ("cluster", "clustername", "k8scluster", "kubernetescluster", "kubeclustername",
                   "k8sclustername", "clusterid")  # fmt: skip
# `exported_*` first: where a scrape's own labels win, `namespace` and `pod` are the exporter's.
_NAMESPACE: Final = ("exportednamespace", "kubernetesnamespace", "kubenamespace",
                     "k8snamespacename", "namespace", "destinationservicenamespace")  # fmt: skip
_ACCOUNT: Final = ("accountid", "awsaccountid", "awsaccount", "account")
_REGION: Final = ("region", "awsregion", "cloudregion")
_KINDS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("pod", ("exportedpod", "pod", "podname", "k8spodname")),
    ("deployment", ("deployment", "kubedeployment", "k8sdeploymentname")),
    ("statefulset", ("statefulset", "kubestatefulset", "kubestatefulsetname")),
    ("daemonset", ("daemonset", "kubedaemonset")),
    ("replicaset", ("replicaset", "kubereplicaset")),
    # Prometheus's own `job` names what was scraped, not a Job of Kubernetes.
    ("job", ("jobname", "kubejob", "exportedjob")),
    ("cronjob", ("cronjob", "kubecronjob")),
    ("horizontalpodautoscaler", ("horizontalpodautoscaler", "hpa")),
    ("persistentvolumeclaim", ("persistentvolumeclaim", "pvc")),
    ("ingress", ("exportedingress", "ingress")),
    ("node", ("exportednode", "node", "nodename", "kubernetesnode", "k8snodename", "kubenode")),
    ("service", ("exportedservice", "destinationservicename", "kubeservice", "service",
                 "servicename", "app", "application", "appkubernetesioname")),
    ("function", ("functionname", "function")),
    ("db_instance", ("dbinstanceidentifier", "dbinstance")),
    ("db_cluster", ("dbclusteridentifier", "dbcluster")),
    ("load_balancer", ("loadbalancer", "loadbalancername")),
    ("target_group", ("targetgroup",)),
    ("queue", ("queuename", "queue")),
    ("topic", ("topicname",)),
    ("table", ("tablename",)),
    ("stream", ("streamname",)),
    ("bucket", ("bucketname",)),
    ("cache_cluster", ("cacheclusterid", "replicationgroupid")),
    ("auto_scaling_group", ("autoscalinggroupname", "autoscalinggroup")),
    ("ec2_instance", ("instanceid",)),
    ("state_machine", ("statemachinearn",)),
    ("api", ("apiname", "apiid")),
    ("file_system", ("filesystemid",)),
    ("nat_gateway", ("natgatewayid",)),
    ("log_group", ("loggroupname",)),
    ("host", ("host", "hostname")),
)  # fmt: skip
_AS_ECS: Final = {"clustername": "ecs_cluster", "servicename": "ecs_service"}
# Exporters tell of others: their own service and address are not where the trouble is.
_EXPORTER: Final = re.compile(
    r"(?:^|[-_/.])(?:kube-state-metrics|node-exporter|kubelet|cadvisor|[\w-]*exporter)(?:$|[-_/.])",
)
_NODE_EXPORTER: Final = re.compile(r"node[-_]?exporter")
_PORT: Final = re.compile(r":\d{1,5}$")
_REGION_CODE: Final = re.compile(r"[a-z]{2}(?:-gov|-iso[a-z]?)?-[a-z]{4,9}-\d")
_ZONE: Final = re.compile(r"([a-z]{2}(?:-gov)?-[a-z]{4,9}-\d)[a-z]")


def of_labels(labels: Mapping[str, str]) -> AlertScope:
    """Return the place that labels of Prometheus, Datadog or another tagging sender tell."""
    known = _known(labels)
    objects = _objects(known)
    return AlertScope(
        cluster=_first(known, _CLUSTER),
        account=_first(known, _ACCOUNT),
        region=_region(known),
        namespace=_first(known, _NAMESPACE),
        objects=tuple([*objects, *_instance(known, has_others=bool(objects))][:MOST_OBJECTS]),
    )


def of_dimensions(
    namespace: str, dimensions: Mapping[str, str], *, account: str, region: str
) -> AlertScope:
    """Return the place that a CloudWatch metric's dimensions tell.

    Args:
        namespace: the metric's, such as AWS/ECS; it tells a cluster of ECS from one of EKS.
        dimensions: name to value.
        account: the account's number; empty when unknown.
        region: the region's code; empty when unknown.
    """
    known = _known(dimensions)
    objects: list[AlertObject] = []
    if "ecs" in namespace.casefold():
        for name, kind in _AS_ECS.items():
            if name in known:
                objects.append(AlertObject(kind=kind, name=known.pop(name)))
    return AlertScope(
        cluster=_first(known, _CLUSTER),
        account=told(account, NAME_CHARS) or None,
        region=region_code(region) or None,
        namespace=_first(known, _NAMESPACE),
        objects=tuple([*objects, *_objects(known)][:MOST_OBJECTS]),
    )


def merged(scopes: Iterable[AlertScope]) -> AlertScope:
    """Return one place for several: the first word on each thing, and all objects once."""
    cluster = account = region = namespace = None
    objects: dict[AlertObject, None] = {}
    for scope in scopes:
        cluster = cluster or scope.cluster
        account = account or scope.account
        region = region or scope.region
        namespace = namespace or scope.namespace
        objects |= dict.fromkeys(scope.objects)
    return AlertScope(
        cluster=cluster,
        account=account,
        region=region,
        namespace=namespace,
        objects=tuple(objects)[:MOST_OBJECTS],
    )


def region_code(text: str) -> str:
    """Return the text if it is a region's code such as eu-central-1; else nothing."""
    word = text.strip()[:40].casefold()
    return word if _REGION_CODE.fullmatch(word) else ""


def _known(labels: Mapping[str, str]) -> dict[str, str]:
    known: dict[str, str] = {}
    for name, value in labels.items():
        plain = re.sub(r"[^a-z0-9]", "", name.casefold().removeprefix("dimension_"))
        text = told(value, NAME_CHARS)
        if text:
            known.setdefault(plain, text)
    return known


def _first(known: Mapping[str, str], names: tuple[str, ...]) -> str | None:
    return next((known[name] for name in names if name in known), None)


def _region(known: Mapping[str, str]) -> str | None:
    said = region_code(_first(known, _REGION) or "")
    zone = _ZONE.fullmatch(known.get("availabilityzone", "").casefold())
    return said or (zone[1] if zone else None) or None


def _objects(known: Mapping[str, str]) -> list[AlertObject]:
    found: list[AlertObject] = []
    for kind, names in _KINDS:
        named = next(
            (known[n] for n in names if n in known and not _EXPORTER.search(known[n])), None
        )
        if named is not None:
            found.append(AlertObject(kind=kind, name=named))
    job = known.get("job", "")
    if job and not found and not _EXPORTER.search(job):
        # Scrape jobs are called after what they scrape, `namespace/name` by the operator.
        found.append(AlertObject(kind="service", name=job.rpartition("/")[2] or job))
    return found


def _instance(known: Mapping[str, str], *, has_others: bool) -> list[AlertObject]:
    """Return what `instance` tells: the node for a node exporter, else what was scraped."""
    instance = _PORT.sub("", known.get("instance", ""))
    if not instance:
        return []
    if _NODE_EXPORTER.search(known.get("job", "")):
        return [] if "node" in known else [AlertObject(kind="node", name=instance)]
    if has_others or _EXPORTER.search(known.get("job", "")):
        return []
    return [AlertObject(kind="instance", name=instance)]
