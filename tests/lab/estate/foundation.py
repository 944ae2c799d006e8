"""What a scenario's workloads stand on: nodes, namespaces, configuration, secrets, quotas."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from tests.lab.estate import naming, when
from tests.lab.estate.quantities import cpu_cores, kibibytes, memory_bytes, nano_cores
from tests.lab.estate.store import Usage

if TYPE_CHECKING:
    from tests.lab.estate.builder import ClusterBuilder

Object = dict[str, Any]

_NODE_AGE = "-46d"
_PRESSURES = ("MemoryPressure", "DiskPressure", "PIDPressure")


def add_nodes(builder: ClusterBuilder, given: Object) -> None:
    """Write `count` worker nodes; `conditions: {index: {DiskPressure: ...}}` makes some ill.

    `taints` (`{index: [{key, value, effect}]}`, `all` for every node) and `cordoned` (indexes)
    keep pods away.
    """
    region = given.get("region", "eu-central-1")
    for number in range(int(given["count"])):
        ip = f"10.0.{number % 3 + 1}.{20 + number}"
        name = f"ip-{ip.replace('.', '-')}.{region}.compute.internal"
        builder.nodes.append((name, ip))
        ill = given.get("conditions", {}).get(number, {})
        sizes = {
            "cpu": str(given.get("cpu", 4)),
            "memory": given.get("memory", "16Gi"),
            "pods": "58",
            "ephemeral-storage": "83873772Ki",
        }
        taints = [*given.get("taints", {}).get("all", ()), *given.get("taints", {}).get(number, ())]
        spec: Object = {"taints": taints} if taints else {}
        if number in given.get("cordoned", ()):
            spec["unschedulable"] = True
        zone = f"{region}{'abc'[number % 3]}"
        pool = given.get("pool", "general")
        builder.cluster.apply(
            {
                "apiVersion": "v1",
                "kind": "Node",
                "metadata": {
                    "name": name,
                    "labels": {
                        "kubernetes.io/arch": "amd64",
                        "kubernetes.io/os": "linux",
                        "kubernetes.io/hostname": name,
                        "node.kubernetes.io/instance-type": given.get("type", "m6i.xlarge"),
                        "topology.kubernetes.io/region": region,
                        "topology.kubernetes.io/zone": zone,
                        "eks.amazonaws.com/nodegroup": pool,
                    },
                    "creationTimestamp": when.stamp(builder.at(given.get("created", _NODE_AGE))),
                },
                "spec": {"providerID": f"aws:///{zone}/i-0{naming.digest(name)[:16]}"} | spec,
                "status": _node_status(builder, name, ip, sizes=sizes, ill=ill),
            }
        )
        busy = 0.3 + 0.3 * naming.share(name, "busy")
        usage = Usage(
            cpu=nano_cores(cpu_cores(sizes["cpu"]) * busy),
            memory=kibibytes(memory_bytes(sizes["memory"]) * (busy + 0.1)),
        )
        builder.cluster.set_usage("", name, "", usage)


def _node_status(
    builder: ClusterBuilder, name: str, ip: str, *, sizes: Object, ill: Object
) -> Object:
    heartbeat = when.stamp(builder.now - 20)
    since = when.stamp(builder.at(_NODE_AGE))
    conditions = []
    for type_ in _PRESSURES:
        bad = ill.get(type_, {})
        words = type_.removesuffix("Pressure")
        conditions.append(
            {
                "type": type_,
                "status": "True" if type_ in ill else "False",
                "reason": f"KubeletHas{words}Pressure"
                if type_ in ill
                else f"KubeletHasNo{words}Pressure",
                "message": bad.get("message", f"kubelet has no {words.lower()} pressure"),
                "lastHeartbeatTime": heartbeat,
                "lastTransitionTime": when.stamp(builder.at(bad["since"])) if bad else since,
            }
        )
    down = ill.get("NotReady")
    conditions.append(
        {
            "type": "Ready",
            "status": "Unknown" if down else "True",
            "reason": "NodeStatusUnknown" if down else "KubeletReady",
            "message": "Kubelet stopped posting node status."
            if down
            else "kubelet is posting ready status",
            "lastHeartbeatTime": heartbeat,
            "lastTransitionTime": when.stamp(builder.at(down["since"])) if down else since,
        }
    )
    return {
        "addresses": [
            {"type": "InternalIP", "address": ip},
            {"type": "Hostname", "address": name},
        ],
        "capacity": sizes,
        "allocatable": sizes,
        "conditions": conditions,
        "nodeInfo": {
            "architecture": "amd64",
            "bootID": naming.uid(name, "boot"),
            "containerRuntimeVersion": "containerd://1.7.27",
            "kernelVersion": "6.1.141-155.222.amzn2023.x86_64",
            "kubeProxyVersion": "",
            "kubeletVersion": f"{builder.cluster.version}-eks-3abbec1",
            "machineID": naming.digest(name)[:32],
            "operatingSystem": "linux",
            "osImage": "Amazon Linux 2023.7.20250623",
            "systemUUID": naming.uid(name, "system"),
        },
    }


def add_namespace(builder: ClusterBuilder, name: str, given: Object) -> None:
    """Write the namespace, its default account, root certificate, configuration and secrets."""
    created = when.stamp(builder.at(given.get("created", "-200d")))
    labels = {"kubernetes.io/metadata.name": name} | given.get("labels", {})
    builder.cluster.apply(
        {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": name, "labels": labels, "creationTimestamp": created},
            "spec": {"finalizers": ["kubernetes"]},
            "status": {"phase": "Active"},
        }
    )
    _add_plain(builder, "ServiceAccount", name, "default", created=created, body={})
    for config, pairs in given.get("config_maps", {}).items():
        manifest = _plain("ConfigMap", name, config) | {"data": pairs}
        applied = json.dumps(manifest, separators=(",", ":")) + "\n"
        annotations = {"kubectl.kubernetes.io/last-applied-configuration": applied}
        _add_plain(
            builder,
            "ConfigMap",
            name,
            config,
            created=created,
            body={"data": pairs},
            annotations=annotations,
        )
    for secret, pairs in given.get("secrets", {}).items():
        encoded = {key: base64.b64encode(value.encode()).decode() for key, value in pairs.items()}
        body = {"type": "Opaque", "data": encoded}
        _add_plain(builder, "Secret", name, secret, created=created, body=body)
    if "quota" in given:
        spec = {"hard": given["quota"]["hard"]}
        status = spec | {"used": given["quota"]["used"]}
        body = {"spec": spec, "status": status}
        _add_plain(builder, "ResourceQuota", name, "compute", created=created, body=body)
    if "limits" in given:
        limit = {"type": "Container"} | given["limits"]
        body = {"spec": {"limits": [limit]}}
        _add_plain(builder, "LimitRange", name, "container-defaults", created=created, body=body)


def _plain(kind: str, namespace: str, name: str) -> Object:
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata}


def _add_plain(
    builder: ClusterBuilder,
    kind: str,
    namespace: str,
    name: str,
    *,
    created: str,
    body: Object,
    annotations: Object | None = None,
) -> None:
    manifest = _plain(kind, namespace, name)
    manifest["metadata"]["creationTimestamp"] = created
    if annotations:
        manifest["metadata"]["annotations"] = annotations
    builder.cluster.apply(manifest | body)
