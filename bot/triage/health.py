"""Verdicts when the rules find nothing wrong: healthy, recovered, or not seen well enough to say.

Nothing is called healthy while a list is missing: absence of findings is no finding then.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from bot.domain.verdict import Cause, Status, Verdict
from bot.triage.backing import under
from bot.triage.quoting import quoted
from bot.triage.scene import refs
from bot.triage.telling import named

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.triage.estate import Ending, Estate, Pod
    from bot.triage.objects import ObjectRef
    from bot.triage.scene import Scene

# A restart longer ago is not worth a word when all is well now.
RECENT_HOURS = 6
# What leads to pods and has none of its own, and the lists it is found in.
_FRONTS = {"service": "services", "ingress": "ingresses", "httproute": "httproutes"}
_LOOKED_AT = ("pods", "deployments", "statefulsets", "daemonsets")


def nothing_failing(scene: Scene) -> Verdict:
    """Return that all is well, as far as could be seen."""
    cited = scene.cite(*_LOOKED_AT, "jobs")
    pods = sum(len(estate.pods) for estate in scene.estates)
    workloads = sum(len(estate.workloads) for estate in scene.estates)
    is_doubtful = not (pods or workloads) and any(one.believed for one in scene.surveys)
    if is_doubtful:
        said = scene.book.say("absent_perhaps", scope=scene.place)
    elif scene.gaps:
        said = scene.book.say("nothing_seen", scope=scene.place)
    elif pods or workloads:
        said = scene.book.say(
            "nothing_failing", scope=scene.place, pods=str(pods), workloads=str(workloads)
        )
    else:
        said = scene.book.say("nothing_there", scope=scene.place)
    lines = [f"{said} {refs(cited)}"]
    if again := _restarted(scene):
        hours = str(RECENT_HOURS)
        told = scene.book.say("restarted", hours=hours, objects=named(again))
        lines.append(f"{told} {refs(scene.cite('pods'))}")
    return _well(scene, lines, cited, target=None, is_doubtful=is_doubtful)


def no_fault(scene: Scene, targets: tuple[ObjectRef, ...]) -> Verdict:
    """Return for each object that it is well, or that it is not and nobody knows why."""
    told = [_state(scene, target) for target in targets]
    lines = [f"{said} {refs(cited)}" for said, cited, _ in told]
    cited = tuple(dict.fromkeys(label for _, labels, _ in told for label in labels))
    target = targets[0] if len(targets) == 1 else None
    if all(is_well for _, _, is_well in told):
        return _well(scene, lines, cited, target=target)
    if scene.not_read:
        lines.append(scene.not_read)
    sick = next(one for one, (_, _, is_well) in zip(targets, told, strict=True) if not is_well)
    where = f" -n {sick.namespace}" if sick.namespace else ""
    return Verdict(
        status=Status.INCONCLUSIVE,
        summary="\n".join(lines),
        object=str(target) if target else None,
        cause=Cause.UNKNOWN,
        evidence=cited,
        next_checks=(
            f"kubectl describe {sick.kind} {sick.name}{where}",
            f"kubectl events{where or ' -A'} --types=Warning",
        ),
    )


def _state(scene: Scene, target: ObjectRef) -> tuple[str, tuple[str, ...], bool]:
    """Return the sentence on one object, its labels, and whether it is well."""
    estate = scene.estate(target)
    name = quoted(target.name)
    if target.kind == "node":
        return scene.book.say("node_ready", object=name), estate.cite("nodes"), True
    if target.kind in _FRONTS:
        return _front(scene, target)
    workload = estate.workload(target)
    pods = estate.pods_of(target)
    living = [pod for pod in pods if not estate.is_over(pod)]
    families = {"pod": (), "cronjob": ("jobs",)}.get(target.kind, (f"{target.kind}s",))
    cited = estate.cite("pods", *families, namespace=target.namespace)
    ready = workload.ready if workload else sum(pod.ready for pod in living)
    desired = workload.desired if workload else len(living)
    values = {"object": name, "ready": str(ready), "desired": str(desired)}
    if ready < desired:
        return scene.book.say("unexplained", **values), cited, False
    if workload is not None and desired == 0:
        is_meant = workload.ref.kind in {"deployment", "statefulset"}
        return scene.book.say("scaled_down", object=name), cited, not is_meant
    if scene.gaps:
        return scene.book.say("seems_ready", **values), cited, True
    if workload is None and not living:
        return scene.book.say("finished", object=name), cited, True
    return _recovered(scene, target, living, values), cited, True


def _front(scene: Scene, target: ObjectRef) -> tuple[str, tuple[str, ...], bool]:
    """Return the sentence on a Service or a route: how many of the pods behind it are ready."""
    estate = scene.estate(target)
    behind = under(estate, target)
    pods = [
        pod for pod in estate.pods if estate.workload_of(pod) in behind and not estate.is_over(pod)
    ]
    ready = sum(pod.ready for pod in pods)
    cited = estate.cite(_FRONTS[target.kind], "services", "pods", namespace=target.namespace)
    values = {"object": quoted(target.name), "ready": str(ready), "desired": str(len(pods))}
    is_well = bool(ready) and ready == len(pods)
    if is_well and target.kind != "service":
        return scene.book.say("route_state", object=values["object"]), cited, True
    return scene.book.say("service_state", **values), tuple(dict.fromkeys(cited)), is_well


def _recovered(scene: Scene, target: ObjectRef, pods: list[Pod], values: dict[str, str]) -> str:
    last = _last_end(pods, scene.estate(target))
    if last is None or last.finished_at is None:
        return scene.book.say("healthy", **values)
    restarts = sum(container.restarts for pod in pods for container in pod.containers)
    return scene.book.say(
        "healthy_restarted",
        **values,
        restarts=str(restarts),
        age=scene.since(target, last.finished_at),
        reason=f"{quoted(last.reason)}, exit code {last.exit_code}",
    )


def _restarted(scene: Scene) -> list[ObjectRef]:
    """Return what was restarted not long ago and runs."""
    return list(
        dict.fromkeys(
            estate.workload_of(pod)
            for estate in scene.estates
            for pod in estate.pods
            if not estate.is_over(pod) and _last_end([pod], estate) is not None
        )
    )


def _last_end(pods: Iterable[Pod], estate: Estate) -> Ending | None:
    """Return how a container that was started again ended last, if that is recent."""
    ends = [
        container.ended
        for pod in pods
        for container in pod.containers
        if container.restarts and not container.init and container.ended is not None
    ]
    recent = [
        (ended.finished_at, ended)
        for ended in ends
        if ended.finished_at is not None
        and estate.at - ended.finished_at < timedelta(hours=RECENT_HOURS)
    ]
    return max(recent, key=lambda pair: pair[0])[1] if recent else None


def _well(
    scene: Scene,
    lines: list[str],
    cited: tuple[str, ...],
    *,
    target: ObjectRef | None,
    is_doubtful: bool = False,
) -> Verdict:
    is_whole = not scene.gaps and not is_doubtful
    if scene.not_read:
        lines.append(scene.not_read)
    return Verdict(
        status=Status.HEALTHY if is_whole else Status.INCONCLUSIVE,
        summary="\n".join(lines),
        object=str(target) if target else None,
        cause=Cause.NONE if is_whole else Cause.UNKNOWN,
        evidence=cited,
        nothing_to_do=is_whole,
        next_checks=() if is_whole else _decisive(scene),
    )


def _decisive(scene: Scene) -> tuple[str, ...]:
    """Return the reads that failed, which are what would decide it."""
    queries = dict.fromkeys(gap.observation.query for gap in scene.gaps)
    return (*queries, "kubectl auth can-i list pods", "kubectl get namespaces")[:2]
