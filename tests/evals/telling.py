"""A case's alerts as their senders post them: Alertmanager's webhook version 4, CloudWatch by SNS.

Knows the lab only to find the pods and the load balancer that a case means.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tests.lab.estate.pod_status import is_ready
from tests.lab.estate.when import offset_s

if TYPE_CHECKING:
    from tests.evals.case import AlarmTold, Case, Told
    from tests.evals.worlds import EvalLab

Object = dict[str, Any]
HOST = "http://alertmanager.monitoring.example.com"
REGION = "eu-central-1"


def posts_of(case: Case, lab: EvalLab) -> list[str]:
    """What arrives, message by message in the order of the case; a complaint is one."""
    if case.complaint is not None:
        return [case.complaint]
    groups: dict[tuple[str, ...], list[Object]] = {}
    for told in case.alerts:
        for number in range(told.repeat):
            labels = _labels(told, number, case, lab)
            by = (told.name, labels.get("namespace", ""), told.group or "")
            key = (told.group,) if told.group else by
            groups.setdefault(key, []).append(_alert(told, labels, lab))
    bodies = [_webhook(alerts) for alerts in groups.values()]
    bodies += [_notification(_alarm(alarm, lab)) for alarm in case.alarms]
    return [json.dumps(body) for body in bodies]


def _stamp(lab: EvalLab, offset: str) -> str:
    at = datetime.fromtimestamp(lab.world.clock.now() + offset_s(offset), UTC)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _labels(told: Told, number: int, case: Case, lab: EvalLab) -> dict[str, str]:
    # As kube-prometheus has them: of these two, neither is where the trouble is.
    labels = {"job": "kube-state-metrics", "instance": "10.42.0.3:8443"}
    labels |= {"alertname": told.name, "severity": told.severity}
    cluster = told.labels.get("cluster", case.cluster or next(iter(lab.kubernetes)))
    namespace = told.labels.get("namespace")
    for name, text in told.labels.items():
        value = text.replace("{n}", str(number))
        if name == "pod" and value.endswith("*"):
            value = _pod(lab, cluster, namespace or "", value.removesuffix("-*"))
        if name == "job_name" and value.endswith("*"):
            value = _job(lab, cluster, namespace or "", value.removesuffix("*"))
        labels[name] = value
    return labels


def _pod(lab: EvalLab, cluster: str, namespace: str, workload: str) -> str:
    """A pod of the workload: of those that are ill the newest, else the newest."""
    found = [
        pod
        for pod in lab.world.cluster(cluster).listed("pods", namespace)
        if pod["metadata"].get("labels", {}).get("app") == workload
    ]
    if not found:
        raise ValueError(f"{cluster} has no pod of {namespace}/{workload}")
    found.sort(key=lambda pod: (not is_ready(pod["status"]), pod["metadata"]["creationTimestamp"]))
    return str(found[-1]["metadata"]["name"])


def _job(lab: EvalLab, cluster: str, namespace: str, prefix: str) -> str:
    """The newest failed Job whose name begins so.

    Raises:
        ValueError: There is none.
    """
    found = [
        job["metadata"]["name"]
        for job in lab.world.cluster(cluster).listed("jobs.batch", namespace)
        if job["metadata"]["name"].startswith(prefix) and job["status"].get("failed")
    ]
    if not found:
        raise ValueError(f"{cluster} has no failed job {namespace}/{prefix}*")
    return str(max(found))


def _alert(told: Told, labels: dict[str, str], lab: EvalLab) -> Object:
    joined = json.dumps(labels, sort_keys=True)
    return {
        "status": "resolved" if told.ends else "firing",
        "labels": labels,
        "annotations": told.annotations,
        "startsAt": _stamp(lab, told.starts),
        "endsAt": _stamp(lab, told.ends) if told.ends else "0001-01-01T00:00:00Z",
        "generatorURL": "",
        "fingerprint": hashlib.sha256(joined.encode()).hexdigest()[:16],
    }


def _webhook(alerts: list[Object]) -> Object:
    shared = dict(alerts[0]["labels"])
    for alert in alerts[1:]:
        shared = {k: v for k, v in shared.items() if alert["labels"].get(k) == v}
    grouped = {k: v for k, v in shared.items() if k in {"alertname", "namespace", "cluster"}}
    is_over = all(alert["status"] == "resolved" for alert in alerts)
    return {
        "version": "4",
        "groupKey": f"{{}}:{json.dumps(grouped, sort_keys=True)}",
        "truncatedAlerts": 0,
        "status": "resolved" if is_over else "firing",
        "receiver": "nightdesk",
        "groupLabels": grouped,
        "commonLabels": shared,
        "commonAnnotations": {},
        "externalURL": HOST,
        "alerts": alerts,
    }


def _notification(message: Object) -> Object:
    """The envelope of SNS around a message; its signature is checked elsewhere."""
    return {
        "Type": "Notification",
        "MessageId": hashlib.sha256(json.dumps(message).encode()).hexdigest()[:32],
        "TopicArn": f"arn:aws:sns:{REGION}:{message['AWSAccountId']}:alarms",
        "Subject": f"{message['NewStateValue']}: {message['AlarmName']}",
        "Message": json.dumps(message),
        "Timestamp": message["StateChangeTime"],
    }


def _alarm(alarm: AlarmTold, lab: EvalLab) -> Object:
    account = lab.account_number()
    dimensions = {
        name: lab.load_balancer() if value == "load_balancer" else value
        for name, value in alarm.dimensions.items()
    }
    return {
        "AlarmName": alarm.name,
        "AlarmDescription": alarm.description,
        "AWSAccountId": account,
        "NewStateValue": alarm.state,
        "OldStateValue": "OK" if alarm.state == "ALARM" else "ALARM",
        "NewStateReason": "Threshold Crossed: 3 datapoints were greater than the threshold "
        f"({alarm.threshold}).",
        "StateChangeTime": _stamp(lab, alarm.starts).replace("Z", ".000+0000"),
        "Region": "EU (Frankfurt)",
        "AlarmArn": f"arn:aws:cloudwatch:{REGION}:{account}:alarm:{alarm.name}",
        "Trigger": {
            "MetricName": alarm.metric,
            "Namespace": alarm.namespace,
            "StatisticType": "Statistic",
            "Statistic": alarm.statistic.upper(),
            "Dimensions": [{"name": name, "value": value} for name, value in dimensions.items()],
            "Period": 60,
            "EvaluationPeriods": 3,
            "ComparisonOperator": "GreaterThanThreshold",
            "Threshold": alarm.threshold,
        },
    }
