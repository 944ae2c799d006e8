"""One approved call and its warrant, for tests of the actuator alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from safe_ops.model.plans import Call
from safe_ops.model.rights import Grant, Rights, Warrant
from tests.contract.operations.aws_writes import (
    ACCOUNT,
    NAME,
    PLACE,
    REGION,
    cloud_place,
    workshop_of,
)

if TYPE_CHECKING:
    from tests.lab.aws.server import AwsLab

SERVICE = f"arn:aws:ecs:{REGION}:{ACCOUNT}:service/shop/cart"
UPDATE = Grant(action="ecs:UpdateService", arn=SERVICE)
RIGHTS = Rights(
    cloud_reads=("ecs:DescribeServices", "ecs:ListClusters", "iam:SimulatePrincipalPolicy"),
    cloud_writes=("ecs:UpdateService",),
)
WARRANT = Warrant(
    action_id="act-12",
    requester="ana@example.com",
    approvers=("ben@example.com", "cleo"),
    digest="0123456789abcdef" * 4,
    rights=RIGHTS,
    grants=(UPDATE,),
)
SCALE = Call(
    action="ecs:update_service",
    path=SERVICE,
    body={"cluster": "shop", "service": "cart", "desiredCount": 3},
    grants=(UPDATE,),
)


def add_service(lab: AwsLab) -> None:
    """The service the call scales, two of two tasks."""
    ecs = lab.client(NAME, "ecs")
    ecs.create_cluster(clusterName="shop")
    ecs.register_task_definition(
        family="cart", containerDefinitions=[{"name": "cart", "image": "cart", "memory": 64}]
    )
    ecs.create_service(cluster="shop", serviceName="cart", taskDefinition="cart:1", desiredCount=2)


def count(lab: AwsLab) -> int:
    found = lab.client(NAME, "ecs").describe_services(cluster="shop", services=["cart"])
    return int(found["services"][0]["desiredCount"])


def send(lab: AwsLab, call: Call = SCALE, *, warrant: Warrant = WARRANT, **place: Any) -> Any:
    with workshop_of(lab, cloud_place(lab, **place)).hands(PLACE, warrant) as hands:
        return hands.send(call)


def rehearse(lab: AwsLab, call: Call, *, warrant: Warrant = WARRANT) -> str:
    with workshop_of(lab, cloud_place(lab)).hands(PLACE, warrant) as hands:
        return hands.rehearse(call)


def reboot() -> tuple[Call, Warrant]:
    grant = Grant(
        action="ec2:RebootInstances",
        arn=f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance/i-0123456789abcdef0",
    )
    call = Call(
        action="ec2:reboot_instances",
        path=grant.arn,
        body={"InstanceIds": ["i-0123456789abcdef0"]},
        grants=(grant,),
    )
    rights = Rights(cloud_writes=("ec2:RebootInstances",))
    return call, replace(WARRANT, rights=rights, grants=(grant,))
