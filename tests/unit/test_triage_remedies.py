"""What is advised about which finding: relief apart from cure, by the facts that were seen."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bot.domain.verdict import Category, Cause, Status
from bot.triage import telling
from bot.triage.estate import Revision
from bot.triage.finding import Finding, LastWords
from bot.triage.language.book import LANGUAGES, open_book
from bot.triage.objects import ObjectRef
from bot.triage.remedies.advising import advised
from bot.triage.rulebook import findings
from bot.triage.rules.last_words import explained
from bot.triage.rules.rollouts import Change
from bot.triage.scene import Scene
from bot.triage.survey import Survey
from tests.unit.triage_estates import (
    CLUSTER,
    NOW,
    ago,
    container,
    deployment,
    estate,
    event,
    job,
    node,
    pod,
    ref,
    replica_set,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.triage.remedies.advising import Advised
    from tests.unit.triage_estates import Object

TRACE = [
    "INFO  serving on :8080",
    "Traceback (most recent call last):",
    '  File "/app/cart.py", line 88, in total',
    "    return order.customer.id",
    "AttributeError: 'NoneType' object has no attribute 'id'",
]


def scene(*items: Object, language: str = "en") -> Scene:
    survey = Survey(estate=estate(*items), evidence=(), namespaces=(None,))
    return Scene(book=open_book(language), surveys=(survey,))


def first(seen: Scene) -> Finding:
    return findings(seen.estates[0])[0]


def advice(*items: Object, language: str = "en", change: Change | None = None) -> Advised:
    """What is advised about the deepest fault of these objects."""
    seen = scene(*items, language=language)
    return advised(seen, first(seen), [], change=change)


def crashing(**more: object) -> list[Object]:
    status = container(waiting="CrashLoopBackOff", restarts=7, **more)  # type: ignore[arg-type]
    return [deployment(), replica_set(), pod("app-1", status, limit="256Mi")]


def finding(cause: Cause, phrase: str = "", **values: str) -> Finding:
    return Finding(
        object=ref("deployment", "app"),
        cause=cause,
        category=Category.APPLICATION,
        phrase=phrase or cause.value,
        values=values,
        evidence=("E1",),
        weight=0.9,
        container="app",
        pods=(ref("pod", "app-1"),),
    )


def rollout(*, number: int = 4) -> Change:
    revision = Revision(
        ref=ref("replicaset", "app-new"),
        deployment="app",
        number=number,
        created_at=NOW,
        desired=1,
        ready=0,
        images=("registry.example.com/shop/app:2.0",),
    )
    return Change(revision=revision, at=NOW)


def test_a_larger_memory_limit_is_twice_the_one_that_was_seen() -> None:
    told = advice(*crashing(exit_code=137, reason="OOMKilled"))
    (step,) = told.relief
    assert "from 256Mi to 512Mi (a suggestion" in step.action
    assert step.action.endswith(
        "`kubectl set resources deployment/app -n shop -c app --limits=memory=512Mi`"
    )
    assert step.undo.endswith("--limits=memory=256Mi")
    assert step.check == "kubectl rollout status deployment/app -n shop"


def test_without_a_limit_that_was_seen_no_limit_is_proposed() -> None:
    status = container(waiting="CrashLoopBackOff", restarts=7, exit_code=137, reason="OOMKilled")
    told = advice(deployment(), replica_set(), pod("app-1", status))
    assert [step.action for step in told.relief] == ["Give `app` more memory in its template."]


def test_a_rollout_just_before_is_taken_back_when_there_is_an_earlier_revision() -> None:
    items = [*crashing(exit_code=1), replica_set("app-new", number=4)]
    (step,) = advice(*items, change=rollout()).relief
    assert "`kubectl rollout undo deployment/app -n shop --to-revision=1`" in step.action
    assert step.undo == "kubectl rollout undo deployment/app -n shop --to-revision=4"


def test_nothing_is_taken_back_to_when_the_rollout_was_the_first() -> None:
    assert advice(*crashing(exit_code=1), change=rollout(number=1)).relief == ()


def test_a_crash_nobody_changed_anything_before_gets_no_restart() -> None:
    told = advice(*crashing(exit_code=1))
    assert told.relief == ()
    (step,) = told.cure
    assert "a restart alone changes nothing" in step.action
    assert "`kubectl logs app-1 -n shop -c app --previous`" in step.action
    assert told.code_change is None


def specified(lines: Sequence[str], language: str = "en") -> Advised:
    seen = scene(*crashing(exit_code=1), language=language)
    return advised(seen, explained(first(seen), lines, label="E9"), [], change=None)


def test_a_defect_of_the_code_is_specified_with_its_place_and_the_error() -> None:
    told = specified(TRACE)
    assert told.code_change is not None
    place, null, verify = told.code_change.splitlines()
    assert place.startswith("The system shall not end with `AttributeError: 'NoneType' object has")
    assert "(exit code 1) at `/app/cart.py:88` in container `app` of `app`" in place
    assert null.startswith("The system shall check that the value is there before it uses it")
    assert verify.startswith("To verify: a test that brings about this error")
    assert "no operational action helps" in told.cure[0].action
    assert told.relief == ()


def test_a_place_the_log_does_not_name_is_not_made_up() -> None:
    told = specified(["INFO up", "ValueError: negative amount -3"])
    assert told.code_change is not None
    assert "the log names no file and line" in told.code_change
    assert "ValueError: negative amount -3" in told.code_change
    assert "check that the value is there" not in told.code_change


def test_the_place_of_another_error_is_not_blamed() -> None:
    told = specified([*TRACE, "fatal: worker pool failed"])
    assert "cart.py" not in (told.code_change or "")


def test_last_words_that_name_no_error_are_no_specification() -> None:
    told = specified(["INFO up", "could not start"])
    assert told.code_change is None
    assert "kubectl logs" in told.cure[0].action


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_specifies_a_defect_in_three_lines(language: str) -> None:
    told = specified(TRACE, language)
    assert told.code_change is not None
    assert len(told.code_change.splitlines()) == 3
    assert "/app/cart.py:88" in told.code_change


def test_a_leak_is_specified_with_the_growth_that_was_measured() -> None:
    seen = scene(*crashing(exit_code=137, reason="OOMKilled"))
    leak = finding(Cause.MEMORY_LEAK, "memory_leaks", per_hour="31 MiB", container="app")
    told = advised(seen, leak, [], change=None)
    assert told.code_change is not None
    assert "its memory grew by 31 MiB an hour" in told.code_change
    assert "kubectl rollout restart deployment/app -n shop" in told.relief[0].action
    assert "no operational action helps" not in told.cure[0].action


def test_more_work_for_the_processor_is_no_defect() -> None:
    busy = replace(finding(Cause.CPU_SATURATED, "cpu_with_load"), category=Category.CAPACITY)
    told = advised(scene(deployment(desired=2)), busy, [], change=None)
    assert told.code_change is None
    assert "--replicas=3" in told.relief[0].action


def test_replicas_an_autoscaler_keeps_are_not_changed_by_hand() -> None:
    scaler = {
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "app", "namespace": "shop", "creationTimestamp": ago(days=1)},
        "spec": {"scaleTargetRef": {"kind": "Deployment", "name": "app"}, "maxReplicas": 4},
        "status": {"currentReplicas": 2},
    }
    busy = replace(finding(Cause.CPU_SATURATED), category=Category.CAPACITY)
    assert advised(scene(deployment(), scaler), busy, [], change=None).relief == ()


def test_new_pods_are_kept_off_a_lost_node() -> None:
    told = advice(node(ready="Unknown"))
    (step,) = told.relief
    assert "`kubectl cordon node-1`" in step.action
    assert (step.undo, step.check) == ("kubectl uncordon node-1", "kubectl get node/node-1")


@pytest.mark.parametrize(
    ("message", "proposed"),
    [
        ("exceeded quota: compute, requested: pods=1, used: pods=4, limited: pods=4", '"pods":"5"'),
        (
            (
                "exceeded quota: mem, requested: cpu=1,limits.memory=512Mi,"
                " used: cpu=1,limits.memory=3840Mi, limited: cpu=8,limits.memory=4Gi"
            ),
            '"limits.memory":"4352Mi"',
        ),
        (
            (
                "exceeded quota: cpu, requested: requests.cpu=500m, used: requests.cpu=2,"
                " limited: requests.cpu=2"
            ),
            '"requests.cpu":"2500m"',
        ),
    ],
)
def test_a_quota_is_raised_by_what_is_missing(message: str, proposed: str) -> None:
    short = replica_set(desired=1, ready=0)
    told = advice(
        deployment(desired=1, ready=0),
        short,
        event("ReplicaSet/app-abc", "FailedCreate", f"Error creating: {message}"),
    )
    assert proposed in told.relief[0].action
    assert "kubectl patch resourcequota" in told.relief[0].undo


def test_a_quota_that_is_not_short_by_its_numbers_is_not_raised() -> None:
    message = "exceeded quota: compute, requested: pods=1, used: pods=1, limited: pods=4"
    told = advice(
        deployment(desired=1, ready=0),
        replica_set(),
        event("ReplicaSet/app-abc", "FailedCreate", f"Error creating: {message}"),
    )
    assert told.relief == ()
    assert "quotas and limit ranges of namespace shop" in told.cure[0].action


FORBIDDEN = (
    'pods "x" is forbidden: User "system:serviceaccount:shop:app-reader" cannot get resource'
    ' "deployments/scale" in API group "apps"'
)


def denied(line: str) -> Advised:
    words = LastWords(line=line, label="E9", phrase="log_forbidden", subject="cannot get resource")
    found = replace(finding(Cause.RBAC_DENIED), words=words)
    return advised(scene(deployment()), found, [], change=None)


def test_the_right_that_is_missing_is_granted_as_the_log_names_it() -> None:
    role, binding = denied(f'{FORBIDDEN} in the namespace "shop"').relief
    name = "app-reader-get-deployments"
    assert f"`kubectl create role {name} --verb=get --resource=deployments.apps/scale -n shop`" in (
        role.action
    )
    assert (
        f"`kubectl create rolebinding {name} --role={name} --serviceaccount=shop:app-reader"
        " -n shop`"
    ) in binding.action
    assert role.undo == f"kubectl delete role {name} -n shop"


def test_a_right_in_the_whole_cluster_is_not_given_by_a_command() -> None:
    told = denied(f"{FORBIDDEN} at the cluster scope")
    assert told.relief == ()
    assert "that `shop:app-reader` may get deployments.apps/scale" in told.cure[0].action


def test_what_somebody_else_lacks_is_brought_back_not_restarted() -> None:
    words = LastWords(line="refused", label="E9", phrase="log_dependency", subject="db.shop:5432")
    told = advised(
        scene(deployment()),
        replace(finding(Cause.DEPENDENCY_DOWN, "crash"), words=words),
        [],
        change=None,
    )
    assert told.relief[0].action.startswith("Bring `db.shop:5432` back, which `app` needs")
    assert "restarting `app` changes nothing" in told.relief[0].action


def test_a_job_that_ran_out_of_memory_gets_more_in_its_cron_job() -> None:
    ended = container(exit_code=137, reason="OOMKilled", current=True)
    told = advice(
        job("nightly-1"),
        pod("nightly-1-a", ended, owner="Job/nightly-1", limit="1Gi", phase="Failed"),
    )
    assert "kubectl set resources cronjob/nightly -n shop -c app --limits=memory=2Gi" in (
        told.relief[0].action
    )
    assert "kubectl create job nightly-by-hand --from=cronjob/nightly" in told.relief[1].action


def test_of_a_second_fault_only_what_helps_at_once_is_told() -> None:
    seen = scene(node(ready="Unknown"), *crashing(exit_code=137, reason="OOMKilled"))
    lost, *_ = findings(seen.estates[0])
    killed = finding(Cause.OUT_OF_MEMORY)
    told = advised(seen, lost, [killed, killed], change=None)
    assert [step.action.split(":")[0] for step in told.relief] == [
        "Keep new pods off node `node-1`",
        "Raise the memory limit of container `app` of `app` from 256Mi to 512Mi (a suggestion",
    ]
    assert len(told.cure) == 1


def test_a_command_too_long_to_be_shown_whole_is_not_shown() -> None:
    name = ".".join(["a" * 60] * 4)
    message = f"exceeded quota: {name}, requested: pods=1, used: pods=4, limited: pods=4"
    told = advice(
        deployment(desired=1, ready=0),
        replica_set(),
        event("ReplicaSet/app-abc", "FailedCreate", f"Error creating: {message}"),
    )
    assert told.relief == ()
    assert told.cure


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_role_is_never_bound_without_being_shown_whole(language: str) -> None:
    for length in range(1, 64, 3):
        space, account, resource = "s" * length, "a" * min(length, 40), "r" * min(length, 20)
        line = (
            f'User "system:serviceaccount:{space}:{account}" cannot list resource "{resource}"'
            f' in API group "g.io" in the namespace "{space}"'
        )
        words = LastWords(line=line, label="E9", phrase="log_forbidden")
        found = replace(finding(Cause.RBAC_DENIED), words=words)
        told = advised(scene(deployment(), language=language), found, [], change=None)
        assert len(told.relief) in {0, 2}


def test_nothing_is_advised_about_what_nobody_knows() -> None:
    told = advised(scene(deployment()), finding(Cause.UNKNOWN, "replicas_missing"), [], change=None)
    assert (told.relief, told.cure, told.code_change) == ((), (), None)


def test_a_verdict_carries_relief_cure_and_specification() -> None:
    seen = scene(*crashing(exit_code=1))
    verdict = telling.faults(seen, [explained(first(seen), TRACE, label="E9")])
    assert verdict.status is not Status.HEALTHY
    assert not verdict.nothing_to_do
    assert verdict.mitigation == ()
    assert len(verdict.permanent) == 1
    assert "cart.py:88" in (verdict.code_change or "")


def test_other_faults_are_named_without_code_around_their_kind() -> None:
    one = ObjectRef(cluster=CLUSTER, kind="statefulset", namespace="shop", name="cart-db")
    assert telling.named([one, one]) == "`cart-db` (statefulset)"
