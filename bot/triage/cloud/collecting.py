"""Reads cloud accounts for triage: in parallel, within a budget of time, nothing twice.

Every read is one of the `aws` tool's own looks or listed operations, so it goes through the read
policy and the asker's rights, and its observation is what a person who asks the same would see.
Rules want values besides words: each read keeps the scrubbed answers its words were made of.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from bot.domain.errors import ToolError
from bot.domain.evidence import Evidence, EvidenceState, Observation
from bot.ports.cloud import CloudPlace
from bot.tools.answer import Answer
from bot.tools.aws.looks import LOOKS, spelled
from bot.tools.aws.observing import Observer
from bot.tools.aws.raw import raw_read
from bot.tools.aws.reading import Brought, Reading
from bot.tools.aws.scoping import CloudScope
from bot.tools.aws.tool import TOOL_NAME
from bot.triage.facts import together
from bot.triage.survey import entered

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bot.agent.session import Session
    from bot.domain.redaction.placeholder import Seal
    from bot.domain.registry import Access, Account
    from bot.ports.clock import Clock
    from bot.ports.cloud import Cloud, Content

# No read is begun later than this after the first one, so that slow accounts do not add up.
BUDGET_S = 25.0
_DIGEST_CHARS = 12
_ANSWERS = frozenset({EvidenceState.OK, EvidenceState.EMPTY, EvidenceState.TRUNCATED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One read that is to be made."""

    place: CloudPlace
    source: str
    query: str
    work: Callable[[Reading], Answer]


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """One read that was made: its place in the ledger, and the answers it was made of."""

    evidence: Evidence
    brought: tuple[Brought, ...] = ()

    @property
    def label(self) -> str:
        """Its label in the ledger."""
        return self.evidence.label

    @property
    def state(self) -> EvidenceState:
        """How far it can be trusted."""
        return self.evidence.observation.state

    @property
    def answered(self) -> bool:
        """Tell whether AWS answered at all."""
        return self.state in _ANSWERS

    def answers(self, title: str) -> Iterator[tuple[dict[str, Any], Content]]:
        """Yield parameters and content of each answer of one operation, in their order."""
        for one in self.brought:
            if one.title == title:
                yield one.params, one.content

    def entries(self, title: str, key: str) -> list[Content]:
        """Return the entries of a list in all answers of one operation."""
        return [entry for _, content in self.answers(title) for entry in content.get(key, [])]


def look(place: CloudPlace, name: str, /, **given: Any) -> Wanted:
    """Return one of the tool's own looks."""
    known = LOOKS[name]
    params = known.accepted(given)
    return Wanted(
        place=place,
        source=known.source,
        query=known.spelled(params),
        work=lambda reading: known.work(reading, params),
    )


def listing(place: CloudPlace, service: str, operation: str, **params: Any) -> Wanted:
    """Return one listed operation."""
    return Wanted(
        place=place,
        source=f"aws {service}",
        query=spelled(f"{service}.{operation}", params),
        work=lambda reading: raw_read(reading, service, operation, params),
    )


class Collector:
    """The reads of one run; what was read once is not read again."""

    def __init__(
        self,
        *,
        cloud: Cloud,
        accounts: Sequence[Account],
        access: Access,
        session: Session,
        clock: Clock,
        seal: Seal,
    ) -> None:
        scope = CloudScope(accounts=tuple(accounts))
        self._observer = Observer(cloud, scope, access, clock, seal=seal)
        self._session = session
        self._taken: dict[tuple[str, str], Taken] = {}
        self._began_s = clock.monotonic()
        self.clock = clock

    @property
    def taken(self) -> tuple[Taken, ...]:
        """Everything read so far, in the order of the ledger."""
        return tuple(self._taken.values())

    def take(self, wanted: Sequence[Wanted]) -> tuple[Taken, ...]:
        """Return what each read brought, in their order; those not made yet are made together.

        Raises:
            CancelledByPersonError, LeaseLostError: As the session's `check` says.
        """
        fresh = {
            key: one for one in wanted if (key := (one.place.title, one.query)) not in self._taken
        }
        for (key, one), (seen, brought) in zip(
            fresh.items(),
            together(self._read, fresh.values(), check=self._session.check),
            strict=True,
        ):
            digest = sha256(one.query.encode()).hexdigest()[:_DIGEST_CHARS]
            kept = entered(self._session, f"triage-aws-{one.place.title}-{digest}", seen)
            self._taken[key] = Taken(evidence=kept, brought=brought)
        return tuple(self._taken[one.place.title, one.query] for one in wanted)

    def _read(self, wanted: Wanted) -> tuple[Observation, tuple[Brought, ...]]:
        brought: list[Brought] = []

        def work(reading: Reading) -> Answer:
            reading.brought = brought
            return wanted.work(reading)

        if self.clock.monotonic() - self._began_s > BUDGET_S:
            why = f"not asked: the other reads took longer than {BUDGET_S:g} s"
            return self._unread(wanted, EvidenceState.UNREACHABLE, why), ()
        try:
            seen = self._observer.observe(
                work,
                tool=TOOL_NAME,
                source=wanted.source,
                query=wanted.query,
                account=wanted.place.account,
                region=wanted.place.region,
            )
        except ToolError as error:
            # A rule's refusal is our own; anything else is AWS's "this cannot be asked so".
            state = EvidenceState.DENIED if error.rule else EvidenceState.UNREACHABLE
            return self._unread(wanted, state, str(error)), ()
        return seen, tuple(brought)

    def _unread(self, wanted: Wanted, state: EvidenceState, why: str) -> Observation:
        return Observation(
            tool=TOOL_NAME,
            source=wanted.source,
            query=wanted.query,
            cluster=wanted.place.title,
            namespace=None,
            state=state,
            body=why,
            collected_at=self.clock.now(),
            took_s=0.0,
        )
