"""The operator process, wired by hand: where hands meet the service that uses them."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.adapters.operations.masking import MaskedWorkshop
from bot.adapters.operations.signals import IncidentSignals
from bot.bootstrap.operations import Office, build_office
from bot.bootstrap.sources import build_alert_states, build_metrics
from bot.bootstrap.workplace import build_workplace
from bot.bootstrap.workshop import build_workshop
from safe_ops.guardrails.common import COMMON
from safe_ops.operations.catalogue import CATALOGUE
from safe_ops.service.assessing import Assessor
from safe_ops.service.executing import Operator
from safe_ops.service.planning import Planner
from safe_ops.service.rechecking import Rechecker
from safe_ops.service.running import Runner
from safe_ops.service.undoing import Undoer
from safe_ops.service.verifying import Verifier

if TYPE_CHECKING:
    from bot.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What the operator's jobs run."""

    planner: Planner
    operator: Operator
    office: Office


def build_bench(settings: Settings) -> Bench:
    """Return what plans and carries out actions; nothing is connected before the first one."""
    place = build_workplace(settings)
    office = build_office(settings, place)
    workshop = MaskedWorkshop(
        build_workshop(settings, place.registry, clock=place.clock), mask=place.redactor.mask
    )
    assessor = Assessor(
        book=office.book,
        policy=office.policy,
        catalogue=CATALOGUE,
        common=COMMON,
        workshop=workshop,
    )
    runner = Runner(book=office.book, clock=place.clock, workshop=workshop)
    return Bench(
        planner=Planner(
            book=office.book,
            policy=office.policy,
            assessor=assessor,
            workshop=workshop,
            people=office.people,
            teller=office.teller,
            herald=office.cards,
            bell=office.bell,
        ),
        operator=Operator(
            name=f"{socket.gethostname()}-{os.getpid()}",
            book=office.book,
            policy=office.policy,
            catalogue=CATALOGUE,
            rechecker=Rechecker(
                book=office.book,
                policy=office.policy,
                assessor=assessor,
                workshop=workshop,
                people=office.people,
                delivery=office.delivery,
            ),
            runner=runner,
            verifier=Verifier(
                book=office.book,
                clock=place.clock,
                workshop=workshop,
                signals=IncidentSignals(
                    incidents=place.store,
                    states=build_alert_states(settings, place.registry, clock=place.clock),
                    metrics=build_metrics(settings, place.registry, clock=place.clock),
                ),
            ),
            undoer=Undoer(runner=runner),
            teller=office.teller,
        ),
        office=office,
    )
