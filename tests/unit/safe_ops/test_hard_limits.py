"""Which calls may ever be sent, whatever was approved."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from safe_ops.guardrails import hard_limits
from safe_ops.guardrails.common import COMMON
from safe_ops.model.plans import Call, Ruling, System
from tests.unit.safe_ops.cases_common import (
    SCALE,
)

if TYPE_CHECKING:
    from safe_ops.model.guarding import Case
    from safe_ops.model.surveys import Survey


def refusals(tried: Case[Survey], *, without: str = "") -> dict[str, Ruling]:
    rulings = (guard.decide(tried) for guard in COMMON if guard.name != without)
    return {ruling.guard: ruling for ruling in rulings if not ruling.passed}


def says(tried: Case[Survey], name: str) -> str:
    (ruling,) = (guard.decide(tried) for guard in COMMON if guard.name == name)
    return ruling.says


UID = {"preconditions": {"uid": "u1"}}
PODS = "/api/v1/namespaces/shop/pods/p-1"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "/apis/apps/v1/namespaces/shop/deployments/cart", {}),
        ("PATCH", "/apis/apps/v1/namespaces/shop/deployments/cart", [{"op": "test"}]),
        ("PUT", SCALE, {}),
        ("PATCH", "/apis/apps/v1/namespaces/shop/daemonsets/agent", {}),
        ("PATCH", "/apis/autoscaling/v2/namespaces/shop/horizontalpodautoscalers/cart", {}),
        ("PATCH", "/apis/batch/v1/namespaces/shop/cronjobs/report", {}),
        ("PATCH", "/api/v1/nodes/ip-1", {}),
        ("DELETE", PODS, UID),
        ("DELETE", PODS, UID | {"gracePeriodSeconds": 30}),
        ("DELETE", "/apis/batch/v1/namespaces/shop/jobs/report-1", UID),
        ("POST", f"{PODS}/eviction", {"deleteOptions": UID}),
    ],
)
def test_calls_of_the_catalogue_may_be_sent(method: str, path: str, body: object) -> None:
    call = Call(action=method, path=path, body=body)
    assert hard_limits.forbidden(System.KUBERNETES, call) == ""


@pytest.mark.parametrize(
    ("method", "path", "body", "why"),
    [
        ("DELETE", "/api/v1/namespaces/shop", UID, "DELETE to namespaces is on no list"),
        ("PUT", "/api/v1/namespaces/shop/finalize", {}, "is on no list"),
        ("DELETE", "/api/v1/nodes/ip-1", UID, "DELETE to nodes is on no list"),
        ("DELETE", "/api/v1/namespaces/shop/persistentvolumeclaims/d", UID, "is on no list"),
        ("DELETE", "/apis/apps/v1/namespaces/shop/deployments/cart", UID, "is on no list"),
        ("DELETE", "/api/v1/namespaces/shop/pods", UID, "is on no list"),
        ("DELETE", PODS, {}, "names no uid"),
        ("DELETE", PODS, None, "names no uid"),
        ("DELETE", PODS, {"preconditions": {"uid": ""}}, "names no uid"),
        ("DELETE", PODS, UID | {"gracePeriodSeconds": 0}, "leaves pods no time to end"),
        ("POST", f"{PODS}/eviction", {}, "names no uid"),
        ("POST", f"{PODS}/eviction", {"deleteOptions": {}}, "names no uid"),
        (
            "POST",
            f"{PODS}/eviction",
            {"deleteOptions": UID | {"gracePeriodSeconds": 0}},
            "leaves pods no time to end",
        ),
        ("POST", f"{PODS}/exec", {}, "POST to pods/exec is on no list"),
        ("POST", f"{PODS}/attach", {}, "is on no list"),
        ("POST", f"{PODS}/portforward", {}, "is on no list"),
        ("PUT", f"{PODS}/ephemeralcontainers", {}, "is on no list"),
        ("PATCH", "/api/v1/namespaces/shop/secrets/db", {}, "PATCH to secrets is on no list"),
        ("GET", "/api/v1/namespaces/shop/secrets/db", {}, "GET to secrets is on no list"),
        ("PATCH", "/apis/policy/v1/namespaces/shop/poddisruptionbudgets/b", {}, "is on no list"),
        ("PATCH", "/apis/rbac.authorization.k8s.io/v1/clusterroles/admin", {}, "is on no list"),
        (
            "PATCH",
            "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/w",
            {},
            "is on no list",
        ),
        ("DELETE", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/c", UID, "no list"),
        ("POST", "/api/v1/namespaces/shop/serviceaccounts/s/token", {}, "is on no list"),
        ("PATCH", "/api/v1/nodes/ip-1/proxy", {}, "PATCH to nodes/proxy is on no list"),
        ("PATCH", "/api/v1/namespaces/shop/pods/../secrets/db", {}, "is on no list"),
        ("PATCH", "/apis/apps/v1beta1x/../deployments/cart", {}, "is on no list"),
        ("PATCH", "https://elsewhere.example/api/v1/nodes/ip-1", {}, "is on no list"),
    ],
)
def test_everything_else_is_never_sent_to_a_cluster(
    method: str, path: str, body: object, why: str
) -> None:
    call = Call(action=method, path=path, body=body)
    assert why in hard_limits.forbidden(System.KUBERNETES, call)


@pytest.mark.parametrize(
    "operation",
    [
        "lambda:update_function_configuration",
        "lambda:update_alias",
        "ecs:update_service",
        "ecs:stop_task",
        "ecs:stop_service_deployment",
        "autoscaling:set_desired_capacity",
        "ec2:reboot_instances",
        "cloudwatch:put_alarm_mute_rule",
        "cloudwatch:delete_alarm_mute_rule",
        "cloudwatch:disable_alarm_actions",
        "sqs:start_message_move_task",
    ],
)
def test_calls_of_the_catalogue_may_be_sent_to_aws(operation: str) -> None:
    call = Call(action=operation, path="arn:aws:x", body={"MemorySize": 512, "desiredCount": 3})
    assert hard_limits.forbidden(System.AWS, call) == ""


@pytest.mark.parametrize(
    ("operation", "body", "why"),
    [
        ("iam:attach_role_policy", {}, "iam:attach_role_policy is on no list"),
        ("sts:assume_role", {}, "is on no list"),
        ("kms:disable_key", {}, "is on no list"),
        ("rds:modify_db_instance", {}, "is on no list"),
        ("ec2:terminate_instances", {}, "ec2:terminate_instances is on no list"),
        ("ec2:authorize_security_group_ingress", {}, "is on no list"),
        ("", {}, "is on no list"),
        ("ecs:delete_service", {}, "loses what cannot be brought back"),
        ("sqs:purge_queue", {}, "loses what cannot be brought back"),
        ("cloudwatch:delete_alarms", {}, "loses what cannot be brought back"),
        (
            "autoscaling:terminate_instance_in_auto_scaling_group",
            {},
            "loses what cannot be brought back",
        ),
        ("lambda:update_function_configuration", {"Role": "arn"}, "would set Role"),
        (
            "lambda:update_function_configuration",
            {"Layers": [], "Environment": {}, "MemorySize": 1},
            "would set Environment, Layers",
        ),
        ("ecs:update_service", {"enableExecuteCommand": True}, "would set enableExecuteCommand"),
        ("ecs:update_service", {"networkConfiguration": {}}, "would set networkConfiguration"),
    ],
)
def test_everything_else_is_never_sent_to_aws(
    operation: str, body: dict[str, object], why: str
) -> None:
    call = Call(action=operation, path="arn:aws:x", body=body)
    assert why in hard_limits.forbidden(System.AWS, call)


def test_a_call_to_aws_without_parameters_is_judged_by_its_name() -> None:
    call = Call(action="ecs:update_service", path="arn:aws:x", body=None)
    assert hard_limits.forbidden(System.AWS, call) == ""
