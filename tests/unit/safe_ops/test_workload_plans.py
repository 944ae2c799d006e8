"""What every operation on workloads keeps: pure drawings, pins, rights, reading back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from safe_ops.errors import RefusedError, StaleError, UpstreamError
from safe_ops.operations.catalogue import CATALOGUE
from safe_ops.operations.drift import drift_of
from safe_ops.operations.operation import Eyes
from tests.unit.safe_ops.cases_workloads import OPERATIONS
from tests.unit.safe_ops.situations_workloads import PLACE, Situation
from tests.unit.safe_ops.stored_plans import plan_from_json, plan_json
from tests.unit.safe_ops.workload_estate import CART, HPA

if TYPE_CHECKING:
    from safe_ops.model.rights import ClusterRule

every_operation = pytest.mark.parametrize("operation", OPERATIONS)


def path_of(operation: str) -> str:
    return HPA if operation == "hpa_bounds" else CART


def meddle(here: Situation) -> None:
    """Somebody else changes what the operation is about."""
    target = here.objects[path_of(here.operation)]
    target["spec"] |= {"replicas": 9, "maxReplicas": 5, "minReplicas": 3}
    if "template" in target["spec"]:
        container = target["spec"]["template"]["spec"]["containers"][0]
        container["image"] = "reg/other"
        container["resources"] = {"limits": {"memory": "3Gi"}}
        target["spec"]["template"]["metadata"].pop("annotations", None)
    if "generation" in target["metadata"]:
        target["metadata"]["generation"] += 5
    target["spec"]["paused"] = not target["spec"].get("paused", False)
    here.objects[f"{CART}/scale"]["spec"]["replicas"] = 9


@every_operation
def test_the_same_survey_is_drawn_the_same(operation: str) -> None:
    here = Situation(operation)
    survey, wanted = here.survey(), here.op.parameters(**here.asked)
    assert here.op.draw(wanted, survey, PLACE) == here.op.draw(wanted, survey, PLACE)


@every_operation
def test_nothing_drifts_while_only_the_status_moves(operation: str) -> None:
    here = Situation(operation)
    plan = here.plan()
    target = here.objects[path_of(operation)]
    target["metadata"]["resourceVersion"] = "777"
    target["status"] = {"readyReplicas": 1, "replicas": 4, "updatedReplicas": 3}
    assert drift_of(plan, here.drawing()) == ""


@every_operation
def test_an_object_made_anew_is_drift(operation: str) -> None:
    here = Situation(operation)
    plan = here.plan()
    before = here.drawing().pins
    target = here.objects[path_of(operation)]["metadata"]
    target["uid"] = "another"
    for item in here.objects.values():
        for owner in item["metadata"].get("ownerReferences", []):
            owner["uid"] = "another"
    assert here.drawing().pins["uid"] != before["uid"]
    assert "another" in drift_of(plan, here.drawing())


@every_operation
def test_a_plan_reads_back_from_its_json_with_the_same_calls(operation: str) -> None:
    here = Situation(operation)
    plan = here.plan()
    again = plan_from_json(plan_json(plan))
    assert drift_of(again, here.drawing()) == ""
    assert here.bound(again) == here.bound(plan)


@every_operation
def test_what_containers_are_told_never_enters_a_plan(operation: str) -> None:
    assert "s3cret" not in plan_json(Situation(operation).plan())


@every_operation
def test_the_call_carries_the_version_read_last_and_the_action(operation: str) -> None:
    here = Situation(operation)
    plan = here.plan()
    here.objects[path_of(operation)]["metadata"]["resourceVersion"] = "901"
    here.objects[f"{CART}/scale"]["metadata"]["resourceVersion"] = "901"
    body = here.bound(plan)
    assert "901" in str(body)
    here.send(plan)
    marks = here.objects[path_of(operation)]["metadata"]["annotations"]
    if operation not in {"scale_up", "scale_down"}:
        assert marks["nightdesk.dev/action"] == "A7"


@every_operation
def test_a_target_that_is_gone_is_refused(operation: str) -> None:
    here = Situation(operation)
    del here.objects[path_of(operation)]
    with pytest.raises(RefusedError, match=r"eu has no .* check the name") as refused:
        here.drawing()
    assert refused.value.code == "gone"


@every_operation
def test_nothing_is_bound_for_a_target_that_is_gone(operation: str) -> None:
    here = Situation(operation)
    plan = here.plan()
    here.objects.clear()
    with pytest.raises(StaleError, match="is gone or was made anew"):
        here.bound(plan)


@every_operation
@pytest.mark.parametrize("undo", [False, True])
def test_nothing_is_bound_once_somebody_else_wrote(operation: str, *, undo: bool) -> None:
    here = Situation(operation)
    plan = here.plan()
    meddle(here)
    with pytest.raises(StaleError, match="somebody else"):
        here.bound(plan, undo=undo)


@every_operation
def test_reading_back_tells_whether_a_lost_call_took_effect(operation: str) -> None:
    here = Situation(operation)
    plan = here.plan()
    told = [here.applied(plan), here.applied(plan, undo=True)]
    assert told == ["not_applied", "applied"]
    here.send(plan)
    assert here.applied(plan) == "applied"
    assert here.applied(plan, undo=True) == "not_applied"
    meddle(here)
    assert here.applied(plan) == here.applied(plan, undo=True) == "unknown"
    here.objects.clear()
    assert here.applied(plan) == "unknown"


@every_operation
def test_the_undo_leaves_what_was_before(operation: str) -> None:
    here = Situation(operation)
    plan = here.plan()
    before = {"paused": False} | here.objects[path_of(operation)]["spec"]
    here.send(plan)
    assert {"paused": False} | here.objects[path_of(operation)]["spec"] != before
    here.send(plan, undo=True)
    assert here.applied(plan, undo=True) == "applied"
    assert {"paused": False} | here.objects[path_of(operation)]["spec"] == before


@every_operation
def test_once_all_is_there_it_is_reached(operation: str) -> None:
    here = Situation(operation)
    plan = here.plan()
    here.send(plan)
    here.settle()
    assert here.look(plan)[0] == "reached"


@every_operation
def test_a_target_without_the_change_has_missed_it(operation: str) -> None:
    here = Situation(operation)
    plan = here.plan()
    here.send(plan)
    meddle(here)
    assert here.look(plan)[0] == "missed"
    here.objects.clear()
    assert here.look(plan) == ("missed", here.look(plan)[1])
    assert "is gone or was made anew" in here.look(plan)[1]


@every_operation
def test_whether_we_may_is_asked_for_the_call_that_is_made(operation: str) -> None:
    here = Situation(operation)
    (allowed,) = here.survey().permissions
    assert allowed.allowed
    here.denied = frozenset({" ".join(allowed.says.split(".")[0].split()[:2])})
    (refused,) = here.survey().permissions
    assert not refused.allowed


@every_operation
def test_a_place_that_is_no_cluster_cannot_be_surveyed(operation: str) -> None:
    here = Situation(operation)
    with pytest.raises(UpstreamError, match="eu is no cluster"):
        here.op.survey(here.op.parameters(**here.asked), Eyes(place=PLACE))


def _right(path: str) -> tuple[str, str]:
    """Group and resource of an API path, as RBAC names them; lists without their selectors."""
    parts = path.partition("?")[0].strip("/").split("/")
    group, parts = (parts[1], parts[3:]) if parts[0] == "apis" else ("", parts[2:])
    parts = parts[2:] if parts[0] == "namespaces" else parts
    return group, "/".join((parts[0], *parts[2:]))


def _verb(path: str) -> str:
    rest = path.partition("?")[0].partition("/namespaces/")[2]
    return "get" if rest.count("/") >= 2 else "list"


def _spelled(rules: tuple[ClusterRule, ...]) -> set[tuple[str, str, str]]:
    return {(rule.group, rule.resource, verb) for rule in rules for verb in rule.verbs}


KINDS: dict[str, tuple[Any, ...]] = {
    "rollout_restart": ({}, {"kind": "StatefulSet", "name": "db"}, {"kind": "DaemonSet"}),
    "rollout_undo": ({}, {"kind": "StatefulSet", "name": "db"}, {"kind": "DaemonSet"}),
    "scale_up": ({}, {"kind": "StatefulSet", "name": "db", "replicas": 4}),
    "scale_down": ({}, {"kind": "StatefulSet", "name": "db", "replicas": 2}),
}


@every_operation
def test_the_rights_are_those_that_are_used_and_no_others(operation: str) -> None:
    read: set[tuple[str, str, str]] = set()
    written: set[tuple[str, str, str]] = set()
    for asked in KINDS.get(operation, ({},)):
        here = Situation(operation, asked=dict(asked))
        cluster = here.cluster
        eyes = Eyes(place=PLACE, cluster=cluster, metrics=here.metrics, now=here.now)
        survey = here.op.survey(here.op.parameters(**here.asked), eyes)
        if survey.target is None:
            assert asked == {"kind": "DaemonSet"}
            here.asked["name"] = "log"
            survey = here.op.survey(here.op.parameters(**here.asked), eyes)
        read |= {(*_right(path), _verb(path)) for path in cluster.reads}
        if operation == "rollout_undo" and asked == {"kind": "DaemonSet"}:
            continue  # its one revision has nothing before it
        plan = here.plan()
        for step, undo in ((plan.drawing.steps[0], False), (plan.drawing.undo[0], True)):
            verb = {"PATCH": "patch", "PUT": "update"}[step.call.action]
            written.add((*_right(step.call.path), verb))
            here.op.bind(plan, step.call, eyes)
            if not undo:
                here.send(plan)
        here.op.look(plan, eyes)
        here.op.applied(plan, plan.drawing.steps[0].call, eyes)
        read |= {(*_right(path), _verb(path)) for path in cluster.reads}
    if operation == "rollout_undo":
        written.add(("apps", "daemonsets", "patch"))
    if operation == "hpa_bounds":
        read.add(("apps", "statefulsets", "get"))  # what it scales may be one
    rights = CATALOGUE[operation].rights
    assert read == _spelled(rights.cluster_reads)
    assert written == _spelled(rights.cluster_writes)
