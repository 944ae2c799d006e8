"""What a person ordered, against what the operation takes: a request, or the form that is left.

Pure. Values are checked by the operation's own model; where they came from is written down beside
each, because it counts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from bot.flows.approval.form import blank_fields, kind_named, problems, typed
from bot.flows.approval.places import Site, chosen
from bot.ports.operations_desk import NEEDED, FieldKind, FormField, RunForm
from safe_ops.model.plans import Json, System

if TYPE_CHECKING:
    from bot.domain.registry import Registry
    from bot.ports.operations_desk import Order
    from safe_ops.operations.operation import Operation

PLACE: Final = "place"
INCIDENT: Final = "incident"
BREAK_GLASS: Final = "break_glass"
_EXTRAS: Final = frozenset({INCIDENT, BREAK_GLASS})
_CLUSTER_WORDS: Final = ("cluster", "context")
_PLACE_WORDS: Final = {
    System.KUBERNETES: "cluster",
    System.AWS: "account",
    System.NIGHTDESK: "environment",
}
_PERSON: Final = "person"
_REGISTRY: Final = "registry"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """An order as far as it can be read."""

    site: Site | None
    values: dict[str, Json]
    provenance: dict[str, str]
    extras: dict[str, str]
    """`incident` and `break_glass`, where they were said."""
    form: RunForm
    """What was read, with what is wrong or missing."""

    @property
    def is_complete(self) -> bool:
        """Tell whether nothing is left to ask."""
        return self.site is not None and not self.form.problems and not self.form.notes


def read_wish(
    order: Order, operation: Operation[Any], *, sites: tuple[Site, ...], registry: Registry
) -> Wish:
    """Return the order as the operation takes it; `sites` are the places the person may name."""
    known = {field.name for field in blank_fields(operation.parameters)}
    given = dict(order.given)
    unread = _take_loose(order, known, given)
    extras = {name: given.pop(name) for name in _EXTRAS - known if name in given}
    wanted = _take_place(operation.system, known, given)
    site, place_problem = _site(order, operation.system, wanted, sites, registry)
    provenance = dict.fromkeys(given, _PERSON)
    provenance[PLACE] = _PERSON if wanted else _REGISTRY
    usual = _usual_namespace(order, site, registry)
    if "namespace" in known and "namespace" not in given and usual:
        given["namespace"] = usual
        provenance["namespace"] = _REGISTRY
    values = typed(operation.parameters, given)
    wrong = problems(operation.parameters, values)
    fields = [
        replace(field, value=given.get(field.name, field.value), problem=wrong.pop(field.name, ""))
        for field in blank_fields(operation.parameters)
    ]
    notes = [f"{name} {says}".strip() for name, says in wrong.items()]
    notes += [f"{word} is not understood: say it as name=value" for word in unread]
    notes += [] if sites else [place_problem]
    place = _place_field(site, sites, place_problem)
    said = [_extra_field(name, value) for name, value in sorted(extras.items())]
    return Wish(
        site=site,
        values=values,
        provenance=provenance,
        extras=extras,
        form=RunForm(
            operation=operation.name,
            title=operation.title,
            fields=(*((place,) if sites else ()), *fields, *said),
            notes=tuple(notes),
        ),
    )


def nowhere(system: System) -> str:
    """Return what is wrong where somebody may name no place at all."""
    return f"there is no {_place_word(system)} here that operations may change"


def _take_loose(order: Order, known: set[str], given: dict[str, str]) -> list[str]:
    """Take `kind/name` and one bare name into the values; return the words that are left."""
    unread = []
    for word in order.loose:
        kind, slash, name = word.partition("/")
        if slash and name and "name" not in given and "name" in known:
            given["name"] = name
            if "kind" in known and "kind" not in given:
                given["kind"] = kind_named(kind)
        elif not slash and "=" not in word and "name" in known and "name" not in given:
            given["name"] = word
        else:
            unread.append(word)
    return unread


def _take_place(system: System, known: set[str], given: dict[str, str]) -> str:
    """Return the place that is named, out of the values; empty if none is."""
    named = given.pop(PLACE, "") if PLACE not in known else ""
    if system is System.KUBERNETES:
        words = [given.pop(word, "") for word in _CLUSTER_WORDS if word not in known]
        return named or next((word for word in words if word), "")
    if system is System.NIGHTDESK:
        return named or given.pop("environment", "")
    account = given.pop("account", "") if "account" not in known else ""
    region = given.pop("region", "") if "region" not in known else ""
    return named or "/".join(part for part in (account, region) if part)


def _site(
    order: Order, system: System, wanted: str, sites: tuple[Site, ...], registry: Registry
) -> tuple[Site | None, str]:
    """Return where it is to happen, or what is wrong with that."""
    choices = ", ".join(site.name for site in sites)
    if not sites:
        return None, nowhere(system)
    if wanted:
        site = chosen(registry, sites, wanted)
        return site, "" if site is not None else f"is none of: {choices}"
    if len(sites) == 1:
        return sites[0], ""
    default = registry.default_scope(order.channel) if system is System.KUBERNETES else None
    if default is not None:
        site = chosen(registry, sites, default.clusters[0])
        if site is not None:
            return site, ""
    return None, NEEDED


def _usual_namespace(order: Order, site: Site | None, registry: Registry) -> str:
    """Return the namespace the channel is about in that cluster; empty if it is about none."""
    default = registry.default_scope(order.channel)
    if default is None or site is None or site.place.name not in default.clusters:
        return ""
    return default.namespace or ""


def _place_field(site: Site | None, sites: tuple[Site, ...], problem: str) -> FormField:
    return FormField(
        name=PLACE,
        label="Where",
        kind=FieldKind.CHOICE,
        required=True,
        choices=tuple(one.name for one in sites),
        value=site.name if site is not None else "",
        problem=problem,
    )


def _extra_field(name: str, value: str) -> FormField:
    return FormField(
        name=name,
        label=name.replace("_", "-").capitalize(),
        kind=FieldKind.TEXT,
        required=False,
        value=value,
    )


def _place_word(system: System) -> str:
    return _PLACE_WORDS[system]
