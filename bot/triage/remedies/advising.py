"""Steps for findings: relief for now apart from the cure, each with check, risk and way back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from string import Formatter
from typing import TYPE_CHECKING

from bot.domain.verdict import Step
from bot.triage.remedies.catalogue import plan_for
from bot.triage.remedies.defects import code_change
from bot.triage.remedies.facts import facts_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from string import Template

    from bot.triage.finding import Finding
    from bot.triage.language.book import Book
    from bot.triage.remedies.catalogue import Choice, Remedy
    from bot.triage.rules.rollouts import Change
    from bot.triage.scene import Scene

# More than two ways at once leave the choice to who is woken up.
MAX_STEPS = 2
# Cards cut an action behind this; a command that would be cut is not shown at all.
MAX_ACTION_CHARS = 480
# Shown where no read of the object itself can be written, as for a name nobody could have given.
_ANYWHERE = "kubectl events -A --types=Warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Advised:
    """What to do."""

    relief: tuple[Step, ...] = ()
    cure: tuple[Step, ...] = ()
    code_change: str | None = None


def advised(
    scene: Scene, first: Finding, others: Sequence[Finding], *, change: Change | None
) -> Advised:
    """Return what to do about the first finding, and one step at most for the second.

    Args:
        scene: What was looked at, and the language.
        first: What is to be mended.
        others: Findings that do not follow from it, the likeliest first.
        change: The rollout the first began with, if one did.
    """
    own = _for(scene, first, change)
    if not others or len(own.relief) >= MAX_STEPS:
        return own
    # A second fault is named; of it only what can be done at once is worth a line here.
    second = _for(scene, others[0], None).relief[:1]
    return replace(own, relief=tuple(dict.fromkeys((*own.relief, *second))))


def _for(scene: Scene, found: Finding, change: Change | None) -> Advised:
    specified = code_change(scene.book, found)
    plan = plan_for(found)
    facts = facts_of(scene.estate(found.object), found, change, defect=specified is not None)
    place = found.object.cluster

    def steps(choices: Sequence[Choice]) -> tuple[Step, ...]:
        return tuple(_steps(scene.book, choices, facts, place))[:MAX_STEPS]

    return Advised(relief=steps(plan.relief), cure=steps(plan.cure), code_change=specified)


def _steps(
    book: Book, choices: Sequence[Choice], facts: Mapping[str, str], place: str
) -> Iterator[Step]:
    """Yield of each choice the first step that can be told whole."""
    for choice in choices:
        fitting = [one for one in choice if _needs(book, one) <= facts.keys()]
        told = (_step(book, one, facts, place) for one in fitting)
        whole = next((step for step in told if len(step.action) <= MAX_ACTION_CHARS), None)
        if whole is not None:
            yield whole


def _needs(book: Book, remedy: Remedy) -> set[str]:
    """Return the slots without which a step cannot be told."""
    said = {field for _, field, _, _ in Formatter().parse(book.steps[f"do_{remedy.key}"]) if field}
    commands = [one for one in (remedy.command, remedy.back) if one is not None]
    return said | set(remedy.needs) | {slot for one in commands for slot in one.get_identifiers()}


def _step(book: Book, remedy: Remedy, facts: Mapping[str, str], place: str) -> Step:
    action = book.step(f"do_{remedy.key}", **facts)
    if remedy.command is not None:
        command = remedy.command.substitute(facts)
        action = book.step("do_with_command", action=action, command=command)
    else:
        action = f"{action}."
    undo = book.step(f"back_{remedy.undo}", **facts)
    return Step(
        action=action,
        check=next(_filled(remedy.checks, facts), _ANYWHERE),
        risk=book.step(f"risk_{remedy.risk}", **facts),
        undo=remedy.back.substitute(facts) if remedy.back is not None else undo,
        operation=remedy.operation,
        parameters=parameters_of(remedy, facts, place=place) if remedy.operation else {},
        from_text=remedy.from_text,
    )


def parameters_of(remedy: Remedy, facts: Mapping[str, str], *, place: str) -> dict[str, str]:
    """Return the operation's parameters as people would type them, its place first."""
    filled = {name: value.substitute(facts) for name, value in remedy.parameters.items()}
    kind, slash, name = filled.get("name", "").partition("/")
    if slash:
        filled |= {"name": name, "kind": kind}
    return {"place": place, **filled}


def _filled(templates: Sequence[Template], facts: Mapping[str, str]) -> Iterator[str]:
    for template in templates:
        if set(template.get_identifiers()) <= facts.keys():
            yield template.substitute(facts)
