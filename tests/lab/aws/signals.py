"""What a scenario's account tells of itself: logs, metrics, alarms, traffic and recorded calls."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from moto.cloudwatch.models import cloudwatch_backends
from moto.elbv2.models import FakeHealthStatus, elbv2_backends

if TYPE_CHECKING:
    from datetime import datetime

    from tests.lab.aws.estate import AccountBuilder

Object = dict[str, Any]
HISTORY_MINUTES = 180


def add_logs(builder: AccountBuilder, given: Object) -> None:
    """Log groups with one stream each; `repeat` and `every` (seconds) spread lines out."""
    client = builder.client("logs")
    for group, entries in given.items():
        client.create_log_group(logGroupName=group)
        client.create_log_stream(logGroupName=group, logStreamName="main")
        events = [
            {
                "timestamp": int(
                    (
                        builder.at(entry["at"]) + timedelta(seconds=turn * entry.get("every", 0))
                    ).timestamp()
                    * 1000
                ),
                "message": line.replace("{n}", str(turn)),
            }
            for entry in entries
            for turn in range(entry.get("repeat", 1))
            for line in entry["lines"]
        ]
        events.sort(key=lambda event: event["timestamp"])
        client.put_log_events(logGroupName=group, logStreamName="main", logEvents=events)


def add_load_balancer(builder: AccountBuilder, given: Object) -> None:
    """An application load balancer, one target group, and its targets' health."""
    ec2, client = builder.client("ec2"), builder.client("elbv2")
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    subnets = [one["SubnetId"] for one in ec2.describe_subnets()["Subnets"][:2]]
    balancer = client.create_load_balancer(Name=given["name"], Subnets=subnets)["LoadBalancers"][0]
    builder.load_balancer = balancer["LoadBalancerArn"].partition("loadbalancer/")[2]
    group = client.create_target_group(
        Name=given["target_group"],
        Protocol="HTTP",
        Port=8080,
        VpcId=vpc,
        TargetType="ip",
        HealthCheckPath=given.get("path", "/"),
    )["TargetGroups"][0]["TargetGroupArn"]
    builder.target_group = group
    client.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"],
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
    )
    ill = given.get("unhealthy", {})
    targets = [{"Id": address, "Port": 8080} for address in (*given["healthy"], *ill)]
    client.register_targets(TargetGroupArn=group, Targets=targets)

    def health_for(target: Object, _ec2: Any) -> FakeHealthStatus:
        reason = ill.get(target["Id"] if "Id" in target else target["id"])
        address = target.get("Id") or target["id"]
        if reason is None:
            return FakeHealthStatus(address, "8080", "8080", "healthy")
        return FakeHealthStatus(
            address, "8080", "8080", "unhealthy", "Target.FailedHealthChecks", reason
        )

    stored = elbv2_backends[builder.account_id][builder.region].target_groups[group]
    stored.health_for = health_for  # type: ignore[method-assign,assignment]


def add_metrics(builder: AccountBuilder, given: list[Object]) -> None:
    """A point a minute for three hours: `before` until `since`, then `after`, until `until`.

    With `climbs` (minutes), it rises from `before` to `after` again and again from `since` on.
    """
    client = builder.client("cloudwatch")
    end = builder.at("0s").replace(second=0, microsecond=0)
    for metric in given:
        points = [
            {
                "MetricName": metric["name"],
                "Dimensions": _dimensions(builder, metric["dimension"]),
                "Timestamp": at,
                "Value": _value(builder, metric, at),
            }
            for at in _minutes(end)
        ]
        client.put_metric_data(Namespace=metric["namespace"], MetricData=points)


def add_alarms(builder: AccountBuilder, given: Object) -> None:
    """Metric alarms in the state they are in, with their history."""
    client = builder.client("cloudwatch")
    for name, alarm in given.items():
        client.put_metric_alarm(
            AlarmName=name,
            Namespace=alarm["namespace"],
            MetricName=alarm["metric"],
            Dimensions=_dimensions(builder, alarm["dimension"]),
            Statistic=alarm.get("statistic", "Sum"),
            Period=alarm["period"],
            EvaluationPeriods=3,
            Threshold=alarm["threshold"],
            ComparisonOperator="GreaterThanThreshold",
            TreatMissingData="notBreaching",
        )
        stored = cloudwatch_backends[builder.account_id][builder.region].alarms[name]
        stored.state_value = alarm["state"]
        stored.state_reason = alarm["reason"]
        stored.state_updated_timestamp = builder.at(alarm["since"])
        builder.gaps.alarm_history += [
            {
                "AlarmName": name,
                "AlarmType": "MetricAlarm",
                "Timestamp": builder.at(item["at"]),
                "HistoryItemType": "StateUpdate",
                "HistorySummary": item["text"],
                "HistoryData": "{}",
            }
            for item in alarm["history"]
        ]


def add_trail(builder: AccountBuilder, given: list[Object]) -> None:
    """Recorded calls, as CloudTrail looks them up."""
    for place, call in enumerate(given):
        record = {
            "eventSource": call["source"],
            "userIdentity": {
                "type": "AssumedRole",
                "arn": f"arn:aws:sts::{builder.account_id}:assumed-role/{call['user']}/ci",
            },
            "sourceIPAddress": "198.51.100.7",
            "requestParameters": call.get("sent", {}),
        }
        if "error" in call:
            record["errorCode"] = call["error"]
        builder.gaps.trail.append(
            {
                "EventId": f"{builder.account_id}-{place}",
                "EventName": call["name"],
                "EventSource": call["source"],
                "EventTime": builder.at(call["at"]).timestamp(),
                "ReadOnly": "false",
                "Username": call["user"],
                "Resources": [{"ResourceType": "", "ResourceName": call["resource"]}],
                "CloudTrailEvent": json.dumps(record),
            }
        )


def _value(builder: AccountBuilder, metric: Object, at: datetime) -> float:
    since = builder.at(metric["since"])
    if at < since or ("until" in metric and at >= builder.at(metric["until"])):
        return float(metric["before"])
    if "climbs" not in metric:
        return float(metric["after"])
    turn_s = 60 * metric["climbs"]
    share = ((at - since).total_seconds() % turn_s) / turn_s
    return float(metric["before"] + share * (metric["after"] - metric["before"]))


def _dimensions(
    builder: AccountBuilder, given: str | list[str] | dict[str, str]
) -> list[dict[str, str]]:
    if given == "load_balancer":
        return [{"Name": "LoadBalancer", "Value": builder.load_balancer}]
    if given == "target_group":
        group = builder.target_group.rpartition(":")[2]
        return [{"Name": "TargetGroup", "Value": group}]
    if isinstance(given, dict):
        return [{"Name": name, "Value": value} for name, value in given.items()]
    return [{"Name": given[0], "Value": given[1]}]


def _minutes(end: datetime) -> list[datetime]:
    return [end - timedelta(minutes=back) for back in range(HISTORY_MINUTES, -1, -1)]
