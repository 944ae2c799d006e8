"""Quotas, volumes, schedules, autoscalers and budgets as JSON → the values of `bounds`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.domain.fields import dig, entries, mapping, number, text
from bot.domain.spans import moment
from bot.triage.bounds import (
    Autoscaler,
    Budget,
    Claim,
    Condition,
    ConfigKeys,
    LimitRange,
    Metric,
    Quota,
    Schedule,
    StorageClass,
    Volume,
)
from bot.triage.object_meta import conditions, created, ref_of, strings
from bot.triage.reading_wiring import read_selector

if TYPE_CHECKING:
    from bot.ports.cluster import KubeObject

_DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"
_AMOUNTS = ("averageUtilization", "averageValue", "value")


def read_quota(cluster: str, item: KubeObject) -> Quota:
    """Return one ResourceQuota."""
    return Quota(
        ref=ref_of(cluster, "resourcequota", item),
        hard=strings(item, "status", "hard") or strings(item, "spec", "hard"),
        used=strings(item, "status", "used"),
    )


def read_limit_range(cluster: str, item: KubeObject) -> LimitRange:
    """Return one LimitRange."""
    return LimitRange(
        ref=ref_of(cluster, "limitrange", item),
        bounds=tuple(
            f"{text(limit, 'type')} {resource} {bound}={quantity}"
            for limit in entries(item, "spec", "limits")
            for bound in ("min", "max")
            for resource, quantity in strings(limit, bound).items()
        ),
    )


def read_claim(cluster: str, item: KubeObject) -> Claim:
    """Return one PersistentVolumeClaim."""
    return Claim(
        ref=ref_of(cluster, "persistentvolumeclaim", item),
        phase=text(item, "status", "phase"),
        storage_class=text(item, "spec", "storageClassName"),
        size=text(item, "spec", "resources", "requests", "storage"),
        modes=_texts(dig(item, "spec", "accessModes")),
        volume=text(item, "spec", "volumeName"),
        created_at=created(item),
    )


def read_volume(cluster: str, item: KubeObject) -> Volume:
    """Return one PersistentVolume."""
    claim = mapping(item, "spec", "claimRef")
    return Volume(
        ref=ref_of(cluster, "persistentvolume", item),
        phase=text(item, "status", "phase"),
        storage_class=text(item, "spec", "storageClassName"),
        size=text(item, "spec", "capacity", "storage"),
        modes=_texts(dig(item, "spec", "accessModes")),
        claim=f"{text(claim, 'namespace')}/{text(claim, 'name')}" if claim else "",
    )


def read_storage_class(cluster: str, item: KubeObject) -> StorageClass:
    """Return one StorageClass."""
    return StorageClass(
        ref=ref_of(cluster, "storageclass", item),
        provisioner=text(item, "provisioner"),
        is_default=text(item, "metadata", "annotations", _DEFAULT_CLASS) == "true",
    )


def read_schedule(cluster: str, item: KubeObject) -> Schedule:
    """Return one CronJob."""
    return Schedule(
        ref=ref_of(cluster, "cronjob", item),
        schedule=text(item, "spec", "schedule"),
        suspended=dig(item, "spec", "suspend") is True,
        last_at=moment(dig(item, "status", "lastScheduleTime")),
        created_at=created(item),
    )


def read_autoscaler(cluster: str, item: KubeObject) -> Autoscaler:
    """Return one HorizontalPodAutoscaler."""
    seen = dict(map(_current, entries(item, "status", "currentMetrics")))
    return Autoscaler(
        ref=ref_of(cluster, "horizontalpodautoscaler", item),
        target_kind=text(item, "spec", "scaleTargetRef", "kind").lower(),
        target_name=text(item, "spec", "scaleTargetRef", "name"),
        most=number(item, "spec", "maxReplicas"),
        current=number(item, "status", "currentReplicas"),
        metrics=tuple(
            Metric(name=name, target=_amount(mapping(source, "target")), current=seen.get(name, ""))
            for name, source in map(_source, entries(item, "spec", "metrics"))
        ),
        conditions={
            kind: Condition(
                holds=text(told, "status") == "True",
                reason=text(told, "reason"),
                message=text(told, "message"),
                since=moment(dig(told, "lastTransitionTime")),
            )
            for kind, told in conditions(item).items()
        },
    )


def read_budget(cluster: str, item: KubeObject) -> Budget:
    """Return one PodDisruptionBudget."""
    rules = ("minAvailable", "maxUnavailable")
    told = conditions(item).get("DisruptionAllowed")
    return Budget(
        ref=ref_of(cluster, "poddisruptionbudget", item),
        selector=read_selector(mapping(item, "spec", "selector")),
        rule=", ".join(f"{rule}={text(item, 'spec', rule)}" for rule in rules if _has(item, rule)),
        allowed=number(item, "status", "disruptionsAllowed"),
        healthy=number(item, "status", "currentHealthy"),
        needed=number(item, "status", "desiredHealthy"),
        expected=number(item, "status", "expectedPods"),
        since=moment(dig(told, "lastTransitionTime")),
    )


def read_config_keys(cluster: str, item: KubeObject) -> ConfigKeys:
    """Return the names in one ConfigMap; its values are passed over."""
    names = {*mapping(item, "data"), *mapping(item, "binaryData")}
    return ConfigKeys(ref=ref_of(cluster, "configmap", item), keys=tuple(sorted(map(str, names))))


def _source(metric: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return what a metric is called, and its details: `cpu`, `requests_per_second`."""
    kind = text(metric, "type")
    source = mapping(metric, kind[:1].lower() + kind[1:])
    return text(source, "name") or text(source, "metric", "name") or kind, source


def _current(metric: dict[str, Any]) -> tuple[str, str]:
    name, source = _source(metric)
    return name, _amount(mapping(source, "current"))


def _amount(value: dict[str, Any]) -> str:
    """Return a metric's value; a share of what is asked for ends in `%`."""
    field = next((name for name in _AMOUNTS if name in value), "")
    return text(value, field) + ("%" if field == "averageUtilization" else "") if field else ""


def _has(item: KubeObject, rule: str) -> bool:
    return dig(item, "spec", rule) is not None


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(str(one) for one in value) if isinstance(value, list) else ()
