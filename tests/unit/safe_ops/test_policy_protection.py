"""What no operation touches, and what is never done whoever asks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from safe_ops.model.plans import Place, System, Target
from safe_ops.policy.refusals import ALLOWED_DELETIONS, hard_refusal
from safe_ops.policy.standard import DEFAULT_POLICY
from safe_ops.service.assessing import why_protected
from tests.unit.safe_ops.node_worlds import drain_world, evict_world
from tests.unit.safe_ops.policies import CART, EU, policy

NODE = Target(place=EU, kind="Node", name="ip-10-0-0-1", uid="u")
QUEUE = Target(
    place=Place(system=System.AWS, name="shop-prod", region="eu-west-1"),
    kind="sqs queue",
    name="orders",
    uid="arn:aws:sqs:eu-west-1:123456789012:orders",
)


@pytest.mark.parametrize(
    ("target", "labels", "says"),
    [
        (replace(CART, namespace="kube-system"), {}, "belongs to the cluster itself"),
        (Target(place=EU, kind="Namespace", name="kube-public"), {}, "belongs to the cluster"),
        (replace(CART, namespace="nightdesk"), {}, "is part of Nightdesk itself"),
        (replace(CART, namespace="nightdesk-canary"), {}, "is part of Nightdesk itself"),
        (replace(CART, name="nightdesk-operator"), {}, "is part of Nightdesk itself"),
        (replace(QUEUE, name="fleet/nightdesk-web"), {}, "is part of Nightdesk itself"),
        (CART, {"nightdesk.dev/protected": "true"}, "is marked with nightdesk.dev/protected"),
        (CART, {"nightdesk.dev/protected": ""}, "is marked with nightdesk.dev/protected"),
        (QUEUE, {"nightdesk.dev/protected": "yes"}, "is marked with nightdesk.dev/protected"),
        (NODE, {"node-role.kubernetes.io/control-plane": ""}, "a node of the control plane"),
        (NODE, {"node-role.kubernetes.io/master": ""}, "a node of the control plane"),
        (replace(CART, namespace="databases"), {}, "protects namespace databases"),
        (Target(place=EU, kind="Namespace", name="redis"), {}, "protects namespace redis"),
    ],
)
def test_what_is_built_in_is_protected(target: Target, labels: dict[str, str], says: str) -> None:
    assert says in DEFAULT_POLICY.protects(target, labels)


@pytest.mark.parametrize(
    ("target", "labels"),
    [
        (CART, {}),
        (CART, {"nightdesk.dev/protected": "False"}),
        (NODE, {"node-role.kubernetes.io/worker": ""}),
        (CART, {"node-role.kubernetes.io/control-plane": ""}),
        (QUEUE, {}),
        (replace(CART, namespace="shop-kube-tools"), {}),
    ],
)
def test_everything_else_may_be_touched(target: Target, labels: dict[str, str]) -> None:
    assert DEFAULT_POLICY.protects(target, labels) == ""


@pytest.mark.parametrize(
    ("text", "labels", "says"),
    [
        ("{namespaces: ['sho?']}", {}, "the policy file protects namespace shop"),
        ("{names: ['ca*']}", {}, "the policy file protects cart by name"),
        ("{names: [shop/cart]}", {}, "the policy file protects cart by name"),
        ("{labels: [tier]}", {"tier": "x"}, "protects what is labelled tier"),
        ("{labels: [tier=db]}", {"tier": "db"}, "protects what is labelled tier=db"),
        ("{labels: [tier=db]}", {"tier": "web"}, ""),
        ("{labels: [tier]}", {"layer": "db"}, ""),
        ("{names: [other/cart]}", {}, ""),
        ("{places: ['e*']}", {}, "the policy file protects all of eu"),
    ],
)
def test_the_file_protects_more(text: str, labels: dict[str, str], says: str) -> None:
    found = policy(f"protected: {text}\n").protects(CART, labels)
    assert says in found
    assert bool(says) == bool(found)


def test_a_list_of_namespaces_replaces_the_standard_one() -> None:
    rules = policy("protected: {namespaces: []}\n")
    assert rules.protects(replace(CART, namespace="redis"), {}) == ""
    assert rules.protects(replace(CART, namespace="kube-system"), {})


@pytest.mark.parametrize(
    ("typed", "advice"),
    [
        ("delete_namespace", "list what is in it"),
        ("Delete Namespace", "list what is in it"),
        ("delete-pod", "`evict_pod`"),
        ("force_delete_pods", "`evict_pod`"),
        ("delete_job", "`delete_stuck_job`"),
        ("delete_pvc", "check the last backup"),
        ("delete_node", "`drain_node`"),
        ("delete_crd", "export them"),
        ("edit_pdb", "`scale_up`"),
        ("taint_node", "`cordon`"),
        ("kubectl exec", "opens no session"),
        ("port-forward", "opens no session"),
        ("ssm_start_session", "opens no session"),
        ("read_secret", "secret store"),
        ("edit_rbac", "Rights, keys"),
        ("iam_pass_role", "Rights, keys"),
        ("kms_disable_key", "Rights, keys"),
        ("edit_security_group", "Network and DNS"),
        ("change_dns", "Network and DNS"),
        ("terminate_instance", "`ec2_reboot`"),
        ("sqs_purge", "`sqs_redrive`"),
        ("delete_db_cluster", "Data stores"),
        ("modify_db_instance", "Data stores"),
        ("cloudformation_update", "Infrastructure as code"),
        ("disable_audit", "`cw_alarm_mute`"),
        ("set_image", "release through the pipeline"),
        ("apply", "change the manifest in Git"),
        ("delete_service", "Nothing is deleted"),
        ("wipe", "Nothing is deleted"),
    ],
)
def test_what_is_never_done_is_refused_with_advice(typed: str, advice: str) -> None:
    assert advice in hard_refusal(typed)


@pytest.mark.parametrize(
    "operation",
    [
        *sorted(ALLOWED_DELETIONS),
        "evict_pod",
        "rollout_restart",
        "rollout_undo",
        "rollout_pause",
        "rollout_resume",
        "scale_up",
        "scale_down",
        "hpa_bounds",
        "set_resources",
        "cordon",
        "uncordon",
        "drain_node",
        "ec2_reboot",
        "cronjob_suspend",
        "cronjob_resume",
        "lambda_set_memory",
        "lambda_set_timeout",
        "lambda_alias_rollback",
        "ecs_force_new_deployment",
        "ecs_rollback_taskdef",
        "ecs_scale",
        "ecs_stop_task",
        "asg_set_desired",
        "cw_alarm_mute",
        "cw_alarm_unmute",
        "sqs_redrive",
        "",
    ],
)
def test_operations_of_the_catalogue_are_not_refused(operation: str) -> None:
    assert hard_refusal(operation) == ""


@pytest.mark.parametrize(
    ("file", "labels"),
    [
        ("", {"nightdesk.dev/protected": "true"}),
        ("protected: {names: [shop/cart]}", {}),
        ("protected: {labels: [tier=gold]}", {"tier": "gold"}),
    ],
)
def test_a_pod_is_protected_with_the_deployment_above_it(file: str, labels: dict[str, str]) -> None:
    world = evict_world()
    drawing, before = world.drawing(), world.case().survey
    above = world.the("Deployment", "cart", "shop")
    above["metadata"].setdefault("labels", {}).update(labels)
    rules = policy(file or "limits: {per_target_hour: 3}")
    assert why_protected(rules, drawing, world.case().survey).startswith(
        "for Deployment cart above it is protected: "
    )
    assert why_protected(DEFAULT_POLICY, drawing, before) == ""


@pytest.mark.parametrize(
    "file",
    [
        "protected: {namespaces: [shop]}",
        "protected: {names: [shop/cart-1]}",
        "protected: {labels: [app=cart]}",
    ],
)
def test_a_node_is_protected_while_a_pod_that_would_go_with_it_is(file: str) -> None:
    world = drain_world()
    drawing, survey = world.drawing(), world.case().survey
    assert why_protected(policy(file), drawing, survey).startswith("for pod shop/")
    assert why_protected(DEFAULT_POLICY, drawing, survey) == ""
