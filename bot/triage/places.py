"""Which namespaces and objects a question's words mean, among those that exist."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.triage.intent import Wish, meant

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.triage.estate import Estate
    from bot.triage.intent import Intent
    from bot.triage.objects import ObjectRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The namespaces a question is about."""

    namespaces: tuple[str, ...] = ()
    """Empty for all."""
    absent: tuple[str, ...] = ()
    """Named as namespaces, and there is none of that name."""


def namespaces_meant(
    intent: Intent, known: Sequence[str], *, default: str | None, complete: bool
) -> Wanted:
    """Return the namespaces the question names, else the default, else all.

    With `complete` what is not known does not exist; otherwise what is named is believed.
    """
    if not complete:
        believed = intent.insisted or intent.places or ((default,) if default else ())
        return Wanted(namespaces=believed)
    found = {name: name for name in intent.insisted if name in known}
    found |= {word: name for word in intent.places if (name := meant(word, known))}
    said = (*intent.near, *(word for word in intent.names if word not in intent.objects))
    found |= {word: word for word in said if word in known}
    absent = tuple(name for name in intent.insisted if name not in found)
    if found or absent:
        return Wanted(namespaces=tuple(dict.fromkeys(found.values())), absent=absent)
    if default is None:
        return Wanted()
    return Wanted(namespaces=(default,)) if default in known else Wanted(absent=(default,))


def objects_meant(
    intent: Intent, estates: Iterable[Estate], *, not_these: Iterable[str] = ()
) -> tuple[ObjectRef, ...]:
    """Return the workloads, pods and nodes the question names; `not_these` are namespaces."""
    passed = set(not_these) - set(intent.objects)
    words = [word for word in intent.names if word not in passed]
    found: dict[ObjectRef, None] = {}
    for estate in estates:
        named = by_name(estate)
        for word in words:
            name = meant(word, named)
            refs = named[name] if name is not None else _whose_pods(estate, word)
            found |= dict.fromkeys(refs)
    return tuple(found)


def names_in(estates: Iterable[Estate]) -> tuple[str, ...]:
    """Return the names of all workloads, pods and nodes, for a suggestion."""
    return tuple(dict.fromkeys(name for estate in estates for name in by_name(estate)))


def unknown_names(
    intent: Intent, *, known: Iterable[str], targets: Iterable[ObjectRef]
) -> tuple[str, ...]:
    """Return what the question names and nobody has; `known` are names of other things.

    Whoever asks why has somebody in mind, so every word that is none of the language's counts;
    otherwise only what is said to be an object or a place.
    """
    found = {ref.name for ref in targets}
    explained = set(known)
    candidates = [*intent.insisted, *intent.objects, *intent.places]
    if intent.wish is Wish.WHY:
        candidates += intent.names
    return tuple(
        dict.fromkeys(
            word
            for word in candidates
            if word not in explained
            and not any(name == word or name.startswith(word) for name in found)
        )
    )


def by_name(estate: Estate) -> dict[str, list[ObjectRef]]:
    """Return objects by name; where a workload has a pod's name, the workload."""
    refs = dict.fromkeys(workload.ref for workload in estate.workloads)
    refs |= dict.fromkeys(estate.workload_of(pod) for pod in estate.pods)
    refs |= dict.fromkeys(estate.controller_of(batch.ref) for batch in estate.batches)
    refs |= dict.fromkeys(node.ref for node in estate.nodes)
    refs |= dict.fromkeys(batch.ref for batch in estate.batches)
    found: dict[str, list[ObjectRef]] = {}
    for ref in refs:
        found.setdefault(ref.name.casefold(), []).append(ref)
    fronts = [one.ref for one in estate.services] + [one.ref for one in estate.routes]
    fronts += [one.ref for one in estate.gateway_routes]
    fronts += [one.ref for one in estate.schedules] + [one.ref for one in estate.claims]
    for ref in fronts:
        # A name that is a workload's as well means the workload.
        found.setdefault(ref.name.casefold(), [ref])
    for pod in estate.pods:
        name = pod.ref.name.casefold()
        if name not in found or found[name][0].kind == "pod":
            found.setdefault(name, []).append(pod.ref)
    return {name: list(dict.fromkeys(refs)) for name, refs in found.items()}


def _whose_pods(estate: Estate, word: str) -> tuple[ObjectRef, ...]:
    """Return the one workload whose pods begin with the word, such as a ReplicaSet's name."""
    owners = {estate.workload_of(pod) for pod in estate.pods if pod.ref.name.startswith(f"{word}-")}
    return tuple(owners) if len(owners) == 1 else ()
