"""What every process that has to do with guarded operations shares: policy, book, people, cards.

No hands here: only the operator's own wiring has any.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bot.adapters.audit.delivery import AuditDelivery
from bot.adapters.audit.sinks import build_sinks
from bot.adapters.operations.bell import QueueBell
from bot.adapters.operations.change_records import RecordFile, RecordWebhook, ToldOutside
from bot.adapters.slack.action_board import SlackActionBoard
from bot.adapters.slack.people import APPROVAL_CACHE_S, RosterPeople
from bot.adapters.slack.roster import SlackRoster
from bot.adapters.store.action_index import SqlActionIndex
from bot.adapters.store.actions import SqlActionBook
from bot.adapters.store.audit_trail import SqlTrail
from bot.adapters.store.card_book import SqlCardBook
from bot.adapters.store.factors import SqlEnrolments
from bot.bootstrap.audit import audit_key
from bot.bootstrap.factors import SecondFactors, build_factors
from bot.bootstrap.installation import new_id
from bot.bootstrap.policy import installed_policy
from bot.flows.approval.cards import Cards
from bot.flows.approval.desk import ApprovalDesk
from bot.flows.approval.ordering import Orders
from bot.flows.approval.proving import Proving
from bot.flows.approval.reminders import Reminders
from bot.settings import named_secret
from safe_ops.operations.catalogue import CATALOGUE, WITH_SEQUEL
from safe_ops.policy.policy import Policy
from safe_ops.service.braking import Brake
from safe_ops.service.deciding import Decisions
from safe_ops.service.hearing import Hearing
from safe_ops.service.requesting import Requests
from safe_ops.service.sequels import Sequels
from safe_ops.service.sweeping import Sweep
from safe_ops.service.telling import Teller

if TYPE_CHECKING:
    from bot.adapters.operations.change_records import RecordSink
    from bot.bootstrap.workplace import Workplace
    from bot.domain.registry import Registry
    from bot.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """The parts of guarded operations that need no hands."""

    policy: Policy
    book: SqlActionBook
    trail: SqlTrail
    bell: QueueBell
    people: RosterPeople
    cards: Cards
    records: ToldOutside
    teller: Teller
    delivery: AuditDelivery
    factors: SecondFactors
    desk: ApprovalDesk
    sweep: Sweep
    sequels: Sequels
    reminders: Reminders


def build_office(settings: Settings, place: Workplace) -> Office:
    """Return the shared parts of guarded operations over an installation's.

    Raises:
        SettingsError: The policy file or a key cannot be used.
    """
    engine, clock = place.engine, place.clock
    policy = installed_policy(settings, place.registry)
    book = SqlActionBook(engine, clock, new_id)
    trail = SqlTrail(engine, clock, new_id)
    index = SqlActionIndex(engine, clock, new_id)
    bell = QueueBell(place.doorbell)
    requests = Requests(book=book, bell=bell)
    people = RosterPeople(
        roster=SlackRoster(
            gateway=place.gateway, registry=place.registry, clock=clock, cache_s=APPROVAL_CACHE_S
        ),
        subject_of=policy.subject_of,
        home_team=lambda: place.gateway.identity().team_id,
    )
    board = SlackActionBoard(
        gateway=place.gateway,
        deliveries=place.store,
        registry=place.registry,
        called=policy.called,
    )
    cards = Cards(
        book=book,
        card_book=SqlCardBook(engine, clock, new_id),
        board=board,
        clock=clock,
        new_id=new_id,
    )
    records = ToldOutside(_record_sinks(place.registry))
    teller = Teller(book=book, herald=cards, records=records)
    hearing = Hearing(book=book, people=people)
    factors = build_factors(settings, enrolments=SqlEnrolments(engine, clock, new_id), book=book)
    mask = place.redactor.mask
    return Office(
        policy=policy,
        book=book,
        trail=trail,
        bell=bell,
        people=people,
        cards=cards,
        records=records,
        teller=teller,
        delivery=AuditDelivery(
            trail=trail,
            sinks=build_sinks(place.registry.audit, clock=clock),
            key=audit_key(settings),
            clock=clock,
        ),
        desk=ApprovalDesk(
            book=book,
            index=index,
            decisions=Decisions(
                book=book,
                policy=policy,
                factors=factors.proofs,
                hearing=hearing,
                teller=teller,
                bell=bell,
            ),
            brake=Brake(book=book, policy=policy, hearing=hearing, teller=teller),
            orders=Orders(
                requests=requests,
                catalogue=CATALOGUE,
                policy=policy,
                registry=place.registry,
                incidents=place.store,
                mask=mask,
            ),
            policy=policy,
            people=people,
            registry=place.registry,
            board=board,
            mask=mask,
            proving=Proving(
                factors=factors.proofs,
                links=None if factors.key_parts is None else factors.key_parts.links,
            ),
        ),
        factors=factors,
        sweep=Sweep(book=book, policy=policy, bell=bell, teller=teller),
        sequels=Sequels(
            book=book,
            wishes=index,
            requests=requests,
            teller=teller,
            operations=WITH_SEQUEL,
        ),
        reminders=Reminders(book=book, board=board, policy=policy),
    )


def _record_sinks(registry: Registry) -> list[RecordSink]:
    places = registry.change_records
    sinks: list[RecordSink] = []
    if places.file is not None:
        sinks.append(RecordFile(Path(places.file)))
    if places.webhook is not None:
        secret = named_secret(places.secret_env) if places.secret_env else None
        sinks.append(RecordWebhook(places.webhook, secret=secret))
    return sinks
