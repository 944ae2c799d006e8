"""What may be asked for by name: an operation of the catalogue, and where; or why it may not.

Pure. Whoever asks, a person or a model, gets the same sentence.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final

from bot.domain.errors import NotAllowedError
from bot.flows.approval.form import blank_fields
from bot.flows.approval.sight import may_see_service
from safe_ops.model.plans import System
from safe_ops.policy.refusals import hard_refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bot.domain.registry import Access
    from bot.flows.approval.places import Site
    from bot.ports.operations_desk import FormField
    from safe_ops.operations.operation import Operation

_NEAR: Final = 3
_ALIKE: Final = 0.4
"""How alike names must be to be offered; 1 is the same."""


def operation_named(
    catalogue: Mapping[str, Operation[Any]],
    name: str,
    *,
    told: Callable[[Operation[Any]], str] = lambda operation: f"`{operation.name}`",
) -> Operation[Any]:
    """Return the operation of that name; `told` is how others are named where it is none.

    Raises:
        NotAllowedError: There is none; the text says what is never done, or what is near.
    """
    operation = catalogue.get(name)
    if operation is not None:
        return operation
    listed = ", ".join(f"`{one}`" for one in sorted(catalogue))
    if not name:
        raise NotAllowedError(f"Say which operation: {listed}.")
    refusal = hard_refusal(name)
    if refusal:
        raise NotAllowedError(f"{refusal}.")
    near = _near(catalogue, name)
    if near:
        nearest = ", ".join(told(catalogue[one]) for one in near)
        raise NotAllowedError(f"There is no operation {name}. Near it: {nearest}.")
    raise NotAllowedError(f"There is no operation {name}. There is: {listed}.")


def _near(catalogue: Mapping[str, Operation[Any]], name: str) -> list[str]:
    """Return what was meant, perhaps: by the words of names and titles first, then by spelling."""
    wanted = _letters(name)
    said = [
        one
        for one, operation in catalogue.items()
        if wanted and (wanted in _letters(operation.title) or wanted in _letters(one))
    ]
    alike = get_close_matches(name, catalogue, n=_NEAR, cutoff=_ALIKE)
    return list(dict.fromkeys([*said, *alike]))[:_NEAR]


def _letters(words: str) -> str:
    return "".join(char for char in words.lower() if char.isalnum())


def spelled(operation: Operation[Any]) -> str:
    """Return an operation with its parameters, those that may be left out with a question mark.

    Such as `rollout_restart(namespace, name, kind?=Deployment|StatefulSet|DaemonSet)`.
    """
    told = ", ".join(_parameter(field) for field in blank_fields(operation.parameters))
    return f"{operation.name}({told})"


def check_reach(access: Access, site: Site, namespace: str) -> None:
    """Refuse what somebody may not read: nobody asks for a change there.

    Raises:
        NotAllowedError: It is out of reach; the text names what is in it.
    """
    place = site.place
    if place.system is not System.KUBERNETES or access.may_read(place.name, namespace or None):
        return
    granted = ", ".join(access.namespaces(place.name)) or "none"
    what = f"namespace {namespace}" if namespace else "what belongs to no namespace"
    raise NotAllowedError(
        f"You may not ask for operations on {what} of {place.name}: you may not read it."
        f" You may read: {granted}."
    )


def check_service(access: Access, service_key: str) -> None:
    """Refuse somebody who may not read of a service: nobody asks for trust in what runs there.

    Raises:
        NotAllowedError: It is out of reach, or not named in full.
    """
    if not may_see_service(access, service_key):
        raise NotAllowedError(
            f"You may not ask for trust on {service_key}: you may not read it, or it is not named"
            " in full, as its cards do (`eu/shop/cart`)."
        )


def _parameter(field: FormField) -> str:
    choices = f"={'|'.join(field.choices)}" if field.choices else ""
    return f"{field.name}{'' if field.required else '?'}{choices}"
