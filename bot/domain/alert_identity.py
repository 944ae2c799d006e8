"""Telling the same alert again from another one, by what outlives the incarnation it fires on.

A pod's name, its address and the value measured change with every restart; rule, workload and place
do not. This module knows labels as names and text, and no sender's message.
"""

from __future__ import annotations

import json
import re
from hashlib import sha256
from ipaddress import ip_address
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.domain.alert import AlertSource

FINGERPRINT_CHARACTERS = 16
"""64 bits: a million alerts collide with a chance of one in thirty million."""

_GENERATED = "[bcdfghjklmnpqrstvwxz2456789]"
"""Letters of names that Kubernetes makes up: no vowel, nothing that looks like another
(k8s.io/apimachinery, util/rand)."""
_POD_ENDING = re.compile(rf"-{_GENERATED}{{5}}$")
_TEMPLATE_ENDING = re.compile(rf"-(?={_GENERATED}*\d){_GENERATED}{{6,10}}$")
"""A ReplicaSet's hash. It is a number spelt in those letters; a name without a digit is a word
more often than such a hash."""
_LONE_TEMPLATE_ENDING = re.compile(rf"-{_GENERATED}{{8,10}}$")
"""The same before a pod's own ending, where hardly anything else can stand."""
_HASHED_POD = re.compile(r"-(?=[a-z0-9]*\d)[a-z0-9]{8,10}-[a-z0-9]{5}$")
"""Both endings of a Deployment's pod, as other generators and people who copy them spell them."""
_SCHEDULED_ENDING = re.compile(r"-\d{8,11}$")
"""A CronJob's run: minutes, formerly seconds, since 1970."""
_ORDINAL_ENDING = re.compile(r"-\d{1,5}$")
"""A pod of a StatefulSet or an indexed Job."""

_PORT = re.compile(r"^(?P<host>\[[^\]]+\]|[^:]+):\d+$")
_UUID = re.compile(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", re.IGNORECASE)
_TIME = re.compile(r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}")

PASSING_LABELS = frozenset(
    {
        # What was measured, and when.
        "value", "current_value", "values", "timestamp", "time", "date", "startsat", "starts_at",
        "endsat", "ends_at",
        # Ids of one incarnation.
        "uid", "pod_uid", "id", "container_id", "image_id", "pod_ip", "podip", "host_ip", "pid",
        "pod_template_hash", "controller_revision_hash", "trace_id", "request_id", "event_id",
        # Which of several equal Prometheus servers noticed it.
        "prometheus", "prometheus_replica", "replica", "receive_replica",
        "thanos_replica",
        # Grafana's query within a rule, and Datadog's window in a link.
        "ref_id", "from_ts", "to_ts",
        # A rule's opinion, which may be raised while it fires.
        "severity", "priority", "level",
    }
)  # fmt: skip
"""Labels that change while rule and place stay, in lower case with underscores."""

_POD_LABELS = frozenset({"pod", "pod_name", "exported_pod", "kubernetes_pod_name"})
_TEMPLATE_LABELS = frozenset({"replicaset", "replica_set"})
_JOB_LABELS = frozenset({"job_name", "job", "exported_job", "kube_job"})
_ADDRESS_LABELS = frozenset({"instance", "exported_instance", "target", "host"})
_OBSERVER = "kube-state-metrics"
"""Watches others: the address and container it tells of are its own, and change with it."""
_HOST_OBSERVER = "node-exporter"
"""Its pods share the address of the host they tell of, which is then what identifies it."""
_OBSERVERS_OWN = frozenset({"instance", "endpoint", "service", "container"})


def stable_labels(labels: Mapping[str, str]) -> dict[str, str]:
    """Return the labels that stay when a workload's pods, or their observers, are replaced.

    Names of pods, ReplicaSets and scheduled jobs are cut down to their workload, addresses lose
    their port; an ordinal stays, for it is a StatefulSet's own name for a pod. Sorted by name.
    """
    observed = _OBSERVER in {labels.get("job"), labels.get("container")}
    of_pod = not _POD_LABELS.isdisjoint(labels) and not _tells_of_host(labels)
    stable = {}
    for name, value in sorted(labels.items()):
        plain = _plain(name)
        if name.startswith("__") or plain in PASSING_LABELS:
            continue
        if observed and _is_the_observers(plain, value):
            continue
        kept = _stable_value(plain, value.strip(), of_pod=of_pod)
        if kept:
            stable[name] = kept
    return stable


def fingerprint_of(source: AlertSource, name: str, labels: Mapping[str, str]) -> str:
    """Return the same 16 hexadecimal characters for the same rule on the same stable labels."""
    told = json.dumps([source.value, name.strip(), stable_labels(labels)], sort_keys=True)
    return sha256(told.encode()).hexdigest()[:FINGERPRINT_CHARACTERS]


def workload_of_pod(pod: str) -> str:
    """Return the name of what most likely owns a pod, from the pod's name alone.

    `checkout-6d4b75cb6d-hx8kq` is of `checkout`, `db-0` of `db`, `nightly-28391040-4xkqz` of
    `nightly`; a name that shows nothing comes back as it is.
    """
    reduced = _without_hashes(pod)
    return _ORDINAL_ENDING.sub("", reduced) if reduced == pod else reduced


def workload_of_replica_set(name: str) -> str:
    """Return the Deployment of a ReplicaSet, from the ReplicaSet's name alone."""
    return _TEMPLATE_ENDING.sub("", name)


def workload_of_job(name: str) -> str:
    """Return the CronJob of a scheduled Job, or the Job's own name."""
    return _SCHEDULED_ENDING.sub("", name)


def _plain(name: str) -> str:
    return name.lower().replace("-", "_").replace(".", "_")


def _tells_of_host(labels: Mapping[str, str]) -> bool:
    return any(_HOST_OBSERVER in labels.get(name, "") for name in ("job", "pod", "container"))


def _is_the_observers(plain: str, value: str) -> bool:
    if plain not in _OBSERVERS_OWN:
        return False
    # The container may be the observed one's, and then it is what the alert is about.
    return plain != "container" or value == _OBSERVER


def _stable_value(plain: str, value: str, *, of_pod: bool) -> str:
    """Return what stays of a label's value; empty when nothing does."""
    if _UUID.match(value) or _TIME.match(value):
        return ""
    if plain in _POD_LABELS:
        return _without_hashes(value)
    if plain in _TEMPLATE_LABELS:
        return workload_of_replica_set(value)
    if plain in _JOB_LABELS:
        return workload_of_job(value)
    if plain in _ADDRESS_LABELS:
        return _stable_address(value, of_pod=of_pod and plain == "instance")
    return value


def _without_hashes(pod: str) -> str:
    workload = _HASHED_POD.sub("", pod)
    if workload != pod:
        return workload
    owner = _POD_ENDING.sub("", pod)
    if owner == pod:
        return workload_of_replica_set(pod)
    return workload_of_job(_LONE_TEMPLATE_ENDING.sub("", owner))


def _stable_address(value: str, *, of_pod: bool) -> str:
    """Return a host without its port; nothing for a pod's address, which the pod's name tells."""
    found = _PORT.match(value)
    host = found["host"].strip("[]") if found else value
    return "" if of_pod and _is_address(host) else host


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
