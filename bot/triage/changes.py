"""The verdict on what changed: the rollouts of a while, newest first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.domain.evidence import EvidenceState, Window
from bot.domain.spans import stamp
from bot.domain.verdict import Cause, Status, TimelinePoint, Verdict
from bot.triage.quoting import quoted
from bot.triage.rules.rollouts import rollouts
from bot.triage.scene import refs

if TYPE_CHECKING:
    from bot.triage.moments import When
    from bot.triage.objects import ObjectRef
    from bot.triage.rules.rollouts import Change
    from bot.triage.scene import Scene

DEFAULT_HOURS = 24
MAX_CHANGES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stretch:
    """The time looked at, and the sentences that say so."""

    some: str
    none: str
    values: Mapping[str, str]
    window: Window | None = None
    back: timedelta | None = None
    """How far back from when each cluster was looked at; None, without a window, for ever."""

    def holds(self, scene: Scene, change: Change) -> bool:
        if self.window is not None:
            return self.window.start <= change.at < self.window.end
        seen_at = scene.estate(change.revision.ref).at
        return self.back is None or seen_at - change.at <= self.back


def told(
    scene: Scene, targets: tuple[ObjectRef, ...], *, hours: int | None, when: When | None = None
) -> Verdict:
    """Return the rollouts of a while, of everything looked at or of the targets alone.

    Args:
        scene: What was looked at.
        targets: Whose rollouts; empty for all.
        hours: How far back to look.
        when: The stretch of time that was named; one that only asks for the time wants all known.
    """
    blind = [gap for gap in scene.gaps if gap.observation.source == "replicasets"]
    cited = scene.cite("replicasets")
    if not cited and blind:
        return _unseen(scene, blind[0].label, blind[0].observation.body)
    stretch = _stretch(scene, hours, when)
    all_of_them = _rollouts(scene, targets)
    recent = [change for change in all_of_them if stretch.holds(scene, change)]
    lines = [_none(scene, all_of_them, stretch)]
    if recent:
        count = str(len(recent))
        lines = [scene.book.say(stretch.some, count=count, scope=scene.place, **stretch.values)]
        lines += [f"• {_change(scene, change)}" for change in recent[:MAX_CHANGES]]
    lines[-1] += f" {refs(cited)}"
    if scene.not_read:
        lines.append(scene.not_read)
    is_whole = not any(gap.observation.state is not EvidenceState.TRUNCATED for gap in blind)
    return Verdict(
        status=Status.CONFIRMED if is_whole else Status.LIKELY,
        summary="\n".join(lines),
        cause=Cause.NONE,
        evidence=cited,
        nothing_to_do=True,
        timeline=tuple(
            TimelinePoint(at=stamp(change.at), what=_change(scene, change), evidence=cited)
            for change in reversed(recent[:MAX_CHANGES])
        ),
    )


def _stretch(scene: Scene, hours: int | None, when: When | None) -> _Stretch:
    usual = timedelta(hours=hours or DEFAULT_HOURS)
    if when is not None and when.is_said:
        window = when.window(scene.estates[0].at, usual=usual)
        values = {"start": stamp(window.start), "end": stamp(window.end)}
        return _Stretch(
            window=window, some="changes_between", none="no_changes_between", values=values
        )
    if when is not None and when.is_asked and hours is None:
        return _Stretch(some="changes_ever", none="no_changes_ever", values={})
    values = {"hours": str(hours or DEFAULT_HOURS)}
    return _Stretch(back=usual, some="changes", none="no_changes", values=values)


def _rollouts(scene: Scene, targets: tuple[ObjectRef, ...]) -> list[Change]:
    """Return the rollouts, newest first; a pod's are its workload's."""
    found = []
    for estate in scene.estates:
        wanted = {
            estate.workload_of(pod) if (pod := estate.pod(target)) is not None else target
            for target in targets
        }
        deployments = {estate.controller_of(one.ref) for one in estate.revisions}
        for deployment in deployments:
            if not wanted or deployment in wanted:
                found += rollouts(estate, deployment)
    return sorted(found, key=lambda change: (change.at, str(change.revision.ref)), reverse=True)


def _none(scene: Scene, changes: list[Change], stretch: _Stretch) -> str:
    said = scene.book.say(stretch.none, scope=scene.place, **stretch.values)
    if not changes:
        return said
    last = changes[0]
    return f"{said} {scene.book.say('last_change', **_values(scene, last))}"


def _change(scene: Scene, change: Change) -> str:
    values = _values(scene, change)
    return scene.book.say("change", namespace=quoted(change.revision.ref.namespace), **values)


def _values(scene: Scene, change: Change) -> dict[str, str]:
    return {
        "deployment": quoted(change.revision.deployment),
        "revision": str(change.revision.number),
        "at": stamp(change.at),
        "age": scene.since(change.revision.ref, change.at),
        "images": quoted(", ".join(change.revision.images)),
    }


def _unseen(scene: Scene, label: str, reason: str) -> Verdict:
    said = scene.book.say("changes_unseen", scope=scene.place, reason=quoted(reason))
    return Verdict(
        status=Status.INCONCLUSIVE,
        summary=f"{said} {refs((label,))}",
        cause=Cause.UNKNOWN,
        evidence=(label,),
        next_checks=("kubectl auth can-i list replicasets", "kubectl get deployments"),
    )
