"""What one run of an investigation may propose: checked as a person's order, stored, told.

Nothing is planned, decided or executed here. Where each value came from, and what the wish rests
on, code reads off the ledger; one run proposes once, so that whoever makes it again gets the same
action.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import structlog

from bot.domain.errors import NotAllowedError, ToolError
from bot.domain.registry import Registry
from bot.flows.approval.occasion import asked_by, own_words
from bot.flows.approval.offering import check_reach, operation_named, spelled
from bot.flows.approval.origins import API, Sources, grounds_of, registered_names
from bot.flows.approval.places import Site
from bot.flows.approval.wish import PLACE, read_wish
from bot.ports.action_index import ActionIndex
from bot.ports.incidents import Incidents
from bot.ports.operations_desk import Order
from bot.ports.proposals import Proposed, Wanted
from bot.ports.store import Store
from safe_ops.errors import RefusedError
from safe_ops.model.actions import Author, Request
from safe_ops.model.plans import Json, System
from safe_ops.operations.operation import Operation
from safe_ops.policy.policy import Policy
from safe_ops.service.requesting import Requests

if TYPE_CHECKING:
    from bot.domain.evidence import Evidence
    from bot.flows.approval.occasion import Occasion
    from bot.flows.approval.wish import Wish
    from bot.ports.proposals import Proposer
    from safe_ops.model.actions import Grounds

log = structlog.get_logger()

MAX_WHY: Final = 600
"""Characters of a rationale; what is longer hides what a card is about."""
MAX_VALUE: Final = 300
"""Characters of one parameter: no name that can exist is longer."""
MAX_CITED: Final = 12
_OPEN: Final = 200
"""Open actions that are looked through for the same target; so many are never open."""
_WHICH: Final = (
    "namespace", "kind", "name", "cluster", "service", "function", "group", "instance", "alarm",
    "queue",
)  # fmt: skip
"""Parameters that say which object is meant; all others say what becomes of it."""
_PLACES: Final = frozenset({PLACE, "cluster", "context", "account", "region"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What runs propose with, the same for all of them."""

    requests: Requests
    index: ActionIndex
    catalogue: Mapping[str, Operation[Any]]
    policy: Policy
    registry: Registry
    incidents: Incidents
    store: Store
    mask: Callable[[str], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """A wish that can be stored."""

    operation: Operation[Any]
    site: Site
    values: dict[str, Json]

    @property
    def target(self) -> dict[str, str]:
        """Return which object is meant, what was left out filled in."""
        return _target(self.operation, self.values)


class RunProposals:
    """bot.ports.proposals.Proposer of one run."""

    def __init__(
        self, parts: Parts, occasion: Occasion, *, sites: Mapping[System, tuple[Site, ...]]
    ) -> None:
        """Take the parts; `sites` are the places of the conversation that may be changed."""
        self._parts = parts
        self._occasion = occasion
        self._sites = sites
        self._lock = threading.Lock()

    @property
    def key(self) -> str:
        """Return the key of what the run proposes: one run, one wish."""
        return f"proposal/{self._occasion.run.investigation_id}"

    def labels(self) -> tuple[str, ...]:
        """Return what the run has proposed, whoever worked on it, as people call it: A12."""
        action = self._parts.index.asked_with(self.key)
        return () if action is None else (action.label,)

    def operations(self) -> tuple[str, ...]:
        """Return what can be proposed in the conversation's places, a line each."""
        return tuple(
            spelled(operation)
            for operation in self._parts.catalogue.values()
            if self._sites.get(operation.system)
        )

    def propose(self, wanted: Wanted) -> Proposed:
        """Store a model's wish; see the port."""
        read = self._read(wanted)
        sources = self._sources()
        provenance = {name: sources.origin(value) for name, value in read.values.items()}
        return self._store(read, wanted, provenance=provenance, author=Author.MODEL)

    def propose_reckoned(self, wanted: Wanted, *, from_text: tuple[str, ...] = ()) -> Proposed:
        """Store a rule's wish: reckoned from API objects, but for parameters read in texts.

        Raises:
            ToolError: It cannot be asked for; the text says why.
            UpstreamError: It could not be stored.
        """
        read = self._read(wanted)
        sources = self._sources()
        provenance = {
            name: sources.origin(value) if name in from_text else API
            for name, value in read.values.items()
        }
        return self._store(read, wanted, provenance=provenance, author=Author.RULES)

    def can_order(self, operation: str, parameters: Mapping[str, str]) -> bool:
        """Tell whether people may ask for it here, complete as it is."""
        try:
            self._read(Wanted(operation=operation, parameters=parameters))
        except ToolError:
            return False
        return True

    def _read(self, wanted: Wanted) -> _Read:
        """Return the wish, whole and within reach.

        Raises:
            ToolError: It is not; the text says what is wrong.
        """
        try:
            operation = operation_named(
                self._parts.catalogue, wanted.operation.strip(), told=spelled
            )
            _check_offered(operation)
            wish = self._wish(wanted, operation)
            if wish.site is not None:
                self._check(wish.site, str(wish.values.get("namespace") or ""))
        except (NotAllowedError, RefusedError) as error:
            raise ToolError(str(error)) from error
        if wish.site is None or not wish.is_complete or wish.extras:
            raise ToolError(_complaint(operation, wish))
        return _Read(operation=operation, site=wish.site, values=wish.values)

    def _check(self, site: Site, namespace: str) -> None:
        """Refuse at once what planning would refuse; the operator asks all of it again."""
        asker = self._occasion.asker
        check_reach(self._occasion.access, site, namespace)
        if asker is not None:
            self._parts.policy.check_requester(
                asker, site.environment, place=site.place.name, namespace=namespace
            )

    def _wish(self, wanted: Wanted, operation: Operation[Any]) -> Wish:
        given = {name: _written(value) for name, value in wanted.parameters.items()}
        known = set(operation.parameters.model_fields)
        scope, sites = self._occasion.scope, self._sites[operation.system]
        if wanted.place:
            given[PLACE] = wanted.place
        elif not (_PLACES - known) & given.keys():
            # A command that names no cluster means the conversation's first.
            first = next((one for one in sites if one.place.name in scope.clusters[:1]), None)
            given |= {} if first is None else {PLACE: first.name}
        if "namespace" in known and not given.get("namespace") and scope.namespace:
            given["namespace"] = scope.namespace
        order = Order(
            order_id=self.key,
            operation=operation.name,
            given=given,
            channel=self._occasion.thread.channel,
        )
        return read_wish(order, operation, sites=sites, registry=self._parts.registry)

    def _store(
        self, read: _Read, wanted: Wanted, *, provenance: Mapping[str, str], author: Author
    ) -> Proposed:
        grounds, occasion = self._grounds(wanted.evidence), self._occasion
        asker = asked_by(occasion, self._parts.incidents)
        incident_id = occasion.incident.incident_id if occasion.incident is not None else ""
        with self._lock:
            action = self._parts.index.asked_with(self.key)
            if action is None:
                self._check_free(read)
                request = Request(
                    key=self.key,
                    operation=read.operation.name,
                    parameters=read.values,
                    provenance={**provenance, PLACE: self._sources().origin(read.site.place.name)},
                    place=read.site.place,
                    requester=asker.subject,
                    requester_name=asker.name,
                    requester_slack_id=asker.slack_id,
                    channel=occasion.thread.channel,
                    thread_ts=occasion.thread.thread_ts,
                    incident_id=incident_id,
                    investigation_id=occasion.run.investigation_id,
                    grounds=grounds,
                    rationale_by=author,
                )
                why = self._parts.mask(wanted.why)[:MAX_WHY]
                action = self._parts.requests.request(request, rationale=why)
                log.info("operation_proposed", action_id=action.action_id, label=action.label)
        asked = action.request
        mine = (read.operation.name, read.site.place, read.values)
        if (asked.operation, asked.place, asked.parameters) != mine:
            raise ToolError(
                f"{action.label} ({asked.operation}) was proposed in this run already; one run"
                " proposes once."
            )
        what = "/".join(read.target.values())
        return Proposed(
            label=action.label, says=f"{read.operation.name} {what} in {read.site.name}"
        )

    def _grounds(self, labels: tuple[str, ...]) -> Grounds:
        """Return what the cited evidence amounts to.

        Raises:
            ToolError: Nothing is cited that a change may rest on.
        """
        found = (self._occasion.session.find(label.strip(" []").upper()) for label in labels)
        cited: dict[str, Evidence] = {one.label: one for one in found if one is not None}
        grounds = grounds_of(list(cited.values())[:MAX_CITED])
        if not grounds.measured:
            raise ToolError(
                "Say in `evidence` by label what it rests on, a metric or an API object among it:"
                " logs and events alone justify no change."
            )
        return grounds

    def _check_free(self, read: _Read) -> None:
        """Refuse a second wish for a target that people may still decide on."""
        for other in self._parts.index.open_actions(limit=_OPEN):
            asked = other.request
            operation = self._parts.catalogue.get(asked.operation)
            if operation is None or asked.place != read.site.place:
                continue
            if _target(operation, asked.parameters) == read.target:
                raise ToolError(
                    f"{other.label} ({asked.operation}) is open for the same target: people decide"
                    " on that one first."
                )

    def _sources(self) -> Sources:
        occasion = self._occasion
        return Sources(
            words=own_words(occasion, self._parts.store),
            names=registered_names(self._parts.registry),
            ledger=occasion.session.ledger(),
        )


def _check_offered(operation: Operation[Any]) -> None:
    """Refuse what only people ask for.

    Raises:
        NotAllowedError: It changes what is trusted.
    """
    if operation.system is System.NIGHTDESK:
        raise NotAllowedError(
            f"{operation.name} is asked for by people only, in words of their own: `/nightdesk run"
            f" {operation.name}`."
        )


def _target(operation: Operation[Any], values: Mapping[str, Json]) -> dict[str, str]:
    fields = operation.parameters.model_fields
    return {name: str(values.get(name, fields[name].default)) for name in _WHICH if name in fields}


def _written(value: Json) -> str:
    """Return a value as a person would type it, for the same reading as theirs."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(_written(one) for one in value)
    return str(value)[:MAX_VALUE]


def _complaint(operation: Operation[Any], wish: Wish) -> str:
    wrong = [
        f"{field.name} {field.problem}"
        + (f" ({', '.join(field.choices)})" if field.choices and ":" not in field.problem else "")
        for field in wish.form.fields
        if field.problem
    ]
    wrong += [f"{name} is no parameter of this operation" for name in wish.extras]
    return f"{'; '.join([*wrong, *wish.form.notes])}. It takes: {spelled(operation)}."


if TYPE_CHECKING:
    _keeps_its_promise: type[Proposer] = RunProposals
