"""Refuses what somebody else would set back: Git, an operator, a controller above.

Who holds a field is read from `managedFields` and from what was applied last; who manages the
object from the labels their tools leave. Knows no operation.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from safe_ops.model.fields import dig, entries, mapping, text
from safe_ops.model.guarding import Guard, S, passes, refuses
from safe_ops.model.objects import annotations_of, controller_of, labels_of, name_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from safe_ops.model.guarding import Case
    from safe_ops.model.plans import Ruling
    from safe_ops.model.surveys import Object

_NAME = "ownership"
_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_HELM_RELEASE = "meta.helm.sh/release-name"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tool:
    """A tool that sets back what it has from Git."""

    name: str
    marks: tuple[str, ...]
    """Labels or annotations it leaves on what it manages."""
    writers: tuple[str, ...]
    """Names it writes under."""
    instead: str


# Argo CD marks by annotation or label, as it is configured; `app.kubernetes.io/instance`, its
# oldest way, is Helm's too and tells nothing.
_TOOLS = (
    _Tool(
        name="Argo CD",
        marks=("argocd.argoproj.io/tracking-id", "argocd.argoproj.io/instance"),
        writers=("argocd-controller", "argocd-application-controller"),
        instead="change it in Git, or roll the application back in Argo CD",
    ),
    _Tool(
        name="Flux",
        marks=("kustomize.toolkit.fluxcd.io/name", "helm.toolkit.fluxcd.io/name"),
        writers=("kustomize-controller", "helm-controller"),
        instead="change it in Git, or suspend the Kustomization or HelmRelease first",
    ),
    _Tool(
        name="Rancher Fleet",
        marks=("fleet.cattle.io/bundle-id", "objectset.rio.cattle.io/hash"),
        writers=("fleetagent", "fleet-agent"),
        instead="change it in Git",
    ),
)


def ownership(*paths: tuple[str, ...]) -> Guard[S]:
    """Return the guard of operations that write these fields; without fields, of a mere restart.

    Each path is the names from the object's root, such as `("spec", "replicas")`.
    """

    def decide(case: Case[S]) -> Ruling:
        return _owned(case.survey.target or {}, paths)

    return Guard(name=_NAME, decide=decide)


def is_held(item: Object, path: tuple[str, ...], writers: Iterable[str]) -> bool:
    """Tell whether one of these writers holds a field, or something below it."""
    named = frozenset(writers)
    fields = [f"f:{step}" for step in path]
    return any(
        text(entry, "manager") in named and dig(entry, "fieldsV1", *fields) is not None
        for entry in entries(item, "metadata", "managedFields")
    )


def _owned(item: Object, paths: tuple[tuple[str, ...], ...]) -> Ruling:
    above = controller_of(item)
    if above is not None:
        whose = f"{text(above, 'kind')} {text(above, 'name')}"
        return refuses(
            _NAME, f"{whose} made {name_of(item)} and would set it back: change {whose} instead."
        )
    for tool in _TOOLS:
        for path in paths:
            if _sets_back(tool, item, path):
                field = ".".join(path)
                return refuses(
                    _NAME,
                    f"{tool.name} holds {field} of {name_of(item)} and would set it back: "
                    f"{tool.instead}.",
                )
    release = annotations_of(item).get(_HELM_RELEASE)
    if paths and release:
        return passes(_NAME, f"Nobody sets it back until Helm release {release} is upgraded.")
    return passes(_NAME, "Neither a controller above it nor a tool from Git sets this back.")


def _sets_back(tool: _Tool, item: Object, path: tuple[str, ...]) -> bool:
    if is_held(item, path, tool.writers):
        return True
    told = labels_of(item) | annotations_of(item)
    if not any(mark in told for mark in tool.marks):
        return False
    # Somebody's edit takes the field from the tool's list, not from Git: what was applied last
    # still has it. With neither list there is no telling, so the tool counts as holding it.
    applied = _applied(told.get(_APPLIED, ""))
    known = bool(applied) or bool(entries(item, "metadata", "managedFields"))
    return not known or dig(applied, *path) is not None


def _applied(written: str) -> Object:
    try:
        return mapping(json.loads(written))
    except ValueError:
        return {}
