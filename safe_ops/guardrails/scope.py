"""Guards of scope: one object that may be touched, calls that stay with it, and rights for them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from safe_ops.model.guarding import Case, Guard, passes, refuses
from safe_ops.model.plans import System

if TYPE_CHECKING:
    from safe_ops.model.plans import Ruling
    from safe_ops.model.surveys import Survey

ONE_OBJECT: Final = "one-object"
PROTECTED: Final = "protected"
OWN_NAMESPACE: Final = "own-namespace"
BLAST_RADIUS_KNOWN: Final = "blast-radius-known"
PERMISSIONS: Final = "permissions"

_WILDCARD: Final = re.compile(r"[*?]")
"""What stands for many in ARNs of a session policy; no Kubernetes name may hold it."""
_NAMESPACE: Final = re.compile(r"/namespaces/([^/]+)/")


def _one_object(case: Case[Survey]) -> Ruling:
    target, drawing = case.drawing.target, case.drawing
    if case.survey.target is None:
        return refuses(ONE_OBJECT, f"{target.key} does not exist: check its name and place")
    if not (target.place.name and target.kind and target.name and target.uid):
        return refuses(
            ONE_OBJECT,
            f"{target.key} is not one object for certain (place, kind, name and uid or ARN): name"
            " exactly one",
        )
    named = (target.name, target.namespace, target.uid, target.place.name)
    paths = (step.call.path for step in (*drawing.steps, *drawing.undo))
    wild = next((text for text in (*named, *paths) if _WILDCARD.search(text)), None)
    if wild is not None:
        return refuses(ONE_OBJECT, f"{wild} stands for more than one object: name exactly one")
    return passes(ONE_OBJECT, f"it is {target.key}, {target.uid}")


def _protected(case: Case[Survey]) -> Ruling:
    why, target = case.circumstances.protected, case.drawing.target
    if not why:
        return passes(PROTECTED, f"{target.key} is not protected")
    return refuses(
        PROTECTED, f"{target.key} is protected, {why}: whoever owns it changes it by hand"
    )


def _own_namespace(case: Case[Survey]) -> Ruling:
    target, drawing = case.drawing.target, case.drawing
    if target.place.system is not System.KUBERNETES or not target.namespace:
        return passes(OWN_NAMESPACE, "the target belongs to no namespace")
    for step in (*drawing.steps, *drawing.undo):
        found = _NAMESPACE.search(step.call.path)
        if found is None or found[1] != target.namespace:
            return refuses(
                OWN_NAMESPACE,
                f"`{step.says}` would leave the target's namespace {target.namespace}: ask for one"
                " namespace at a time",
            )
    return passes(OWN_NAMESPACE, f"all calls stay in {target.namespace}")


def _blast_radius_known(case: Case[Survey]) -> Ruling:
    said = case.drawing.blast_radius
    if said:
        return passes(BLAST_RADIUS_KNOWN, "; ".join(said))
    return refuses(
        BLAST_RADIUS_KNOWN,
        "what else this touches could not be computed: look at the target and ask again",
    )


def _permissions(case: Case[Survey]) -> Ruling:
    asked = case.survey.permissions
    denied = [permission.says for permission in asked if not permission.allowed]
    if denied:
        return refuses(
            PERMISSIONS,
            f"the operator may not {'; may not '.join(denied)}: grant it with the shipped rights,"
            " or leave it forbidden",
        )
    if case.drawing.steps and not asked:
        return refuses(
            PERMISSIONS, "whether the operator may make these calls was not asked: plan it again"
        )
    return passes(PERMISSIONS, f"permissions asked for: {len(asked)}, all granted")


GUARDS: Final[tuple[Guard[Survey], ...]] = (
    Guard(name=ONE_OBJECT, decide=_one_object),
    Guard(name=PROTECTED, decide=_protected),
    Guard(name=OWN_NAMESPACE, decide=_own_namespace),
    Guard(name=BLAST_RADIUS_KNOWN, decide=_blast_radius_known),
    Guard(name=PERMISSIONS, decide=_permissions),
)
